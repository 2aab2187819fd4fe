/**
 * The sequence of moments at which all that was counted is looked at. They are whole minutes of the clocks' grid, and what
 * counts at one of them is what was over by then: so two watchers look at the same numbers, whenever each of them does.
 */

import type { Decided } from '../input/verdict-schema.ts';
import { minuteMs } from './block.ts';
import { computeAlpha } from './budget.ts';
import { type Covered, findCoverageFault } from './coverage.ts';
import { type Terms, toDecided } from './decided.ts';
import { computeFigures, findStanding, type JudgedCheck, noCount } from './figures.ts';
import type { Sums } from './sums.ts';
import type { Minute } from './tally.ts';
import type { Wait } from './verdict.ts';

/**
 * How long after a minute's end it is looked at. A replica's clock may be 30 s behind, so that its minute is over 30 s later,
 * and a watcher's clock 30 s ahead of the true time; another 30 s are for fetching the blocks.
 */
export const lagMs = 90_000;

/** What is counted now says how much can be seen now. */
export const sightMs = 600_000;

export interface SequenceTerms extends Terms {
  readonly checks: readonly JudgedCheck[];
  /** For how long a step lasts at least, from the first sample that counted, or from the end of the step before. */
  readonly holdMs: number;
  /** When the step before ended, in ms since the epoch; undefined: this is the first one. */
  readonly stepSince?: number | undefined;
}

/** The last moment that everybody can look at. */
export function toLastMoment(now: number): number {
  return Math.floor((now - lagMs) / minuteMs) * minuteMs;
}

/**
 * A replica whose clock is behind puts its samples before the end of the step before: they end no hold sooner.
 *
 * @returns undefined: it has not begun.
 */
export function toHoldEnd(
  began: number | undefined,
  { holdMs, stepSince }: Pick<SequenceTerms, 'holdMs' | 'stepSince'>,
): number | undefined {
  return began === undefined ? undefined : Math.max(began, stepSince ?? began) + holdMs;
}

/** Moments after `looked`, up to the last one, at which anything may be decided that was not before. */
export function findMoments(
  minutes: readonly Minute[],
  looked: number,
  last: number,
  holdEnd: number | undefined,
): readonly number[] {
  const moments = new Set([last]);
  for (const time of [holdEnd ?? last, ...minutes.map(({ end }) => end)]) {
    const moment = Math.ceil(time / minuteMs) * minuteMs;
    if (moment > looked && moment < last) moments.add(moment);
  }
  return [...moments].sort((one, other) => one - other);
}

/**
 * @param sums all that was over at the moment
 * @param lately of the ten minutes before
 */
export function lookAt(moment: number, sums: Sums, lately: Covered, terms: SequenceTerms): Decided | readonly Wait[] {
  const { checks, holdMs, analysis, steps } = terms;
  const alpha = computeAlpha(analysis.confidence, checks.length, steps);
  const standings = checks.map((check, i) => findStanding(check, sums.counts[i] ?? noCount, alpha));
  const decide = (verdict: Decided['verdict']) =>
    toDecided(
      verdict,
      'sequence',
      moment,
      terms,
      checks.map((check, i) => computeFigures(check, sums.counts[i] ?? noCount, alpha)),
    );
  const fault = findCoverageFault(lately) ?? findCoverageFault(sums.covered);
  if (standings.includes('over') && findCoverageFault(lately) === undefined) return decide('Failing');
  const waits: Wait[] = [];
  if (fault !== undefined) waits.push({ code: 'coverage', fault });
  for (const [i, { id }] of checks.entries()) {
    const { all } = sums.counts[i] ?? noCount;
    if (all < analysis.minSamples) waits.push({ code: 'samples', check: id, all, needed: analysis.minSamples });
    if (standings[i] === 'open') waits.push({ code: 'open', check: id });
  }
  const until = toHoldEnd(sums.from, terms);
  if (holdMs > 0 && (until === undefined || moment < until)) waits.push({ code: 'hold', until });
  return waits.length > 0 ? waits : decide('Passing');
}
