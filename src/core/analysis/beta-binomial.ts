/**
 * The rule `beta-binomial/1`: between which bounds a proportion is, of which `bad` of `all` calls were seen. The bounds hold
 * at every moment at once: however often one looks, the true proportion is outside of them at any time with a probability
 * of at most `alpha` (Ville's inequality for a mixture of likelihood ratios; Howard and others, "Time-uniform,
 * nonparametric, nonasymptotic confidence sequences", 2021).
 *
 * A proportion p is refuted once B(bad + a, good + b) / B(a, b) > p^bad (1 − p)^good / alpha, where a = ½ and
 * b = ½ / limit: the bounds are narrowest for proportions near the limit, which is where it matters.
 *
 * Verdicts in git name this rule, and are recomputed for as long as they are there: what it computes never changes. Another
 * rule gets another name.
 */
import { logBeta } from './log-beta.ts';

export const ruleName = 'beta-binomial/1';

export interface Counted {
  /** Whole numbers, 0 ≤ bad ≤ all. */
  readonly bad: number;
  readonly all: number;
}

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** A limit below this is treated as 0, where ½ / limit has no value and b is ½ as well. */
const leastLimit = 1e-9;

/**
 * @param limit from 0 to 1, set before the first call is counted
 * @param alpha more than 0, less than 1
 * @returns the bounds, from 0 to 1, to 1e-9 of their size for up to 1e8 calls
 */
export function computeBounds({ bad, all }: Counted, limit: number, alpha: number): Bounds {
  const good = all - bad;
  const a = 0.5;
  const b = limit < leastLimit ? 0.5 : 0.5 / limit;
  const evidence = logBeta(bad + a, good + b) - logBeta(a, b) + Math.log(alpha);
  return {
    low: bad === 0 ? 0 : Math.exp(findRoot(evidence, bad, good)),
    high: good === 0 ? 1 : -Math.expm1(findRoot(evidence, good, bad)),
  };
}

/**
 * Whether `limit` may be outside the bounds; false is certain, and quickly found. No mixture of proportions explains what
 * was seen better than the proportion seen does.
 */
export function mayBeRefuted({ bad, all }: Counted, limit: number, alpha: number): boolean {
  const good = all - bad;
  let ratio = 1e-9;
  if (bad > 0) ratio += bad * Math.log(bad / (all * limit));
  if (good > 0) ratio += good * Math.log(good / (all * (1 - limit)));
  return ratio > -Math.log(alpha);
}

/**
 * The left one of the two roots in t ≤ 0 of evidence − k t − m ln(1 − e^t): a convex function, so that Newton's method
 * approaches it from the left without overshooting. The logarithm of a bound is sought, so that a small one is exact too.
 */
function findRoot(evidence: number, k: number, m: number): number {
  let t = evidence / k;
  for (let i = 0; m > 0 && i < 100; i++) {
    const p = Math.exp(t);
    const q = -Math.expm1(t);
    const step = (evidence - k * t - m * Math.log(q)) / (k - (m * p) / q);
    if (!(step > 0)) break;
    t += step;
    if (step < 1e-15 * -t) break;
  }
  return t;
}
