/**
 * What a model was at each commit that changed it → its story: who changed what, which candidates it
 * had, and how long each stage took.
 *
 * Invariants: pure, the time that is now is given; time never goes backwards, though the clocks of
 * committers do; stages lie end to end; equal histories give equal stories.
 */

import { describeHosts, describeInside } from '../change/model-summary.ts';
import type { RolloutState } from '../change/rollout-change.ts';
import { describeChange, toReasonText } from '../change/rollout-change.ts';
import type { Problem } from '../diagnostics/problem.ts';
import { mask } from '../diagnostics/safe-text.ts';
import { findLocation } from '../input/model-storage.ts';
import type { ModelStatus, ModelVersion } from '../input/schema.ts';
import type { Rollout } from '../rollout/rollout.ts';

type Seen = NonNullable<ModelStatus['status']['primary']>;

/** A commit that changed something about the model. */
export interface StoryCommit {
  readonly id: string;
  /** Of what is merged, when it is a merge; undefined: the clone begins here, and what it shows may be older. */
  readonly author: string | undefined;
  /** Undefined: nobody else. */
  readonly mergedBy: string | undefined;
  /** Of the commit, in seconds since 1970. */
  readonly time: number;
  readonly subject: string;
  /** Whether the status file alone was changed: what the watcher does. */
  readonly isStatusOnly: boolean;
}

export interface ModelAt extends RolloutState {
  readonly status: ModelStatus | undefined;
  /** Of the specs as rendered. */
  readonly digests: { readonly primary: string; readonly candidate: string | undefined };
}

/** The model after a commit. */
export interface StoryPoint {
  readonly commit: StoryCommit;
  /** `absent`: there is no such model; a list: why it cannot be rendered. */
  readonly model: ModelAt | 'absent' | readonly Problem[];
}

export interface StoryEvent {
  readonly commit: StoryCommit;
  /** Seconds since 1970; never before the event before it. */
  readonly time: number;
  /** What changed, a line each; never empty. */
  readonly lines: readonly string[];
}

/** Something that held for a time; the last one ends now. Seconds since 1970. */
export interface Stage<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

export interface StageVersion {
  readonly version: string;
  /** Of the InferenceService, as the status file had it; undefined: it said nothing of this one. */
  readonly state: Seen['state'] | undefined;
}

/** A candidate from its declaration to its end. */
export interface Trial {
  readonly version: string;
  readonly storageUri: string | undefined;
  /** Undefined: it may be older than the clone goes back, so that its durations are the least. */
  readonly by: string | undefined;
  readonly from: number;
  readonly to: number;
  /** Seconds until it was first seen to be Ready; undefined: never. */
  readonly readyAfter: number | undefined;
  /** Why it failed last, if it did. */
  readonly failure: string | undefined;
  /** Seconds for which git had its mirror open, by the percentage. */
  readonly mirrored: readonly { readonly percentage: number; readonly seconds: number }[];
  readonly outcome: 'promoted' | 'discarded' | 'replaced' | 'removed' | 'running';
}

export interface Story {
  readonly name: string;
  readonly namespace: string;
  readonly from: number;
  readonly to: number;
  /** The oldest first. */
  readonly events: readonly StoryEvent[];
  readonly trials: readonly Trial[];
  readonly primaries: readonly Stage<StageVersion | undefined>[];
  readonly candidates: readonly Stage<StageVersion | undefined>[];
  /** In percent; 0: closed. */
  readonly mirror: readonly Stage<number>[];
}

/** A point whose time does not go backwards. */
interface Moment {
  readonly point: StoryPoint;
  readonly time: number;
}

/**
 * @param points the oldest first, each other than the one before it.
 * @param now seconds since 1970.
 */
export function tellStory(
  { name, namespace }: { readonly name: string; readonly namespace: string },
  points: readonly StoryPoint[],
  now: number,
): Story {
  let latest = 0;
  const moments = points.map((point): Moment => {
    latest = Math.max(latest, point.commit.time);
    return { point, time: latest };
  });
  const end = Math.max(now, latest);
  return {
    name,
    namespace,
    from: moments[0]?.time ?? end,
    to: end,
    events: tellEvents(moments),
    trials: findTrials(moments, end),
    primaries: toStages(moments, end, (model) => toStageVersion(model, 'primary')),
    candidates: toStages(moments, end, (model) => toStageVersion(model, 'candidate')),
    mirror: toStages(moments, end, (model) => model?.mirror.percentage ?? 0),
  };
}

