/**
 * Patches (RFC 6902) of the effective policy, on rendered objects.
 *
 * Invariants: a patch never changes which object it is, whose it is, or whether and how much is
 * mirrored: that is decided by model, policy and status alone.
 */
import jsonPatch from 'fast-json-patch';
import { toProblem } from '../input/parse-document.ts';
import { isMap, valueAt } from '../input/plain-value.ts';
import type { Finding, Problem } from '../input/problem.ts';
import { toFieldText } from '../input/problem.ts';
import type { PlacedPatch } from '../rollout/effective-policy.ts';
import type { Manifest } from './manifest.ts';
import {
  digestAnnotation,
  managedByLabel,
  nameLabel,
  pathAnnotation,
  toCanonicalText,
  versionLabel,
} from './manifest.ts';

export interface Patched<T extends Manifest> {
  readonly manifest: T;
  /** The patches whose target this object is, in order. */
  readonly matched: readonly PlacedPatch[];
  readonly problems: readonly Problem[];
}

/** Applies every patch whose target the object is. The object itself is not changed. */
export function patchManifest<T extends Manifest>(manifest: T, patches: readonly PlacedPatch[]): Patched<T> {
  const matched = patches.filter(({ patch }) => matches(patch.target, manifest.kind, manifest.metadata.name));
  const problems: Problem[] = [];
  let current = manifest;
  for (const { patch, origin } of matched) {
    const operations = jsonPatch.deepClone(patch.patch) as jsonPatch.Operation[];
    let document = jsonPatch.deepClone(current) as T;
    let failed = false;
    for (const [i, operation] of operations.entries()) {
      const report = (finding: Finding) => {
        problems.push(toProblem(origin.source, [...origin.path, 'patch', i], finding));
        failed = true;
      };
      try {
        document = jsonPatch.applyOperation(document, operation, true, true, true, i).newDocument;
        const refusal = refuseChange(current, document);
        if (refusal !== undefined) report(refusal);
      } catch (error) {
        report(toFailure(error, operation, manifest));
      }
      if (failed) break;
    }
    if (!failed) current = document;
  }
  return { manifest: current, matched, problems };
}

/** Whether a patch's target is the object of this kind and name. */
export function matches(target: PlacedPatch['patch']['target'], kind: string, name: string): boolean {
  return target.kind === kind && (target.name === undefined || target.name === name);
}

function toFailure(error: unknown, operation: jsonPatch.Operation, manifest: Manifest): Finding {
  const object = `${manifest.kind} ${manifest.metadata.name}`;
  if (error instanceof jsonPatch.JsonPatchError && error.name === 'TEST_OPERATION_FAILED')
    return {
      code: 'patch-failed',
      message: `the test at ${operation.path} fails on ${object}`,
      hint: 'mend the expected value, or the target',
    };
  if (error instanceof jsonPatch.JsonPatchError)
    return {
      code: 'patch-failed',
      message: `${operation.op} ${operation.path} does not apply to ${object}: there is no such place`,
      hint: 'see what is there with model-mirror render, with and without --assume-ready: it must apply to both',
    };
  // The library's guard against prototype pollution throws a plain TypeError.
  if (error instanceof TypeError && /__proto__|prototype/.test(error.message))
    return {
      code: 'patch-refused',
      message: `${operation.path} would change the prototype of an object`,
      hint: 'remove the operation',
    };
  throw error;
}

/** What no patch may change. Undefined when the change is fine. */
function refuseChange(before: Manifest, after: Manifest): Finding | undefined {
  const changed = identityFields.find((path) => valueAt(before, path) !== valueAt(after, path));
  if (changed !== undefined)
    return {
      code: 'patch-refused',
      message: `a patch must not change ${toFieldText(changed)}`,
      hint: 'names, namespaces and versions are set in model.yaml; other labels and annotations are free',
    };
  const wrongMap = ['labels', 'annotations'].find((field) => !isTextMap(valueAt(after, ['metadata', field])));
  if (wrongMap !== undefined)
    return {
      code: 'patch-refused',
      message: `metadata.${wrongMap} would hold something other than texts`,
      hint: 'put quotes around the value',
    };
  if (after.kind === 'VirtualService' && toMirrorText(before) !== toMirrorText(after))
    return {
      code: 'patch-refused',
      message: 'a patch must not change what is mirrored: the gate would leak',
      hint: 'set spec.mirrorPercentage or spec.routing.mirrorGateway in a policy',
    };
  return undefined;
}

const identityFields = [
  ['apiVersion'],
  ['kind'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ...[managedByLabel, nameLabel, versionLabel].map((key) => ['metadata', 'labels', key]),
  ...[pathAnnotation, digestAnnotation].map((key) => ['metadata', 'annotations', key]),
];

/** Everything in a VirtualService that mirrors, route by route. */
function toMirrorText(manifest: Manifest): string {
  const http = valueAt(manifest, ['spec', 'http']);
  const routes = Array.isArray(http) ? http : [];
  return toCanonicalText(
    routes
      .map((route) => (isMap(route) ? mirrorFields.map((field) => route[field] ?? null) : null))
      .filter((fields) => fields?.some((field) => field !== null)),
  );
}

/** The last two are old spellings that Istio still takes. */
const mirrorFields = ['mirror', 'mirrors', 'mirrorPercentage', 'mirrorPercent', 'mirror_percent'];

function isTextMap(value: unknown): boolean {
  return value === undefined || (isMap(value) && Object.values(value).every((item) => typeof item === 'string'));
}
