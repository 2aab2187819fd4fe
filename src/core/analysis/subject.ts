import type { AnalysisSubject } from '../input/verdict-schema.ts';

/** Whether counts of one belong to the other. */
export function isSameSubject(one: AnalysisSubject, other: AnalysisSubject): boolean {
  return (
    one === other ||
    (one.candidate.digest === other.candidate.digest &&
      one.primary.digest === other.primary.digest &&
      one.analysis === other.analysis &&
      one.step === other.step &&
      one.attempt === other.attempt &&
      one.candidate.name === other.candidate.name &&
      one.primary.name === other.primary.name)
  );
}