/** The part of a story from a time on: what lasts until then is cut there, candidates stay whole. */
export function tellSince(story: Story, since: number): Story {
  if (since <= story.from) return story;
  const from = Math.min(since, story.to);
  const cut = <T>(stages: readonly Stage<T>[]) =>
    stages
      .filter(({ to }, i) => to > from || i === stages.length - 1)
      .map((stage) => ({ ...stage, from: Math.max(stage.from, from) }));
  return {
    ...story,
    from,
    events: story.events.filter(({ time }) => time >= since),
    trials: story.trials.filter(({ to, outcome }) => to >= since || outcome === 'running'),
    primaries: cut(story.primaries),
    candidates: cut(story.candidates),
    mirror: cut(story.mirror),
  };
}

function toModel({ model }: StoryPoint): ModelAt | undefined {
  return model === 'absent' || !('rollout' in model) ? undefined : model;
}

function isBroken({ model }: StoryPoint): boolean {
  return Array.isArray(model);
}

/** What is broken is not rendered, so what was there before stays in the cluster. */
function toDeployed(moments: readonly Moment[]): { readonly moment: Moment; readonly model: ModelAt | undefined }[] {
  let model: ModelAt | undefined;
  return moments.map((moment) => {
    if (!isBroken(moment.point)) model = toModel(moment.point);
    return { moment, model };
  });
}

function tellEvents(moments: readonly Moment[]): StoryEvent[] {
  let before: ModelAt | undefined;
  let wasBroken = false;
  let isGiven = moments[0]?.point.commit.author === undefined;
  return moments.flatMap(({ point, time }) => {
    const { commit } = point;
    if (isBroken(point)) {
      wasBroken = true;
      return [{ commit, time, lines: [toBrokenText(point)] }];
    }
    const after = toModel(point);
    const lines = [
      ...(wasBroken ? ['the files can be rendered again'] : []),
      ...(isGiven ? describeGiven(after) : describe(before, after)).filter(
        (line) => !commit.isStatusOnly || !isRepeating(line),
      ),
    ];
    before = after;
    isGiven = false;
    wasBroken = false;
    return lines.length === 0 ? [] : [{ commit, time, lines }];
  });
}

/** What was there when the clone begins: nobody knows since when, or who did it. */
function describeGiven(model: ModelAt | undefined): string[] {
  if (model === undefined) return [];
  const { primary, candidate } = model.rollout;
  const { percentage, reason } = model.mirror;
  const mirror = percentage > 0 ? `open at ${percentage} %` : 'closed';
  return [
    `primary ${primary.declared.version} (${primary.name}) is there`,
    ...(candidate === undefined ? [] : [`candidate ${candidate.declared.version} (${candidate.name}) is there`]),
    ...(['primary', 'candidate'] as const).flatMap((role) => describeState(role, undefined, model)),
    ...(candidate === undefined ? [] : [`the mirror is ${mirror}: ${toReasonText(reason)}`]),
  ];
}

/** What the state has said already, when nothing else changed. */
function isRepeating(line: string): boolean {
  return line.startsWith('the mirror stays closed');
}

function toBrokenText({ model }: StoryPoint): string {
  const [first, ...others] = model as readonly Problem[];
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `cannot be rendered, so what was there stays: ${first?.file}:${first?.line}: ${first?.message}${more}`;
}

function describe(before: ModelAt | undefined, after: ModelAt | undefined): string[] {
  const [first, ...others] = describeChange(before, after);
  const candidate = before === undefined ? after?.rollout.candidate : undefined;
  const declared = candidate && `candidate ${candidate.declared.version} (${candidate.name}) is declared`;
  const changes = [first, declared, ...others].filter((line) => line !== undefined);
  return [
    ...(before === undefined || after === undefined ? [] : describePlace(before.rollout, after.rollout)),
    ...(['primary', 'candidate'] as const).flatMap((role) => describeState(role, before, after)),
    ...changes,
    ...(before === undefined || after === undefined ? [] : describeRest(before, after)),
  ];
}

/** What changes without a version or the mirror showing it. */
function describeRest(before: ModelAt, after: ModelAt): string[] {
  const inside = (['primary', 'candidate'] as const).flatMap((role) => {
    const [was, is] = [before.rollout[role], after.rollout[role]];
    const isWritten = was?.name !== is?.name || JSON.stringify(was?.declared) !== JSON.stringify(is?.declared);
    return isWritten || is === undefined ? [] : describeInside(before, after, role);
  });
  const [old, now] = [before.rollout.policy.mirrorPercentage, after.rollout.policy.mirrorPercentage];
  const isTold = old === now || before.mirror.percentage !== after.mirror.percentage;
  return [
    ...inside,
    ...(isTold ? [] : [`the percentage is ${now} % in place of ${old} %, once the mirror is open`]),
    ...describeHosts(before, after),
  ];
}

