import { type Covered, findCoverageFault } from './coverage.ts';
import { sightMs } from './sequence.ts';
import type { Sums } from './sums.ts';
import type { Blindness } from './verdict.ts';

/** With fewer expected, none arriving is chance: the probability of that is e^-5, less than 1 %. */
const leastExpected = 5;

/** What is more follows from a replica that counts wrongly. It must not make a status file that nobody can read. */
const mostExpected = 1e9;

export interface Sight {
  readonly now: number;
  /** Since when copies could arrive, in ms since the epoch: the mirror is open. */
  readonly openSince: number;
  /** When a replica of the comparer last answered; undefined: none has. */
  readonly answeredAt: number | undefined;
  /** How many copies a minute others know of; what was counted counts for more. */
  readonly expectedPerMinute: number | undefined;
  readonly sums: Sums;
  /** Of the ten minutes before the last moment. */
  readonly lately: Covered;
}

/** Why nobody can see how the candidate does, if that has been so for ten minutes. */
export function findBlindness(sight: Sight): Blindness | undefined {
  const { now, openSince, answeredAt, sums, lately } = sight;
  if (now - Math.max(openSince, answeredAt ?? openSince) >= sightMs) return { code: 'no-comparer', since: answeredAt };
  const fault = findCoverageFault(lately);
  if (fault !== undefined) return fault;
  const silence = now - Math.max(openSince, sums.arrived ?? openSince);
  const perMinute = toRate(sums) ?? sight.expectedPerMinute;
  const expected = perMinute === undefined ? undefined : (perMinute * silence) / 60_000;
  if (silence < sightMs || (expected !== undefined && expected < leastExpected)) return undefined;
  return {
    code: 'no-copies',
    minutes: Math.floor(silence / 60_000),
    expected: expected === undefined ? undefined : Math.min(mostExpected, Math.round(expected)),
  };
}

/** Copies a minute, from the first block until the last one that any arrived in. */
function toRate({ from, arrived, covered }: Sums): number | undefined {
  return from === undefined || arrived === undefined ? undefined : covered.received / ((arrived - from) / 60_000);
}
