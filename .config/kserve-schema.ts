/**
 * KServe's CustomResourceDefinition → `src/core/serving/kserve-schema.ts`: the schema of an InferenceService's spec,
 * without descriptions, every part that repeats written once.
 *
 *     node .config/kserve-schema.ts FILE VERSION
 *
 * FILE is config/crd/full/serving.kserve.io_inferenceservices.yaml of https://github.com/kserve/kserve at the
 * tag of VERSION, or the same CustomResourceDefinition out of its release's kserve.yaml. That of the version in use
 * is in fixtures/kserve, where a test compares the two.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { SchemaNode } from '../src/core/serving/spec-schema.ts';

interface CrdSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, CrdSchema>>;
  readonly additionalProperties?: CrdSchema | boolean;
  readonly items?: CrdSchema;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
}

/** What is left out on purpose: what KServe's defaulting or the API server's merging alone is about. */
const ignored = [
  'description',
  'default',
  'anyOf',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
];
const taken = [
  'type',
  'properties',
  'additionalProperties',
  'items',
  'required',
  'enum',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'minItems',
  'minLength',
  'maxLength',
  'x-kubernetes-int-or-string',
];

/** @returns the nodes, each before those that refer to it; the last one is the spec. */
export function toNodes(definition: string): readonly SchemaNode[] {
  const { spec } = parse(definition) as {
    readonly spec: { readonly versions: readonly { name: string; schema: { openAPIV3Schema: CrdSchema } }[] };
  };
  const schema = spec.versions.find(({ name }) => name === 'v1beta1')?.schema.openAPIV3Schema.properties?.['spec'];
  if (schema === undefined) throw new Error('the CustomResourceDefinition has no spec in v1beta1');
  const nodes: SchemaNode[] = [];
  const ids = new Map<string, number>();
  const add = (part: CrdSchema): number => {
    const unknown = Object.keys(part).filter((key) => !taken.includes(key) && !ignored.includes(key));
    if (unknown.length > 0) throw new Error(`keywords that the check does not know: ${unknown.join(', ')}`);
    const node = toNode(part, add);
    const key = JSON.stringify(node);
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, nodes.length);
    return nodes.push(node) - 1;
  };
  add(schema);
  return nodes;
}

function toNode(part: CrdSchema, add: (inner: CrdSchema) => number): SchemaNode {
  const { type, properties = {}, additionalProperties, items, required = [] } = part;
  const isEither = part['x-kubernetes-int-or-string'] === true;
  if (type === undefined && !isEither) throw new Error('a part of the schema has no type');
  const values = typeof additionalProperties === 'object' ? additionalProperties : items;
  // What has a default need not be written.
  const missing = required.filter((name) => properties[name]?.default === undefined);
  const least = part.minItems ?? part.minLength ?? part.minimum;
  const most = part.maxLength ?? part.maximum;
  return {
    type: isEither ? 'int-or-string' : (type as SchemaNode['type']),
    ...(Object.keys(properties).length === 0
      ? {}
      : { fields: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, add(inner)])) }),
    ...(values === undefined ? {} : { values: add(values) }),
    ...(missing.length === 0 ? {} : { required: missing }),
    ...(part.enum === undefined ? {} : { enum: part.enum }),
    ...(part.pattern === undefined ? {} : { pattern: part.pattern }),
    ...(part.format === 'int32' ? { isInt32: true } : {}),
    ...(least === undefined ? {} : { least }),
    ...(most === undefined ? {} : { most }),
  };
}

export function toModuleText(nodes: readonly SchemaNode[], version: string): string {
  const json = JSON.stringify(nodes).replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return `/**
 * Made by .config/kserve-schema.ts from the CustomResourceDefinition of KServe ${version}.
 * Copyright The KServe Authors, Apache License 2.0 (https://github.com/kserve/kserve/blob/v${version}/LICENSE).
 */

export const kserveVersion = '${version}';

export const kserveSchema =
  '${json}';
`;
}

if (import.meta.main) {
  const [file, version] = process.argv.slice(2);
  if (file === undefined || version === undefined)
    throw new Error('usage: node .config/kserve-schema.ts FILE VERSION, as in inferenceservices.yaml 0.20.0');
  const target = join(import.meta.dirname, '../src/core/serving/kserve-schema.ts');
  writeFileSync(target, toModuleText(toNodes(readFileSync(file, 'utf8')), version));
}
