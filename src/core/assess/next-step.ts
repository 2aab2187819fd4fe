import type { FieldPath, Place } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { toFolder } from '../input/folder-tree.ts';
import { findStoragePathField, hasStorage, modelFieldOf } from '../input/model-storage.ts';
import { valueAt } from '../input/plain-value.ts';
import type { ModelState } from '../input/schema.ts';
import { locate } from '../input/yaml-place.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import { toServedVersion } from '../render/render-model.ts';
import { findHeldVerdict } from '../rollout/held-verdict.ts';
import { toShare } from '../rollout/ramp-choice.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';
import { listVersions } from '../rollout/rollout.ts';
import type { Hold, Look } from '../serving/cause.ts';
import type { ServingMode } from '../serving/serving-mode.ts';
import type { Difference, Role } from './difference.ts';
import type { Goal } from './goal.ts';
import type { Pending, PendingStep } from './pending.ts';
import { toPendingStep } from './pending.ts';

/** What to check first after a failure. `service`: what KServe reports of that InferenceService. */
export type FailureCause =
  | { readonly code: 'field'; readonly field: string; readonly place: Place; readonly reason: string }
  | { readonly code: 'runtime-pods' }
  | {
      /** What runs it. */
      readonly code: 'workloads';
      readonly look: Look;
      /** The label selector of all of it. */
      readonly selector: string;
      readonly field: { readonly name: string; readonly place: Place } | undefined;
    }
  | { readonly code: 'service'; readonly name: string };

/** The one thing to do next; `wait-…` steps may name the goal that `status --wait` can wait for. */
export type NextStep =
  | PendingStep
  | { readonly code: 'follow-hint'; readonly hint: SafeText }
  | { readonly code: 'choose-cluster'; readonly clusters: readonly string[] }
  | {
      readonly code: 'wait-for-status';
      /** The status file, from the repository's root. */
      readonly file: string;
      readonly goal: Goal | undefined;
      readonly mayNeedPush: boolean;
    }
  | {
      /** Until Argo CD has applied what is in git. */
      readonly code: 'wait-for-sync';
      readonly goal: Goal | undefined;
      /** Nobody knows whether the files are pushed. */
      readonly mayNeedPush: boolean;
    }
  | { readonly code: 'wait-for-watcher' }
  | { readonly code: 'fix-failure'; readonly role: Role; readonly cause: FailureCause }
  | {
      /** `stopped`: the annotation that stops it must go; `not-reported`: its Pods are ready, and KServe is not satisfied. */
      readonly code: 'wait-for-load';
      readonly by: Hold | 'stopped' | 'deleting' | 'pending' | 'loading' | 'not-reported';
      readonly role: Role;
      /** Of the InferenceService. */
      readonly name: string;
      /** Headers by which a request asks for this version; empty: any request to the model does. */
      readonly headers: Readonly<Record<string, string>>;
      /** The program that gets it loaded. */
      readonly controller: string;
      /** The label selector of its Pods; undefined: it has none of its own. */
      readonly selector: string | undefined;
      readonly goal: Goal | undefined;
    }
  /** `policy`: the file that sets the percentage; undefined: the model's own folder. `here`: nothing sets it. */
  | {
      readonly code: 'open-mirror';
      readonly percentage: number;
      readonly policy: string | undefined;
      readonly here: boolean;
    }
  | { readonly code: 'raise-limit'; readonly place: Place | undefined }
  | { readonly code: 'set-candidate'; readonly flag: '--storage-uri' | '--storage-path' }
  | {
      /** At its step of the ramp. */
      readonly code: 'wait-for-passing';
      readonly version: string;
      /** Where the ramp goes then, the step from 0 and the share in percent; undefined: this is its last step. */
      readonly then: { readonly step: number; readonly steps: number; readonly percentage: number } | undefined;
    }
  | { readonly code: 'fix-failing'; readonly version: string }
  /** With the share of requests that each gets a copy of, in percent. */
  | {
      readonly code: 'judge-candidates';
      readonly candidates: readonly { readonly version: string; readonly percentage: number }[];
    };

/** What is known beside the files. */
interface Known {
  readonly pending: Pending | undefined;
  readonly clusters: readonly string[];
}

