import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../core/ports/watch.ts';

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Math.floor(Date.now() / 1000),
  // The only possible error is that the signal was aborted, which ends the sleep.
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  random: () => Math.random(),
};
