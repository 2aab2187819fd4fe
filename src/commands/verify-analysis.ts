/** Every verdict in the history of a model, computed again from its numbers. */
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
      verdicts.push({ commit: commit.id, time: commit.time, decided, discrepancies: verify(decided) });
    }
  }
  return { code: 'found', verdicts, isShallow: await history.names.isShallow() };
}

function listDecided({ passed, verdict }: CandidateStatus): Decided[] {
  return [
    ...(passed === undefined ? [] : [passed]),
    ...(verdict === undefined || verdict.verdict === 'Unknown' ? [] : [verdict]),
  ];
}
