/** What each commit changed about a model. */
import type { Change, ChangedVersion, Coded, Role } from '../change/change.ts';
import { findChanges, toChangedVersion } from '../change/find-changes.ts';
import type { Problem } from '../diagnostics/problem.ts';
import type { VersionStatus } from '../input/schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { Mirror } from '../rollout/gate.ts';
import type { Moment, TimelineCommit } from './points.ts';
import { isBroken } from './points.ts';
import { findStatus } from './stages.ts';

/** A change of the files, or of what the watcher observed. */
export type TimelineChange =
  | Change
  /** With the reason of a failure. */
  | Coded<'state-changed', { role: Role; version: string; state: VersionStatus['state']; reason: string | undefined }>
  /** Argo CD keeps what was rendered before. */
  | Coded<'render-failed', { problem: Problem; others: number }>
  | Coded<'render-restored'>
  /** There already where the clone begins. */
  | Coded<'version-present', { role: Role; version: ChangedVersion }>
  | Coded<'mirror-present', { candidate: string } & Mirror>;

export interface TimelineEvent {
  readonly commit: TimelineCommit;
  /** Seconds since 1970; never before that of the previous event. */
  readonly time: number;
  /** Never empty. */
  readonly changes: readonly TimelineChange[];
}

/** Commits that changed nothing of note are left out. */
export function findEvents(moments: readonly Moment[]): TimelineEvent[] {
  let before: RenderedRollout | undefined;
  let wasBroken = false;
  // Since when, and by whom, is unknown.
  let isStart = moments[0]?.point.commit.author === undefined;
  return moments.flatMap(({ point, time, deployed }) => {
    const { commit, model } = point;
    const changes: TimelineChange[] = [];
    if (isBroken(model)) {
      const [problem] = model;
      if (problem !== undefined) changes.push({ code: 'render-failed', problem, others: model.length - 1 });
    } else {
      if (wasBroken) changes.push({ code: 'render-restored' });
      changes.push(...(isStart ? describeStart(deployed) : compare(before, deployed)));
      before = deployed;
      isStart = false;
    }
    wasBroken = isBroken(model);
    // The new state explains why the mirror stays closed.
    const news = commit.isStatusOnly ? changes.filter(({ code }) => code !== 'mirror-stays-closed') : changes;
    return news.length === 0 ? [] : [{ commit, time, changes: news }];
  });
}

/** What is there where the clone begins. */
function describeStart(model: RenderedRollout | undefined): TimelineChange[] {
  if (model === undefined) return [];
  const { primary, candidates } = model;
  return [
    ...[primary, ...candidates].map(({ version }) => ({
      code: 'version-present' as const,
      role: version.role,
      version: toChangedVersion(version),
    })),
    ...findStateChanges(undefined, model),
    ...candidates.map(({ version, mirror }) => ({
      code: 'mirror-present' as const,
      candidate: version.declared.version,
      ...mirror,
    })),
  ];
}

function compare(before: RenderedRollout | undefined, after: RenderedRollout | undefined): TimelineChange[] {
  return [...findStateChanges(before, after), ...findChanges(before, after)];
}

function findStateChanges(before: RenderedRollout | undefined, after: RenderedRollout | undefined): TimelineChange[] {
  const toDecided = (model: RenderedRollout | undefined) => (model ? [model.primary, ...model.candidates] : []);
  return toDecided(after).flatMap((decided): TimelineChange[] => {
    const { role, declared } = decided.version;
    const observed = findStatus(decided, after?.status);
    if (observed === undefined) return [];
    const old = toDecided(before).find(
      ({ version }) => version.role === role && version.declared.version === declared.version,
    );
    const { state, reason } = observed;
    if (old !== undefined && findStatus(old, before?.status)?.state === state) return [];
    const shown = state === 'Failed' ? reason : undefined;
    return [{ code: 'state-changed', role, version: declared.version, state, reason: shown }];
  });
}
