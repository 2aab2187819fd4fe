/**
 * The brake finds a candidate that turns bad late, when a long good past hides it: it looks at blocks of five minutes on the
 * clocks' grid, each for itself, as soon as anything of them is known, and has an error probability of its own.
 */

import type { Decided } from '../input/verdict-schema.ts';
import { minuteMs } from './block.ts';
import { brakeBudget, brakeMs } from './budget.ts';
import { type Terms, toDecided } from './decided.ts';
import { type Count, computeFigures, findStanding, type JudgedCheck } from './figures.ts';
import { addSums, noSums, type Sums } from './sums.ts';
import type { Minute } from './tally.ts';

/**
 * @param minutes those that are still kept one by one
 * @returns Failing by the first five minutes in which a limit was certainly exceeded
 */
export function brake(minutes: readonly Minute[], checks: readonly JudgedCheck[], terms: Terms): Decided | undefined {
  const alpha = brakeBudget / checks.length;
  const windows = new Map<number, Sums>();
  for (const { end, sums } of minutes) {
    const start = Math.floor((end - minuteMs) / brakeMs) * brakeMs;
    windows.set(start, addSums(windows.get(start) ?? noSums, sums));
  }
  for (const [start, { counts }] of windows) {
    const judged = checks.flatMap((check, i) => {
      const count = counts[i];
      return count === undefined ? [] : [{ check, count }];
    });
    if (judged.some(({ check, count }) => mayBeOver(check, count) && findStanding(check, count, alpha) === 'over'))
      return toDecided(
        'Failing',
        'brake',
        start,
        terms,
        judged.map(({ check, count }) => computeFigures(check, count, alpha)),
      );
  }
  return undefined;
}

/** No lower bound is above the proportion itself. */
function mayBeOver({ limit }: JudgedCheck, { bad, all }: Count): boolean {
  return bad > limit * all;
}
