/**
 * The user's own git, as people's commands run it.
 *
 * Invariants: git never runs through a shell; its output is English and not paged; it prompts only when there is a
 * terminal. Without one, git is started without a controlling terminal too, so that ssh and gpg cannot prompt.
 *
 * Git 2.30 is the oldest supported: its `rev-parse` is the first that takes --end-of-options, so that a name which begins
 * with a dash is not read as an option (git's RelNotes/2.30.0).
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { Environment } from '../process/argocd-environment.ts';
import type { Ended } from './ended.ts';
import { needGit, oldest, toNotStarted, toRefusal, toStopped } from './ended.ts';
import { endGit, spawnGit } from './spawn.ts';

/**
 * Variables that would make git use another repository than the folder's, as git sets them for hooks, or change how it
 * reads paths.
 */
const elsewhere = [
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_CONFIG'],
  ...['GIT_LITERAL_PATHSPECS', 'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS'],
];

/** How git is run. */
export interface GitOptions {
  /** The user's: git finds its configuration, ssh, and credential helpers by it. */
  readonly environment: Environment;
  /** Whether there is a terminal at which git, ssh and gpg may prompt. */
  readonly canAsk?: boolean;
  /**
   * Whether the folder is the one that GIT_DIR names, as in a server's hook. Git then does not search for the repository,
   * which safe.bareRepository may forbid.
   */
  readonly isNamed?: boolean;
}

export interface RunOptions {
  readonly input?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether git may take locks, to write or to refresh the index. */
  readonly canLock?: boolean;
  readonly variables?: Environment;
}

/** The values of PATH by which a git was found that is recent enough: a process asks once for each. */
const recent = new Set<string>();

/** Git in one repository. */
export class Git {
  /** The root of a work tree, or a bare repository. */
  readonly folder: string;
  readonly #options: GitOptions;
  #version: Promise<void> | undefined;

  constructor(folder: string, options: GitOptions) {
    this.folder = folder;
    this.#options = options;
  }

  /**
   * Returns what git prints.
   *
   * @throws Fault with git's message when it fails.
   */
  async read(words: readonly string[], options: RunOptions = {}): Promise<string> {
    const ended = await this.run(words, options);
    if (ended.code !== 0) throw toRefusal(words, ended);
    return ended.output.toString('utf8');
  }

  /** The same, but undefined when git fails. */
  async ask(words: readonly string[], options: RunOptions = {}): Promise<string | undefined> {
    const { code, output } = await this.run(words, options);
    return code === 0 ? output.toString('utf8') : undefined;
  }

  /**
   * Runs git to its end, whether it succeeds or fails.
   *
   * @throws Fault when git is not installed or too old, and when the signal is aborted.
   */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const [ended] = await Promise.all([this.#run(words, options), this.assertInstalled()]);
    return ended;
  }

  /** Starts a git that reads requests from its input, and ends when the input does. */
  open(words: readonly string[]): ChildProcessWithoutNullStreams {
    return this.#spawn(words, {});
  }

  /** @throws Fault when git is not installed or too old. */
  async assertInstalled(): Promise<void> {
    const { PATH = '' } = this.#options.environment;
    if (recent.has(PATH)) return;
    this.#version ??= this.#checkVersion();
    await this.#version;
    recent.add(PATH);
  }

  async #run(words: readonly string[], options: RunOptions): Promise<Ended> {
    const { input, signal } = options;
    if (signal?.reason !== undefined) throw toStopped(words, signal.reason);
    const child = this.#spawn(words, options);
    const output: Buffer[] = [];
    const complaint: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
    child.stdin.end(input ?? '');
    const stop = () => endGit(child, this.#options.canAsk !== true);
    signal?.addEventListener('abort', stop);
    try {
      const code = await waitForEnd(child);
      signal?.throwIfAborted();
      return {
        code: code ?? 128,
        output: Buffer.concat(output),
        complaint: Buffer.concat(complaint).toString('utf8'),
      };
    } catch (error) {
      throw signal?.aborted === true ? toStopped(words, error) : toNotStarted(error);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  #spawn(words: readonly string[], { canLock = false, variables = {} }: RunOptions): ChildProcessWithoutNullStreams {
    const { environment, canAsk = false, isNamed = false } = this.#options;
    const kept = Object.entries(environment).filter(([name]) => !elsewhere.includes(name));
    const env = {
      ...Object.fromEntries(kept),
      LC_ALL: 'C',
      // If the folder is not a repository, git must not use one around it.
      ...(canLock ? {} : { GIT_OPTIONAL_LOCKS: '0', GIT_CEILING_DIRECTORIES: dirname(this.folder) }),
      ...(canAsk ? {} : { GIT_TERMINAL_PROMPT: '0' }),
      ...variables,
    };
    const place = ['-C', this.folder, ...(isNamed ? ['--git-dir=.'] : [])];
    // A session of its own has no terminal.
    return spawnGit(['--no-pager', ...place, ...words], { environment: env, isApart: !canAsk });
  }

  async #checkVersion(): Promise<void> {
    const { output } = await this.#run(['version'], {});
    const [, major, minor] = /version (\d+)\.(\d+)/.exec(output.toString('utf8')) ?? [];
    if (major === undefined || minor === undefined) return;
    const isOld = Number(major) - oldest.major || Number(minor) - oldest.minor;
    if (isOld < 0) throw new Fault('environment', safe`git ${Number(major)}.${Number(minor)} is too old`, needGit);
  }
}

/** How long to wait, in milliseconds, for git's output to be closed once git has ended. */
const grace = 100;

/**
 * @returns the exit code, once everything that git wrote is read. A process that a hook left running may hold the output
 *   open for as long as it likes; it is not waited for.
 */
async function waitForEnd(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  const letGo = () => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  child.once('exit', () => {
    // What has arrived is read between the timer and the immediate.
    const timer = setTimeout(() => setImmediate(letGo), grace);
    child.once('close', () => clearTimeout(timer));
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}
