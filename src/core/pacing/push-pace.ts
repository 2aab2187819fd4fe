/**
 * When to push again after pushes that failed while the branch can be read: a protected branch, a missing
 * sign-off, a quota or a proxy's size limit stays until a person changes it, and each attempt costs the git
 * host a run of its hooks.
 *
 * Invariants, from the first refusal to the next push that is accepted: no two pushes within 30 s, at most
 * 40 within any hour, and never more than six minutes without one unless the server asks for more. Time and randomness are arguments.
 */

import type { BranchTrouble } from '../ports/watch.ts';
import { computeBackoff } from './backoff.ts';

/** The shortest time between two pushes once the server has refused one. */
const refusedPauseMs = 30_000;
const longestPauseMs = 300_000;
/** A random share of the pause is added, up to this: many watchers that were refused together do not return together. */
const spread = 0.2;
const hourMs = 3_600_000;
/**
 * With fewer pushes than this in the last hour, a tip that moved is tried early. The rest of the 40 is for
 * the pushes on schedule: 28 pushes that are 30 s apart leave time for 10 of those.
 */
const earlyPerHour = 28;

export class PushPace {
  #failures = 0;
  #isRefused = false;
  /** The tip that the last failed push was based on; undefined: any tip counts as moved. */
  #tip: string | undefined;
  #retryAt = Number.NEGATIVE_INFINITY;
  #earlyAt = Number.NEGATIVE_INFINITY;
  /** When pushes of the last hour started. */
  #starts: number[] = [];

  /** How many pushes in a row have failed; 0: the last one was accepted. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether the server refused one of them. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** When a push on top of this tip may be tried, in milliseconds of the clock. */
  toStart(tip: string): number {
    if (this.#failures === 0 || tip === this.#tip) return this.#retryAt;
    const crowded = this.#starts.at(-earlyPerHour);
    const budgetAt = crowded === undefined ? Number.NEGATIVE_INFINITY : crowded + hourMs;
    return Math.min(this.#retryAt, Math.max(this.#earlyAt, budgetAt));
  }

  /** A push begins. */
  start(now: number): void {
    this.#starts = [...this.#starts.filter((time) => now - time < hourMs), now];
  }

  /** @returns how long until the next try, in milliseconds. */
  fail({ code, retryAfterMs = 0 }: BranchTrouble, tip: string | undefined, now: number, random: number): number {
    // An earlier series ended long ago because there was nothing left to push.
    if (this.#starts.length <= 1) this.succeed();
    if (code !== 'unreachable' && code !== 'throttled') this.#isRefused = true;
    this.#tip = tip;
    return this.#wait(retryAfterMs, now, random);
  }

  /** The branch had moved: that is not a refusal, but during a series of refusals it counts as an attempt. */
  conflict(now: number, random: number): void {
    if (!this.#isRefused) return;
    this.#tip = undefined;
    this.#wait(0, now, random);
  }

  #wait(retryAfterMs: number, now: number, random: number): number {
    this.#failures++;
    const pause = this.#isRefused
      ? Math.min(longestPauseMs, refusedPauseMs * 2 ** Math.min(this.#failures - 1, 16)) * (1 + spread * random)
      : computeBackoff(this.#failures, random, { longest: longestPauseMs });
    const least = Math.max(retryAfterMs, this.#isRefused ? refusedPauseMs : 0);
    this.#earlyAt = now + least;
    this.#retryAt = now + Math.max(least, Math.round(pause));
    return this.#retryAt - now;
  }

  succeed(): void {
    this.#failures = 0;
    this.#isRefused = false;
    this.#retryAt = Number.NEGATIVE_INFINITY;
  }
}
