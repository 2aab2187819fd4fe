/**
 * A decided model → its objects: the InferenceServices, and the routes.
 *
 * Invariant: whether this succeeds depends on model and policy alone. The status and the percentage
 * decide what is rendered, never whether: a commit that closes a mirror must not be able to fail.
 */
import { toTaskText } from '../analysis/task.ts';
import type { Problem } from '../diagnostics/problem.ts';
import type { PlainMap } from '../input/plain-value.ts';
import type { Patch } from '../input/schema.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { linkAnnotation } from '../manifests/manifest.ts';
import type { Patched } from '../manifests/patch.ts';
import { matches, patchManifest, toPatchProblems } from '../manifests/patch.ts';
import type { PatchableManifest } from '../manifests/patchable.ts';
import { checkSyncOrder } from '../manifests/sync-order.ts';
import { toTask } from '../rollout/analysis-choice.ts';
import type { DecidedRollout } from '../rollout/decided.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';
import { listVersions, toVersionPlace } from '../rollout/rollout.ts';
import { toFullHost } from '../routing/service-key.ts';
import type { Backend, Sampled, Traffic } from '../routing/traffic.ts';
import { addDigest } from '../serving/inference-service.ts';
import type { ServedVersion } from '../serving/serving-mode.ts';
import type { DecidedModel } from './decide-model.ts';
import { renderVersion } from './decide-model.ts';

interface RenderedObjects {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly Problem[];
}

/**
 * The objects that are a model's own. Its InferenceServices are rendered once more: to keep them since the
 * decision would take a fifth more memory with ten thousand models.
 *
 * @param watcherUrl where the watcher's pages are; undefined: nobody knows.
 */
export function renderModel(
  { outcome, digestAnnotations }: DecidedModel,
  watcherUrl: string | undefined,
): RenderedObjects {
  const { rollout } = outcome;
  const { router } = rollout.policy;
  // One candidate is supported.
  const percentage = outcome.candidates[0]?.mirror.percentage ?? 0;
  const services = listVersions(rollout).map((version) => renderVersion(rollout, version).manifest);
  const versions = listVersions(rollout).map((version, i) => toServed(rollout, version, services[i]?.spec));
  const task = toTaskOf(outcome);
  const render = (share: number) => patchAll(rollout, router.render(toTraffic(rollout, versions, share, task)));
  const beside = patchAll(rollout, renderBeside(rollout, versions));
  const routes = render(percentage);
  // The state that is not rendered now must patch as well, or a status commit could fail.
  const other = rollout.policy.patches.length > 0 ? render(percentage === 0 ? 100 : 0).problems : [];
  return {
    manifests: [
      ...services.map((service, i) => addDigest(service, digestAnnotations[i] ?? '')),
      ...beside.manifests,
      ...routes.manifests.map((manifest) => addLink(manifest, rollout, watcherUrl)),
    ],
    problems: [...beside.problems, ...routes.problems, ...other],
  };
}

/** Routes alone lead to the watcher's page: another annotation of an InferenceService could restart its Pods. */
function addLink(manifest: Manifest, { namespace, name, policy }: Rollout, watcherUrl: string | undefined): Manifest {
  const { kind, metadata } = manifest;
  if (watcherUrl === undefined || kind !== policy.router.watched.kind) return manifest;
  const annotations = { ...metadata.annotations, [linkAnnotation]: `${watcherUrl}/${namespace}/${name}` };
  return { ...manifest, metadata: { ...metadata, annotations } };
}

/** The objects that the models of a rollout's namespace share, patched. */
export function renderShared(rollout: Rollout): RenderedObjects {
  return patchAll(rollout, rollout.policy.router.renderShared(rollout.namespace, rollout.policy));
}

/** The Services of a model and of its versions, patched; none where the serving mode has no such. */
export function renderServices(rollout: Rollout): readonly Manifest[] {
  const versions = listVersions(rollout).map((version) => toServedVersion(rollout, version));
  return patchAll(rollout, renderBeside(rollout, versions)).manifests.filter(({ kind }) => kind === 'Service');
}

/** What the serving mode renders beside InferenceServices. */
function renderBeside({ mode }: Rollout, versions: readonly ServedVersion[]): readonly PatchableManifest[] {
  const [primary] = versions;
  return [
    ...versions.flatMap((version) => mode.renderVersion?.(version) ?? []),
    ...((primary && mode.renderModel?.(primary)) ?? []),
  ];
}

/**
 * @param versions the primary, and the candidate if there is one.
 * @param percentage the share of requests that the candidate gets a copy of; 0: the mirror is closed.
 * @param task for the comparer; undefined: nothing is compared.
 */
