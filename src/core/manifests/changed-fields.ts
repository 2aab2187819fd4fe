/** The differences between two JSON values, as paths of fields. */

import type { FieldPath } from '../diagnostics/problem.ts';
import { isMap } from '../input/plain-value.ts';

/**
 * Maps and lists are compared field by field, also with nothing: an added or removed map is reported as its leaves, so
 * that no field is hidden by its parent. An empty map or list that is added or removed is a leaf itself: `redirect: {}`
 * has a meaning in Istio.
 */
export function findChangedFields(before: unknown, after: unknown): FieldPath[] {
  const changed: FieldPath[] = [];
  collect(before, after, [], changed);
  return changed;
}

function collect(before: unknown, after: unknown, path: FieldPath, changed: FieldPath[]): void {
  if (before === after) return;
  const [old, now] = [toEntries(before), toEntries(after)];
  const isComparable =
    (old !== undefined && now !== undefined && Array.isArray(before) === Array.isArray(after)) ||
    (before === undefined && now !== undefined && now.size > 0) ||
    (after === undefined && old !== undefined && old.size > 0);
  if (!isComparable) {
    changed.push(path);
    return;
  }
  for (const key of new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]))
    collect(old?.get(key), now?.get(key), [...path, key], changed);
}

function toEntries(value: unknown): Map<string | number, unknown> | undefined {
  if (Array.isArray(value)) return new Map(value.entries());
  return isMap(value) ? new Map(Object.entries(value)) : undefined;
}
