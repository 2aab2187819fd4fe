/** A rollout and its status → its InferenceServices, patched and hashed, and which mirrors are open. */

import type { FieldPath, Problem } from '../diagnostics/problem.ts';
import { toFieldText } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import { valueAt } from '../input/plain-value.ts';
import type { ModelStatus } from '../input/schema.ts';
import { toOwnLabels, versionLabel } from '../manifests/manifest.ts';
import type { Patched } from '../manifests/patch.ts';
import { patchManifest, toPatchProblems } from '../manifests/patch.ts';
import { checkSyncOrder } from '../manifests/sync-order.ts';
import { toGateAnalysis } from '../rollout/analysis-choice.ts';
import type { DecidedCandidate, DecidedRollout, DecidedVersion } from '../rollout/decided.ts';
import { computeMirror } from '../rollout/gate.ts';
import { findHeldVerdict } from '../rollout/held-verdict.ts';
import { findPosition, toShare } from '../rollout/ramp-choice.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';
import { listVersions } from '../rollout/rollout.ts';
import { computeDigest, computeLoaded } from '../serving/digest.ts';
import { toRenderedDigest, upgradeStatus } from '../serving/digest-upgrade.ts';
import { checkInferenceService, renderInferenceService } from '../serving/inference-service.ts';
import { patchable } from '../serving/patchable.ts';
import type { InferenceService, PlacedFinding } from '../serving/serving-mode.ts';
import type { LoadedModel } from './load.ts';

/** A rollout and which of its mirrors are open: what the rendered objects do, in few words. */
export interface RenderedRollout extends DecidedRollout {
  /** The status with digests to be compared with these (see `digest-upgrade.ts`); undefined: none is known. */
  readonly status: ModelStatus | undefined;
  /** Where the status file is, or would be. */
  readonly statusPath: string;
  /** Why a status file that exists is ignored. */
  readonly statusWarnings: readonly Problem[];
}

export interface DecidedModel {
  readonly outcome: RenderedRollout;
  /** Undefined when files are checked without one. */
  readonly namespace: string | undefined;
  /** What the InferenceServices carry as their digest: the primary's first. */
  readonly digestAnnotations: readonly string[];
  readonly problems: readonly Problem[];
}

/** @param loaded what the rollout was computed from. */
export function decideModel(
  rollout: Rollout,
  { namespace, status, statusPath, statusWarnings }: LoadedModel,
  { assumeReady = false }: { readonly assumeReady?: boolean },
): DecidedModel {
  const { policy } = rollout;
  const { gate } = policy;
  const problems = checkReservedFields(rollout);
  const services: RenderedVersion[] = [];
  const decide = (version: RolloutVersion): DecidedVersion => {
    const rendered = renderVersion(rollout, version);
    const { manifest } = rendered;
    const primary = services.at(0);
    problems.push(...rendered.problems, ...checkService(rollout, version, rendered, primary));
    services.push(rendered);
    return { version, digest: computeDigest(manifest, rollout.mode), loaded: computeLoaded(manifest, rollout.mode) };
  };
  const primary = decide(rollout.primary);
  const digested = rollout.candidates.map(decide);
  const versions = [primary, ...digested];
  const current = status && upgradeStatus(status.status, versions, rollout.mode);
  const upgraded = status && current && (current === status.status ? status : { ...status, status: current });
  const isUnreadable = statusWarnings.some(({ code }) => code === 'status-broken');
  const candidates = digested.map((decided): DecidedCandidate => {
    const candidate = { name: decided.version.name, digest: decided.digest };
    const analysis = toGateAnalysis(policy.analysis, primary, decided, upgraded);
    const verdict = analysis && findHeldVerdict(upgraded, candidate.name, analysis.subject);
    const ramp = findPosition(policy.ramp, analysis, verdict);
    const mirrorPercentage = toShare(policy, ramp);
    const input = { candidate, mirrorPercentage, gate, status: upgraded, isUnreadable, analysis, assumeReady };
    const mirror = computeMirror(input);
    return { ...decided, mirror, analysis, ramp };
  });
  return {
    outcome: { rollout, primary, candidates, status: upgraded, statusPath, statusWarnings },
    namespace,
    digestAnnotations: versions.map((version) => toRenderedDigest(version, status?.status, rollout.mode)),
    problems,
  };
}

