/**
 * When to push again after pushes that failed while the branch can be read: a protected branch, a missing
 * sign-off, a quota or a proxy's size limit stays as it is until a person changes it, and each attempt
 * costs the git host a run of its hooks.
 *
 * Invariants, from the first refusal to the next push that is taken: no two pushes within 30 s, at most
 * 40 within any hour, and never more than six minutes without one. Time and chance are arguments.
 */
import { computeBackoff } from './backoff.ts';
import type { BranchTrouble } from './ports.ts';

/** The shortest time between two pushes once the server has refused one. */
const refusedPauseMs = 30_000;
const longestPauseMs = 300_000;
/** So much longer at most, by chance: many watchers that were refused together do not come back together. */
const spread = 0.2;
const hourMs = 3_600_000;
/**
 * While there were fewer pushes in the last hour, a tip that moved is tried early. The rest of the 40 is for
 * the pushes that come without it: 28 pushes that are 30 s apart leave time for 10 of those.
 */
const earlyPerHour = 28;

export class PushPace {
  #failures = 0;
  #isRefused = false;
  /** What the last failed push was to follow; undefined: any tip is another. */
  #tip: string | undefined;
  #retryAt = Number.NEGATIVE_INFINITY;
  #earlyAt = Number.NEGATIVE_INFINITY;
  /** When pushes of the last hour started. */
  #starts: number[] = [];

  /** Pushes in a row that failed; 0: the last one was taken. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether the server answered one of them that it does not take it. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** From when on a push that follows this tip may be tried, in milliseconds of the clock. */
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
    // A series that ended long ago because there was nothing to push any more.
    if (this.#starts.length <= 1) this.succeed();
    if (code !== 'unreachable' && code !== 'throttled') this.#isRefused = true;
    this.#tip = tip;
    return this.#wait(retryAfterMs, now, random);
  }

  /** The push found the branch elsewhere: no refusal, but while refusals last it counts as an attempt. */
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
