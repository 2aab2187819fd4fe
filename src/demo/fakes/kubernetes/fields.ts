/**
 * Sets of fields, as `managedFields` has them (fieldsV1): a map of `f:<key>` to the fields below; `{}`
 * is the field itself. Lists are one field each, whatever is in them.
 *
 * Which of them change hands when: sigs.k8s.io/structured-merge-diff, merge/update.go.
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

/** The fields of a map that another one does not have, or not with this value. */
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

/** What is in either. */
export function joinFields(one: Fields, other: Fields): Fields {
  const joined: Record<string, Fields> = { ...one };
  for (const [key, below] of Object.entries(other)) joined[key] = joinFields(joined[key] ?? {}, below);
  return joined;
}

/** What is in both: fields, and what lies below a field of the other. */
export function shareFields(one: Fields, other: Fields): Fields {
  return pick(one, (key, below) => {
    const theirs = other[key];
    if (theirs === undefined) return undefined;
    return isEmpty(below) || isEmpty(theirs) ? below : orNothing(shareFields(below, theirs));
  });
}

/** What is in the one and not in the other. An empty map is a field, and none of those below it. */
export function takeFields(one: Fields, other: Fields): Fields {
  return pick(one, (key, below) => {
    const theirs = other[key];
    if (theirs === undefined || isEmpty(below) !== isEmpty(theirs)) return below;
    return isEmpty(below) ? undefined : orNothing(takeFields(below, theirs));
  });
}

/** The fields that a value still has. A map with something in it is no field, only what is in it. */
export function keepFields(fields: Fields, value: unknown): Fields {
  return pick(fields, (key, below) => {
    const name = key.slice(2);
    if (!isMap(value) || !Object.hasOwn(value, name)) return undefined;
    const found = value[name];
    if (!isEmpty(below)) return orNothing(keepFields(below, found));
    return isMap(found) && !isEmpty(found) ? undefined : below;
  });
}

/** The map without the fields; a map that loses its last field goes with it. */
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

/** As messages write them: `.spec.hosts`. */
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
