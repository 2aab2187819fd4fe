/**
 * `metadata.managedFields`: which manager has set which fields (apimachinery pkg/util/managedfields).
 */
import type { PlainMap } from '../../../core/input/plain-value.ts';
import type { Fields } from './fields.ts';
import { isEmpty, keepFields, shareFields, takeFields, toPaths } from './fields.ts';
import { Refusal } from './refusal.ts';

export type Operation = 'Apply' | 'Update';

export interface ManagedFields {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: Fields;
  readonly subresource?: 'status';
}

/** The manager of a write, which changes the status or everything else. */
export interface Writer {
  readonly manager: string;
  readonly isStatus: boolean;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

/** The entry of the same manager and the same kind of write. */
export function findEntry(entries: readonly ManagedFields[], writer: Writer, by: Operation): ManagedFields | undefined {
  return entries.find(
    ({ manager, operation, subresource }) =>
      manager === writer.manager && operation === by && (subresource === 'status') === writer.isStatus,
  );
}

export function toEntry(
  apiVersion: string,
  { manager, isStatus, time }: Writer,
  operation: Operation,
  fieldsV1: Fields,
): ManagedFields {
  const subresource = isStatus ? ({ subresource: 'status' } as const) : {};
  return { manager, operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1, ...subresource };
}

/**
 * The entries after a write: other managers lose the fields that it changed, and all lose those that no longer exist.
 *
 * @param mine the writer's entry before, and `next` the one after the write.
 * @param body the object after the write.
 */
export function updateEntries(
  entries: readonly ManagedFields[],
  mine: ManagedFields | undefined,
  next: ManagedFields | undefined,
  changed: Fields,
  body: PlainMap,
): ManagedFields[] {
  const others = entries
    .filter((entry) => entry !== mine)
    .map((entry) => ({ ...entry, fieldsV1: keepFields(takeFields(entry.fieldsV1, changed), body) }));
  return [...others, next]
    .filter((entry) => entry !== undefined)
    .filter(({ fieldsV1 }) => !isEmpty(fieldsV1))
    .sort(compareEntries);
}

function compareEntries(a: ManagedFields, b: ManagedFields): number {
  const keys = ({ operation, time, manager, subresource }: ManagedFields) =>
    [operation, time, manager, subresource ?? ''].join('\0');
  return keys(a) < keys(b) ? -1 : 1;
}

/** @throws Refusal when another manager has one of the changed fields. */
export function assertNoConflict(others: readonly ManagedFields[], changed: Fields): void {
  const conflicts = others.flatMap(({ manager, fieldsV1 }) =>
    toPaths(shareFields(fieldsV1, changed)).map((path) => `conflict with "${manager}": ${path}`),
  );
  const count = `${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}`;
  if (conflicts.length > 0) throw new Refusal(409, 'Conflict', `Apply failed with ${count}: ${conflicts.join(', ')}`);
}
