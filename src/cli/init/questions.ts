/** What `init` asks on a terminal: in plain words, each question with an example, and nothing that was passed. */
import { confirm, intro, isCancel, log, S_BAR, select, text } from '@clack/prompts';
import {
  autoMode,
  refuseAddress,
  toMode,
  toPercentage,
  toProtocols,
  toResources,
} from '../../commands/init/answers.ts';
import type { ModelAnswers } from '../../commands/init/model.ts';
import { defaultPercentage } from '../../commands/init/model.ts';
import { Fault, isFault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import { dnsLabel, labelText } from '../../core/input/schema-parts.ts';
import type { RecognizedMode } from '../../core/serving/modes.ts';
import { defaultMode, modes, offeredModes } from '../../core/serving/modes.ts';
import type { ServingMode } from '../../core/serving/serving-mode.ts';
import type { Terminal } from '../host.ts';

export interface Knowledge {
  /** The path of a file that is in the way of a model with this name; undefined: none is. */
  readonly findTaken: (model: string) => string | undefined;
  readonly recognize: (namespace: string) => Promise<RecognizedMode | undefined>;
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
  answers.mode ??= await askMode(ask, answers.namespace, known);
  const mode = answers.mode === autoMode ? undefined : toMode(answers.mode);
  answers.format ??= await askFormat(ask, mode ?? modes[0]);
  answers.version ??= await ask.text({
    message: 'What is the version called that answers requests now?',
    help: 'The next one gets another name.',
    example: 'v1',
    otherwise: 'v1',
    check: (typed) => (labelText.test(typed) ? undefined : 'use letters, digits, "-", "_" and ".", as in v1'),
  });
  await askStorage(ask, answers, mode ?? modes[0]);
  answers.percentage ??= await ask.text({
    message: 'When you try a second version: what percentage of requests is copied to it?',
    help: 'Clients never see its answers. 5 is a careful start, 100 copies them all.',
    example: '5',
    otherwise: String(defaultPercentage),
    check: refuseWith((typed) => toPercentage(typed)),
  });
  if (mode !== undefined) await askMore(ask, answers, mode);
  return answers;
}

/** @returns false also when the person cancels. */
export async function confirmWriting(terminal: Terminal): Promise<boolean> {
  return (await confirm({ message: 'Write these files?', initialValue: true, ...terminal })) === true;
}

const isOwnPods = (mode: ServingMode) => mode.workloads !== undefined;

async function askMode(ask: Asker, namespace: string | undefined, { recognize }: Knowledge): Promise<string> {
  for (;;) {
    const answer = await ask.choice({
      message: 'How does KServe run your models?',
      help: 'kubectl get pods: NAME-predictor-… is Standard, modelmesh-serving-… ModelMesh',
      options: [
        ...offeredModes.map((mode) => ({
          value: mode.name,
          label: mode.name,
          hint: isOwnPods(mode)
            ? `each version has Pods of its own; also called ${mode.annotationValues.at(-1)}`
            : 'models are loaded into shared Pods',
        })),
        ...(namespace === undefined
          ? []
          : [
              { value: autoMode, label: 'I am not sure', hint: `look at ${namespace} in the cluster; it is only read` },
            ]),
      ],
    });
    if (answer !== autoMode || namespace === undefined) return answer;
    try {
      const found = await recognize(namespace);
      if (found !== undefined) {
        const by = found.by === 'label' ? 'by its label' : `as ${found.by.service} does`;
        ask.say(`${namespace} has models in the mode ${found.mode.name}, ${by}.`);
        return found.mode.name;
      }
      ask.say(
        `Nothing in ${namespace} shows it: there is no InferenceService yet. New installations use ${defaultMode.name}.`,
      );
    } catch (error) {
      if (!isFault(error)) throw error;
      ask.say(`The cluster cannot be asked: ${error.message}.`);
    }
  }
}

const anotherFormat = ' another';

async function askFormat(ask: Asker, mode: ServingMode): Promise<string> {
  const answer = await ask.choice({
    message: 'Which format was the model saved in?',
    help: `These are loaded by the runtimes that come with ${mode.name}.`,
    options: [
      ...mode.formats.map(({ name, versions, runtimes }) => ({
        value: name,
        label: name,
        hint: `version ${versions.join(' or ')}: ${runtimes.join(', ')}`,
      })),
      { value: anotherFormat, label: 'another one', hint: 'of a ServingRuntime of your own' },
    ],
  });
  if (answer !== anotherFormat) return answer;
  const names = mode.formats.map(({ name }) => name);
  const typed = await ask.text({
    message: 'What is the format called?',
    help: 'As the ServingRuntime lists it under supportedModelFormats.',
    example: 'my-format',
  });
  const meant = names.includes(typed) ? undefined : suggest(typed, names);
  if (meant === undefined) return typed;
  return ask.choice({
    message: `Did you mean ${meant}?`,
    help: `No runtime that comes with ${mode.name} has the format ${typed}.`,
    options: [
      { value: meant, label: meant },
      { value: typed, label: `no, ${typed}` },
    ],
  });
}

async function askStorage(ask: Asker, answers: Answers, mode: ServingMode): Promise<void> {
  if (answers.storageUri !== undefined) return;
  const isNamed = answers.storageKey !== undefined || answers.storagePath !== undefined;
  const address = {
    value: 'address',
    label: 'at an address',
    hint: mode.schemes.slice(0, 5).join('://, ').concat('://'),
  };
  const entry = {
    value: 'entry',
    label: 'in a storage that the cluster knows',
    hint: 'an entry of the Secret storage-config, and a path',
  };
  const kind = isNamed
    ? entry.value
    : await ask.choice({
        message: 'Where is this version stored?',
        help: 'kubectl get secret storage-config: with one, the cluster knows a storage.',
        options: isOwnPods(mode) ? [address, entry] : [entry, address],
      });
  if (kind === address.value) {
    answers.storageUri = await ask.text({
      message: 'What is its address?',
      help: 'A folder or a file that the runtime can load.',
      example: 's3://models/wisdom-v1',
      check: (typed) => refuseAddress(typed, mode),
    });
    return;
  }
  answers.storageKey ??= await ask.text({
    message: 'What is the entry of the Secret storage-config called?',
    help: "ModelMesh's quick start has localMinIO.",
    example: 'localMinIO',
    otherwise: 'localMinIO',
    check: (typed) =>
      /^[-._a-zA-Z0-9]+$/.test(typed) ? undefined : 'use letters, digits, "-", "_" and ".", as in localMinIO',
  });
  answers.storagePath ??= await ask.text({
    message: 'What is the path in that storage?',
    help: 'Below the bucket that the entry names.',
    example: 'sklearn/wisdom-v1',
    check: (typed) =>
      /^[a-z][-+.a-z0-9]*:\/\//.test(typed) || /\s/.test(typed)
        ? 'write the path alone, without bucket and spaces, as in sklearn/wisdom-v1'
        : undefined,
  });
}

/** What most models need none of. */
async function askMore(ask: Asker, answers: Answers, mode: ServingMode): Promise<void> {
  const isOwn = isOwnPods(mode);
  const credential = isOwn ? 'a ServiceAccount' : 'a key for the storage';
  const isWanted = await ask.choice({
    message: 'Is there more to say?',
    help: `Most need none of it: ${credential}, how clients call it${isOwn ? ', CPU, memory' : ''}.`,
    options: [
      { value: 'no', label: 'no' },
      { value: 'yes', label: 'yes' },
    ],
  });
  if (isWanted === 'no') return;
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
}

function refuseName(typed: string): string | undefined {
  if (dnsLabel.test(typed)) return undefined;
  const near = typed
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    // Each run of other characters has become one dash.
    .replace(/^-|-$/g, '');
  return `use at most 63 lower-case letters, digits and "-"${near === '' ? '' : `, as in ${near}`}`;
}

function refuseTaken(path: string | undefined): string | undefined {
  return path === undefined ? undefined : `${path} exists already: enter another name`;
}

/** What is wrong with an answer, by what it becomes. */
function refuseWith(read: (typed: string) => unknown): (typed: string) => string | undefined {
  return (typed) => {
    try {
      read(typed);
      return undefined;
    } catch (error) {
      if (isFault(error)) return `${error.message}: ${error.hint}`;
      throw error;
    }
  };
}

interface Question {
  readonly message: string;
  readonly help: string;
  readonly example: string;
  /** What an empty answer means. */
  readonly otherwise?: string;
  /** @returns what is wrong with the answer. */
  readonly check?: (answer: string) => string | undefined;
}

interface Choice {
  readonly message: string;
  readonly help: string;
  /** The first is chosen unless another one is. */
  readonly options: readonly { readonly value: string; readonly label: string; readonly hint?: string }[];
}

/** Longer answers are mistakes, such as a pasted file. */
const longest = 1000;

class Asker {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  say(sentence: string): void {
    log.info(sentence, this.#terminal);
  }

  /** @returns the trimmed answer. */
  async text(question: Question): Promise<string> {
    return (await this.#text(question, 'an answer is required')) ?? '';
  }

  /** @returns undefined for an empty answer. */
  optional(question: Question): Promise<string | undefined> {
    return this.#text(question, undefined);
  }

  async choice({ message, help, options }: Choice): Promise<string> {
    const answer = await select<string>({ message: `${message}\n${help}`, options: [...options], ...this.#terminal });
    if (isCancel(answer)) throw toCancelled();
    return answer;
  }

  async #text({ message, help, example, otherwise, check }: Question, required: string | undefined) {
    const shown = otherwise === undefined ? `For example: ${example}` : `Enter alone: ${otherwise}`;
    const answer = await text({
      // Lines of a question for text have no bar of their own, those of a choice do.
      message: [message, help, shown].join(`\n${S_BAR}  `),
      placeholder: otherwise ?? example,
      ...(otherwise === undefined ? {} : { defaultValue: otherwise }),
      validate: (typed = '') => {
        const trimmed = typed.trim();
        if (trimmed === '') return otherwise === undefined ? required : undefined;
        return trimmed.length > longest ? 'that is too long' : check?.(trimmed);
      },
      ...this.#terminal,
    });
    if (isCancel(answer)) throw toCancelled();
    const trimmed = (answer ?? '').trim();
    return trimmed === '' ? undefined : trimmed;
  }
}

function toCancelled(): Fault {
  return new Fault('usage', safe`cancelled`, safe`nothing was written`);
}
