import type { FieldPath } from '../diagnostics/problem.ts';
import { findStoragePathField, hasStorage, modelFieldOf } from '../input/model-place.ts';
import { valueAt } from '../input/plain-value.ts';
import type { ModelStatus } from '../input/schema.ts';
import { locate } from '../input/yaml-place.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';
import type { DifferenceCode } from './difference.ts';
import type { Pending } from './pending.ts';
import { toPendingStep } from './pending.ts';
import type { Speech } from './speech.ts';

/**
 * What KServe's reasons for a failure are about: the field of a predictor that is looked at first, and why
 * (pkg/apis/serving/v1beta1, FailureReason).
 */
const causes: Readonly<Record<string, { readonly field: string | undefined; readonly why: string }>> = {
  InvalidPredictorSpec: { field: undefined, why: 'KServe does not accept it' },
  NoSupportingRuntime: { field: 'modelFormat', why: 'no ServingRuntime supports it' },
  RuntimeDisabled: { field: 'runtime', why: 'that ServingRuntime is disabled' },
  RuntimeNotRecognized: { field: 'runtime', why: 'KServe does not find the ServingRuntime' },
};

/** What is known beside the files. */
interface Known {
  readonly source: 'git' | 'cluster';
  readonly observed: ModelStatus['status'] | undefined;
  readonly pending: Pending | undefined;
}

/**
 * The one thing to do next. A sentence without its full stop.
 *
 * @param code the most urgent difference; undefined when there is none.
 */
export function toNextStep(
  { rollout, mirror, statusPath, statusWarnings }: RenderedRollout,
  code: DifferenceCode | undefined,
  { source, observed, pending }: Known,
  speech: Speech,
): string {
  const { name, primary, candidate } = rollout;
  const command = (words: string) => `\`model-mirror ${words}${speech.flags}\``;
  const application = 'if it stays so, look at the Application';
  // Where it is not known, it may be what is missing.
  const push = pending === undefined ? 'push, if that is still to be done' : undefined;
  const thenWait = (what: string) => (push === undefined ? `wait for ${what}` : `${push}, and wait for ${what}`);
  switch (code) {
    case 'not-committed':
    case 'not-pushed':
      return (pending && toPendingStep(pending, speech.toPath)) ?? application;
    case 'status-ignored':
      return statusWarnings[0]?.hint ?? 'the watcher writes it anew';
    case 'no-status':
      if (speech.clusters.length > 0)
        return `name a cluster with --cluster: there are status files of ${speech.clusters.join(', ')}`;
      return `${push === undefined ? 'pull' : `${push}, and pull`}; if ${speech.toPath(statusPath)} does not come, see that the watcher runs, and watches this branch and path`;
    case 'primary-failed':
      return `check ${toCause(rollout, primary, observed?.primary?.reason, speech)}, and push what fixes it`;
    case 'candidate-failed':
      return candidate === undefined
        ? application
        : `check ${toCause(rollout, candidate, observed?.candidate?.reason, speech)}, or ${command(`discard ${name}`)}`;
    case 'primary-missing':
    case 'candidate-missing':
      return `${thenWait('Argo CD')}; ${application}`;
    case 'primary-other':
    case 'primary-other-digest':
    case 'primary-not-observed':
    case 'candidate-other':
    case 'candidate-other-digest':
    case 'candidate-not-observed':
      return source === 'git'
        ? `${push === undefined ? 'wait' : `${push}; then wait`} for Argo CD and the watcher, and pull`
        : `${thenWait('Argo CD')}; ${application}`;
    case 'primary-not-ready':
      return toWaitFor(observed?.primary, 'any request to the model', '');
    case 'candidate-not-ready':
      return toWaitFor(
        observed?.candidate,
        `a call with mm-vmodel-id: ${candidate?.name ?? name}`,
        `, or ${command(`discard ${name}`)}`,
      );
    case 'mirror-still-open':
    case 'mirror-not-applied':
      return `wait for Argo CD to apply it${source === 'git' ? ' and the watcher to tell, and pull' : ''}; ${application}`;
    case 'candidate-leaving':
      return `wait for Argo CD to remove it; ${application}`;
    case 'percentage-zero':
      return toOpening(rollout, command, speech);
    case 'status-behind':
      return 'wait for the watcher to commit it; if it does not, see that it runs, and can push';
    case undefined:
      return candidate === undefined
        ? `nothing is to be done; candidate set tries another version, with --version and ${toPlaceFlag(rollout)}`
        : `look at how ${candidate.declared.version} does${mirror.percentage > 0 ? ` with ${mirror.percentage} % of the requests` : ''}; then ${command(`promote ${name}`)}, or ${command(`discard ${name}`)}`;
  }
}

