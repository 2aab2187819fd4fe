/** What messages need from a schema: which fields exist, and what the value of a field should be. */
import * as v from 'valibot';
import type { FieldPath } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, safe } from '../diagnostics/safe-text.ts';
import { describeType } from './describe.ts';
import { mustBeFilled } from './schema-parts.ts';

/** The properties of a valibot schema that are read here; `type` determines which exist. */
interface AnySchema {
  readonly type: string;
  readonly pipe?: readonly (AnySchema & { readonly kind: string })[];
  readonly wrapped?: AnySchema;
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly item?: AnySchema;
  readonly value?: AnySchema;
  readonly key?: string;
  readonly options?: readonly (AnySchema | string)[];
  readonly literal?: unknown;
}

/** The schema of a field, from the steps to it and the values they were taken from. */
export function schemaAt(root: v.GenericSchema, steps: readonly v.IssuePathItem[]): AnySchema | undefined {
  let schema: AnySchema | undefined = unwrap(root as unknown as AnySchema);
  for (const step of steps) {
    if (schema === undefined) return undefined;
    schema = unwrap(childOf(choose(schema, step.input), step.key));
  }
  return schema;
}

/** The names of the fields that a map may have, given the map. */
export function fieldsOf(schema: AnySchema | undefined, value: unknown): string[] {
  return schema === undefined ? [] : Object.keys(choose(schema, value)?.entries ?? {});
}

/**
 * A copy without empty fields, as in `candidate:`. An empty field counts as absent, except where it `mustBeFilled`, and
 * in values that may contain null, such as overrides.
 */
export function withoutEmptyFields(root: v.GenericSchema, value: unknown): unknown {
  return withoutEmpty(unwrap(root as unknown as AnySchema), value);
}

function withoutEmpty(schema: AnySchema | undefined, value: unknown): unknown {
  if (schema === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return schema.item ? value.map((item) => withoutEmpty(unwrap(schema.item), item)) : value;
  const entries = choose(schema, value)?.entries;
  if (entries === undefined) return value;
  const filled: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    const empty = inner === null && entry !== undefined ? meaningOfEmpty(entry) : 'null';
    if (empty === 'null') filled[name] = withoutEmpty(unwrap(entry), inner);
    else if (empty === 'map') filled[name] = {};
  }
  return filled;
}

/** What an empty field means. */
export function meaningOfEmpty(entry: Pick<AnySchema, 'type'>): 'absent' | 'map' | 'null' {
  if (entry.type === 'optional') return mustBeFilled(entry) ? 'null' : 'absent';
  return v.is(entry as unknown as v.GenericSchema, {}) && !v.is(entry as unknown as v.GenericSchema, null)
    ? 'map'
    : 'null';
}

/** Whether the field at a path accepts a value; true where the schema does not restrict it. */
export function accepts(root: v.GenericSchema, path: FieldPath, value: unknown): boolean {
  let schema: AnySchema | undefined = root as unknown as AnySchema;
  for (const part of path) schema = childOf(unwrap(schema), part);
  return schema === undefined || v.is(schema as unknown as v.GenericSchema, value);
}

/** The texts that a field allows, if it is a choice. */
export function choicesOf(schema: AnySchema | undefined): string[] {
  return (schema?.options ?? []).filter((option) => typeof option === 'string');
}

/** The values of the field that chooses among several forms of a map. */
export function discriminatorsOf(schema: AnySchema | undefined): string[] {
  return (schema?.options ?? []).flatMap((form) =>
    typeof form === 'string' ? [] : [String(form.entries?.[schema?.key ?? '']?.literal)],
  );
}

/** What a value should be: `a string`, `true or false`, `Status or None`. */
export function toExpectedText(schema: AnySchema | undefined): SafeText {
  if (schema === undefined) return safe`a value`;
  switch (schema.type) {
    case 'picklist':
      return toChoiceText(choicesOf(schema));
    case 'literal':
      return mask(String(schema.literal));
    case 'nullable':
      return safe`${toExpectedText(unwrap(schema.wrapped))} or null`;
    case 'unknown':
      return safe`a value`;
    default:
      return describeType(schema.type);
  }
}

export function toChoiceText(choices: readonly string[]): SafeText {
  return choices.length > 2 ? safe`one of ${join(choices.map(mask), ', ')}` : join(choices.map(mask), ' or ');
}

/** The hint for a missing field. */
export function toAddition(name: string, schema: AnySchema | undefined): SafeText {
  return schema?.type === 'literal'
    ? safe`add ${mask(name)}: ${mask(String(schema.literal))}`
    : safe`add ${mask(name)}, ${toExpectedText(schema)}`;
}

function childOf(schema: AnySchema | undefined, key: unknown): AnySchema | undefined {
  return schema?.entries?.[String(key)] ?? schema?.item ?? schema?.value;
}

/** The form of a map that its discriminating field chooses. */
function choose(schema: AnySchema, value: unknown): AnySchema | undefined {
  if (schema.type !== 'variant') return schema;
  const chosen = (value as Record<string, unknown> | undefined)?.[schema.key ?? ''];
  const forms = (schema.options ?? []).filter((option) => typeof option !== 'string');
  return forms.find((form) => form.entries?.[schema.key ?? '']?.literal === chosen);
}

/** A schema without `optional` and without the checks of its pipe. */
function unwrap(schema: AnySchema | undefined): AnySchema | undefined {
  if (schema === undefined) return undefined;
  const inner = schema.pipe?.findLast((item) => item.kind === 'schema');
  if (inner !== undefined) return unwrap(inner);
  if (schema.type === 'optional') return unwrap(schema.wrapped);
  return schema;
}
