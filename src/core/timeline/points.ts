/** The model after each commit that changed it. */
import type { Problem } from '../diagnostics/problem.ts';
import type { RenderedRollout } from '../render/decide-model.ts';

/** A commit that changed something about the model. */
export interface TimelineCommit {
  readonly id: string;
  /** Of a merge, the author of what it merges. Undefined: the clone begins here, and the content may be older. */
  readonly author: string | undefined;
  /** Undefined when the author merged it, or it is not a merge. */
  readonly mergedBy: string | undefined;
  /** The committer's time, in seconds since 1970. */
  readonly time: number;
  readonly subject: string;
  /** Only the status file changed, as in the watcher's commits. */
  readonly isStatusOnly: boolean;
}

/** The model after a commit. */
export interface TimelinePoint {
  readonly commit: TimelineCommit;
  /** `absent`: there is no such model; a list: the errors for which it cannot be rendered. */
  readonly model: RenderedRollout | 'absent' | readonly Problem[];
}

/** A point with a time that does not run backwards. */
export interface Moment {
  readonly point: TimelinePoint;
  readonly time: number;
  /** What is deployed: files that cannot be rendered leave what was rendered before. */
  readonly deployed: RenderedRollout | undefined;
}

/** @param points the oldest first. */
export function toMoments(points: readonly TimelinePoint[]): Moment[] {
  let time = Number.NEGATIVE_INFINITY;
  let deployed: RenderedRollout | undefined;
  return points.map((point) => {
    time = Math.max(time, point.commit.time);
    if (!isBroken(point.model)) deployed = point.model === 'absent' ? undefined : point.model;
    return { point, time, deployed };
  });
}

export function isBroken(model: TimelinePoint['model']): model is readonly Problem[] {
  return Array.isArray(model);
}
