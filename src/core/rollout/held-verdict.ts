import { isHeldFor } from '../analysis/subject.ts';
import type { ModelStatus } from '../input/schema.ts';
import type { AnalysisSubject, WrittenVerdict } from '../input/verdict-schema.ts';

/** What a status file has of a candidate's judgement that holds now; undefined: nothing. @param subject what is judged now. */
export function findHeldVerdict(
  status: ModelStatus | undefined,
  name: string,
  subject: AnalysisSubject,
): WrittenVerdict | undefined {
  const written = status?.status.candidates.find((one) => one.name === name)?.verdict;
  return written !== undefined && isHeldFor(written, subject) ? written : undefined;
}
