import type { AnalysisSubject, WrittenVerdict } from '../input/verdict-schema.ts';

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

/**
 * Whether a verdict in git is about what is judged now: a candidate that is Failing stays so beside another primary, and at any
 * step of the ramp.
 */
export function isHeldFor({ verdict, subject }: WrittenVerdict, now: AnalysisSubject): boolean {
  return isSameSubject(verdict === 'Failing' ? { ...subject, primary: now.primary, step: now.step } : subject, now);
}
