/**
 * A rollout and its status → its objects: InferenceServices, patched and hashed; the gate's word on
 * the mirror; then the routes.
 *
 * Invariant: whether this succeeds depends on model and policy alone. The status and the percentage
 * decide what is rendered, never whether: a commit that closes a mirror must not be able to fail.
 */
import { toProblem } from '../input/parse-document.ts';
import { valueAt } from '../input/plain-value.ts';
import type { FieldPath, Finding, Problem } from '../input/problem.ts';
import { toFieldText } from '../input/problem.ts';
import { mask, safe } from '../input/safe-text.ts';
import type { ModelStatus, Patch } from '../input/schema.ts';
import type { PlacedPatch } from '../rollout/effective-policy.ts';
import type { Mirror } from '../rollout/gate.ts';
import { computeMirror } from '../rollout/gate.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';
import { computeDigest, computeLoaded } from './digest.ts';
import type { DigestedVersion } from './digest-upgrade.ts';
import { toRenderedDigest, upgradeStatus } from './digest-upgrade.ts';
import type { InferenceService, PlacedFinding } from './inference-service.ts';
import { addDigest, checkInferenceService, renderInferenceService } from './inference-service.ts';
import type { Manifest } from './manifest.ts';
import { toOwnLabels, versionLabel } from './manifest.ts';
import { matches, patchManifest } from './patch.ts';
import type { Patchable } from './patchable.ts';
import { patchable } from './patchable.ts';
import {
  renderGateways,
  renderMirrorVirtualService,
  renderServiceEntry,
  renderVirtualService,
  toMirrorName,
} from './routing.ts';
import { checkSyncOrder } from './sync-order.ts';

/** Of the InferenceServices, whichever form is rendered while 0.1.0's watcher is at work. */
export interface VersionDigests {
  readonly primary: string;
  readonly candidate: string | undefined;
}

export interface RenderedModel {
  readonly mirror: Mirror;
  readonly digests: VersionDigests;
  readonly versions: readonly DigestedVersion[];
  /** The status with digests to be compared with these; see `digest-upgrade.ts`. */
  readonly status: ModelStatus | undefined;
  /** The objects that are this model's own. */
  readonly manifests: readonly Manifest[];
  readonly problems: readonly Problem[];
}

/**
 * @param status undefined when there is no status file, or none that can be believed.
 * @param usedPatches each patch that has a target here is added to it.
 */
export function renderModel(
  rollout: Rollout,
  status: ModelStatus | undefined,
  { assumeReady = false }: { readonly assumeReady?: boolean },
  usedPatches: Set<Patch>,
): RenderedModel {
  const { policy, primary, candidate } = rollout;
  const problems: Problem[] = checkReservedFields(rollout);
  const patch = <T extends Manifest>(manifest: T, allowed: Patchable): T => {
    const patched = patchManifest(manifest, policy.patches, allowed);
    problems.push(...patched.problems, ...checkPatchedOrder(patched.manifest, patched.matched));
    return patched.manifest;
  };

  const services = [primary, ...(candidate === undefined ? [] : [candidate])].map((version) => {
    const declared = renderInferenceService(rollout, version);
    const patched = patchManifest(declared, policy.patches, patchable.inferenceService);
    problems.push(...patched.problems, ...checkService(rollout, version, declared, patched));
    const { manifest } = patched;
    return { manifest, name: version.name, digest: computeDigest(manifest), loaded: computeLoaded(manifest) };
  });
  const [primaryDigest = '', candidateDigest] = services.map(({ digest }) => digest);
  const upgraded = status && { ...status, status: upgradeStatus(status.status, services) };
  const mirror = computeMirror({
    candidate:
      candidate === undefined || candidateDigest === undefined
        ? undefined
        : { name: candidate.name, digest: candidateDigest },
    mirrorPercentage: policy.mirrorPercentage,
    gate: policy.gate,
    status: upgraded,
    assumeReady,
  });

  // The state that is not rendered now must patch as well, or a status commit could fail.
  if (policy.patches.length > 0)
    patch(renderVirtualService(rollout, mirror.percentage === 0 ? 100 : 0), patchable.firstHop);
  const manifests: Manifest[] = [
    ...services.map((version) => addDigest(version.manifest, toRenderedDigest(version, status?.status))),
    patch(renderServiceEntry(rollout), patchable.serviceEntry),
    patch(renderVirtualService(rollout, mirror.percentage), patchable.firstHop),
    ...(candidate === undefined ? [] : [patch(renderMirrorVirtualService(rollout, candidate), patchable.secondHop)]),
  ];
  for (const placed of policy.patches) if (hasTarget(placed, rollout)) usedPatches.add(placed.patch);
  return {
    mirror,
    digests: { primary: primaryDigest, candidate: candidateDigest },
    versions: services.map(({ name, digest, loaded }) => ({ name, digest, loaded })),
    status: upgraded,
    manifests,
    problems,
  };
}

/** The Gateways of a rollout's namespace, patched. */
export function renderPatchedGateways(rollout: Rollout): { manifests: readonly Manifest[]; problems: Problem[] } {
  const { gateway, mirrorGateway, patches } = rollout.policy;
  const patched = [
    ...renderGateways(rollout, gateway).map((one) => patchManifest<Manifest>(one, patches, patchable.publicGateway)),
    ...renderGateways(rollout, mirrorGateway).map((one) =>
      patchManifest<Manifest>(one, patches, patchable.mirrorGateway),
    ),
  ];
  return {
    manifests: patched.map(({ manifest }) => manifest),
    problems: patched.flatMap(({ manifest, matched, problems }) => [
      ...problems,
      ...checkPatchedOrder(manifest, matched),
    ]),
  };
}

