/** How long changes are collected before they are committed together. */
import { closesMirror } from '../core/observe/closing.ts';
import type { PlannedStatus } from './status-planner.ts';

/** So many changes at once are a storm: while it lasts, the window is up to so many times as long. */
const stormSize = 100;
const stormWindows = 4;
const stormPauseMs = 100;

export class CommitWindow {
  readonly #batchMs: number;
  #lastEvent = Number.NEGATIVE_INFINITY;
  #lastPush = Number.NEGATIVE_INFINITY;

  /** @param batchMs how long to collect changes after the first one, in milliseconds. */
  constructor(batchMs: number) {
    this.#batchMs = batchMs;
  }

  /** Takes note of an event that may change something. */
  noteEvent(now: number): void {
    this.#lastEvent = now;
  }

  notePush(now: number): void {
    this.#lastPush = now;
  }

  /** When the changes have been collected for long enough, by the clock. */
  findEnd(statuses: readonly PlannedStatus[], now: number): number {
    if (statuses.length === 0) return now;
    const since = statuses.reduce((first, status) => Math.min(first, status.since), now);
    // What closes a mirror waits for nothing but the window after the last push, so that a storm is no storm of commits.
    if (statuses.some(({ before, after }) => closesMirror(before, after)))
      return Math.min(since, this.#lastPush) + this.#batchMs;
    const calm = this.#lastEvent + Math.min(stormPauseMs, this.#batchMs);
    if (statuses.length < stormSize || calm <= now) return since + this.#batchMs;
    // Changes that came during the last push have not had a window yet.
    const start = Math.max(since, this.#lastPush);
    return Math.max(since + this.#batchMs, Math.min(calm, start + stormWindows * this.#batchMs));
  }
}
