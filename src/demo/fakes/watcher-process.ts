import { spawn } from 'node:child_process';

export interface WatcherProcess {
  /** Its output so far. */
  readonly output: () => string;
  /** Resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

/** Starts a command that runs until it is stopped. */
export function startWatcherProcess([command = '', ...words]: readonly string[]): WatcherProcess {
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    output: () => Buffer.concat(chunks).toString('utf8'),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