/** @param difference the most urgent; undefined when there is none. */
export function toNextStep(
  rendered: RenderedRollout,
  difference: Difference | undefined,
  { pending, clusters }: Known,
): NextStep {
  const { rollout, candidates, statusPath } = rendered;
  const mayNeedPush = pending === undefined;
  const hasCandidate = candidates.length > 0;
  const goal: Goal = hasCandidate ? 'ready' : 'idle';
  const goalOf = (role: Role) => (role === 'primary' && hasCandidate ? undefined : goal);
  switch (difference?.code) {
    case 'not-committed':
    case 'not-pushed':
      return (pending && toPendingStep(pending)) ?? { code: 'wait-for-sync', goal, mayNeedPush };
    case 'status-ignored':
      return { code: 'follow-hint', hint: difference.warning.hint };
    case 'no-status':
      return clusters.length > 0
        ? { code: 'choose-cluster', clusters }
        : { code: 'wait-for-status', file: statusPath, goal, mayNeedPush };
    case 'primary-failed':
    case 'candidate-failed': {
      const { role, name, reason } = difference;
      const version = listVersions(rollout).find((one) => one.name === name) ?? rollout.primary;
      return { code: 'fix-failure', role, cause: toCause(rollout, version, reason) };
    }
    case 'primary-missing':
    case 'primary-other':
    case 'primary-other-digest':
    case 'primary-not-observed':
    case 'candidate-missing':
    case 'candidate-other':
    case 'candidate-other-digest':
    case 'candidate-not-observed':
      return { code: 'wait-for-sync', goal: goalOf(difference.role), mayNeedPush };
    case 'primary-not-ready':
    case 'candidate-not-ready': {
      const { role, name, state, reason } = difference;
      const { mode } = rollout;
      const candidate = role === 'primary' ? undefined : rollout.candidates.find((one) => one.name === name);
      const [backend] = candidate === undefined ? [] : mode.toBackends(toServedVersion(rollout, candidate));
      return {
        code: 'wait-for-load',
        by: toHold(mode, state, reason),
        role,
        name,
        headers: backend?.setHeaders ?? {},
        controller: mode.controller,
        selector: mode.workloads?.toSelector(name),
        goal: goalOf(role),
      };
    }
    case 'mirror-still-open':
      return { code: 'wait-for-sync', goal: hasCandidate ? undefined : 'idle', mayNeedPush: false };
    case 'mirror-not-applied':
      return { code: 'wait-for-sync', goal: 'mirrored', mayNeedPush: false };
    case 'candidate-leaving':
      return { code: 'wait-for-sync', goal: hasCandidate ? undefined : 'idle', mayNeedPush: false };
    case 'percentage-zero':
      return toOpening(rollout);
    case 'status-behind':
      return { code: 'wait-for-watcher' };
    case undefined:
      return hasCandidate ? toVerdictStep(rendered) : { code: 'set-candidate', flag: toPlaceFlag(rollout) };
  }
}

/** All is as desired: what is left is to find out how the candidate does. */
function toVerdictStep({ rollout: { policy }, candidates, status }: RenderedRollout): NextStep {
  for (const { version, analysis, ramp } of candidates) {
    if (analysis === undefined) continue;
    const called = version.declared.version;
    const verdict = findHeldVerdict(status, version.name, analysis.subject)?.verdict;
    if (verdict === 'Failing') return { code: 'fix-failing', version: called };
    if (ramp === undefined || verdict === 'Passing') continue;
    const { length: steps } = ramp.ramp.steps;
    const step = ramp.step + 1;
    const then = step === steps ? undefined : { step, steps, percentage: toShare(policy, { step }) };
    return { code: 'wait-for-passing', version: called, then };
  }
  return {
    code: 'judge-candidates',
    candidates: candidates.map(({ version, mirror }) => ({
      version: version.declared.version,
      percentage: mirror.percentage,
    })),
  };
}

/** What keeps a version from being Ready. */
function toHold(
  { causes, workloads }: ServingMode,
  state: ModelState,
  reason = '',
): Extract<NextStep, { code: 'wait-for-load' }>['by'] {
  if (state === 'Stopped') return 'stopped';
  if (state === 'Deleting') return 'deleting';
  if (state === 'Loading') return workloads !== undefined && reason !== '' ? 'not-reported' : 'loading';
  const cause = Object.hasOwn(causes, reason) ? causes[reason] : undefined;
  return cause !== undefined && 'hold' in cause ? cause.hold : 'pending';
}