function describePlace(before: Rollout, after: Rollout): string[] {
  const [from, to] = [before, after].map(({ file }) => file.source.path);
  return [
    ...(before.name === after.name ? [] : [`called ${after.name} from now on, no longer ${before.name}`]),
    ...(before.namespace === after.namespace ? [] : [`namespace ${before.namespace} → ${after.namespace}`]),
    ...(from === to ? [] : [`moved from ${from} to ${to}`]),
  ];
}

function describeState(
  role: 'primary' | 'candidate',
  before: ModelAt | undefined,
  after: ModelAt | undefined,
): string[] {
  const was = toStageVersion(before, role);
  const is = toStageVersion(after, role);
  if (is?.state === undefined || (was?.state === is.state && was.version === is.version)) return [];
  const seen = after?.status?.status[role];
  const why = is.state === 'Failed' && seen?.reason !== undefined ? ` (${mask(seen.reason)})` : '';
  return [`${role} ${is.version} is ${is.state}${why}`];
}

/** What the model file declares, with what the status file says of it. */
function toStageVersion(model: ModelAt | undefined, role: 'primary' | 'candidate'): StageVersion | undefined {
  const declared = model?.rollout[role];
  if (model === undefined || declared === undefined) return undefined;
  const seen = model.status?.status[role];
  const isOf = seen?.name === declared.name && seen.digest === model.digests[role];
  return { version: declared.declared.version, state: isOf ? seen.state : undefined };
}

function toStages<T>(moments: readonly Moment[], end: number, look: (model: ModelAt | undefined) => T): Stage<T>[] {
  const stages: Stage<T>[] = [];
  for (const { moment, model } of toDeployed(moments)) {
    const value = look(model);
    const last = stages.at(-1);
    if (last !== undefined && JSON.stringify(last.value) === JSON.stringify(value)) continue;
    if (last !== undefined) stages[stages.length - 1] = { ...last, to: moment.time };
    stages.push({ from: moment.time, to: end, value });
  }
  return stages;
}

function findTrials(moments: readonly Moment[], end: number): Trial[] {
  const trials: Trial[] = [];
  let open: Moment[] = [];
  let declared = '';
  const close = (to: number, outcome: Trial['outcome']) => {
    if (open.length > 0) trials.push(toTrial(open, to, outcome));
    open = [];
  };
  for (const { moment, model } of toDeployed(moments)) {
    const candidate = model?.rollout.candidate?.declared;
    const now = candidate === undefined ? '' : toIdentity(candidate);
    if (now !== declared) {
      close(moment.time, toOutcome(declared, model, now));
      declared = now;
    }
    if (candidate !== undefined && model !== undefined) open.push({ ...moment, point: { ...moment.point, model } });
  }
  close(end, 'running');
  return trials;
}

/** What is the same trial: a version at a place. */
function toIdentity(declared: ModelVersion): string {
  return JSON.stringify([declared.version, findLocation(declared)]);
}

function toOutcome(declared: string, model: ModelAt | undefined, now: string): Trial['outcome'] {
  if (model === undefined) return 'removed';
  if (toIdentity(model.rollout.primary.declared) === declared) return 'promoted';
  return now === '' ? 'discarded' : 'replaced';
}

function toTrial(moments: readonly Moment[], to: number, outcome: Trial['outcome']): Trial {
  const [first] = moments;
  const model = first === undefined ? undefined : toModel(first.point);
  const candidate = model?.rollout.candidate;
  const from = first?.time ?? to;
  const states = toStages(moments, to, (at) => toStageVersion(at, 'candidate')?.state);
  const ready = states.find(({ value }) => value === 'Ready');
  const failed = moments.findLast(({ point }) => toStageVersion(toModel(point), 'candidate')?.state === 'Failed');
  const failure = failed && toModel(failed.point)?.status?.status.candidate;
  const seconds = new Map<number, number>();
  for (const stage of toStages(moments, to, (at) => at?.mirror.percentage ?? 0))
    if (stage.value > 0) seconds.set(stage.value, (seconds.get(stage.value) ?? 0) + stage.to - stage.from);
  return {
    version: candidate?.declared.version ?? '',
    storageUri: candidate?.declared.storageUri,
    by: first?.point.commit.author,
    from,
    to,
    readyAfter: ready && ready.from - from,
    failure: failure && (failure.reason ?? 'Failed'),
    mirrored: [...seconds].map(([percentage, sum]) => ({ percentage, seconds: sum })),
    outcome,
  };
}
