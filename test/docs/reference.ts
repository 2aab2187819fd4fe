/**
 * The reference of the files, made of the schemas: `npm run docs` writes docs/reference.md, and a test holds
 * it to what it gives now.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Patchable } from '../../src/core/manifests/patchable.ts';
import { patchable as istio } from '../../src/core/routing/istio/patchable.ts';
import { patchable as inferenceService } from '../../src/core/serving/patchable.ts';

const root = join(import.meta.dirname, '../..');

export const referenceFile = join(root, 'docs/reference.md');

interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Field {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

const kinds: Readonly<Record<string, string>> = {
  Model: '`model.yaml`, or `x.model.yaml`: what people want.',
  MirrorPolicy: '`policy.yaml`, or `x.policy.yaml`: under which rules, for its folder and everything below.',
  ModelStatus:
    '`status.yaml`, `status.<cluster>.yaml`, or `x.status.yaml`: what the watcher last saw. People do not write it.',
};

export function toReference(): string {
  const sections = Object.entries(kinds).map(([kind, about]) => {
    const rows = toFields(readSchema(kind)).map(toRow);
    return `## ${kind}\n\n${about}\n\n| field | type | |\n| --- | --- | --- |\n${rows.join('\n')}`;
  });
  const head =
    '# The files\n\nMade by `npm run docs` from the schemas that `model-mirror schema KIND` prints. Fields in **bold** are required. Fields that are not listed are problems, except in a ModelStatus, where they are left alone. An optional field that is written but empty (`candidate:`) counts as absent; only `mirrorPercentage`, `analysis.share` and the limits must not be empty. The files are read as YAML 1.2; a value that YAML 1.1, as Kubernetes reads it, reads differently (`no`, `0644`) is a problem.';
  return `${[head, ...sections, toAnalysisSection(), toPatchSection()].join('\n\n')}\n`;
}

const patchable = { ...istio, inferenceService } as const;
const targets: Readonly<Record<keyof typeof patchable, string>> = {
  firstHop: 'VirtualService `<model>`, the first hop',
  secondHop: 'VirtualService `<model>-mirror`, the second hop',
  limits: 'DestinationRule `<model>-mirror`',
  serviceEntry: 'ServiceEntry',
  publicGateway: 'Gateway of `spec.routing.gateway`',
  mirrorGateway: 'Gateway of `spec.routing.mirrorGateway`',
  inferenceService: 'InferenceService',
};

function toPatchSection(): string {
  const rows = Object.entries(targets).map(([key, title]) => {
    const { fields }: Patchable = patchable[key as keyof typeof patchable];
    return `| ${title} | ${fields.map(({ name }) => `\`${name}\``).join(', ')} |`;
  });
  return `## What a patch may change\n\nPatches may only change fields that do not affect routing; all others are refused. Only the object after the last operation counts. \`*\` is any key that Istio, KServe, Argo CD and model-mirror do not read, \`[1…]\` any index except the first. A patch must apply both while the mirror is open and while it is closed.\n\n| target | fields |\n| --- | --- |\n${rows.join('\n')}`;
}

/** The example is a golden case, so it is rendered as it stands here. */
function toAnalysisSection(): string {
  const example = readFileSync(join(root, 'fixtures/analysis/example-of-the-reference/input/policy.yaml'), 'utf8');
  return `## An analysis\n\nAn analysis is one decision: the nearest policy with one replaces those further out as a whole. Only \`comparer\` is inherited by itself, so that an outer policy, with or without checks of its own, can say where the comparer is. \`share: 0\` stops the samples, and \`mirrorPercentage: 0\` stops copies and samples. Limits are written with a percent sign. Where an answer has outputs without a rule, they must be equal; the rule with the name \`*\` is for all that have none.\n\n\`\`\`yaml\n${example}\`\`\``;
}

function readSchema(kind: string): Schema {
  const words = [join(root, 'dist/model-mirror.cjs'), 'schema', kind];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Schema;
}

/** In the order in which the schema has them; what has fields of its own comes before these. */
function toFields(schema: Schema, path = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const own = path === '' ? name : `${path}.${name}`;
    const field = { path: own, schema: inner, isRequired: schema.required?.includes(name) ?? false };
    return [field, ...toFields(inner, own), ...(inner.items === undefined ? [] : toFields(inner.items, `${own}[]`))];
  });
}

function toRow({ path, schema, isRequired }: Field): string {
  const name = `\`${path}\``;
  const cells = [isRequired ? `**${name}**` : name, toTypeText(schema), schema.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
}

/** An optional field may also hold nothing: that is said once, in the head. */
function toTypeText({
  type: types = 'any',
  const: only,
  enum: some,
  items,
  additionalProperties,
  minimum,
  maximum,
}: Schema): string {
  const type = [types].flat().find((one) => one !== 'null') ?? 'null';
  if (only !== undefined) return `\`${only}\``;
  if (some !== undefined)
    return some
      .filter((one) => one !== null)
      .map((one) => `\`${one}\``)
      .join(' or ');
  if (type === 'array') return `list of ${items === undefined ? 'any' : toTypeText(items)}`;
  if (type === 'object' && typeof additionalProperties === 'object')
    return additionalProperties.type === undefined ? 'map' : `map of ${toTypeText(additionalProperties)}`;
  if (minimum !== undefined && maximum !== undefined) return `${type} from ${minimum} to ${maximum}`;
  return type;
}

if (import.meta.main) writeFileSync(referenceFile, toReference());
