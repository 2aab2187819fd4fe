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

/** What the computation of evidence may be wrong by, for up to 1e8 calls. */
const slack = 1e-6;

/**
 * On which side of the bounds the limit is, without computing them: `below` or `above` them, or `between`. Undefined: it is
 * too near one of them to say so.
 */
export function findSide({ bad, all }: Counted, limit: number, alpha: number) {
  if (limit < leastLimit || limit >= 1) return undefined;
  const good = all - bad;
  const needed = -Math.log(alpha);
  // No mixture of proportions explains what was seen better than the proportion seen: mostly that is enough to know.
  let ratio = slack;
  if (bad > 0) ratio += bad * Math.log(bad / (all * limit));
  if (good > 0) ratio += good * Math.log(good / (all * (1 - limit)));
  if (ratio < needed) return 'between';
  const b = 0.5 / limit;
  const likelihood = bad * Math.log(limit) + good * Math.log1p(-limit);
  const excess = logBeta(bad + 0.5, good + b) - logBeta(0.5, b) - likelihood - needed;
  if (Math.abs(excess) < slack) return undefined;
  if (excess < 0) return 'between';
  return bad > limit * all ? 'below' : 'above';
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
    // Near 1, q has too few digits of what is left of 1.
    const logQ = p < 0.5 ? Math.log1p(-p) : Math.log(q);
    const step = (evidence - k * t - m * logQ) / (k - (m * p) / q);
    if (!(step > 0)) break;
    t += step;
    if (step < 1e-15 * -t) break;
  }
  return t;
}
