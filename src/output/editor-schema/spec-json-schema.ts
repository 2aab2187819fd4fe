/**
 * KServe's schema of an InferenceService's spec as JSON Schema for editors: as a template has it, and as a JSON merge
 * patch on a template (RFC 7386), in which null removes a field.
 *
 * It accepts what `checkSpec` accepts, with two exceptions: nothing is required, because a template and an
 * override complete each other, and a field that this KServe does not have is no error there either.
 */
import type { SchemaNode } from '../../core/serving/spec-schema.ts';
import { schemaNode, specIndex } from '../../core/serving/spec-schema.ts';
import { specHelp } from './spec-help.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** `patch`: null removes a field. What is in a list is never patched: a list is replaced as a whole. */
type Form = 'spec' | 'patch';

export interface SpecDefinitions {
  /** To be put under the document's `definitions`. */
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  /** The whole spec in each form. */
  readonly spec: JsonSchema;
  readonly patch: JsonSchema;
}

export function toSpecDefinitions(): SpecDefinitions {
  const definitions: Record<string, JsonSchema> = {};
  const spec = toSchema('spec', specIndex, '', definitions);
  const patch = toSchema('patch', specIndex, '', definitions);
  return { definitions, spec, patch };
}

/** Fields with an explanation are written out with all fields around them; what else has fields of its own is shared. */
function toSchema(form: Form, index: number, path: string, definitions: Record<string, JsonSchema>): JsonSchema {
  const node = schemaNode(index);
  const isExplained = Object.keys(specHelp).some((known) => path === '' || known.startsWith(`${path}.`));
  if (isExplained || !hasParts(node)) return toPart(form, node, path, definitions);
  // Short, as there are many.
  const name = `${form === 'patch' && node.type !== 'array' ? 'p' : 'k'}${index}`;
  if (!Object.hasOwn(definitions, name)) {
    // Before its parts, which may contain it.
    definitions[name] = {};
    definitions[name] = toPart(form, node, undefined, definitions);
  }
  const schema = { $ref: `#/definitions/${name}` };
  return form === 'patch' && node.type === 'array' ? { anyOf: [schema, { type: 'null' }] } : schema;
}

function hasParts({ fields, values }: SchemaNode): boolean {
  return fields !== undefined || (values !== undefined && hasParts(schemaNode(values)));
}

/** @param path undefined: nothing in it is explained. */
function toPart(
  form: Form,
  node: SchemaNode,
  path: string | undefined,
  definitions: Record<string, JsonSchema>,
): JsonSchema {
  const inner = node.type === 'array' ? 'spec' : form;
  const toInner = (index: number, name: string) => {
    const own = path === undefined ? undefined : path === '' ? name : `${path}.${name}`;
    const schema = toSchema(inner, index, own ?? 'nothing', definitions);
    return own !== undefined && Object.hasOwn(specHelp, own) ? { ...schema, ...specHelp[own] } : schema;
  };
  const { fields, values } = node;
  const type = types[node.type];
  return {
    type: form === 'patch' ? [type, 'null'].flat() : type,
    ...(fields === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(fields).map(([name, at]) => [name, toInner(at, name)])) }),
    ...(values === undefined
      ? {}
      : { [node.type === 'array' ? 'items' : 'additionalProperties']: toInner(values, '*') }),
    ...(node.enum === undefined ? {} : { enum: form === 'patch' ? [...node.enum, null] : node.enum }),
    ...(node.pattern === undefined ? {} : { pattern: node.pattern }),
    ...toBounds(node),
  };
}

const types: Readonly<Record<SchemaNode['type'], string | readonly string[]>> = {
  object: 'object',
  array: 'array',
  string: 'string',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
  'int-or-string': ['integer', 'string'],
};

function toBounds({ type, isInt32 = false, least, most }: SchemaNode): JsonSchema {
  const [lower, upper] = type === 'array' ? itemBounds : type === 'string' ? lengthBounds : numberBounds;
  const [from, to] = [least ?? (isInt32 ? -(2 ** 31) : undefined), most ?? (isInt32 ? 2 ** 31 - 1 : undefined)];
  return { ...(from === undefined ? {} : { [lower]: from }), ...(to === undefined ? {} : { [upper]: to }) };
}

const itemBounds = ['minItems', 'maxItems'] as const;
const lengthBounds = ['minLength', 'maxLength'] as const;
const numberBounds = ['minimum', 'maximum'] as const;
