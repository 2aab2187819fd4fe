/** What differs between two JSON values, as paths to the outermost fields that cover it exactly. */

import type { FieldPath } from '../diagnostics/problem.ts';
import { isMap } from '../input/plain-value.ts';

/**
 * Maps and lists are compared field by field, also against nothing: a map that is added is reported as
 * its leaves, so that no field hides in a parent that is added or removed as a whole. An empty map or list that
 * is added or removed is a leaf itself: `redirect: {}` means something to Istio.
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
