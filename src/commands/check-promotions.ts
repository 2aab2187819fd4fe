/** `validate`: promotions that a policy does not allow yet, as it wants a verdict first, or the candidate mirrored for longer. */
import type { Fault } from '../core/diagnostics/fault.ts';
import { isFault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { maskLine } from '../core/diagnostics/safe-text.ts';
import type { History } from '../core/ports/revisions.ts';
import type { RenderedRollout } from '../core/render/decide-model.ts';
import {
  checkPromotion,
  findMissingTime,
  findTimedPromotion,
  isLimitedPromotion,
  toMirroredTooBriefly,
  toMirrorTime,
} from '../core/rollout/promotion-limit.ts';
import { servedBefore } from '../core/timeline/former-primary.ts';
import { findMirrorRecord } from '../core/timeline/mirror-record.ts';
import type { TimelinePoint } from '../core/timeline/points.ts';
import { toMoments } from '../core/timeline/points.ts';
import type { PointsScope } from './history-points.ts';
import { readPoints } from './history-points.ts';

interface CheckedHistory {
  readonly history: History;
  /** Whose first parents are followed. */
  readonly revision: string;
  readonly scope: PointsScope;
  /** Seconds since 1970. */
  readonly now: number;
  /** The path of a model's file → where the revision has it; absent: at the same path. */
  readonly toPath?: (path: string) => string;
}

/**
 * The way back to a version that clients were served by before is free, also where it is the candidate now.
 *
 * @param past undefined: there is no repository, so nobody knows how long any mirror was open, nor what served before.
 */
export async function checkPromotions(
  rollouts: readonly RenderedRollout[],
  past: CheckedHistory | undefined,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const rollout of rollouts.filter((one) => isLimitedPromotion(one, one.status))) {
    const read = past && (await readPastOf(rollout, past));
    const [points, fault] = isFault(read) ? [undefined, read] : [read, undefined];
    if (points !== undefined && servedBefore(toMoments(points), rollout.primary.version)) continue;
    problems.push(...checkPromotion(rollout, rollout.status));
    const promotion = findTimedPromotion(rollout, rollout.status);
    if (promotion === undefined) continue;
    const record = points && past && findMirrorRecord(points, promotion.digest, past.now);
    const time = toMirrorTime(promotion.limit, record);
    const { path, declared } = rollout.primary.version;
    if (findMissingTime(time) === 0) continue;
    const problem = toMirroredTooBriefly(rollout.rollout.file.source, path, declared.version, time);
    problems.push(fault === undefined ? problem : { ...problem, hint: maskLine(fault.message) });
  }
  return problems;
}

/** A fault: why the clone cannot be read. */
async function readPastOf(
  { rollout }: RenderedRollout,
  { history, revision, scope, toPath = (path) => path }: CheckedHistory,
): Promise<TimelinePoint[] | Fault> {
  const { name, namespace } = rollout.file.model.metadata;
  try {
    const tip = await history.names.resolve(revision);
    return await readPoints(tip, { name, namespace, path: toPath(rollout.file.source.path) }, scope, history);
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
}
