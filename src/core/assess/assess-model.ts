/**
 * A rendered model and its observed state → the desired state, how the two differ, and what to do next.
 *
 * Invariants: pure; the most urgent difference comes first; equal facts give equal values.
 */
import { findLiveMirror, findObserved } from '../input/model-status.ts';
import type { ModelStatus, VersionStatus } from '../input/schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { DecidedVersion } from '../rollout/decided.ts';
import { mirrorOf } from '../rollout/decided.ts';
import type { Mirror } from '../rollout/gate.ts';
import { upgradeStatus } from '../serving/digest-upgrade.ts';
import type { Difference, ObservedMirror, Role, Source, VersionDifference } from './difference.ts';
import { sortDifferences } from './difference.ts';
import { readNamespace } from './namespace.ts';
import type { NextStep } from './next-step.ts';
import { toNextStep } from './next-step.ts';
import type { Pending } from './pending.ts';
import { findPendingDifference } from './pending.ts';

type Status = ModelStatus['status'];

/** A version as it is rendered. */
export interface DesiredVersion {
  /** Of the InferenceService. */
  readonly name: string;
  readonly version: string;
  readonly storageUri: string | undefined;
  readonly digest: string;
}

export interface Assessment {
  readonly name: string;
  /** Undefined when neither the model nor its status names one. */
  readonly namespace: string | undefined;
  /** The model's file, from the repository's root. */
  readonly file: string;
  readonly desired: {
    readonly primary: DesiredVersion;
    readonly candidate: DesiredVersion | undefined;
    /** The policy's percentage, which holds once the mirror is open. */
    readonly percentage: number;
    /** As it is rendered; undefined: the mirror is closed. */
    readonly mirror: ObservedMirror | undefined;
  };
  /** Whether the mirror is rendered open, and why. */
  readonly gate: Mirror;
  readonly source: Source;
  /** Undefined when nothing is known. */
  readonly observed: Status | undefined;
  /** The most urgent first. */
  readonly differences: readonly Difference[];
  readonly next: NextStep;
}

export interface AssessOptions {
  /** What was observed in the cluster just now; undefined: the status file is used. */
  readonly live?: Status | undefined;
  /** For models that name none. */
  readonly namespace?: string | undefined;
  /** Which of its files are only in this clone; undefined: unknown. */
  readonly pending?: Pending | undefined;
  /** Clusters that have status files in the repository, where none was chosen. */
  readonly clusters?: readonly string[];
}

export function assessModel(rendered: RenderedRollout, options: AssessOptions): Assessment {
  const { rollout, candidates, status } = rendered;
  const mirror = mirrorOf(rendered);
  const { live, namespace, pending, clusters = [] } = options;
  const primary = toDesired(rendered.primary);
  const candidate = candidates[0] && toDesired(candidates[0]);
  const desired =
    candidate === undefined || mirror.percentage === 0
      ? undefined
      : { to: candidate.name, percentage: mirror.percentage };
  const source = live === undefined ? 'git' : 'cluster';
  const inCluster = live && upgradeStatus(live, [rendered.primary, ...candidates]);
  const observed = inCluster ?? status?.status;
  const differences = sortDifferences([
    ...findPendingDifference(pending),
    ...compareStatusFile(rendered),
    ...(observed === undefined
      ? []
      : [
          ...compareVersion('primary', primary, observed.primary, source),
          ...compareCandidate(candidate, observed.candidates[0], source),
          ...compareMirror(desired, findLiveMirror(observed)),
        ]),
    ...(mirror.reason.code === 'percentage-zero' ? [{ code: 'percentage-zero' } as const] : []),
    ...(inCluster === undefined || status === undefined ? [] : findDelay(status.status, inCluster)),
  ]);
  return {
    name: rollout.name,
    namespace: rollout.file.model.metadata.namespace ?? namespace ?? readNamespace(status),
    file: rollout.file.source.path,
    desired: { primary, candidate, percentage: rollout.policy.mirrorPercentage, mirror: desired },
    gate: mirror,
    source,
    observed,
    differences,
    next: toNextStep(rendered, differences[0], { observed, pending, clusters }),
  };
}

function toDesired({ version: { name, declared }, digest }: DecidedVersion): DesiredVersion {
  return { name, version: declared.version, storageUri: declared.storageUri, digest };
}

function compareStatusFile({ status, statusWarnings }: RenderedRollout): Difference[] {
  if (status !== undefined) return [];
  const [warning] = statusWarnings;
  return [warning === undefined ? { code: 'no-status' } : { code: 'status-ignored', warning }];
}

function compareCandidate(
  candidate: DesiredVersion | undefined,
  observed: VersionStatus | undefined,
  source: Source,
): Difference[] {
  if (candidate !== undefined) return compareVersion('candidate', candidate, observed, source);
  const isGone = observed === undefined || observed.state === 'Missing';
  return isGone ? [] : [{ code: 'candidate-leaving', name: observed.name }];
}

/** The first difference in this order. */
function compareVersion(
  role: Role,
  { name, digest }: DesiredVersion,
  observed: VersionStatus | undefined,
  source: Source,
): VersionDifference[] {
  if (observed === undefined) return [{ code: `${role}-not-observed`, role, source }];
  if (observed.name !== name) return [{ code: `${role}-other`, role, name, observed: observed.name }];
  const { state, reason } = observed;
  if (state === 'Missing') return [{ code: `${role}-missing`, role, name }];
  if (observed.digest !== digest) return [{ code: `${role}-other-digest`, role, source }];
  if (state === 'Ready') return [];
  return [{ code: state === 'Failed' ? `${role}-failed` : `${role}-not-ready`, role, state, reason }];
}

function compareMirror(desired: ObservedMirror | undefined, observed: ObservedMirror | undefined): Difference[] {
  if (desired?.to === observed?.to && desired?.percentage === observed?.percentage) return [];
  if (desired !== undefined) return [{ code: 'mirror-not-applied', desired, observed }];
  return observed === undefined ? [] : [{ code: 'mirror-still-open', observed }];
}

/** Whether the cluster is ahead of the status file, which is what opens the mirror. */
function findDelay(file: Status, cluster: Status): Difference[] {
  const role = (['candidate', 'primary'] as const).find((one) => {
    const [a, b] = [findObserved(file, one), findObserved(cluster, one)];
    return a?.name !== b?.name || a?.digest !== b?.digest || a?.state !== b?.state;
  });
  return role === undefined
    ? []
    : [
        {
          code: 'status-behind',
          role,
          inFile: findObserved(file, role)?.state,
          inCluster: findObserved(cluster, role)?.state,
        },
      ];
}
