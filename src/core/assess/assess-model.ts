/**
 * A rendered model and its observed state → the desired state, how the two differ, and what to do next.
 *
 * Invariants: pure; the most urgent difference comes first; equal facts give equal values.
 */
import type { CandidateStatus, ModelStatus, VersionStatus } from '../input/schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { DecidedCandidate, DecidedVersion } from '../rollout/decided.ts';
import { shareOf } from '../rollout/decided.ts';
import type { ExtraLoad } from '../rollout/extra-load.ts';
import { findExtraLoad } from '../rollout/extra-load.ts';
import type { Mirror } from '../rollout/gate.ts';
import type { RampPosition } from '../rollout/ramp-choice.ts';
import type { Diagnosis } from '../routing/examination.ts';
import { upgradeStatus } from '../serving/digest-upgrade.ts';
import type { ServingMode } from '../serving/serving-mode.ts';
import type { Difference, Role, Source } from './difference.ts';
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

export interface AssessedVersion {
  readonly desired: DesiredVersion;
  /** Undefined: not observed. It may be another version in the same role. */
  readonly observed: VersionStatus | undefined;
  /** Whether a failure of what is observed may pass by itself. */
  readonly mayPass: boolean;
}

export interface AssessedCandidate extends AssessedVersion {
  /** Whether the mirror to it is rendered open, and why. */
  readonly mirror: Mirror;
  /** Undefined: there is no ramp. */
  readonly ramp: RampPosition | undefined;
  /** The share that is mirrored to it, in percent; 0: none. */
  readonly observedPercentage: number;
}

export interface Assessment {
  readonly name: string;
  /** Undefined when neither the model nor its status names one. */
  readonly namespace: string | undefined;
  /** The model's file, from the repository's root. */
  readonly file: string;
  readonly primary: AssessedVersion;
  readonly candidates: readonly AssessedCandidate[];
  /** Former candidates, and whatever else requests are mirrored to. */
  readonly undeclared: readonly CandidateStatus[];
  /** What is mirrored to the candidate, or to the next one, once its mirror is open. */
  readonly percentage: number;
  /** What its analysis costs once a mirror is open; undefined: nothing. */
  readonly extraLoad: ExtraLoad | undefined;
  readonly source: Source;
  /** Undefined when nothing is known. */
  readonly observed: Status | undefined;
  /** The most urgent first. */
  readonly differences: readonly Difference[];
  /** The worst finding on its mirror path; undefined: none, or it was not examined. */
  readonly finding: Diagnosis | undefined;
  readonly next: NextStep;
}

export interface AssessOptions {
  /** What was observed in the cluster just now; undefined: the status file is used. */
  readonly live?: Status | undefined;
  /** The worst finding on its mirror path in the cluster. */
  readonly finding?: Diagnosis | undefined;
  /** For models that name none. */
  readonly namespace?: string | undefined;
  /** Which of its files are only in this clone; undefined: unknown. */
  readonly pending?: Pending | undefined;
  /** Clusters that have status files in the repository, where none was chosen. */
  readonly clusters?: readonly string[];
}

export function assessModel(rendered: RenderedRollout, options: AssessOptions): Assessment {
  const { rollout, status } = rendered;
  const { live, finding, namespace, pending, clusters = [] } = options;
  const source = live === undefined ? 'git' : 'cluster';
  const inCluster = live && upgradeStatus(live, [rendered.primary, ...rendered.candidates], rollout.mode);
  const observed = inCluster ?? status?.status;
  const primary = toAssessed(toDesired(rendered.primary), observed?.primary, rollout.mode);
  const { candidates, undeclared } = pairCandidates(rendered.candidates, observed?.candidates ?? [], rollout.mode);
  const differences = sortDifferences([
    ...findPendingDifference(pending),
    ...compareStatusFile(rendered),
    ...(observed === undefined
      ? []
      : [
          ...compareVersion('primary', primary, source),
          ...candidates.flatMap((candidate) => compareVersion('candidate', candidate, source)),
          // What was promoted with its own name stays, as the primary.
          ...undeclared.filter(({ name }) => name !== primary.desired.name).flatMap(toLeaving),
          ...candidates.flatMap(compareMirror),
          ...findStrayMirrors(candidates, undeclared),
        ]),
    ...(candidates.some(({ mirror }) => mirror.reason.code === 'percentage-zero')
      ? [{ code: 'percentage-zero' } as const]
      : []),
    ...(inCluster === undefined || status === undefined ? [] : findDelay(status.status, inCluster)),
  ]);
  return {
    name: rollout.name,
    namespace: rollout.file.model.metadata.namespace ?? namespace ?? readNamespace(status),
    file: rollout.file.source.path,
    primary,
    candidates,
    undeclared,
    percentage: shareOf(rendered),
    extraLoad: findExtraLoad(rendered),
    source,
    observed,
    differences,
    finding,
    next: toNextStep(rendered, differences[0], { pending, clusters }),
  };
}

