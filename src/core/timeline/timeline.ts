/**
 * What a model was after each commit that changed it → its timeline: who changed what, which candidates it had, and
 * how long each stage took.
 *
 * Invariants: pure, with the present time given; time never runs backwards, although committers' clocks may; stages
 * follow each other without gaps; equal histories give equal timelines.
 */
import type { TimelineEvent } from './events.ts';
import { findEvents } from './events.ts';
import type { TimelinePoint } from './points.ts';
import { toMoments } from './points.ts';
import type { OpenMirror, Stage, StageVersion } from './stages.ts';
import { toCandidates, toOpenMirrors, toStages, toStageVersion } from './stages.ts';
import type { Trial } from './trials.ts';
import { findTrials } from './trials.ts';

export interface Timeline {
  readonly name: string;
  readonly namespace: string;
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** The oldest first. */
  readonly events: readonly TimelineEvent[];
  readonly trials: readonly Trial[];
  readonly primaries: readonly Stage<StageVersion | undefined>[];
  readonly candidates: readonly Stage<readonly StageVersion[]>[];
  /** Those that were open. */
  readonly mirrors: readonly Stage<readonly OpenMirror[]>[];
}

/**
 * @param points the oldest first, each different from the previous one.
 * @param now seconds since 1970.
 */
export function computeTimeline(
  { name, namespace }: { readonly name: string; readonly namespace: string },
  points: readonly TimelinePoint[],
  now: number,
): Timeline {
  const moments = toMoments(points);
  const end = Math.max(now, moments.at(-1)?.time ?? now);
  return {
    name,
    namespace,
    from: moments[0]?.time ?? end,
    to: end,
    events: findEvents(moments),
    trials: findTrials(moments, end),
    primaries: toStages(moments, end, (model) => model && toStageVersion(model.primary, model)),
    candidates: toStages(moments, end, toCandidates),
    mirrors: toStages(moments, end, toOpenMirrors),
  };
}

/** The part from a time on: stages are cut there, trials stay whole. */
export function cutTimeline(timeline: Timeline, since: number): Timeline {
  if (since <= timeline.from) return timeline;
  const from = Math.min(since, timeline.to);
  const cut = <T>(stages: readonly Stage<T>[]) =>
    stages
      .filter(({ to }, i) => to > from || i === stages.length - 1)
      .map((stage) => ({ ...stage, from: Math.max(stage.from, from) }));
  return {
    ...timeline,
    from,
    events: timeline.events.filter(({ time }) => time >= since),
    trials: timeline.trials.filter(({ to, outcome }) => to >= since || outcome === 'running'),
    primaries: cut(timeline.primaries),
    candidates: cut(timeline.candidates),
    mirrors: cut(timeline.mirrors),
  };
}
