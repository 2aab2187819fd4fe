/**
 * Applies the patches (RFC 6902) of the effective policy to rendered objects.
 *
 * Invariants: a patch never changes the identity or owner of an object, or where requests go: only model, policy and
 * status decide that. So it may only change the fields that are listed for the object.
 */
import jsonPatch from 'fast-json-patch';
import * as v from 'valibot';
import type { FieldPath, Finding, Problem, Severity } from '../diagnostics/problem.ts';
import { toFieldText } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, quote, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import { valueAt } from '../input/plain-value.ts';
import type { Patch } from '../input/schema.ts';
import type { FieldOrigin } from '../input/source-file.ts';
import { findChangedFields } from './changed-fields.ts';
import type { Manifest } from './manifest.ts';
import type { Patchable } from './patchable.ts';
import { findPatchable } from './patchable.ts';

export interface PlacedPatch {
  readonly patch: Patch;
  readonly origin: FieldOrigin;
}

export interface Patched<T extends Manifest> {
  readonly manifest: T;
  /** The patches that target this object, in order. */
  readonly matched: readonly PlacedPatch[];
  readonly problems: readonly Problem[];
}

/**
 * Applies all patches that target the object. The object itself is not modified.
 *
 * @param allowed the fields that patches may change.
 */
export function patchManifest<T extends Manifest>(
  manifest: T,
  patches: readonly PlacedPatch[],
  allowed: Patchable,
): Patched<T> {
  if (patches.length === 0) return { manifest, matched: [], problems: [] };
  const matched = patches.filter(({ patch }) => matches(patch.target, manifest.kind, manifest.metadata.name));
  const problems: Problem[] = [];
  let current = manifest;
  for (const placed of matched) {
    const result = applyPatch(current, placed, allowed);
    if ('operation' in result)
      problems.push(
        toProblem(placed.origin.source, [...placed.origin.path, 'patch', result.operation], result.finding),
      );
    else current = result.manifest;
  }
  return { manifest: current, matched, problems };
}

/** Places problems of a patched object at the last patch that targets it. */
export function toPatchProblems(
  findings: readonly (Finding & { readonly severity?: Severity })[],
  matched: readonly PlacedPatch[],
): Problem[] {
  const origin = matched.at(-1)?.origin;
  if (origin === undefined) return [];
  return findings.map((found) => toProblem(origin.source, origin.path, found, { severity: found.severity ?? 'error' }));
}

/**
 * @returns the patched object, or a finding with the index of an operation. Only the object after the last operation
 *   counts; the finding is for the first operation after which the object never was valid again.
 */
function applyPatch<T extends Manifest>(
  manifest: T,
  { patch }: PlacedPatch,
  allowed: Patchable,
): { readonly manifest: T } | { readonly operation: number; readonly finding: Finding } {
  let document = jsonPatch.deepClone(manifest) as T;
  let refused: { readonly operation: number; readonly finding: Finding } | undefined;
  for (const [i, operation] of (jsonPatch.deepClone(patch.patch) as jsonPatch.Operation[]).entries()) {
    const failure = refuseMove(operation);
    if (failure !== undefined) return refused ?? { operation: i, finding: failure };
    try {
      document = jsonPatch.applyOperation(document, operation, true, true, true, i).newDocument;
    } catch (error) {
      return refused ?? { operation: i, finding: toFailure(error, operation, manifest) };
    }
    const finding = refuseChange(manifest, document, allowed);
    refused = finding && (refused ?? { operation: i, finding });
  }
  return refused ?? { manifest: document };
}

/** Whether a patch targets the object of this kind and name. */
export function matches(target: PlacedPatch['patch']['target'], kind: string, name: string): boolean {
  return target.kind === kind && (target.name === undefined || target.name === name);
}

