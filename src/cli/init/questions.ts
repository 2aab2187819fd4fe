/** What `init` asks on a terminal, and what it must know. */
import { intro, isCancel, outro, text } from '@clack/prompts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { dnsLabel } from '../../core/input/schema-parts.ts';
import type { Terminal } from '../host.ts';

/** As texts, the way they are said; what is undefined is not said. */
export interface Answers {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly format: string | undefined;
  readonly version: string | undefined;
  readonly storageUri: string | undefined;
  readonly secretKey: string | undefined;
  readonly percentage: string | undefined;
  /** The primary's InferenceService, when it is there already. */
  readonly primary: string | undefined;
}

interface Question {
  readonly key: keyof Answers;
  readonly message: string;
  readonly example?: string;
  /** What an empty answer means; undefined: there must be one, unless it is optional. */
  readonly otherwise?: string;
  readonly isOptional?: boolean;
  /** @returns what is wrong with it. */
  readonly check: (answer: string) => string | undefined;
}

const isLabel = (answer: string) =>
  dnsLabel.test(answer) ? undefined : 'at most 63 lower-case letters, digits and "-"';
const isText = () => undefined;

const questions: readonly Question[] = [
  { key: 'name', message: 'What is the model called?', example: 'wisdom', check: isLabel },
  {
    key: 'namespace',
    message: "In which namespace? (empty: the Application's destination)",
    example: 'modelmesh-serving',
    isOptional: true,
    check: isLabel,
  },
  { key: 'format', message: 'What format does it have?', example: 'sklearn', check: isText },
  { key: 'version', message: 'What is the first version called?', otherwise: 'v1', check: isText },
  {
    key: 'storageUri',
    message: 'Where does it lie?',
    example: 's3://models/wisdom-v1',
    check: (answer) =>
      /^(s3|gs|pvc|https?):\/\//.test(answer) ? undefined : 'begin with s3://, gs://, pvc://, http:// or https://',
  },
  {
    key: 'percentage',
    message: 'How many percent of the requests is a candidate to get a copy of?',
    otherwise: '100',
    check: (answer) => (Number(answer) >= 0 && Number(answer) <= 100 ? undefined : 'a number from 0 to 100'),
  },
];

/** What cannot be left out, and how the flags call it. */
export function findMissing(said: Answers): { readonly noun: string; readonly flag: string }[] {
  const needed = [
    { key: 'name', noun: 'the name', flag: 'NAME' },
    { key: 'format', noun: 'the format', flag: '--format' },
    { key: 'storageUri', noun: 'the storage URI', flag: '--storage-uri' },
  ] as const;
  return needed.filter(({ key }) => said[key] === undefined);
}

/**
 * Asks for all that is not said.
 *
 * @throws Fault when somebody breaks it off.
 */
export async function askFor(said: Answers, { input, output }: Terminal): Promise<Answers> {
  intro('A new model', { input, output });
  let answers = said;
  for (const { key, message, example, otherwise, isOptional, check } of questions) {
    if (said[key] !== undefined) continue;
    const answer = await text({
      message,
      ...(example === undefined ? {} : { placeholder: example }),
      ...(otherwise === undefined ? {} : { initialValue: otherwise }),
      validate: (typed = '') => (typed === '' ? (isOptional === true ? undefined : 'this must be said') : check(typed)),
      input,
      output,
    });
    if (isCancel(answer)) throw new Fault('usage', safe`broken off`, safe`nothing was written`);
    answers = { ...answers, [key]: answer === undefined || answer === '' ? undefined : answer };
  }
  outro('Thank you.', { input, output });
  return answers;
}
