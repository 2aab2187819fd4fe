/**
 * Patches (RFC 6902) of the effective policy, on rendered objects.
 *
 * Invariants: a patch never changes which object it is, whose it is, or which requests go where: that is
 * decided by model, policy and status alone. So it changes only what is listed for the object.
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
  /** The patches whose target this object is, in order. */
  readonly matched: readonly PlacedPatch[];
  readonly problems: readonly Problem[];
}

/**
 * Applies every patch whose target the object is. The object itself is not changed.
 *
 * @param allowed what patches may change of it.
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

/** Problems of what patches made, at the last patch that reached the object. */
export function toPatchProblems(
  findings: readonly (Finding & { readonly severity?: Severity })[],
  matched: readonly PlacedPatch[],
): Problem[] {
  const origin = matched.at(-1)?.origin;
  if (origin === undefined) return [];
  return findings.map((found) => toProblem(origin.source, origin.path, found, { severity: found.severity ?? 'error' }));
}

/**
 * @returns the patched object, or what is wrong and with which operation. What counts is the object after
 *   the last operation; the one to blame is the first after which it was never right again.
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

/** Whether a patch's target is the object of this kind and name. */
export function matches(target: PlacedPatch['patch']['target'], kind: string, name: string): boolean {
  return target.kind === kind && (target.name === undefined || target.name === name);
}

/** RFC 6902 forbids a move into itself; the library makes an object that contains itself. */
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
      message: safe`${operation.op} ${quote(operation.path)} does not apply to ${object}: there is no such place`,
      hint: safe`see what is there with model-mirror render, with and without --assume-ready: it must apply to both`,
    };
  // The library's guard against prototype pollution throws a plain TypeError, and so does what it
  // stumbles over in an operation that makes no sense.
  return {
    code: /__proto__|prototype/.test(String(error)) ? 'patch-refused' : 'patch-failed',
    message: safe`${operation.op} ${quote(operation.path)} cannot be applied to ${object}`,
    hint: safe`check the operation, or remove it`,
  };
}

/** What a patch has changed and may not. Undefined when the change is fine. */
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
    hint: safe`it may change what moves no request: ${toListText(fields)}; the rest is set by other fields of a policy, and by model.yaml`,
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

/** @param message of a schema: two lines where it is one of ours. */
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
