/**
 * Patches (RFC 6902) of the effective policy, on rendered objects.
 *
 * Invariants: a patch never changes which object it is, whose it is, or which requests go where:
 * that is decided by model, policy and status alone.
 */
import jsonPatch from 'fast-json-patch';
import { toProblem } from '../input/parse-document.ts';
import { isMap, valueAt } from '../input/plain-value.ts';
import type { Finding, Problem } from '../input/problem.ts';
import { toFieldText } from '../input/problem.ts';
import { mask, safe } from '../input/safe-text.ts';
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
  if (patches.length === 0) return { manifest, matched: [], problems: [] };
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
      if (operation.op === 'move' && operation.path.startsWith(`${operation.from}/`)) {
        report(movedIntoItself(operation.from, operation.path));
        break;
      }
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

/** RFC 6902 forbids it; the library makes an object that contains itself. */
function movedIntoItself(from: string, path: string): Finding {
  return {
    code: 'patch-failed',
    message: safe`move cannot put ${from === '' ? 'the whole object' : mask(from)} into itself, at ${mask(path)}`,
    hint: safe`mend from or path`,
  };
}

function toFailure(error: unknown, operation: jsonPatch.Operation, manifest: Manifest): Finding {
  const object = safe`${mask(manifest.kind)} ${mask(manifest.metadata.name)}`;
  if (error instanceof jsonPatch.JsonPatchError && error.name === 'TEST_OPERATION_FAILED')
    return {
      code: 'patch-failed',
      message: safe`the test at ${mask(operation.path)} fails on ${object}`,
      hint: safe`mend the expected value, or the target`,
    };
  if (error instanceof jsonPatch.JsonPatchError)
    return {
      code: 'patch-failed',
      message: safe`${operation.op} ${mask(operation.path)} does not apply to ${object}: there is no such place`,
      hint: safe`see what is there with model-mirror render, with and without --assume-ready: it must apply to both`,
    };
  // The library's guard against prototype pollution throws a plain TypeError, and so does what it
  // stumbles over in an operation that makes no sense.
  return {
    code: /__proto__|prototype/.test(String(error)) ? 'patch-refused' : 'patch-failed',
    message: safe`${operation.op} ${mask(operation.path)} cannot be applied to ${object}`,
    hint: safe`mend the operation, or remove it`,
  };
}

/** What no patch may change. Undefined when the change is fine. */
function refuseChange(before: Manifest, after: Manifest): Finding | undefined {
  const changed = identityFields.find((path) => valueAt(before, path) !== valueAt(after, path));
  if (changed !== undefined)
    return {
      code: 'patch-refused',
      message: safe`a patch must not change ${toFieldText(changed)}`,
      hint: safe`names, namespaces and versions are set in model.yaml; other labels and annotations are free`,
    };
  const wrongMap = ['labels', 'annotations'].find((field) => !isTextMap(valueAt(after, ['metadata', field])));
  if (wrongMap !== undefined)
    return {
      code: 'patch-refused',
      message: safe`metadata.${mask(wrongMap)} would hold something other than texts`,
      hint: safe`put quotes around the value`,
    };
  if (toRoutingText(before) !== toRoutingText(after))
    return {
      code: 'patch-refused',
      message: safe`a patch must not change which requests of ${mask(before.kind)} ${mask(before.metadata.name)} go where: the gate would leak`,
      hint: safe`hosts, gateways, services and the percentage are set in a policy, under spec.routing and spec.mirrorPercentage`,
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

/**
 * Everything in an object that decides which requests reach which version: patched, it could send
 * clients to a candidate that is not ready, or a mirror back to itself.
 */
function toRoutingText(manifest: Manifest): string {
  const { kind } = manifest;
  if (kind === 'Gateway') return toCanonicalText(valueAt(manifest, ['spec', 'selector']) ?? null);
  if (kind === 'ServiceEntry') return toCanonicalText(valueAt(manifest, ['spec', 'hosts']) ?? null);
  if (kind !== 'VirtualService') return '';
  const http = valueAt(manifest, ['spec', 'http']);
  return toCanonicalText([
    ...['gateways', 'hosts', 'tcp', 'tls'].map((field) => valueAt(manifest, ['spec', field]) ?? null),
    Array.isArray(http) ? http.map(toRouteParts) : null,
  ]);
}

/** The last two of the mirror's are old spellings that Istio still takes. */
const routeFields = [
  ['route'],
  ['redirect'],
  ['directResponse'],
  ['delegate'],
  ['mirror'],
  ['mirrors'],
  ['mirrorPercentage'],
  ['mirrorPercent'],
  ['mirror_percent'],
  ...['set', 'add', 'remove'].map((change) => ['headers', 'request', change]),
];

function toRouteParts(route: unknown): unknown[] {
  return routeFields.map((path) => valueAt(route, path) ?? null);
}

function isTextMap(value: unknown): boolean {
  return value === undefined || (isMap(value) && Object.values(value).every((item) => typeof item === 'string'));
}
