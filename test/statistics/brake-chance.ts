import { findStanding, type JudgedCheck } from '../../src/core/analysis/figures.ts';

/** Less likely paths are left out; together they are no more than their number times this. */
const negligible = 1e-16;

/**
 * The exact probability that a check exceeds its limit in a block of so many calls, if the true proportion is `rate` and
 * one looks after every call.
 */
export function computeBrakeChance(calls: number, limit: number, rate: number, alpha: number): number {
  const check: JudgedCheck = { id: 'check', limit, withinNoise: false };
  let chance = 0;
  /** By the number of bad calls so far: the probability of it, and of no brake yet. */
  let paths = new Map([[0, 1]]);
  for (let all = 1; all <= calls; all++) {
    const next = new Map<number, number>();
    const add = (bad: number, probability: number) => next.set(bad, (next.get(bad) ?? 0) + probability);
    for (const [bad, probability] of paths) {
      add(bad, probability * (1 - rate));
      const isOver = findStanding(check, { bad: bad + 1, all, noiseBad: 0, noiseAll: 0 }, alpha) === 'over';
      if (isOver) chance += probability * rate;
      else if (probability * rate > negligible) add(bad + 1, probability * rate);
    }
    paths = next;
  }
  return chance;
}
