/** A program of the stack: what it says is kept, and it can be waited for, killed and started again. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scratch } from './sandbox.ts';

/** Nothing of the stack takes so long, however busy the machine is: it only ends what hangs. */
export const hangMs = 600_000;

/** Of every program one file. */
export const logs = join(scratch, 'logs');

export interface ProgramOptions {
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** It starts others, which get the same signals. */
  readonly isGroup?: boolean;
  /** Where what it says is kept; absent: with all others. */
  readonly logs?: string;
}

export class Program {
  readonly name: string;
  readonly #options: ProgramOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: ProgramOptions) {
    this.name = options.name;
    this.#options = options;
    this.start();
  }

  /** Appended to over all starts. */
  get logFile(): string {
    return join(this.#options.logs ?? logs, `${this.name}.log`);
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Of the process that runs now, or ran last. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The most memory that its process has held since it was started, in bytes; 0 where there is none. */
  get peakBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  start(): void {
    mkdirSync(dirname(this.logFile), { recursive: true });
    const { command, words, environment, folder, isGroup = false } = this.#options;
    const log = createWriteStream(this.logFile, { flags: 'a' });
    const child = spawn(command, words, {
      env: { ...process.env, ...environment },
      cwd: folder ?? scratch,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: isGroup,
    });
    child.on('error', (error) => log.write(`${error.message}\n`));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#ended = once(child, 'close').then(() => log.end());
    this.#child = child;
  }

  /** Waits for something to be so. @throws Error with the end of what it said. */
  async until(what: string, look: () => boolean | Promise<boolean>, limitMs = hangMs): Promise<void> {
    await until(what, look, limitMs, () => {
      if (!this.isRunning) throw new Error(`${this.name} has ended: ${this.tail()}`);
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.name} said: ${this.tail()}`, { cause: error });
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.isRunning) this.#signal(signal);
    await this.#ended;
  }

  /** @returns its exit code once it has ended: 128 and the signal's number when a signal ended it. */
  async untilEnded(): Promise<number> {
    await this.#ended;
    const { exitCode = null, signalCode = null } = this.#child ?? {};
    return exitCode ?? (signalCode === null ? 127 : 128 + constants.signals[signalCode]);
  }

  /** As SIGSTOP, which holds it still, and SIGCONT, which lets it go on. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#signal(signal);
  }

  /** Asks the first process alone to end, as a kubelet does: those that it started are its own to end. */
  terminate(): void {
    if (this.isRunning) this.#child?.kill('SIGTERM');
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child ?? {};
    if (pid !== undefined) process.kill(this.#options.isGroup ? -pid : pid, signal);
  }

  tail(lines = 15): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }
}

/**
 * Waits for something to be so; trouble on the way there is part of it.
 * @param assert throws when there is no more hope.
 */
export async function until(
  what: string,
  look: () => boolean | Promise<boolean>,
  limitMs = hangMs,
  assert: () => void = () => {},
): Promise<void> {
  let trouble: unknown;
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(50)) {
    assert();
    try {
      if (await look()) return;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
  }
  const why = trouble instanceof Error ? `: ${trouble.message}` : '';
  throw new Error(`after ${limitMs / 1000} s it is not so: ${what}${why}`);
}
