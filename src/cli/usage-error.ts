/** What is wrong with a command line, in the form of every other error. */
import type { Command, CommanderError } from 'commander';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { join, mask, maskLine, quote, safe } from '../core/diagnostics/safe-text.ts';
import { suggest } from '../core/diagnostics/suggest.ts';

/**
 * What commander found, and what to do about it. Its code chooses the hint; its own suggestions are off, as they know
 * nothing of swapped words.
 *
 * @param words as typed: scripts pass on what they were given, so none of them is shown as it is.
 * @returns undefined when it is no error: commander throws after help and version, too.
 */
export function toUsageError(
  error: CommanderError,
  program: Command,
  words: readonly string[],
): { readonly message: SafeText; readonly hint: SafeText } | undefined {
  const { command, rest } = findCommand(program, words);
  const help = `${toPath(command)} --help`;
  const message = toMessage(error, words);
  switch (error.code) {
    case 'commander.unknownCommand':
      return { message, hint: suggestCommand(command, rest) ?? safe`${mask(help)} lists the commands` };
    case 'commander.unknownOption':
      return { message, hint: suggestFlag(command, rest) ?? safe`${mask(help)} lists the flags` };
    case 'commander.missingArgument':
    case 'commander.excessArguments':
      return { message, hint: safe`write ${mask(toUsage(command))}; ${mask(help)} has an example` };
    case 'commander.conflictingOption':
      return { message, hint: safe`leave one of the two out` };
    case 'commander.invalidArgument':
      return { message, hint: toChoices(command, error) ?? safe`${mask(help)} shows what it takes` };
    case 'commander.optionMissingArgument':
      return { message, hint: safe`${mask(help)} shows what it takes` };
    default:
      return undefined;
  }
}

/** The command that the first words name, and the words after it. */
function findCommand(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly rest: readonly string[] } {
  const inner = program.commands.find((one) => one.name() === words[0]);
  return inner === undefined ? { command: program, rest: words } : findCommand(inner, words.slice(1));
}

function toPath(command: Command): string {
  return command.parent === null ? command.name() : `${toPath(command.parent)} ${command.name()}`;
}

function toUsage(command: Command): string {
  const places = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [toPath(command), ...places].join(' ');
}

/** Commander's text without its prefix, what it quotes in our quotation marks, and its sentence's list of choices. */
function toMessage({ message }: CommanderError, words: readonly string[]): SafeText {
  const typed = words.flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]).filter((word) => word !== '');
  const shown = typed.reduce((rest, word) => rest.replaceAll(word, () => mask(word)), withoutPrefix(message));
  const text = (shown.split(choicesBegin)[0] ?? '').replaceAll("'", '"');
  return maskLine(text.endsWith('.') ? text.slice(0, -1) : text);
}

const choicesBegin = ' Allowed choices are ';

function withoutPrefix(text: string): string {
  return text.startsWith('error: ') ? text.slice('error: '.length) : text;
}

/** Swapped words (`set candidate`, `wisdom status`), a command of a command (`set`), or one that is spelled alike. */
function suggestCommand(command: Command, [first = '', second = '']: readonly string[]): SafeText | undefined {
  const names = command.commands.map((one) => one.name());
  const path = toPath(command);
  if (names.includes(second)) return toMeant(safe`${mask(path)} ${mask(second)} ${maskLine(first)}`);
  const outer = command.commands.find((one) => one.commands.some((inner) => inner.name() === first));
  if (outer !== undefined) return toMeant(safe`${mask(path)} ${mask(outer.name())} ${mask(first)}`);
  const meant = suggest(first, names);
  return meant === undefined ? undefined : toMeant(safe`${mask(path)} ${mask(meant)}`);
}

function suggestFlag({ options }: Command, rest: readonly string[]): SafeText | undefined {
  const own = options.flatMap(({ long, hidden }) => (long === undefined || hidden ? [] : [long]));
  const known = [...own, '--help'];
  const typed = rest.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0] ?? word);
  const unknown = typed.find((word) => word !== '--' && !known.includes(word));
  const meant = unknown === undefined ? undefined : suggest(unknown, known);
  return meant === undefined ? undefined : toMeant(mask(meant));
}

function toMeant(text: SafeText): SafeText {
  return safe`did you mean ${quote(text)}?`;
}

/** The values of the option that the error is about. */
function toChoices({ options }: Command, { message }: CommanderError): SafeText | undefined {
  const choices = options.find(({ flags }) => message.includes(`'${flags}'`))?.argChoices;
  return choices === undefined ? undefined : safe`pass one of ${join(choices.map(mask), ', ')}`;
}
