/** Far enough apart to spare a server that is down, and close enough to notice within a minute that it is back. */
const usualLongest = 20_000;

interface Bounds {
  /** The span of the first pause, in milliseconds. */
  readonly first?: number;
  readonly longest?: number;
}

/**
 * How long to wait before the next attempt, in milliseconds: doubled each time, half of it random so that
 * many clients that were cut off together do not return together.
 *
 * @param failures in a row so far; at least 1.
 * @param random from 0 up to 1.
 */
export function computeBackoff(
  failures: number,
  random: number,
  { first = 500, longest = usualLongest }: Bounds = {},
): number {
  const span = Math.min(longest, first * 2 ** Math.min(failures - 1, 16));
  return Math.round(span / 2 + (span / 2) * random);
}
