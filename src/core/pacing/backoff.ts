/**
 * How long to wait before a retry.
 *
 * Packages such as exponential-backoff and p-retry own the loop, the timer and the randomness; here the caller has a
 * clock of its own, obeys Retry-After, and must be deterministic in tests.
 */

/** Long enough to spare a server that is down, short enough to notice within a minute that it is back. */
const usualLongest = 20_000;

interface Bounds {
  /** The longest first pause, in milliseconds. */
  readonly first?: number;
  readonly longest?: number;
}

/**
 * The pause before the next attempt, in milliseconds: it doubles each time, and half of it is random, so that clients
 * that were disconnected at the same time do not return at the same time.
 *
 * @param failures in a row so far; at least 1.
 * @param random from 0 to 1.
 */
export function computeBackoff(
  failures: number,
  random: number,
  { first = 500, longest = usualLongest }: Bounds = {},
): number {
  const span = Math.min(longest, first * 2 ** Math.min(failures - 1, 16));
  return Math.round(span / 2 + (span / 2) * random);
}
