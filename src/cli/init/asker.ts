/** How a question is asked on a terminal: in plain words, with an example. */
import { confirm, isCancel, log, S_BAR, select, text } from '@clack/prompts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { Terminal } from '../host.ts';

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

/** Every question throws a `Fault` when the person cancels. */
export class Asker {
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

/** @returns false also when the person cancels. */
export async function confirmWriting(terminal: Terminal): Promise<boolean> {
  return (await confirm({ message: 'Write these files?', initialValue: true, ...terminal })) === true;
}