/**
 * Whether a patch has an object to change among those of a model. What is rendered with a candidate
 * only counts without one too, and so does an InferenceService of whatever name: a patch for it must
 * not fail the commit that takes the candidate away.
 */
function hasTarget({ patch: { target } }: PlacedPatch, rollout: Rollout): boolean {
  const { name, candidate } = rollout;
  if (candidate === undefined && target.kind === 'InferenceService') return true;
  return [...listObjects(rollout), { kind: 'VirtualService', name: toMirrorName(name) }].some((object) =>
    matches(target, object.kind, object.name),
  );
}

/** What is rendered for a rollout: its own objects, and the Gateways of its namespace. */
export function listObjects(rollout: Rollout): { readonly kind: string; readonly name: string }[] {
  const { name, primary, candidate, policy } = rollout;
  const gateways = [policy.gateway, policy.mirrorGateway].filter(({ create }) => create);
  return [
    { kind: 'InferenceService', name: primary.name },
    ...(candidate === undefined ? [] : [{ kind: 'InferenceService', name: candidate.name }]),
    { kind: 'ServiceEntry', name },
    { kind: 'VirtualService', name },
    ...(candidate === undefined ? [] : [{ kind: 'VirtualService', name: toMirrorName(name) }]),
    ...gateways.map((gateway) => ({ kind: 'Gateway', name: gateway.name })),
  ];
}

/** Labels and annotations that are set by model-mirror alone. */
function checkReservedFields({ file, name, primary, candidate }: Rollout): Problem[] {
  const problems: Problem[] = [];
  const check = (path: FieldPath, fields: object | undefined, own: Readonly<Record<string, string | undefined>>) => {
    for (const [key, value] of Object.entries(fields ?? {})) {
      const reserved = Object.hasOwn(own, key) ? own[key] !== value : key.startsWith('model-mirror.dev/');
      if (reserved)
        problems.push(
          toProblem(file.source, [...path, key], {
            code: 'reserved-field',
            message: safe`${mask(key)} is set by model-mirror`,
            hint: safe`remove it here`,
          }),
        );
    }
  };
  const { template } = file.model.spec;
  // A label of the template is both versions', so it can be nobody's version.
  const shared = { ...toOwnLabels(name), [versionLabel]: undefined };
  check(['spec', 'template', 'metadata', 'labels'], template.metadata?.labels, shared);
  check(['spec', 'template', 'metadata', 'annotations'], template.metadata?.annotations, {});
  for (const version of candidate === undefined ? [primary] : [primary, candidate]) {
    const { overrides } = version.declared;
    const path = ['spec', version.role, 'overrides', 'metadata'];
    check([...path, 'labels'], overrides?.metadata?.labels, toOwnLabels(name, version.declared.version));
    check([...path, 'annotations'], overrides?.metadata?.annotations, {});
  }
  return problems;
}

function checkService(
  rollout: Rollout,
  version: RolloutVersion,
  declared: InferenceService,
  patched: { readonly manifest: InferenceService; readonly matched: readonly PlacedPatch[] },
): Problem[] {
  const { file, policy } = rollout;
  const prefixes = policy.storageUriPrefixes.map((list) => list.prefixes);
  const check = (service: InferenceService): PlacedFinding[] => [
    ...checkInferenceService(service, prefixes),
    ...checkSyncOrder(service),
  ];
  const before = check(declared);
  const toText = (finding: PlacedFinding) => `${finding.code} ${finding.path.join('/')}`;
  const known = new Set(before.map(toText));
  const byPatch =
    patched.matched.length === 0 ? [] : check(patched.manifest).filter((found) => !known.has(toText(found)));
  return [
    ...before.map((found) =>
      toProblem(file.source, toModelPath(rollout, version, found.path), found, {
        on: found.on ?? 'value',
        severity: found.severity ?? 'error',
      }),
    ),
    ...toPatchProblems(byPatch, patched.matched),
  ];
}

function checkPatchedOrder(manifest: Manifest, matched: readonly PlacedPatch[]): Problem[] {
  return matched.length === 0 ? [] : toPatchProblems(checkSyncOrder(manifest), matched);
}

/** Problems of what patches made, at the last patch that reached the object. */
function toPatchProblems(
  findings: readonly (Finding & Pick<PlacedFinding, 'severity'>)[],
  matched: readonly PlacedPatch[],
): Problem[] {
  const origin = matched.at(-1)?.origin;
  if (origin === undefined) return [];
  return findings.map((found) => toProblem(origin.source, origin.path, found, { severity: found.severity ?? 'error' }));
}

/** Where in the model file a field of the rendered InferenceService comes from. */
function toModelPath(rollout: Rollout, version: RolloutVersion, path: FieldPath): FieldPath {
  const { spec } = rollout.file.model;
  const overridden: FieldPath = [version.role, 'overrides', ...path];
  const own: FieldPath = [version.role, 'storageUri'];
  const shared: FieldPath = ['template', ...path];
  const isStorage = /^spec\.predictor\.[a-z]+\.storage(Uri)?$/.test(toFieldText(path));
  const written = [overridden, ...(isStorage ? [own] : []), shared].find(
    (places) => valueAt(spec, places) !== undefined,
  );
  return ['spec', ...(written ?? (isStorage ? own : isMissingIn(overridden, shared, spec) ? overridden : shared))];
}

/** Whether a field that is missing is missing from the overrides: more of what is around it is written there. */
function isMissingIn(overridden: FieldPath, shared: FieldPath, spec: object): boolean {
  const left = (places: FieldPath) =>
    places.length - places.findIndex((_, i) => valueAt(spec, places.slice(0, i + 1)) === undefined);
  return left(overridden) < left(shared);
}
