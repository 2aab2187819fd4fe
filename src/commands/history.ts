/** The timeline of a model, from the commits of a branch that changed it. */
import type { Problem } from '../core/diagnostics/problem.ts';
import type { History, TreePart } from '../core/ports/revisions.ts';
import { toIgnoredProblems } from '../core/render/policies.ts';
import type { PathNames } from '../core/repository/find-model.ts';
import { isBroken } from '../core/timeline/points.ts';
import type { Timeline } from '../core/timeline/timeline.ts';
import { computeTimeline, cutTimeline } from '../core/timeline/timeline.ts';
import { findPastModel } from './history-model.ts';
import { readPoints } from './history-points.ts';

export interface HistoryRequest {
  /** Its name or path. */
  readonly model: string;
  /** The first parents of this revision are followed. */
  readonly revision: string;
  readonly part: TreePart;
  readonly names: PathNames;
  readonly cluster: string | undefined;
  /** For models that name none. */
  readonly namespace: string | undefined;
  /** Seconds since 1970, or the revision whose time it is. */
  readonly since: number | { readonly revision: string } | undefined;
  /** The greatest number of events. */
  readonly limit: number | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

export type HistoryResult =
  | { readonly code: 'unknown-model'; readonly problems: readonly Problem[] }
  | {
      readonly code: 'found';
      readonly timeline: Timeline;
      readonly revision: { readonly name: string; readonly commit: string };
      /** Older commits are not in the clone. */
      readonly isShallow: boolean;
      /** How many older events are not in the timeline. */
      readonly leftOut: number;
      readonly warnings: readonly Problem[];
    };

/** @throws Fault when a revision cannot be read, or several models have this name. */
export async function readHistory(request: HistoryRequest, history: History): Promise<HistoryResult> {
  const { revision, part, limit, since } = request;
  const tip = await history.names.resolve(revision);
  const start =
    typeof since === 'object'
      ? (await history.readCommit(await history.names.resolve(since.revision))).committer.date
      : since;
  const model = await findPastModel(request.model, tip, request, history);
  if ('problems' in model) return { code: 'unknown-model', problems: model.problems };
  const points = await readPoints(tip, model, request, history);
  const last = points.findLast((point) => point.model !== 'absent' && !isBroken(point.model))?.model;
  const namespace = typeof last === 'object' && 'rollout' in last ? last.rollout.namespace : request.namespace;
  const whole = computeTimeline({ name: model.name, namespace: namespace ?? 'default' }, points, request.now);
  const late = start === undefined ? whole : cutTimeline(whole, start);
  const timeline = { ...late, events: limit === undefined ? late.events : late.events.slice(-limit) };
  return {
    code: 'found',
    timeline,
    revision: { name: revision, commit: tip },
    isShallow: await history.names.isShallow(),
    leftOut: whole.events.length - timeline.events.length,
    warnings: part.root === '.' ? [] : toIgnoredProblems(await history.readTree(tip, part)),
  };
}