/** The field of a predictor that KServe's reason is about (pkg/apis/serving/v1beta1, FailureReason); undefined: all. */
const fields: Readonly<Record<string, string | undefined>> = {
  InvalidPredictorSpec: undefined,
  NoSupportingRuntime: 'modelFormat',
  RuntimeDisabled: 'runtime',
  RuntimeNotRecognized: 'runtime',
};

/** By the reason that is reported; its message has the details. */
function toCause(rollout: Rollout, version: RolloutVersion, reason = ''): FailureCause {
  const { causes, workloads } = rollout.mode;
  const cause = Object.hasOwn(causes, reason) ? causes[reason] : undefined;
  // It is about no file: the Pods are KServe's, and anything may have ended them.
  if (cause !== undefined && 'hold' in cause) return { code: 'runtime-pods' };
  if (cause !== undefined && workloads !== undefined) {
    const { look, field } = cause;
    const found = field === undefined ? undefined : toWorkloadField(rollout, version, field);
    return {
      code: 'workloads',
      look,
      selector: workloads.toSelector(version.name),
      field: found && { name: found.field, place: locate(rollout.file.source, found.path) },
    };
  }
  const found =
    reason === 'ModelLoadFailed'
      ? toStorageField(version)
      : Object.hasOwn(fields, reason)
        ? findField(rollout, version, fields[reason])
        : undefined;
  if (found === undefined) return { code: 'service', name: version.name };
  return { code: 'field', field: found.field, place: locate(rollout.file.source, found.path), reason };
}

/** Undefined: the files do not set it, as with the image of a runtime. */
function toWorkloadField(rollout: Rollout, version: RolloutVersion, field: 'image' | 'resources' | 'storage') {
  if (field === 'storage') return toStorageField(version);
  const found = findField(rollout, version, field);
  return found === ofTemplate ? undefined : found;
}

/** Where a field of what describes the model is set: by the version's own overrides, or in the template. */
function findField(
  { file: { model } }: Rollout,
  { role, declared }: RolloutVersion,
  field: string | undefined,
): { readonly field: string; readonly path: FieldPath } {
  if (field === undefined) return ofTemplate;
  const path = [...modelFieldOf(model, declared), field];
  if (valueAt(declared.overrides, path) !== undefined) return { field, path: ['spec', role, 'overrides', ...path] };
  if (valueAt(model.spec.template, path) !== undefined) return { field, path: ['spec', 'template', ...path] };
  return ofTemplate;
}

const ofTemplate = { field: 'the spec', path: ['spec', 'template', 'spec'] };

function toStorageField({ role, declared }: RolloutVersion): { readonly field: string; readonly path: FieldPath } {
  if (declared.storageUri !== undefined) return { field: 'storageUri', path: ['spec', role, 'storageUri'] };
  const storagePath = findStoragePathField(declared);
  if (storagePath === undefined) return ofTemplate;
  return { field: 'storage.path', path: ['spec', role, 'overrides', ...storagePath] };
}

/** The flag of `candidate set` for where a version is stored. */
function toPlaceFlag({ primary, file }: Rollout): '--storage-uri' | '--storage-path' {
  return primary.declared.storageUri === undefined && hasStorage(file.model) ? '--storage-path' : '--storage-uri';
}

function toOpening({ file, policy }: Rollout): NextStep {
  const limits = (policy.settings.get('limits.maxMirrorPercentage') ?? []).toSorted(
    (a, b) => Number(a.value) - Number(b.value),
  );
  const [lowest] = limits;
  const percentage = Math.min(20, Number(lowest?.value ?? 100));
  if (percentage === 0)
    return { code: 'raise-limit', place: lowest && locate(lowest.origin.source, lowest.origin.path) };
  const origin = policy.origins.get('mirrorPercentage');
  const path = origin?.source.path;
  const folder = path === undefined ? '.' : toFolder(path);
  return {
    code: 'open-mirror',
    percentage,
    policy: folder === file.folder ? undefined : path,
    here: origin === undefined,
  };
}
