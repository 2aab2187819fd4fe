/** Access to values that were read from a file: JSON, with own keys only. */
import type { FieldPath } from '../diagnostics/problem.ts';

export type PlainMap = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path; undefined when there is none. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string | number, unknown>)[part];
  }
  return found;
}

/** A copy without undefined fields, which must not be in files and comparisons. */
export function omitUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

/** The text at a path; undefined when there is none. */
export function textAt(value: unknown, path: FieldPath): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
}

/** The maps in the list at a path; none when there is no list. */
export function mapsAt(value: unknown, path: FieldPath): PlainMap[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found.filter(isMap) : [];
}
