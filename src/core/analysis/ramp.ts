/**
 * The steps in which a candidate gets more copies, and which of them it is at. That follows from git alone: the status file has
 * the Passing of the step before (`passed`), with all numbers that it follows from.
 *
 * Invariant: a step is reached by nothing but a Passing of the step before, about the same versions, analysis and attempt,
 * that can be recomputed from its counts. Anything else in the status file is the first step.
 */
import type { AnalysisSubject, Decided } from '../input/verdict-schema.ts';
import type { Analysis } from './analysis.ts';
import { toJudgedCheck } from './figures.ts';
import { isSameSubject } from './subject.ts';
import { verify } from './verify.ts';

/** What every step is judged by. */
export interface RampTerms extends Pick<Analysis, 'checks' | 'confidence' | 'minSamples'> {
  /** How many there are, at least 1. */
  readonly steps: number;
}

/**
 * @param passed as the status file has it.
 * @param start what is judged; its step does not matter.
 * @returns from 0.
 */
export function findStep(passed: Decided | undefined, start: AnalysisSubject, terms: RampTerms): number {
  if (passed === undefined) return 0;
  const { step } = passed.subject;
  const isOfRamp = step < terms.steps - 1 && isSameSubject(passed.subject, { ...start, step });
  return isOfRamp && isPassingBy(passed, terms) ? step + 1 : 0;
}

/** Whether a verdict in git is a Passing by these terms that follows from its counts: people edit files, and merges mix them. */
export function isPassingBy(decided: Decided, { checks, confidence, minSamples, steps }: RampTerms): boolean {
  return (
    decided.verdict === 'Passing' &&
    decided.confidence === confidence &&
    decided.minSamples === minSamples &&
    decided.steps === steps &&
    decided.checks.length === checks.length &&
    checks.map(toJudgedCheck).every(({ id, limit, withinNoise }, i) => {
      const found = decided.checks[i];
      return found?.check === id && found.limit === limit && (found.noise !== undefined) === withinNoise;
    }) &&
    verify(decided).length === 0
  );
}
