/** How many calls a verdict on one check takes, looking after each call. */
import { findStanding, type JudgedCheck } from '../../src/core/analysis/figures.ts';
import { toRandom } from './random.ts';

export interface CallsTerms {
  readonly seed: number;
  readonly limit: number;
  readonly rate: number;
  readonly alpha: number;
  /** The most that are tried. */
  readonly most: number;
}

export interface CallsRun {
  readonly standing: 'over' | 'within' | 'open';
  readonly calls: number;
}

export function countCalls({ seed, limit, rate, alpha, most }: CallsTerms): CallsRun {
  const random = toRandom(seed);
  const check: JudgedCheck = { id: 'check', limit, withinNoise: false };
  let bad = 0;
  for (let all = 1; all <= most; all++) {
    if (random() < rate) bad++;
    const standing = findStanding(check, { bad, all, noiseBad: 0, noiseAll: 0 }, alpha);
    if (standing !== 'open') return { standing, calls: all };
  }
  return { standing: 'open', calls: most };
}
