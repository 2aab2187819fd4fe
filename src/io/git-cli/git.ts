/**
 * The user's own git, run for what people's commands need of a repository.
 *
 * Invariants: never through a shell; what is printed is in English and unpaged; nobody is asked anything unless
 * somebody sits at a terminal: elsewhere git has none of its own either, so that ssh and gpg cannot ask.
 *
 * 2.30 is the first git whose `rev-parse` takes --end-of-options, by which a name that begins with a dash is no
 * option (git's RelNotes/2.30.0).
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
 * Variables by which git would look at another repository than the folder's, as hooks of git have them, and those by
 * which it would read paths in another way than they are meant.
 */
const elsewhere = [
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_CONFIG'],
  ...['GIT_LITERAL_PATHSPECS', 'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS'],
];

/** How git is run. */
export interface GitOptions {
  /** Of the person: where git finds the configuration, ssh, and the helpers that are configured. */
  readonly environment: Environment;
  /** Whether somebody sits at a terminal, whom git, ssh and gpg may ask. */
  readonly canAsk?: boolean;
  /**
   * Whether the folder is what GIT_DIR names, as in a hook of a server: git then need not look for it, which
   * safe.bareRepository may forbid.
   */
  readonly isNamed?: boolean;
}

export interface RunOptions {
  readonly input?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether git may write what makes its next look faster, as the index; without, it takes no lock. */
  readonly canLock?: boolean;
  readonly variables?: Environment;
}

/** Git in one repository. */
export class Git {
  /** A work tree's root, or a bare repository. */
  readonly folder: string;
  readonly #options: GitOptions;
  #version: Promise<void> | undefined;

  constructor(folder: string, options: GitOptions) {
    this.folder = folder;
    this.#options = options;
  }

  /**
   * What git prints.
   *
   * @throws Fault with what git says, when it fails.
   */
  async read(words: readonly string[], options: RunOptions = {}): Promise<string> {
    const ended = await this.run(words, options);
    if (ended.code !== 0) throw toRefusal(words, ended);
    return ended.output.toString('utf8');
  }

  /** The same; undefined when git answers with no, or cannot answer. */
  async ask(words: readonly string[], options: RunOptions = {}): Promise<string | undefined> {
    const { code, output } = await this.run(words, options);
    return code === 0 ? output.toString('utf8') : undefined;
  }

  /**
   * Runs it to its end, whatever that is.
   *
   * @throws Fault when git is not installed or too old, and when the signal says to stop.
   */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const [ended] = await Promise.all([this.#run(words, options), this.assertInstalled()]);
    return ended;
  }

  /** A process that is talked to; it ends when its input does. */
  open(words: readonly string[]): ChildProcessWithoutNullStreams {
    return this.#spawn(words, {});
  }

  /** Throws a fault when git is not installed or too old. */
  async assertInstalled(): Promise<void> {
    this.#version ??= this.#checkVersion();
    await this.#version;
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
      // Where the folder turns out to be no repository, one around it would be another one.
      ...(canLock ? {} : { GIT_OPTIONAL_LOCKS: '0', GIT_CEILING_DIRECTORIES: dirname(this.folder) }),
      ...(canAsk ? {} : { GIT_TERMINAL_PROMPT: '0' }),
      ...variables,
    };
    const place = ['-C', this.folder, ...(isNamed ? ['--git-dir=.'] : [])];
    // In a session of its own it has no terminal.
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

/** For so long, in milliseconds, what git writes to is waited for to be closed once git has ended. */
const grace = 100;

/**
 * @returns its exit code, once all that it wrote is read. What a hook has started and left running may hold its output
 * open for as long as it likes: that is not waited for.
 */
async function waitForEnd(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  const letGo = () => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  child.once('exit', () => {
    // Between a timer and an immediate, what has arrived is read.
    const timer = setTimeout(() => setImmediate(letGo), grace);
    child.once('close', () => clearTimeout(timer));
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}