function toDesired({ version: { name, declared }, digest }: DecidedVersion): DesiredVersion {
  return { name, version: declared.version, storageUri: declared.storageUri, digest };
}

function toAssessed(
  desired: DesiredVersion,
  observed: VersionStatus | undefined,
  { causes }: ServingMode,
): AssessedVersion {
  const { reason = '' } = observed ?? {};
  const cause = Object.hasOwn(causes, reason) ? causes[reason] : undefined;
  return { desired, observed, mayPass: cause !== undefined && 'look' in cause && cause.mayPass === true };
}

/** By name; a candidate that is not observed is paired with another that is not declared: it took its place. */
function pairCandidates(
  decided: readonly DecidedCandidate[],
  observed: readonly CandidateStatus[],
  mode: ServingMode,
): Pick<Assessment, 'candidates' | 'undeclared'> {
  const names = new Set(decided.map(({ version }) => version.name));
  const others = observed.filter(({ name }) => !names.has(name));
  const candidates = decided.map(({ mirror, ramp, ...version }): AssessedCandidate => {
    const desired = toDesired(version);
    const same = observed.find(({ name }) => name === desired.name);
    const assessed = toAssessed(desired, same ?? others.shift(), mode);
    return { ...assessed, mirror, ramp, observedPercentage: same?.mirror?.percentage ?? 0 };
  });
  return { candidates, undeclared: others };
}

function compareStatusFile({ status, statusWarnings }: RenderedRollout): Difference[] {
  if (status !== undefined) return [];
  const [warning] = statusWarnings;
  return [warning === undefined ? { code: 'no-status' } : { code: 'status-ignored', warning }];
}

/** The first difference in this order. */
function compareVersion(role: Role, { desired, observed }: AssessedVersion, source: Source): Difference[] {
  const reference = { role, name: desired.name, version: desired.version };
  if (observed === undefined) return [{ code: `${role}-not-observed`, ...reference, source }];
  if (observed.name !== desired.name) return [{ code: `${role}-other`, ...reference, observed: observed.name }];
  const { state, reason } = observed;
  if (state === 'Missing') return [{ code: `${role}-missing`, ...reference }];
  if (observed.digest !== desired.digest) return [{ code: `${role}-other-digest`, ...reference, source }];
  if (state === 'Ready') return [];
  return [{ code: state === 'Failed' ? `${role}-failed` : `${role}-not-ready`, ...reference, state, reason }];
}

function toLeaving({ name, state }: CandidateStatus): Difference[] {
  return state === 'Missing' ? [] : [{ code: 'candidate-leaving', name }];
}

function compareMirror({
  desired: { name: to },
  mirror,
  observedPercentage: observed,
}: AssessedCandidate): Difference[] {
  const desired = mirror.percentage;
  if (desired === observed) return [];
  return [
    desired > 0 ? { code: 'mirror-not-applied', to, desired, observed } : { code: 'mirror-still-open', to, observed },
  ];
}

/** Mirrors to what is no candidate. */
function findStrayMirrors(
  candidates: readonly AssessedCandidate[],
  undeclared: readonly CandidateStatus[],
): Difference[] {
  return listStrayMirrors({ candidates, undeclared }).map(({ to, percentage }) => ({
    code: 'mirror-still-open',
    to,
    observed: percentage,
  }));
}

/** Mirrors to what is no candidate: the InferenceService, and the share in percent. */
export function listStrayMirrors({
  candidates,
  undeclared,
}: Pick<Assessment, 'candidates' | 'undeclared'>): { readonly to: string; readonly percentage: number }[] {
  const others = candidates.flatMap(({ desired, observed }) =>
    observed === undefined || observed.name === desired.name ? [] : [observed as CandidateStatus],
  );
  return [...others, ...undeclared].flatMap(({ name, mirror }) =>
    mirror === undefined || mirror.percentage === 0 ? [] : [{ to: name, percentage: mirror.percentage }],
  );
}

/** Whether the cluster is ahead of the status file, which is what opens mirrors: the first version that differs. */
function findDelay(file: Status, cluster: Status): Difference[] {
  const names = [...file.candidates, ...cluster.candidates].map(({ name }) => name);
  const candidates = [...new Set(names)].map((name) => {
    const find = (status: Status) => status.candidates.find((one) => one.name === name);
    return { role: 'candidate', inFile: find(file), inCluster: find(cluster) } as const;
  });
  const all = [...candidates, { role: 'primary', inFile: file.primary, inCluster: cluster.primary } as const];
  return all
    .flatMap(({ role, inFile, inCluster }): Difference[] => {
      if (
        inFile?.name === inCluster?.name &&
        inFile?.digest === inCluster?.digest &&
        inFile?.state === inCluster?.state
      )
        return [];
      const { name = '', version = name } = inCluster ?? inFile ?? {};
      return [{ code: 'status-behind', role, name, version, inFile: inFile?.state, inCluster: inCluster?.state }];
    })
    .slice(0, 1);
}
