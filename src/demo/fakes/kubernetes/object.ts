/**
 * The object after a write: pure. Everything but the resource version, which the store sets.
 *
 * Invariants: the status and the rest are written by different requests; the generation counts changes
 * of the rest; a write that changes nothing returns the same object.
 *
 * The rules: apiserver pkg/registry/rest (create.go, update.go, delete.go), apiextensions-apiserver
 * pkg/registry/customresource (strategy.go, status_strategy.go), apimachinery pkg/util/managedfields.
 */
import { isDeepStrictEqual } from 'node:util';
import type { PlainMap } from '../../../core/input/plain-value.ts';
import { isMap, valueAt } from '../../../core/input/plain-value.ts';
import type { Fields } from './fields.ts';
import { isEmpty, joinFields, keepFields, removeFields, takeFields, toChangedFields, toFields } from './fields.ts';
import type { ManagedFields, Operation, Writer } from './managed-fields.ts';
import { assertNoConflict, findEntry, toEntry, updateEntries } from './managed-fields.ts';
import { toInvalid } from './refusal.ts';
import type { ResourceType } from './resource.ts';
import { toApiVersion } from './resource.ts';
import type { Labels } from './selector.ts';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** An object as in a manifest. */
export interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly OwnerReference[];
  };
  readonly spec?: unknown;
  readonly status?: unknown;
}

export interface KubernetesObject extends Written {
  readonly metadata: Written['metadata'] & {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly ManagedFields[];
  };
}

/** An object without its name and the fields that only the server writes. */
type Body = PlainMap;

interface Change {
  readonly body: Body;
  readonly operation: Operation;
  /** All fields that the manager has from now on. Absent: those that it had, and those that it changes. */
  readonly declared?: Fields;
}

/** Fields of the metadata. */
const notInBody: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
]);

/** A new object, as it was posted. */
export function createObject(type: ResourceType, written: Written, uid: string, writer: Writer): KubernetesObject {
  return make(type, written, uid, writer, { body: toMainBody(type, written), operation: 'Update' });
}

/**
 * @param desired the whole object.
 * @throws Refusal for a finalizer that is added while it is being deleted.
 */
export function updateObject(
  type: ResourceType,
  live: KubernetesObject,
  desired: Written,
  writer: Writer,
): KubernetesObject {
  const { status, ...main } = toBody(live);
  const body = writer.isStatus
    ? { ...main, ...toStatusBody(desired) }
    : { ...toMainBody(type, desired), ...(type.hasStatus && status !== undefined ? { status } : {}) };
  return change(type, live, writer, { body, operation: 'Update' });
}

/**
 * Server-side apply: what the manifest declares is merged in; what this manager declared before and no longer
 * declares is removed, unless another manager has it too. Lists are replaced as a whole.
 *
 * @param live undefined when it does not exist yet.
 * @param uid of the object that is created then.
 * @param force takes over fields that other managers have with another value.
 * @throws Refusal when other managers have them, and without force.
 */
export function applyObject(
  type: ResourceType,
  live: KubernetesObject | undefined,
  manifest: Written,
  uid: string,
  writer: Writer,
  force: boolean,
): KubernetesObject {
  const given = writer.isStatus ? toStatusBody(manifest) : toMainBody(type, manifest);
  const declared = toFields(given);
  if (live === undefined) return make(type, manifest, uid, writer, { body: given, operation: 'Apply', declared });
  const before = toBody(live);
  const merged = merge(before, given) as Body;
  const entries = live.metadata.managedFields ?? [];
  const mine = findEntry(entries, writer, 'Apply');
  const others = entries.filter((entry) => entry !== mine);
  if (!force) assertNoConflict(others, toChangedFields(before, merged));
  const dropped = others.reduce(
    (left, { fieldsV1 }) => takeFields(left, fieldsV1),
    takeFields(mine?.fieldsV1 ?? {}, declared),
  );
  return change(type, live, writer, { body: removeFields(merged, dropped), operation: 'Apply', declared });
}

/** Marks an object with finalizers as being deleted; the same object when it is marked already. */
export function markDeleted(live: KubernetesObject, time: string): KubernetesObject {
  if (live.metadata.deletionTimestamp !== undefined) return live;
  const generation = live.metadata.generation + 1;
  const marks = { generation, deletionGracePeriodSeconds: 0, deletionTimestamp: time };
  return { ...live, metadata: { ...live.metadata, ...marks } };
}

