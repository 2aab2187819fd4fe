/** For how long git has had the mirror of a candidate open. */
import type { RenderedRollout } from '../render/decide-model.ts';
import type { TimelinePoint } from './points.ts';
import { toMoments } from './points.ts';
import { toStages } from './stages.ts';

export interface MirrorRecord {
  /** The sum of all times for which it was open for exactly this spec. */
  readonly seconds: number;
  /** The share that it had last while it was open; undefined: it never was. */
  readonly lastPercentage: number | undefined;
  /** False: the clone begins later than the model did, so that it may have been open for longer. */
  readonly isWhole: boolean;
}

/**
 * By the times of committers, which never count backwards, nor beyond the end. One that is later than the end was
 * made by a clock that is wrong, and counts as made with the next one, or now.
 *
 * @param points the oldest first.
 * @param digest of the candidate.
 * @param end in seconds since 1970.
 */
export function findMirrorRecord(points: readonly TimelinePoint[], digest: string, end: number): MirrorRecord {
  const toShare = (model: RenderedRollout | undefined) =>
    model?.candidates.find((candidate) => candidate.digest === digest)?.mirror.percentage ?? 0;
  let next = end;
  const times = points
    .map(({ commit }) => commit.time)
    .reverse()
    .map((time) => {
      if (time <= end) next = time;
      return next;
    })
    .reverse();
  let last = Number.NEGATIVE_INFINITY;
  const moments = toMoments(points).map(({ deployed }, i) => {
    last = Math.max(last, times[i] ?? end);
    return { time: last, deployed };
  });
  const open = toStages(moments, end, toShare).filter(({ value }) => value > 0);
  return {
    seconds: open.reduce((sum, { from, to }) => sum + to - from, 0),
    lastPercentage: open.at(-1)?.value,
    isWhole: points[0]?.commit.author !== undefined,
  };
}
