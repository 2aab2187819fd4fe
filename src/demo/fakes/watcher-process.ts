import { spawn } from 'node:child_process';

export interface WatcherProcess {
  /** All that it said. */
  readonly output: () => string;
  /** Ends when it has. */
  readonly stop: () => Promise<void>;
}

/** Starts a command that runs until it is stopped. */
export function startWatcherProcess([command = '', ...words]: readonly string[]): WatcherProcess {
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    output: () => Buffer.concat(said).toString('utf8'),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