function toTraffic(
  rollout: Rollout,
  versions: readonly ServedVersion[],
  percentage: number,
  task?: string | undefined,
): Traffic {
  const { name, namespace, file, policy, mode, hosts } = rollout;
  const [primary, candidate] = versions;
  const { gateway, mirrorGateway } = policy;
  const requests = primary === undefined ? [] : mode.toBackends(primary);
  const copies = candidate && mode.toBackends(candidate);
  const known = mode.renderModel === undefined ? hosts : policy.hosts;
  return {
    model: name,
    namespace,
    folder: file.folder,
    policyRoot: policy.root,
    hosts,
    entry:
      primary && known.length > 0
        ? { hosts: known, ports: toPorts(requests), podLabels: mode.toPodLabels(primary) }
        : undefined,
    requests: {
      gateway: gateway.name,
      primary: requests,
      timeout: policy.timeout,
      mirror: percentage === 0 ? undefined : { host: mirrorGateway.service, port: mirrorGateway.port, percentage },
      sample: percentage === 0 || task === undefined ? undefined : toSample(rollout, percentage, task),
    },
    copies: copies && {
      gateway: mirrorGateway.name,
      candidate: copies,
      http2Ports: toPorts(copies.filter(mode.isUndeclaredHttp2)),
      maxInFlight: policy.maxCopiesInFlight,
      timeout: policy.mirrorTimeout,
    },
  };
}

/** Only what is mirrored is sampled. */
function toSample({ namespace, policy, candidates }: Rollout, percentage: number, task: string): Sampled | undefined {
  const { analysis, comparer, clusterDomain } = policy;
  if (analysis === undefined || comparer === undefined) return undefined;
  const host = toFullHost(comparer.service, namespace, clusterDomain);
  const version = candidates[0]?.declared.version;
  return { host, port: comparer.port, percentage: Math.min(analysis.share, percentage), task, version };
}

function toTaskOf({ rollout, candidates }: DecidedRollout): string | undefined {
  const { analysis } = rollout.policy;
  const subject = candidates[0]?.analysis?.subject;
  return analysis && subject && toTaskText(toTask(analysis, subject));
}

function toPorts(backends: readonly Backend[]): number[] {
  return [...new Set(backends.map(({ port }) => port))];
}

/** Renders its InferenceService. */
export function toServedVersion(rollout: Rollout, version: RolloutVersion): ServedVersion {
  return toServed(rollout, version, renderVersion(rollout, version).manifest.spec);
}

/** @param spec of its InferenceService, patched. */
function toServed(rollout: Rollout, version: RolloutVersion, spec: PlainMap = {}): ServedVersion {
  return { ...toVersionPlace(rollout, version), spec };
}

function patchAll({ policy }: Rollout, objects: readonly PatchableManifest[]): RenderedObjects {
  const patched = objects.map(({ manifest, patchable }) => patchManifest(manifest, policy.patches, patchable));
  return { manifests: patched.map(({ manifest }) => manifest), problems: patched.flatMap(toProblems) };
}

function toProblems({ manifest, matched, problems }: Patched<Manifest>): Problem[] {
  return matched.length === 0 ? [] : [...problems, ...toPatchProblems(checkSyncOrder(manifest), matched)];
}

/** The patches with an object to change among those of these rollouts. */
export function findUsedPatches(rollouts: readonly Rollout[]): Set<Patch> {
  return new Set(rollouts.flatMap((rollout) => (rollout.policy.patches.length === 0 ? [] : findMatched(rollout))));
}

/**
 * The patches with an object to change among those of a model. What is rendered with a candidate only counts
 * without one too, and so does an InferenceService of whatever name: a patch for it must not fail the commit
 * that removes the candidate.
 */
function findMatched(rollout: Rollout): Patch[] {
  const { name, candidates, policy } = rollout;
  const objects = [
    ...listObjects(rollout),
    { kind: policy.router.watched.kind, name: policy.router.toMirrorName(name) },
  ];
  return policy.patches.flatMap(({ patch }) => {
    const isService = candidates.length === 0 && patch.target.kind === 'InferenceService';
    return isService || objects.some((object) => matches(patch.target, object.kind, object.name)) ? [patch] : [];
  });
}

/** What is rendered for a rollout: its own objects, and those that its namespace shares. */
export function listObjects(rollout: Rollout): { readonly kind: string; readonly name: string }[] {
  const versions = listVersions(rollout).map((version) => toServedVersion(rollout, version));
  const objects = [
    ...renderBeside(rollout, versions),
    ...rollout.policy.router.render(toTraffic(rollout, versions, 0)),
    ...rollout.policy.router.renderShared(rollout.namespace, rollout.policy),
  ];
  return [
    ...listVersions(rollout).map(({ name }) => ({ kind: 'InferenceService', name })),
    ...objects.map(({ manifest: { kind, metadata } }) => ({ kind, name: metadata.name })),
  ];
}
