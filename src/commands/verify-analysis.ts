/** Every verdict in the history of a model, computed again from its numbers. */
import { isSameSubject } from '../core/analysis/subject.ts';
import type { Discrepancy } from '../core/analysis/verify.ts';
import { verify } from '../core/analysis/verify.ts';
import type { VerifiedVerdict } from '../core/assess/judgement.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import type { CandidateStatus } from '../core/input/schema.ts';
import type { Decided } from '../core/input/verdict-schema.ts';
import type { History } from '../core/ports/revisions.ts';
import { isBroken } from '../core/timeline/points.ts';
import type { HistoryRequest } from './history.ts';
import { findPastModel } from './history-model.ts';
import { readPoints } from './history-points.ts';

export type VerifyResult =
  | { readonly code: 'unknown-model'; readonly problems: readonly Problem[] }
  | { readonly code: 'found'; readonly verdicts: readonly VerifiedVerdict[]; readonly isShallow: boolean };

/** The oldest first. @throws Fault when a revision cannot be read, or several models have this name. */
export async function verifyAnalysis(
  request: Omit<HistoryRequest, 'since' | 'limit' | 'now'>,
  history: History,
): Promise<VerifyResult> {
  const tip = await history.names.resolve(request.revision);
  const model = await findPastModel(request.model, tip, request, history);
  if ('problems' in model) return { code: 'unknown-model', problems: model.problems };
  const verdicts: VerifiedVerdict[] = [];
  const known = new Set<string>();
  for (const { commit, model: rendered } of await readPoints(tip, model, request, history)) {
    if (rendered === 'absent' || isBroken(rendered)) continue;
    // A Passing that was recorded at one step of the ramp stays beside the verdicts of the next one.
    for (const decided of rendered.status?.status.candidates.flatMap(listDecided) ?? []) {
      const text = JSON.stringify(decided);
      if (known.size === known.add(text).size) continue;
      verdicts.push({
        commit: commit.id,
        time: commit.time,
        decided,
        discrepancies: [...verify(decided), ...findStepBefore(decided, verdicts)],
      });
    }
  }
  const isShallow = await history.names.isShallow();
  return { code: 'found', verdicts: isShallow ? verdicts.map(withoutStepBefore) : verdicts, isShallow };
}

/** @param earlier the verdicts before it: each step is reached by Passing of the one before. */
function findStepBefore({ subject }: Decided, earlier: readonly VerifiedVerdict[]): Discrepancy[] {
  const { step } = subject;
  const before = { ...subject, step: step - 1 };
  const isPassed = earlier.some(
    ({ decided }) => decided.verdict === 'Passing' && isSameSubject(decided.subject, before),
  );
  return step === 0 || isPassed ? [] : [{ code: 'step-before', step }];
}

/** What is not in a shallow clone may be in git. */
function withoutStepBefore(verified: VerifiedVerdict): VerifiedVerdict {
  return { ...verified, discrepancies: verified.discrepancies.filter(({ code }) => code !== 'step-before') };
}

function listDecided({ passed, verdict }: CandidateStatus): Decided[] {
  return [
    ...(passed === undefined ? [] : [passed]),
    ...(verdict === undefined || verdict.verdict === 'Unknown' ? [] : [verdict]),
  ];
}