/** A version's InferenceService as the model file declares it, and patched; the digest is not in it yet. */
interface RenderedVersion extends Patched<InferenceService> {
  readonly declared: InferenceService;
}

/** What the mode adds comes last: no patch can take it away. */
export function renderVersion(rollout: Rollout, version: RolloutVersion): RenderedVersion {
  const { complete = (service) => service } = rollout.mode;
  const declared = renderInferenceService(rollout, version);
  const patched = patchManifest(declared, rollout.policy.patches, patchable);
  return { ...patched, declared: complete(declared), manifest: complete(patched.manifest) };
}

/** Labels and annotations that are set by model-mirror alone. */
function checkReservedFields(rollout: Rollout): Problem[] {
  const { file, name } = rollout;
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
  // Both versions share the template's labels, so it cannot set the version.
  const shared = { ...toOwnLabels(name), [versionLabel]: undefined };
  check(['spec', 'template', 'metadata', 'labels'], template.metadata?.labels, shared);
  check(['spec', 'template', 'metadata', 'annotations'], template.metadata?.annotations, {});
  for (const version of listVersions(rollout)) {
    const { overrides } = version.declared;
    const path = [...version.path, 'overrides', 'metadata'];
    check([...path, 'labels'], overrides?.metadata?.labels, toOwnLabels(name, version.declared.version));
    check([...path, 'annotations'], overrides?.metadata?.annotations, {});
  }
  return problems;
}

function checkService(
  rollout: Rollout,
  version: RolloutVersion,
  patched: RenderedVersion,
  primary: RenderedVersion | undefined,
): Problem[] {
  const { file, policy, mode, protocols } = rollout;
  const prefixes = policy.storageUriPrefixes.map((list) => list.prefixes);
  // With a name of its own, its InferenceService becomes the primary's.
  const pair = { protocols, isInPlace: version.declared.name === undefined };
  const check = (state: 'declared' | 'manifest'): PlacedFinding[] => [
    ...checkInferenceService(patched[state], mode, protocols, prefixes),
    ...(primary === undefined ? [] : (mode.compare?.(primary[state], patched[state], pair) ?? [])),
    ...checkSyncOrder(patched[state]),
  ];
  const before = check('declared');
  const toText = (finding: PlacedFinding) => `${finding.code} ${finding.path.join('/')}`;
  const known = new Set(before.map(toText));
  const matched = [...(primary?.matched ?? []), ...patched.matched];
  const byPatch = matched.length === 0 ? [] : check('manifest').filter((found) => !known.has(toText(found)));
  return [
    ...before.map((found) =>
      toProblem(file.source, toModelPath(rollout, version, found.path), found, {
        on: found.on ?? 'value',
        severity: found.severity ?? 'error',
      }),
    ),
    ...toPatchProblems(byPatch, matched),
  ];
}

/** Where in the model file a field of the rendered InferenceService comes from. */
function toModelPath(rollout: Rollout, version: RolloutVersion, path: FieldPath): FieldPath {
  const { model } = rollout.file;
  if (path.join('.') === 'metadata.name') return version.declared.name === undefined ? path : [...version.path, 'name'];
  const overridden: FieldPath = [...version.path, 'overrides', ...path];
  const own: FieldPath = [...version.path, 'storageUri'];
  const shared: FieldPath = ['spec', 'template', ...path];
  const isStorage = /^spec\.predictor\.[a-z]+\.storage(Uri)?$/.test(toFieldText(path));
  const written = [overridden, ...(isStorage ? [own] : []), shared].find(
    (places) => valueAt(model, places) !== undefined,
  );
  return written ?? (isStorage ? own : isMissingIn(overridden, shared, model) ? overridden : shared);
}

/** Whether a field that is missing is missing from the overrides: more of what is around it is written there. */
function isMissingIn(overridden: FieldPath, shared: FieldPath, model: object): boolean {
  const left = (places: FieldPath) =>
    places.length - places.findIndex((_, i) => valueAt(model, places.slice(0, i + 1)) === undefined);
  return left(overridden) < left(shared);
}
