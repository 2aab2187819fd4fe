/** What `init` asks on a terminal. */
import { intro, isCancel, outro, text } from '@clack/prompts';
import type { ModelAnswers } from '../../commands/init/model.ts';
import { defaultMode } from '../../core/adopt/new-model.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { dnsLabel } from '../../core/input/schema-parts.ts';
import { findMode, modeNames } from '../../core/serving/modes.ts';
import type { Terminal } from '../host.ts';

interface Question {
  readonly key: keyof ModelAnswers;
  readonly message: string;
  readonly example?: string;
  /** What an empty answer means; undefined: there must be one, unless it is optional. */
  readonly otherwise?: string;
  readonly isOptional?: boolean;
  /** @returns what is wrong with the answer. */
  readonly check?: (answer: string) => string | undefined;
}

const isLabel = (answer: string) =>
  dnsLabel.test(answer) ? undefined : 'use at most 63 lower-case letters, digits and "-"';

const questions: readonly Question[] = [
  { key: 'name', message: 'What is the name of the model?', example: 'wisdom', check: isLabel },
  {
    key: 'namespace',
    message: "In which namespace? (empty: the Application's destination)",
    example: 'models',
    isOptional: true,
    check: isLabel,
  },
  {
    key: 'mode',
    message: `How does KServe run it: ${modeNames.join(' or ')}?`,
    otherwise: defaultMode,
    check: (answer) => (findMode(answer) === undefined ? `enter ${modeNames.join(' or ')}` : undefined),
  },
  { key: 'format', message: 'Which format does it have?', example: 'sklearn' },
  { key: 'version', message: 'What is the name of the first version?', otherwise: 'v1' },
  {
    key: 'storageUri',
    message: 'Where is it stored?',
    example: 's3://models/wisdom-v1',
    check: (answer) =>
      /^(s3|gs|pvc|https?):\/\//.test(answer) ? undefined : 'begin with s3://, gs://, pvc://, http:// or https://',
  },
  {
    key: 'percentage',
    message: 'What percentage of the requests should be mirrored to a candidate?',
    otherwise: '100',
    check: (answer) => (Number(answer) >= 0 && Number(answer) <= 100 ? undefined : 'enter a number from 0 to 100'),
  },
];

/**
 * Asks for every answer that was not given.
 *
 * @throws Fault when the person cancels.
 */
export async function askFor(given: ModelAnswers, { input, output }: Terminal): Promise<ModelAnswers> {
  intro('A new model', { input, output });
  let answers = given;
  for (const { key, message, example, otherwise, isOptional = false, check } of questions) {
    if (given[key] !== undefined) continue;
    const answer = await text({
      message,
      ...(example === undefined ? {} : { placeholder: example }),
      ...(otherwise === undefined ? {} : { initialValue: otherwise }),
      validate: (typed = '') => (typed !== '' ? check?.(typed) : isOptional ? undefined : 'an answer is required'),
      input,
      output,
    });
    if (isCancel(answer)) throw new Fault('usage', safe`cancelled`, safe`nothing was written`);
    answers = { ...answers, [key]: answer === undefined || answer === '' ? undefined : answer };
  }
  outro('Thank you.', { input, output });
  return answers;
}
