/** Runs the commands that a build consists of, and reports a failed one so that its log alone says why. */
import { spawnSync } from 'node:child_process';

const shownLines = 30;

/** The message has the command as it was typed, how it ended, and the last lines of what it printed. */
export class CommandFailure extends Error {}

interface CommandOptions {
  readonly cwd?: string;
  /** Added to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * @returns what it printed to its standard output.
 * @throws CommandFailure when it cannot be started, or ends with anything but 0.
 */
export function run(program: string, words: readonly string[], { cwd, env }: CommandOptions = {}): string {
  const { stdout, stderr, status, signal, error } = spawnSync(program, words, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 256 * 1024 * 1024,
  });
  if (error === undefined && status === 0) return stdout;
  const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`);
  const command = [...variables, program, ...words].map(toWord).join(' ');
  const where = cwd === undefined ? '' : ` in ${cwd}`;
  const end = error === undefined ? (signal ?? `exit status ${status}`) : error.message;
  const lines = `${stdout ?? ''}\n${stderr ?? ''}`.split('\n').filter((line) => line.trim() !== '');
  const printed = lines.slice(-shownLines).map((line) => `  ${line}`);
  const cut = lines.length > shownLines ? [`  … the last ${shownLines} of ${lines.length} lines:`] : [];
  const output = printed.length > 0 ? [...cut, ...printed] : ['  (it printed nothing)'];
  throw new CommandFailure([`${command}${where}: ${end}`, ...output].join('\n'));
}

function toWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
