/** The command line run within the test's own process, with what it writes. */
import type { Terminal } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';
import { plainStyle } from '../../src/output/style.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export type Variables = Readonly<Record<string, string>>;

/** Of a person whom git knows, on a machine that configures nothing. */
export const personal: Variables = {
  PATH: process.env['PATH'] ?? '',
  GIT_CONFIG_NOSYSTEM: '1',
  // No commit starts another process that looks for garbage.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'maintenance.auto',
  GIT_CONFIG_VALUE_0: 'false',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

/**
 * @param terminal where somebody sits; absent: nobody does.
 * @param now seconds since 1970; absent: the system's clock.
 */
export async function runInProcess(
  workingDirectory: string,
  environment: Variables,
  words: readonly string[],
  { terminal, now }: { readonly terminal?: Terminal; readonly now?: number } = {},
): Promise<Ended> {
  const written = { 1: '', 2: '' };
  const code = await main(words, {
    version: '0.0.0',
    workingDirectory,
    program: ['model-mirror.cjs'],
    environment,
    write: (descriptor, texts) => {
      for (const text of texts) written[descriptor] += text;
    },
    isTerminal: () => false,
    terminal,
    size: () => undefined,
    ...(now === undefined ? {} : { now: () => now }),
    style: () => plainStyle,
  });
  return { code, out: written[1], err: written[2] };
}
