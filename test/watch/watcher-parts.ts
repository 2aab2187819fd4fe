/** What watchers in tests have in common. */
import type { Meter } from '../../src/core/ports/watch.ts';
import type { WatcherOptions } from '../../src/watch/watch-loop.ts';

export const options: WatcherOptions = {
  path: '.',
  cluster: undefined,
  namespaces: undefined,
  settleMs: 5000,
  page: false,
  batchMs: 500,
  pollMs: 30_000,
  once: false,
  suffix: undefined,
  signOff: undefined,
};

const nothing = () => {};

/** It counts nothing. */
export const idleMeter: Meter = {
  event: nothing,
  look: nothing,
  models: nothing,
  declared: nothing,
  commit: nothing,
  conflict: nothing,
  retry: nothing,
  pushFailed: nothing,
  pushFailures: nothing,
};
