/**
 * The brake finds a candidate that turns bad late, when a long good past hides it: it looks at blocks of five minutes on the
 * clocks' grid, each for itself, as soon as anything of them is known, and has an error probability of its own.
 */

import type { Decided } from '../input/verdict-schema.ts';
import type { Block } from './block.ts';
import { brakeBudget, brakeMs } from './budget.ts';
import { type Terms, toDecided } from './decided.ts';
import { computeFigures, findStanding, type JudgedCheck } from './figures.ts';
import { addBlocks, noSums } from './sums.ts';

/**
 * @param fresh those that were not looked at before: five minutes without any of them have not changed
 * @returns Failing by the first five minutes in which a limit was certainly exceeded
 */
export function brake(
  blocks: readonly Block[],
  fresh: readonly Block[],
  checks: readonly JudgedCheck[],
  terms: Terms,
): Decided | undefined {
  const alpha = brakeBudget / checks.length;
  for (const start of [...new Set(fresh.map(toStart))].sort((one, other) => one - other)) {
    const some = blocks.filter((block) => toStart(block) === start);
    const { counts } = addBlocks(noSums, some, checks);
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
function mayBeOver({ limit }: JudgedCheck, { bad, all }: { readonly bad: number; readonly all: number }): boolean {
  return bad > limit * all;
}

function toStart({ start }: Block): number {
  return Math.floor(start / brakeMs) * brakeMs;
}
