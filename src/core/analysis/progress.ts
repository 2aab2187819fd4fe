import { sightMs } from './sequence.ts';
import type { Sums } from './sums.ts';

/** What was counted so far, and how fast: for people, as nothing is decided by it. */
export interface Progress {
  /** Of all calls since counting began. */
  readonly sums: Sums;
  /** Of the last ten whole minutes, or fewer when counting began since. */
  readonly lately: Sums;
  /** How long that is, in ms. */
  readonly latelyMs: number;
}

/**
 * @param lately what was over in the ten minutes before the last moment
 * @param last that moment, in ms since the epoch
 */
export function toProgress(sums: Sums, lately: Sums, last: number): Progress {
  return { sums, lately, latelyMs: Math.max(0, Math.min(sightMs, last - (sums.from ?? last))) };
}
