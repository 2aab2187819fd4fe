/** What the counts of a check show: bounds against the limit. */
import type { AnalysisCheck } from './analysis.ts';
import { type Bounds, type Counted, computeBounds, findSide } from './beta-binomial.ts';
import { toCheckId } from './check-id.ts';

/** Counts of a check, summed over blocks. */
export interface Count extends Counted {
  readonly noiseBad: number;
  readonly noiseAll: number;
}

export const noCount: Count = { bad: 0, all: 0, noiseBad: 0, noiseAll: 0 };

/** A check as the rule needs it. */
export interface JudgedCheck {
  readonly id: string;
  readonly limit: number;
  /** `limit` is a margin above the primary's own disagreement. */
  readonly withinNoise: boolean;
}

export interface CheckFigures extends Counted, Bounds {
  readonly check: string;
  readonly limit: number;
  /** The primary's own disagreement, for a check within noise: `limit` is a margin above it. */
  readonly noise?: Counted & Bounds;
}

/** `over`: the limit is certainly exceeded. `within`: certainly not. `open`: more calls are needed. */
export type Standing = 'over' | 'within' | 'open';

export function toJudgedCheck(check: AnalysisCheck): JudgedCheck {
  const withinNoise = check.code === 'agreement' && check.withinNoise;
  return { id: toCheckId(check), limit: check.limit, withinNoise };
}

/** @param alpha the check's error probability: a check within noise has two pairs of bounds, and half of it for each */
export function computeFigures({ id, limit, withinNoise }: JudgedCheck, count: Count, alpha: number): CheckFigures {
  const { bad, all, noiseBad, noiseAll } = count;
  const own = { check: id, bad, all, limit };
  if (!withinNoise) return { ...own, ...computeBounds(count, limit, alpha) };
  const noise = { bad: noiseBad, all: noiseAll };
  return {
    ...own,
    ...computeBounds(count, limit, alpha / 2),
    noise: { ...noise, ...computeBounds(noise, limit, alpha / 2) },
  };
}

export function toStanding({ low, high, limit, noise }: CheckFigures): Standing {
  if (low > (noise?.high ?? 0) + limit) return 'over';
  return high <= (noise?.low ?? 0) + limit ? 'within' : 'open';
}

const standings = { below: 'over', above: 'within', between: 'open' } as const;

/** `toStanding` of the figures, mostly without computing them. */
export function findStanding(check: JudgedCheck, count: Count, alpha: number): Standing {
  const side = check.withinNoise ? undefined : findSide(count, check.limit, alpha);
  return side === undefined ? toStanding(computeFigures(check, count, alpha)) : standings[side];
}
