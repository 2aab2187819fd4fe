import type { AnalysisSubject, Decided, DecidedCheck } from '../input/verdict-schema.ts';
import type { Analysis } from './analysis.ts';
import { ruleName } from './beta-binomial.ts';
import { brakeBudget } from './budget.ts';
import type { CheckFigures } from './figures.ts';
import { toInstant } from './instant.ts';
import { roundOutwards } from './round-outwards.ts';

/** What does not change while a subject is judged. */
export interface Terms {
  readonly subject: AnalysisSubject;
  readonly analysis: Pick<Analysis, 'confidence' | 'minSamples'>;
  /** Of the ramp, at least 1. */
  readonly steps: number;
}

/** @param at in ms since the epoch */
export function toDecided(
  verdict: Decided['verdict'],
  by: Decided['by'],
  at: number,
  { subject, analysis: { confidence, minSamples }, steps }: Terms,
  figures: readonly CheckFigures[],
): Decided {
  return {
    verdict,
    by,
    at: toInstant(at),
    rule: ruleName,
    confidence,
    steps,
    minSamples,
    ...(by === 'brake' ? { budget: brakeBudget } : {}),
    subject,
    checks: figures.map(toWritten),
  };
}

/** As `verify` compares it: whichever side of the limit a bound is on, its rounded figure is on as well. */
export function toWritten({ check, bad, all, limit, low, high, noise }: CheckFigures): DecidedCheck {
  const edges = { above: limit + (noise?.high ?? 0), below: limit + (noise?.low ?? 0) };
  const own = { check, bad, all, limit, ...roundOutwards({ low, high }, edges) };
  if (noise === undefined) return own;
  const { bad: noiseBad, all: noiseAll } = noise;
  return {
    ...own,
    noise: { bad: noiseBad, all: noiseAll, ...roundOutwards(noise, { above: high - limit, below: low - limit }) },
  };
}