/** RFC 6902 forbids a move into itself; the library would create an object that contains itself. */
function refuseMove(operation: jsonPatch.Operation): Finding | undefined {
  if (operation.op !== 'move' || !operation.path.startsWith(`${operation.from}/`)) return undefined;
  return {
    code: 'patch-failed',
    message: safe`move cannot put ${operation.from === '' ? 'the whole object' : quote(operation.from)} into itself, at ${quote(operation.path)}`,
    hint: safe`check from and path`,
  };
}

function toFailure(error: unknown, operation: jsonPatch.Operation, manifest: Manifest): Finding {
  const object = safe`${mask(manifest.kind)} ${mask(manifest.metadata.name)}`;
  if (error instanceof jsonPatch.JsonPatchError && error.name === 'TEST_OPERATION_FAILED')
    return {
      code: 'patch-failed',
      message: safe`the test at ${quote(operation.path)} fails on ${object}`,
      hint: safe`check the expected value, or the target`,
    };
  if (error instanceof jsonPatch.JsonPatchError)
    return {
      code: 'patch-failed',
      message: safe`${operation.op} ${quote(operation.path)} does not apply to ${object}, which has no such field`,
      hint: safe`compare with the output of model-mirror render, with and without --assume-ready: the patch must apply to both`,
    };
  // The library's guard against prototype pollution throws a plain TypeError, and so does what it
  // stumbles over in an operation that makes no sense.
  return {
    code: /__proto__|prototype/.test(String(error)) ? 'patch-refused' : 'patch-failed',
    message: safe`${operation.op} ${quote(operation.path)} cannot be applied to ${object}`,
    hint: safe`check the operation, or remove it`,
  };
}

/** Why the changes of a patch are refused; undefined when they are allowed. */
function refuseChange(before: Manifest, after: Manifest, allowed: Patchable): Finding | undefined {
  for (const path of findChangedFields(before, after)) {
    const found = findPatchable(allowed, path);
    if (found === undefined) return toRefusal(before, path, allowed);
    const value = valueAt(after, found.at);
    if (value === undefined && !found.field.isRequired) continue;
    const { issues } = v.safeParse(found.field.schema, value);
    if (issues !== undefined) return toInvalid(before, found.at, issues[0].message);
  }
  const wrong = allowed.check?.(after);
  return wrong === undefined ? undefined : toInvalid(before, [], wrong);
}

function toRefusal({ kind, metadata }: Manifest, path: FieldPath, { fields }: Patchable): Finding {
  const field = path.length === 0 ? 'the whole object' : toFieldText(path);
  return {
    code: 'patch-refused',
    message: safe`a patch must not change ${field} of ${mask(kind)} ${mask(metadata.name)}`,
    hint: safe`it may change fields that do not affect routing: ${toListText(fields)}; set others in model.yaml, or by other fields of a policy`,
  };
}

/** `metadata.labels.*, spec.predictor.{minReplicas, timeout}` */
function toListText(fields: Patchable['fields']): SafeText {
  const groups = new Map<string, string[]>();
  for (const { name } of fields) {
    const end = name.endsWith(']') ? name.length : name.lastIndexOf('.');
    const parent = name.slice(0, end);
    groups.set(parent, [...(groups.get(parent) ?? []), name.slice(end)]);
  }
  const texts = [...groups].map(([parent, [first = '', ...rest]]) =>
    rest.length === 0 ? parent + first : `${parent}.{${[first, ...rest].map((end) => end.slice(1)).join(', ')}}`,
  );
  return mask(texts.join(', '));
}

/** @param message of a schema: ours have two lines. */
function toInvalid({ kind, metadata }: Manifest, path: FieldPath, message: string): Finding {
  const [wrong = '', hint] = message.split('\n');
  const object = safe`${mask(kind)} ${mask(metadata.name)}`;
  const place = path.length === 0 ? object : safe`${toFieldText(path)} of ${object}`;
  return {
    code: 'patch-refused',
    message: safe`${place}: ${hint === undefined ? 'this value is not allowed here' : mask(wrong)}`,
    hint:
      hint === undefined
        ? safe`see the reference of the field; a refused object blocks the commit that closes a mirror`
        : mask(hint),
  };
}
