/**
 * The JSON Schema of a kind of file, for editors: what the parser accepts, KServe's fields of an InferenceService, and
 * what to insert (`examples`, `default`, and the `defaultSnippets` of yaml-language-server, which others ignore).
 */
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import type { FieldOffers } from '../../core/input/field-offer.ts';
import type { Kind } from '../../core/input/schema.ts';
import { schemas } from '../../core/input/schema.ts';
import { meaningOfEmpty } from '../../core/input/schema-fields.ts';
import { mirrorPolicyOffers } from './mirror-policy-offers.ts';
import { annotationHelp, modelOffers } from './model-offers.ts';
import { toSpecDefinitions } from './spec-json-schema.ts';

type Schema = Readonly<Record<string, unknown>>;

interface KindSchema {
  readonly schema: Schema;
  readonly definitions: Readonly<Record<string, unknown>>;
}

/** How the file of each kind's schema is called. */
export const schemaFiles: Readonly<Record<Kind, string>> = {
  Model: 'model.schema.json',
  MirrorPolicy: 'policy.schema.json',
  ModelStatus: 'status.schema.json',
};

const draft = 'http://json-schema.org/draft-07/schema#';

/** The schema of one kind. */
export function toSchemaText(kind: Kind): string {
  const { schema, definitions } = toKindSchema(kind);
  return toText(schema, definitions);
}

/** One schema that takes whichever kind a file is. */
export function toAnySchemaText(): string {
  const all = (Object.keys(schemas) as Kind[]).map(toKindSchema);
  return toText(
    { oneOf: all.map(({ schema }) => schema) },
    Object.assign({}, ...all.map(({ definitions }) => definitions)),
  );
}

/** Definitions are a line each: there are hundreds, which nobody reads. */
function toText(schema: Schema, definitions: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify({ $schema: draft, ...schema }, null, 2);
  const lines = Object.entries(definitions).map(([name, one]) => `    ${JSON.stringify(name)}: ${JSON.stringify(one)}`);
  if (lines.length === 0) return `${text}\n`;
  return `${text.slice(0, -2)},\n  "definitions": {\n${lines.join(',\n')}\n  }\n}\n`;
}

const offers: Readonly<Record<Kind, FieldOffers>> = {
  Model: modelOffers,
  MirrorPolicy: mirrorPolicyOffers,
  ModelStatus: {},
};

function toKindSchema(kind: Kind): KindSchema {
  const { $schema: _, ...converted } = toJsonSchema(schemas[kind] as GenericSchema, {
    typeMode: 'output',
    // Four decimals at most: JSON Schema's multipleOf is binary in most validators, which refuse 0.0003.
    ignoreActions: ['check', 'raw_check'],
    overrideSchema: ({ valibotSchema, jsonSchema }) => withEmptyFields(valibotSchema, jsonSchema),
  });
  const offered = mapFields(converted, '', (field, path) => ({
    ...field,
    ...(Object.hasOwn(offers[kind], path) ? offers[kind][path] : {}),
  }));
  if (kind !== 'Model') return { schema: offered, definitions: {} };
  const { definitions, spec, patch } = toSpecDefinitions();
  return {
    schema: mapFields(offered, '', withSpec),
    definitions: { template: spec, overrides: patch, ...definitions },
  };
}

/** KServe's fields and annotations in a Model: by reference, as each of its versions has them. */
function withSpec(field: Schema, path: string): Schema {
  const { description } = field;
  if (path === 'spec.template.spec') return { type: 'object', description, $ref: '#/definitions/template' };
  if (path.endsWith('.overrides.spec'))
    return { type: ['object', 'null'], description, $ref: '#/definitions/overrides' };
  if (path !== 'spec.template.metadata.annotations') return field;
  const known = Object.entries(annotationHelp).map(([name, help]) => [name, { type: 'string', ...help }]);
  return { ...field, properties: Object.fromEntries(known) };
}

/** Fields that may be written and hold nothing. */
function withEmptyFields(schema: object, json: JsonSchema): JsonSchema {
  const { entries } = schema as { readonly entries?: Readonly<Record<string, GenericSchema>> };
  for (const [name, entry] of Object.entries(entries ?? {})) {
    const property = json.properties?.[name];
    if (typeof property !== 'object' || meaningOfEmpty(entry) === 'null') continue;
    if (property.enum !== undefined) property.enum = [...property.enum, null];
    if (typeof property.type === 'string') property.type = [property.type, 'null'];
  }
  return json;
}

/** A copy in which every field is changed, the innermost first. @param path of the schema; `[]` is an entry of a list. */
function mapFields(schema: Schema, path: string, change: (field: Schema, path: string) => Schema): Schema {
  const { properties, items } = schema as { readonly properties?: Record<string, Schema>; readonly items?: Schema };
  const mapped: Record<string, unknown> = { ...schema };
  if (properties !== undefined)
    mapped['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [
        name,
        mapFields(inner, path === '' ? name : `${path}.${name}`, change),
      ]),
    );
  if (items !== undefined) mapped['items'] = mapFields(items, `${path}[]`, change);
  return change(mapped, path);
}