/** Whether finalizers keep it when it is deleted. */
export function isHeld({ metadata }: KubernetesObject): boolean {
  return (metadata.finalizers ?? []).length > 0;
}

function make(
  type: ResourceType,
  { metadata: { name, namespace } }: Written,
  uid: string,
  writer: Writer,
  { body, operation, declared = toFields(body) }: Change,
): KubernetesObject {
  const apiVersion = toApiVersion(type);
  return {
    ...body,
    apiVersion,
    kind: type.kind,
    metadata: {
      ...(body['metadata'] as object | undefined),
      name,
      namespace,
      uid,
      resourceVersion: '',
      generation: 1,
      creationTimestamp: writer.time,
      managedFields: [toEntry(apiVersion, writer, operation, declared)],
    },
  };
}

function change(
  type: ResourceType,
  live: KubernetesObject,
  writer: Writer,
  { body, operation, declared }: Change,
): KubernetesObject {
  const before = toBody(live);
  assertFinalizers(type, live, before, body);
  const { managedFields: entries = [], ...metadata } = live.metadata;
  const mine = findEntry(entries, writer, operation);
  const changed = toChangedFields(before, body);
  const fields = keepFields(declared ?? joinFields(mine?.fieldsV1 ?? {}, changed), body);
  const isSame = isDeepStrictEqual(before, body);
  if (isSame && isDeepStrictEqual(fields, mine?.fieldsV1 ?? {})) return live;
  // A manager that only removes fields gets no new entry, and no new time.
  const time = declared === undefined && isEmpty(changed) ? mine?.time : writer.time;
  const entry = time === undefined ? undefined : toEntry(live.apiVersion, { ...writer, time }, operation, fields);
  const managedFields = updateEntries(entries, mine, entry, changed, body);
  const isCoreSame = isSame || isDeepStrictEqual(toCore(type, before), toCore(type, body));
  const server = Object.entries(metadata).filter(([key]) => notInBody.has(key));
  const { apiVersion, kind } = live;
  return {
    ...body,
    apiVersion,
    kind,
    metadata: {
      ...(body['metadata'] as object | undefined),
      ...(Object.fromEntries(server) as typeof metadata),
      generation: live.metadata.generation + (isCoreSame ? 0 : 1),
      managedFields,
    },
  };
}

function toBody({ apiVersion: _version, kind: _kind, metadata, ...rest }: Written): Body {
  const own = Object.entries(metadata).filter(
    // The API server drops empty lists and maps there.
    ([key, value]) => !notInBody.has(key) && typeof value === 'object' && value !== null && !isEmpty(value),
  );
  return own.length === 0 ? rest : { metadata: Object.fromEntries(own), ...rest };
}

function toMainBody({ hasStatus }: ResourceType, written: Written): Body {
  const { status, ...main } = toBody(written);
  return hasStatus || status === undefined ? main : { ...main, status };
}

function toStatusBody({ status }: Written): Body {
  return status === undefined ? {} : { status };
}

/** The part whose changes the generation counts. */
function toCore({ hasStatus, countsAnnotations }: ResourceType, { metadata, status, ...core }: Body): Body {
  const annotations = countsAnnotations === true ? { annotations: valueAt(metadata, ['annotations']) } : {};
  return { ...core, ...annotations, ...(hasStatus ? {} : { status }) };
}

function merge(target: unknown, given: unknown): unknown {
  if (!isMap(target) || !isMap(given)) return given;
  const merged: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(given)) merged[key] = merge(merged[key], value);
  return merged;
}

function assertFinalizers(type: ResourceType, live: KubernetesObject, before: Body, after: Body): void {
  if (live.metadata.deletionTimestamp === undefined) return;
  const known = toFinalizers(before);
  if (toFinalizers(after).some((name) => !known.includes(name)))
    throw toInvalid(
      type,
      live.metadata.name,
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted',
    );
}

function toFinalizers({ metadata }: Body): readonly string[] {
  return (metadata as Written['metadata'] | undefined)?.finalizers ?? [];
}
