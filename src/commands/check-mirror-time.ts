/** `validate`: a promotion that a policy does not allow yet, as it wants the candidate mirrored for longer. */
import { isFault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import type { History } from '../core/ports/revisions.ts';
import type { RenderedRollout } from '../core/render/decide-model.ts';
import {
  findMissingTime,
  findTimedPromotion,
  toMirroredTooBriefly,
  toMirrorTime,
} from '../core/rollout/promotion-limit.ts';
import type { MirrorRecord } from '../core/timeline/mirror-record.ts';
import { findMirrorRecord } from '../core/timeline/mirror-record.ts';
import type { PointsScope } from './history-points.ts';
import { readPoints } from './history-points.ts';

interface CheckedHistory {
  readonly history: History;
  /** Whose first parents are followed. */
  readonly revision: string;
  readonly scope: PointsScope;
  /** Seconds since 1970. */
  readonly now: number;
}

/** @param past undefined: there is no repository, so nobody knows how long any mirror was open. */
export async function checkMirrorTime(
  rollouts: readonly RenderedRollout[],
  past: CheckedHistory | undefined,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const rollout of rollouts) {
    const promotion = findTimedPromotion(rollout, rollout.status);
    if (promotion === undefined) continue;
    const record = past && (await readRecord(rollout, promotion.digest, past));
    const time = toMirrorTime(promotion.limit, record);
    const { path, declared } = rollout.primary.version;
    if (findMissingTime(time) > 0)
      problems.push(toMirroredTooBriefly(rollout.rollout.file.source, path, declared.version, time));
  }
  return problems;
}

/** Undefined: the clone cannot be read. */
async function readRecord(
  { rollout }: RenderedRollout,
  digest: string,
  { history, revision, scope, now }: CheckedHistory,
): Promise<MirrorRecord | undefined> {
  const { name, namespace } = rollout.file.model.metadata;
  try {
    const tip = await history.names.resolve(revision);
    const model = { name, namespace, path: rollout.file.source.path };
    return findMirrorRecord(await readPoints(tip, model, scope, history), digest, now);
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}
