/** What `init` asks on a terminal: nothing that was passed. */
import { intro } from '@clack/prompts';
import { autoMode, toMode, toPercentage, toProtocols, toResources } from '../../commands/init/answers.ts';
import type { ModelAnswers } from '../../commands/init/model.ts';
import { defaultPercentage } from '../../commands/init/model.ts';
import { labelText } from '../../core/input/schema-parts.ts';
import { modes } from '../../core/serving/modes.ts';
import type { ServingMode } from '../../core/serving/serving-mode.ts';
import type { Terminal } from '../host.ts';
import { Asker } from './asker.ts';
import { askFormat } from './format-question.ts';
import type { Recognize } from './mode-question.ts';
import { askMode } from './mode-question.ts';
import { refuseName, refuseTaken, refuseWith } from './refusals.ts';
import { askStorage } from './storage-questions.ts';

export interface Knowledge {
  /** The path of a file that is in the way of a model with this name; undefined: none is. */
  readonly findTaken: (model: string) => string | undefined;
  readonly recognize: Recognize;
}

type Answers = { -readonly [Key in keyof ModelAnswers]: ModelAnswers[Key] };

/**
 * Asks for every answer that was not given.
 *
 * @throws Fault when the person cancels.
 */
export async function askFor(given: ModelAnswers, terminal: Terminal, known: Knowledge): Promise<ModelAnswers> {
  const ask = new Asker(terminal);
  const answers: Answers = { ...given };
  intro('A new model. Ctrl-C leaves; nothing is written before you have seen it.', terminal);
  answers.name ??= await ask.text({
    message: 'What is the model called?',
    help: 'Clients call it by this name, and its InferenceServices begin with it.',
    example: 'wisdom',
    check: (typed) => refuseName(typed) ?? refuseTaken(known.findTaken(typed)),
  });
  answers.namespace ??= await ask.optional({
    message: 'In which namespace does it run?',
    help: "Enter alone: the destination namespace of Argo CD's Application.",
    example: 'models',
    check: refuseName,
  });
  answers.mode ??= await askMode(ask, answers.namespace, known.recognize);
  const mode = answers.mode === autoMode ? undefined : toMode(answers.mode);
  answers.format ??= await askFormat(ask, mode ?? modes[0]);
  answers.version ??= await ask.text({
    message: 'What is the version called that answers requests now?',
    help: 'The next one gets another name.',
    example: 'v1',
    otherwise: 'v1',
    check: (typed) => (labelText.test(typed) ? undefined : 'use letters, digits, "-", "_" and ".", as in v1'),
  });
  Object.assign(answers, await askStorage(ask, answers, mode ?? modes[0]));
  answers.percentage ??= await ask.text({
    message: 'When you try a second version: what percentage of requests is copied to it?',
    help: 'Clients never see its answers. 5 is a careful start, 100 copies them all.',
    example: '5',
    otherwise: String(defaultPercentage),
    check: refuseWith((typed) => toPercentage(typed)),
  });
  return mode === undefined ? answers : askMore(ask, answers, mode);
}

/** What most models need none of. */
async function askMore(ask: Asker, given: ModelAnswers, mode: ServingMode): Promise<ModelAnswers> {
  const answers: Answers = { ...given };
  const isOwn = mode.workloads !== undefined;
  const credential = isOwn ? 'a ServiceAccount' : 'a key for the storage';
  const isWanted = await ask.choice({
    message: 'Is there more to say?',
    help: `Most need none of it: ${credential}, how clients call it${isOwn ? ', CPU, memory' : ''}.`,
    options: [
      { value: 'no', label: 'no' },
      { value: 'yes', label: 'yes' },
    ],
  });
  if (isWanted === 'no') return given;
  if (isOwn)
    answers.serviceAccount ??= await ask.optional({
      message: 'Which ServiceAccount has the credentials of the storage?',
      help: 'Enter alone leaves it out: then it is the one called default.',
      example: 'models-reader',
      check: refuseName,
    });
  else if (answers.storageKey === undefined)
    answers.secretKey ??= await ask.optional({
      message: 'Which entry of the Secret storage-config has the credentials?',
      help: 'Enter alone leaves it out: then the entry called default counts.',
      example: 'localMinIO',
    });
  answers.protocol ??= await ask.optional({
    message: 'How do clients call it?',
    help: `One or more of ${mode.protocols.join(', ')}. Enter alone is ${mode.protocols[0]}.`,
    example: mode.protocols.slice(0, 2).join(','),
    check: refuseWith((typed) => toProtocols(typed, mode)),
  });
  if (isOwn)
    answers.resources ??= await ask.optional({
      message: 'How much CPU and memory does a Pod need?',
      help: "Enter alone leaves it to KServe's defaults.",
      example: 'cpu=1,memory=2Gi',
      check: refuseWith(toResources),
    });
  return answers;
}
