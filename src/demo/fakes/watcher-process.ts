import { spawn } from 'node:child_process';

export interface WatcherProcess {
  /** Its output so far. */
  readonly output: () => string;
  /** Where it listens, once it does; undefined: it has ended before. */
  readonly address: () => Promise<string | undefined>;
  /** Resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

/** Starts a command that runs until it is stopped. */
export function startWatcherProcess([command = '', ...words]: readonly string[]): WatcherProcess {
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const output = () => Buffer.concat(chunks).toString('utf8');
  const findAddress = () => /listening address=(\S+)/.exec(output())?.[1];
  return {
    output,
    address: () =>
      new Promise((resolve) => {
        const look = () => {
          const address = findAddress();
          if (address !== undefined) resolve(address);
        };
        child.stderr.on('data', look);
        void ended.then(() => resolve(findAddress()));
        look();
      }),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
