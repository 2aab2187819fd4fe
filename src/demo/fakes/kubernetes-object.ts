/**
 * What a write makes of an object: pure. Everything but the resource version, which the store gives.
 *
 * Invariants: the status and the rest are written by requests of their own; the generation counts changes
 * of the rest; a write that changes nothing gives the very same object back.
 *
 * The rules: apiserver pkg/registry/rest (create.go, update.go, delete.go), apiextensions-apiserver
 * pkg/registry/customresource (strategy.go, status_strategy.go), apimachinery pkg/util/managedfields.
 */
import { isDeepStrictEqual } from 'node:util';
import type { PlainMap } from '../../core/input/plain-value.ts';
import { isMap } from '../../core/input/plain-value.ts';
import type { Fields } from './kubernetes-fields.ts';
import {
  isEmpty,
  joinFields,
  keepFields,
  removeFields,
  shareFields,
  takeFields,
  toChangedFields,
  toFields,
  toPaths,
} from './kubernetes-fields.ts';
import { Refusal, toInvalid } from './kubernetes-refusal.ts';
import type { ResourceType } from './kubernetes-resource.ts';
import type { Labels } from './kubernetes-selector.ts';

/** What one writes: an object as in a manifest. */
export interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
    readonly finalizers?: readonly string[];
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

export interface ManagedFields {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: Fields;
  readonly subresource?: 'status';
}

/** Who writes, and what: the status, or all the rest. */
export interface Writer {
  readonly manager: string;
  readonly isStatus: boolean;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

/** An object without what the server alone writes, and without its name: what a writer has a say in. */
type Body = PlainMap;

interface Change {
  readonly body: Body;
  readonly operation: 'Apply' | 'Update';
  /** All that the manager wants to have from now on. Absent: what it changes, beside what it had. */
  readonly declared?: Fields;
}

/** Of the metadata. */
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
 * @param wanted the whole object, as it is to be.
 * @throws Refusal for a finalizer that is added while it is being deleted.
 */
export function updateObject(
  type: ResourceType,
  live: KubernetesObject,
  wanted: Written,
  writer: Writer,
): KubernetesObject {
  const { status, ...main } = toBody(live);
  const body = writer.isStatus
    ? { ...main, ...toStatusBody(wanted) }
    : { ...toMainBody(type, wanted), ...(type.hasStatus && status !== undefined ? { status } : {}) };
  return change(type, live, writer, { body, operation: 'Update' });
}

/**
 * Server-side apply: what the manifest declares is merged in, and what this manager declared before and
 * no more is removed, unless somebody else has it too. Lists are replaced whole.
 *
 * @param live undefined: it is not there yet.
 * @param uid of the object that is made then.
 * @param force takes over what others have with another value.
 * @throws Refusal when others have it and there is no force.
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
  const mine = entries.find((entry) => isOf(entry, writer, 'Apply'));
  const others = entries.filter((entry) => entry !== mine);
  if (!force) assertNoConflict(others, toChangedFields(before, merged));
  const forsaken = others.reduce(
    (left, { fieldsV1 }) => takeFields(left, fieldsV1),
    takeFields(mine?.fieldsV1 ?? {}, declared),
  );
  return change(type, live, writer, { body: removeFields(merged, forsaken), operation: 'Apply', declared });
}

/** With finalizers it stays, and is marked; the very same object when it is marked already. */
export function markDeleted(live: KubernetesObject, time: string): KubernetesObject {
  if (live.metadata.deletionTimestamp !== undefined) return live;
  const generation = live.metadata.generation + 1;
  const marks = { generation, deletionGracePeriodSeconds: 0, deletionTimestamp: time };
  return { ...live, metadata: { ...live.metadata, ...marks } };
}

/** Whether it stays when it is deleted. */
export function isHeld({ metadata }: KubernetesObject): boolean {
  return (metadata.finalizers ?? []).length > 0;
}

function make(
  { group, version, kind }: ResourceType,
  { metadata: { name, namespace } }: Written,
  uid: string,
  writer: Writer,
  { body, operation, declared = toFields(body) }: Change,
): KubernetesObject {
  const apiVersion = `${group}/${version}`;
  return {
    ...body,
    apiVersion,
    kind,
    metadata: {
      ...(body['metadata'] as object | undefined),
      name,
      namespace,
      uid,
      resourceVersion: '',
      generation: 1,
      creationTimestamp: writer.time,
      managedFields: [toEntry(apiVersion, writer, operation, writer.time, declared)],
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
  const mine = entries.find((entry) => isOf(entry, writer, operation));
  const changed = toChangedFields(before, body);
  const fields = keepFields(declared ?? joinFields(mine?.fieldsV1 ?? {}, changed), body);
  const isSame = isDeepStrictEqual(before, body);
  if (isSame && isDeepStrictEqual(fields, mine?.fieldsV1 ?? {})) return live;
  // Who only takes away gets no entry, and no new time.
  const time = declared === undefined && isEmpty(changed) ? mine?.time : writer.time;
  const managedFields = [
    ...entries
      .filter((entry) => entry !== mine)
      .map((entry) => ({ ...entry, fieldsV1: keepFields(takeFields(entry.fieldsV1, changed), body) })),
    ...(time === undefined ? [] : [toEntry(live.apiVersion, writer, operation, time, fields)]),
  ]
    .filter(({ fieldsV1 }) => !isEmpty(fieldsV1))
    .sort(compareEntries);
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
    // An empty list or map is not kept there.
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

/** What the generation counts the changes of. */
function toCore({ hasStatus }: ResourceType, { metadata: _, status, ...core }: Body): Body {
  return hasStatus ? core : { ...core, status };
}

function merge(target: unknown, given: unknown): unknown {
  if (!isMap(target) || !isMap(given)) return given;
  const merged: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(given)) merged[key] = merge(merged[key], value);
  return merged;
}

function isOf({ manager, operation, subresource }: ManagedFields, writer: Writer, by: 'Apply' | 'Update'): boolean {
  return manager === writer.manager && operation === by && (subresource === 'status') === writer.isStatus;
}

function toEntry(
  apiVersion: string,
  { manager, isStatus }: Writer,
  operation: 'Apply' | 'Update',
  time: string,
  fieldsV1: Fields,
): ManagedFields {
  const subresource = isStatus ? ({ subresource: 'status' } as const) : {};
  return { manager, operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1, ...subresource };
}

function compareEntries(a: ManagedFields, b: ManagedFields): number {
  const keys = ({ operation, time, manager, subresource }: ManagedFields) =>
    [operation, time, manager, subresource ?? ''].join('\0');
  return keys(a) < keys(b) ? -1 : 1;
}

function assertNoConflict(others: readonly ManagedFields[], changed: Fields): void {
  const conflicts = others.flatMap(({ manager, fieldsV1 }) =>
    toPaths(shareFields(fieldsV1, changed)).map((path) => `conflict with "${manager}": ${path}`),
  );
  const count = `${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}`;
  if (conflicts.length > 0) throw new Refusal(409, 'Conflict', `Apply failed with ${count}: ${conflicts.join(', ')}`);
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
