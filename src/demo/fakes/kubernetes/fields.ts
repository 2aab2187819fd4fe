/**
 * Sets of fields as in `managedFields` (fieldsV1): a map of `f:<key>` to the fields below; `{}` is the field itself. A list
 * is one field, whatever its items.
 *
 * When a field changes its manager: sigs.k8s.io/structured-merge-diff, merge/update.go.
 */
import { isDeepStrictEqual } from 'node:util';
import type { PlainMap } from '../../../core/input/plain-value.ts';
import { isMap } from '../../../core/input/plain-value.ts';

export interface Fields {
  readonly [key: string]: Fields;
}

/** All fields of a value. */
export function toFields(value: unknown): Fields {
  if (!isMap(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [`f:${key}`, toFields(below)]));
}

/** The fields that are new in a map, or have another value than before. */
export function toChangedFields(before: unknown, after: PlainMap): Fields {
  const changed: Record<string, Fields> = {};
  for (const [key, value] of Object.entries(after)) {
    const old = isMap(before) ? before[key] : undefined;
    if (isDeepStrictEqual(old, value)) continue;
    if (!isMap(value) || !isMap(old) || isEmpty(value)) changed[`f:${key}`] = toFields(value);
    else {
      const below = toChangedFields(old, value);
      if (!isEmpty(below)) changed[`f:${key}`] = below;
    }
  }
  return changed;
}

export function isEmpty(map: object): boolean {
  for (const _ in map) return false;
  return true;
}

/** The union of two sets. */
export function joinFields(one: Fields, other: Fields): Fields {
  const joined: Record<string, Fields> = { ...one };
  for (const [key, below] of Object.entries(other)) joined[key] = joinFields(joined[key] ?? {}, below);
  return joined;
}

/** The intersection of two sets; a field includes everything below it. */
export function shareFields(one: Fields, other: Fields): Fields {
  return pick(one, (key, below) => {
    const theirs = other[key];
    if (theirs === undefined) return undefined;
    return isEmpty(below) || isEmpty(theirs) ? below : orNothing(shareFields(below, theirs));
  });
}

/** The difference of two sets. An empty map is a field, and does not include fields below it. */
export function takeFields(one: Fields, other: Fields): Fields {
  return pick(one, (key, below) => {
    const theirs = other[key];
    if (theirs === undefined || isEmpty(below) !== isEmpty(theirs)) return below;
    return isEmpty(below) ? undefined : orNothing(takeFields(below, theirs));
  });
}

/** The fields that a value still has. A map that is not empty is not a field itself. */
export function keepFields(fields: Fields, value: unknown): Fields {
  return pick(fields, (key, below) => {
    const name = key.slice(2);
    if (!isMap(value) || !Object.hasOwn(value, name)) return undefined;
    const found = value[name];
    if (!isEmpty(below)) return orNothing(keepFields(below, found));
    return isMap(found) && !isEmpty(found) ? undefined : below;
  });
}

/** The map without the fields; a map that loses its last field is removed too. */
export function removeFields(map: PlainMap, fields: Fields): PlainMap {
  const left: Record<string, unknown> = { ...map };
  for (const [key, below] of Object.entries(fields)) {
    const name = key.slice(2);
    const value = left[name];
    if (isEmpty(below)) delete left[name];
    else if (isMap(value)) {
      const rest = removeFields(value, below);
      if (isEmpty(rest)) delete left[name];
      else left[name] = rest;
    }
  }
  return left;
}

/** As in messages: `.spec.hosts`. */
export function toPaths(fields: Fields, above = ''): string[] {
  return Object.entries(fields).flatMap(([key, below]) => {
    const path = `${above}.${key.slice(2)}`;
    return isEmpty(below) ? [path] : toPaths(below, path);
  });
}

function pick(fields: Fields, choose: (key: string, below: Fields) => Fields | undefined): Fields {
  const picked: Record<string, Fields> = {};
  for (const [key, below] of Object.entries(fields)) {
    const chosen = choose(key, below);
    if (chosen !== undefined) picked[key] = chosen;
  }
  return picked;
}

function orNothing(fields: Fields): Fields | undefined {
  return isEmpty(fields) ? undefined : fields;
}
