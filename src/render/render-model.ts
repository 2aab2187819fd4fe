/**
 * A decided model → its objects: the InferenceServices, and the routes.
 *
 * Invariant: whether this succeeds depends on model and policy alone. The status and the percentage
 * decide what is rendered, never whether: a commit that closes a mirror must not be able to fail.
 */
import type { Problem } from '../input/problem.ts';
import type { Patch } from '../input/schema.ts';
import type { Manifest } from '../manifests/manifest.ts';
import type { Patched } from '../manifests/patch.ts';
import { matches, patchManifest, toPatchProblems } from '../manifests/patch.ts';
import type { Patchable } from '../manifests/patchable.ts';
import { patchable } from '../manifests/patchable.ts';
import {
  renderGateways,
  renderMirrorVirtualService,
  renderServiceEntry,
  renderVirtualService,
  toMirrorName,
} from '../manifests/routing.ts';
import { checkSyncOrder } from '../manifests/sync-order.ts';
import type { PlacedPatch } from '../rollout/effective-policy.ts';
import type { Rollout } from '../rollout/rollout.ts';
import type { DecidedModel } from './decide-model.ts';

interface RenderedObjects {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly Problem[];
}

/** @returns the objects that are this model's own. */
export function renderModel({ outcome: { rollout, mirror }, services }: DecidedModel): RenderedObjects {
  const { candidate, policy } = rollout;
  const patch = (manifest: Manifest, allowed: Patchable) => patchManifest(manifest, policy.patches, allowed);
  const routes = [
    patch(renderServiceEntry(rollout), patchable.serviceEntry),
    patch(renderVirtualService(rollout, mirror.percentage), patchable.firstHop),
    ...(candidate === undefined ? [] : [patch(renderMirrorVirtualService(rollout, candidate), patchable.secondHop)]),
  ];
  // The state that is not rendered now must patch as well, or a status commit could fail.
  const other =
    policy.patches.length === 0
      ? []
      : [patch(renderVirtualService(rollout, mirror.percentage === 0 ? 100 : 0), patchable.firstHop)];
  return {
    manifests: [...services, ...routes.map(({ manifest }) => manifest)],
    problems: [...routes, ...other].flatMap(toProblems),
  };
}

/** The Gateways of a rollout's namespace, patched. */
export function renderPatchedGateways(rollout: Rollout): RenderedObjects {
  const { gateway, mirrorGateway, patches } = rollout.policy;
  const patched = [
    ...renderGateways(rollout, gateway).map((one) => patchManifest<Manifest>(one, patches, patchable.publicGateway)),
    ...renderGateways(rollout, mirrorGateway).map((one) =>
      patchManifest<Manifest>(one, patches, patchable.mirrorGateway),
    ),
  ];
  return { manifests: patched.map(({ manifest }) => manifest), problems: patched.flatMap(toProblems) };
}

function toProblems({ manifest, matched, problems }: Patched<Manifest>): Problem[] {
  return matched.length === 0 ? [] : [...problems, ...toPatchProblems(checkSyncOrder(manifest), matched)];
}

/** The patches with an object to change among those of these rollouts. */
export function findUsedPatches(rollouts: readonly Rollout[]): Set<Patch> {
  return new Set(
    rollouts.flatMap((rollout) =>
      rollout.policy.patches.flatMap((placed) => (hasTarget(placed, rollout) ? [placed.patch] : [])),
    ),
  );
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
