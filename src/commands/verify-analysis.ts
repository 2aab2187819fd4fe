/** Every verdict in the history of a model, computed again from its numbers. */
import { verify } from '../core/analysis/verify.ts';
import type { VerifiedVerdict } from '../core/assess/judgement.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
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
  let last = '';
  for (const { commit, model: rendered } of await readPoints(tip, model, request, history)) {
    if (rendered === 'absent' || isBroken(rendered)) continue;
    for (const { verdict } of rendered.status?.status.candidates ?? []) {
      const text = JSON.stringify(verdict);
      if (verdict === undefined || verdict.verdict === 'Unknown' || text === last) continue;
      last = text;
      verdicts.push({ commit: commit.id, time: commit.time, decided: verdict, discrepancies: verify(verdict) });
    }
  }
  return { code: 'found', verdicts, isShallow: await history.names.isShallow() };
}