/** @param call that makes ModelMesh load the version. */
function toWaitFor(seen: ModelStatus['status']['primary'], call: string, otherwise: string): string {
  if (seen?.state === 'Stopped') return `take away its annotation serving.kserve.io/stop${otherwise}`;
  if (seen?.state === 'Deleting') return 'wait until it is gone: Argo CD creates it again';
  if (seen?.state === 'Pending' && seen.reason === 'RuntimeUnhealthy')
    return `wait until a runtime Pod of the namespace is ready; if it stays Pending then, ${call} loads it, and so does an edit of what it loads, as storageUri${otherwise}`;
  if (seen?.state === 'Pending')
    return `wait until it is Ready or Failed; if it stays Pending, check that modelmesh-controller runs, or edit what it loads, as storageUri${otherwise}`;
  return `wait until it is Ready or Failed${otherwise}`;
}

/** What to look at first, by the reason that KServe gives; its message says more. */
function toCause(rollout: Rollout, version: RolloutVersion, reason: string | undefined, { toPath }: Speech): string {
  const { source } = rollout.file;
  const at = (path: FieldPath) => `${toPath(source.path)}:${locate(source, path).line}`;
  if (reason === 'ModelLoadFailed') {
    const { field, path } = toPlaceField(version);
    return `${field} in ${at(path)}`;
  }
  // It is about no file: the Pods are KServe's, and what ends them may be anything.
  if (reason === 'RuntimeUnhealthy') return 'the Pods of its ServingRuntime';
  const cause = causes[reason ?? ''];
  if (cause === undefined) return `what KServe reports: kubectl describe inferenceservice ${version.name}`;
  const { path, field } = findField(rollout, version, cause.field);
  return `${field} in ${at(path)} (${cause.why})`;
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

function toPlaceField({ role, declared }: RolloutVersion): { readonly field: string; readonly path: FieldPath } {
  if (declared.storageUri !== undefined) return { field: 'storageUri', path: ['spec', role, 'storageUri'] };
  const storagePath = findStoragePathField(declared);
  if (storagePath === undefined) return ofTemplate;
  return { field: 'storage.path', path: ['spec', role, 'overrides', ...storagePath] };
}

/** By what `candidate set` is told where a version lies. */
function toPlaceFlag({ primary, file }: Rollout): string {
  return primary.declared.storageUri === undefined && hasStorage(file.model) ? '--storage-path' : '--storage-uri';
}

function toOpening(rollout: Rollout, command: (words: string) => string, speech: Speech): string {
  const limits = (rollout.policy.settings.get('limits.maxMirrorPercentage') ?? []).map(({ value }) => Number(value));
  const percentage = Math.min(20, ...limits);
  if (percentage === 0) return 'a limit of a policy keeps it at 0 %: raise that first';
  return `${command(`mirror ${rollout.name} ${percentage}${toAt(rollout, speech)}`)} opens the mirror at ${percentage} %`;
}

/** What `mirror` must be told where the percentage is inherited. */
function toAt({ file, policy }: Rollout, { toWord }: Speech): string {
  const origin = policy.origins.get('mirrorPercentage');
  if (origin === undefined) return ' --here';
  const { path } = origin.source;
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
  return folder === file.folder ? '' : ` --at ${toWord(path)}`;
}
