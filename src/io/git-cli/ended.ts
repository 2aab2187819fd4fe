/** How git ended, as text and as faults. */
import { Fault, toReason } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';

export interface Ended {
  readonly code: number;
  readonly output: Buffer;
  /** What git, its hooks and helpers wrote to standard error. */
  readonly complaint: string;
}

export const oldest = { major: 2, minor: 30 };

export const needGit = safe`install git ${oldest.major}.${oldest.minor} or newer`;

/** How many lines of what git and hooks write are shown. */
const shownLines = 40;

export function toStopped(words: readonly string[], cause: unknown): Fault {
  return new Fault('environment', safe`git ${mask(toVerb(words))} was stopped`, safe`try again`, { cause });
}

/** @param error from starting the process. */
export function toNotStarted(error: unknown): Fault {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  const message = isMissing
    ? safe`git is not installed, or not in PATH`
    : safe`git cannot be started: ${toReason(error)}`;
  return new Fault('environment', message, needGit, { cause: error });
}

/** A command of git that failed, with git's own message. */
export function toRefusal(words: readonly string[], { code, complaint, output }: Ended, hint?: SafeText): Fault {
  const said = toSaid(complaint) ?? toSaid(output.toString('utf8')) ?? safe`it ended with ${code}`;
  return new Fault(
    'environment',
    safe`git ${mask(toVerb(words))} failed: ${said}`,
    hint ?? safe`fix what git reports, and try again`,
  );
}

/** The command, such as `fetch`, without the configuration before it. */
function toVerb(words: readonly string[]): string {
  return words.find((word, i) => word !== '-c' && words[i - 1] !== '-c') ?? '';
}

/** A single line as it is, several lines indented below each other; undefined: there is none. */
export function toSaid(text: string, maxLines = shownLines): SafeText | undefined {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) return undefined;
  if (lines.length === 1) return toLine(lines[0] ?? '');
  const shown = lines.slice(0, maxLines).map((line) => safe`\n    ${toLine(line)}`);
  return safe`${join(shown, '')}${lines.length > maxLines ? safe`\n    and ${lines.length - maxLines} more lines` : ''}`;
}

/** Git indents commands to copy with tabs. */
function toLine(line: string): SafeText {
  return mask(line.replaceAll('\t', '  ').trimEnd());
}

/** Everything that git and hooks wrote, to standard error and standard output; undefined: nothing. */
export function toAllSaid({ complaint, output }: Ended): SafeText | undefined {
  return toSaid(`${complaint}\n${output.toString('utf8')}`, Number.POSITIVE_INFINITY);
}

/** What git or a hook refused, with their own messages. */
export function toRefused(
  what: 'the commit' | 'the branch' | 'the file',
  ended: Ended,
  hint = safe`fix that, and try again`,
): Fault {
  const said = toAllSaid(ended) ?? safe`it ended with ${ended.code}`;
  return new Fault('environment', safe`git refuses ${what}: ${said}`, hint);
}
