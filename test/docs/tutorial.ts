/**
 * A page whose command blocks are run, one after the other, as somebody would who follows it.
 *
 * A block of the language `sh` is run; one with `fails` behind it must fail, one with `requests` is about what becomes of
 * requests, and one with `start` starts what all others need. A `text` block right after it is what it says; without one it
 * says nothing.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Tokens } from 'marked';
import { marked } from 'marked';

export interface Block {
  /** Only where clients send requests. */
  readonly needsRequests: boolean;
  readonly commands: string;
  readonly mustFail: boolean;
  /** What the page says that it says; undefined: nothing is shown. */
  readonly shown: string | undefined;
}

export interface Played {
  readonly code: number | null;
  /** Both streams, as a terminal shows them. */
  readonly said: string;
}

export type TutorialMode = 'standard' | 'modelmesh';

export const tutorialFile = join(import.meta.dirname, '../../docs/tutorial.md');

/** The blocks of the page, as somebody reads them whose models are in this mode. */
export function readBlocks(file: string, mode: TutorialMode): Block[] {
  const tokens = marked.lexer(readFileSync(file, 'utf8')).filter(({ type }) => type !== 'space');
  const differences = mode === 'standard' ? [] : readDifferences(file);
  const toMode = (text: string) => differences.reduce((now, [here, there]) => now.replaceAll(here, there), text);
  return tokens.flatMap((token, i) => {
    if (token.type !== 'code' || !/^sh\b/.test(token.lang ?? '') || token.lang === 'sh start') return [];
    const next = tokens[i + 1];
    const shown = next?.type === 'code' && next.lang === 'text' ? toMode(`${next.text}\n`) : undefined;
    const [mustFail, needsRequests] = [token.lang === 'sh fails', token.lang === 'sh requests'];
    return [{ commands: toMode(token.text), mustFail, needsRequests, shown }];
  });
}

/** The rows of the page's table: what it has in Standard mode, and what stands there in ModelMesh mode. */
export function readDifferences(file: string): (readonly [string, string])[] {
  const tables = marked.lexer(readFileSync(file, 'utf8')).filter((token) => token.type === 'table');
  const rows = tables.flatMap((token) => (token as Tokens.Table).rows);
  const toText = (cell: Tokens.TableCell | undefined) => (cell?.tokens[0] as Tokens.Codespan | undefined)?.text ?? '';
  return rows.map(([here, there]) => [toText(here), toText(there)] as const);
}

/** A shell that goes on where the last block has left it. */
export class TutorialShell {
  readonly #environment: Readonly<Record<string, string>>;
  #folder: string;

  constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#environment = environment;
  }

  async play(commands: string): Promise<Played> {
    const shell = spawn('sh', ['-e', '-c', `exec 2>&1\n${commands}\npwd >&3`], {
      cwd: this.#folder,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    const said = text(shell.stdio[1] as Readable);
    const place = text(shell.stdio[3] as Readable);
    const [code] = (await once(shell, 'close')) as [number | null];
    this.#folder = (await place).trim() || this.#folder;
    return { code, said: await said };
  }
}

/**
 * Somebody who follows the page: a home of their own with nothing but our command, and their name.
 *
 * @param folder is made.
 * @param program our command, as Node runs it.
 * @param repository its address.
 */
export function toReader(folder: string, program: string, repository: string): TutorialShell {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const command = join(bin, 'model-mirror');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  chmodSync(command, 0o755);
  return toPatientReader(folder, folder, { PATH: `${bin}:${process.env['PATH'] ?? ''}`, REPOSITORY: repository });
}

/**
 * @param home is made.
 * @param place where the reader begins.
 * @param variables what the reader has exported, PATH among them.
 */
export function toPatientReader(
  home: string,
  place: string,
  variables: Readonly<Record<string, string>>,
): TutorialShell {
  const bin = join(home, 'patient');
  mkdirSync(bin, { recursive: true });
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(join(bin, 'git'), toPatientGit(git));
  chmodSync(join(bin, 'git'), 0o755);
  return new TutorialShell(place, {
    ...variables,
    HOME: home,
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    // No commit starts another process that looks for garbage.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'maintenance.auto',
    GIT_CONFIG_VALUE_0: 'false',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
    PATH: `${bin}:${variables['PATH']}`,
  });
}

/**
 * The git of a reader who does what the page says after a rejected push: pull, and push again. It does so only where the
 * page itself has pulled before, so a page that forgets that fails.
 */
function toPatientGit(git: string): string {
  return `#!/bin/sh
pulled="$HOME/.pulled"
case "$1" in
pull)
  '${git}' "$@" || exit $?
  : >"$pulled"
  ;;
push)
  [ -e "$pulled" ] || exec '${git}' "$@"
  rm "$pulled"
  until said=$('${git}' "$@" 2>&1); do
    case "$said" in
    *'[rejected]'*) '${git}' pull --quiet --rebase || exit $? ;;
    *) printf '%s\\n' "$said" && exit 1 ;;
    esac
  done
  [ -z "$said" ] || printf '%s\\n' "$said"
  ;;
*) exec '${git}' "$@" ;;
esac
`;
}

/** It is looked more often than people need it, and nobody guesses how long a verdict takes. */
export function toQuicker(commands: string): string {
  return commands
    .replaceAll('--timeout 5m', '--interval 1s --timeout 10m')
    .replace(
      /^sleep 20$/m,
      'until git pull --quiet --rebase && grep --quiet "verdict: Failing" models/wisdom/status.yaml && ! grep --quiet mirror: models/wisdom/status.yaml; do sleep 1; done',
    );
}

/** What is only seen on the way, if one looks at the right moment. */
const passing =
  /^waiting until |^The watcher had pushed in the meantime: |^<time> model-mirror watcher <commit>$|^ (primary|candidate) \S+ is (Pending|Loading)$/;

/**
 * What can be compared of an output: ids, digests, times, durations and the number of defaults are the same whatever they
 * are, and so are gaps between columns. Where the page shows `…` at its end, the lines up to there count.
 */
export function toComparable(said: string, shown: string): string {
  const toLines = (text: string) =>
    text
      .replace(/\b[0-9a-f]{7}\b/g, '<commit>')
      .replace(/\bdigest d2-[0-9a-f]{8}\b/g, 'digest <digest>')
      .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?Z?/g, '<time>')
      // Which of the two rules decides depends on how many pairs were counted when the watcher looked.
      .replace(/, by (the five minutes from|all calls until) <time>/g, ', by <rule>')
      .replace(/\b\d+(\.\d+)? ?(ms|s|min)\b( \d+ s\b)?/g, '<duration>')
      .replace(/\b\d+ more fields\b/g, '<number> more fields')
      .replace(/\b\d+ of \d+\b/g, '<count>')
      .replace(/\bat least [\d.]+ %/g, 'at least <share>')
      .replace(/\b[\d.]+ % to [\d.]+ %/g, '<interval>')
      .replace(/[━┃·]+/g, '<bar>')
      .replace(/ +/g, ' ')
      .split('\n')
      .filter((line) => !passing.test(line));
  const end = toLines(shown).indexOf('…');
  return (end === -1 ? toLines(said) : toLines(said).slice(0, end)).join('\n');
}
