/** What editors offer: whatever they insert is accepted, and nobody is offered the brake by accident. */
import { Ajv } from 'ajv';
import test from 'ava';
import { parseModel, parsePolicy } from '../../src/core/input/parse-document.ts';
import { checkSpec } from '../../src/core/serving/spec-check.ts';
import { toAnySchemaText, toSchemaText } from '../../src/output/editor-schema/editor-schema.ts';
import { mirrorPolicyOffers } from '../../src/output/editor-schema/mirror-policy-offers.ts';
import { annotationHelp, modelOffers } from '../../src/output/editor-schema/model-offers.ts';
import { specHelp } from '../../src/output/editor-schema/spec-help.ts';
import { toSpecDefinitions } from '../../src/output/editor-schema/spec-json-schema.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly defaultSnippets?: readonly { readonly label: string; readonly body: unknown }[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const header = { apiVersion: 'model-mirror.dev/v1alpha1' };
const version = { version: 'v1', storageUri: 's3://models/wisdom-v1' };
const kinds = {
  Model: {
    offers: modelOffers,
    parse: parseModel,
    base: {
      ...header,
      kind: 'Model',
      metadata: { name: 'wisdom' },
      spec: { template: { spec: {} }, primary: version },
    },
  },
  MirrorPolicy: {
    offers: mirrorPolicyOffers,
    parse: parsePolicy,
    base: { ...header, kind: 'MirrorPolicy', metadata: { name: 'wisdom' }, spec: {} },
  },
} as const;
const ajv = new Ajv({ strict: false });

/** What a field needs around it, beside the fields that its path names. */
const around: readonly [path: RegExp, needed: unknown][] = [
  [/^spec\.candidates?(\[\])?$/, version],
  [/^spec\.ramp$/, { steps: [1, 5] }],
  [/^spec\.analysis$/, { checks: [{ errors: { rate: '1%' } }] }],
  [/^spec\.analysis\.checks\[\]\.latency$/, { over: '1s', atMost: '1%' }],
  [/^spec\.analysis\.checks\[\]\.slower$/, { than: 2, atMost: '1%' }],
  [/^spec\.analysis\.checks\[\]\.agreement$/, { atLeast: '98%' }],
  [/^spec\.analysis\.checks\[\]\.agreement\.outputs\[\]$/, { name: 'scores' }],
  [
    /^spec\.patches\[\]$/,
    { target: { kind: 'VirtualService' }, patch: [{ op: 'remove', path: '/metadata/labels/a' }] },
  ],
  [/^spec\.patches\[\]\.target$/, { kind: 'VirtualService' }],
  [/^spec\.patches\[\]\.patch\[\]$/, { op: 'remove', path: '/metadata/labels/a' }],
];

/** A document with a value at a path. */
function put(base: unknown, path: string, value: unknown, done = ''): unknown {
  if (path === '') return value;
  const [, step = '', rest = ''] = /^(\[\]|[^.[]+)\.?(.*)$/.exec(path) ?? [];
  const own = step === '[]' ? `${done}[]` : done === '' ? step : `${done}.${step}`;
  const found = step === '[]' ? undefined : (base as Record<string, unknown> | undefined)?.[step];
  const needed = found ?? around.find(([known]) => known.test(own))?.[1];
  const inner = put(needed, rest, value, own);
  return step === '[]' ? [inner] : { ...(base as object | undefined), [step]: inner };
}

/** As the person leaves it who accepts every place to type at. */
function fill(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body).replace(/\$\{\d+:([^}]*)\}/g, '$1')) as unknown;
}

function list({ default: absent, examples = [], defaultSnippets = [] }: Omit<Schema, 'type'>): unknown[] {
  return [...(absent === undefined ? [] : [absent]), ...examples, ...defaultSnippets.map(({ body }) => fill(body))];
}

for (const [kind, { offers, parse: parseKind, base }] of Object.entries(kinds))
  test(`each snippet, example and default of a ${kind} is accepted where it is offered`, (t) => {
    const isValid = ajv.compile(JSON.parse(toSchemaText(kind as keyof typeof kinds)));
    let tried = 0;
    for (const [path, offer] of Object.entries(offers))
      for (const value of list(offer)) {
        const document = put(base, path, value);
        const { problems } = parseKind({ path: 'x', text: JSON.stringify(document) });
        // The one check of a policy that needs another: agreement within noise.
        t.deepEqual(path.endsWith('.withinNoise') ? [] : problems, [], `${path}: ${JSON.stringify(value)}`);
        t.true(isValid(document), `${path}: ${JSON.stringify(value)} ${JSON.stringify(isValid.errors)}`);
        if (kind === 'Model') checkSpecs(document, (text) => t.fail(`${path}: ${text}`));
        tried++;
      }
    t.true(tried > 40);
  });

function checkSpecs(document: unknown, report: (text: string) => void): void {
  const { spec } = document as { spec: { template: { spec: unknown }; primary: object; candidate?: object } };
  for (const one of [
    spec.template.spec,
    ...[spec.primary, spec.candidate].map(
      (some) => (some as { overrides?: { spec?: unknown } } | undefined)?.overrides?.spec,
    ),
  ])
    for (const { code, message } of one === undefined ? [] : checkSpec(one))
      if (code !== 'missing-field') report(message);
}

test("the examples of KServe's fields are accepted by KServe's schema", (t) => {
  let tried = 0;
  for (const [path, { examples = [] }] of Object.entries(specHelp))
    for (const value of examples) {
      const findings = checkSpec(put({}, path, value)).filter(({ code }) => code !== 'missing-field');
      t.deepEqual(findings, [], path);
      tried++;
    }
  t.true(tried > 30);
  for (const [name, { examples = [] }] of Object.entries(annotationHelp)) t.true(examples.length > 1, name);
});

/** All fields with their paths, except KServe's. */
function look(schema: Schema, path: string, visit: (path: string, field: Schema) => void): void {
  visit(path, schema);
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    look(inner, path === '' ? name : `${path}.${name}`, visit);
  if (schema.items !== undefined) look(schema.items, `${path}[]`, visit);
}

test('every offer is of a field that there is', (t) => {
  for (const [kind, { offers }] of Object.entries(kinds)) {
    const paths = new Set<string>();
    look(JSON.parse(toSchemaText(kind as keyof typeof kinds)) as Schema, '', (path) => paths.add(path));
    t.deepEqual(
      Object.keys(offers).filter((path) => !paths.has(path)),
      [],
    );
  }
  const { spec } = toSpecDefinitions();
  const paths = new Map<string, Schema>();
  look(spec as Schema, '', (path, field) => paths.set(path, field));
  for (const [path, { description }] of Object.entries(specHelp)) t.is(paths.get(path)?.description, description, path);
});

test('no number is completed to 0, which editors write for numbers without an offer', (t) => {
  let numbers = 0;
  for (const kind of Object.keys(kinds))
    look(JSON.parse(toSchemaText(kind as keyof typeof kinds)) as Schema, '', (path, field) => {
      if (![field.type].flat().some((type) => type === 'number' || type === 'integer')) return;
      t.true(list(field).length > 0, path);
      const zeros = (field.defaultSnippets ?? []).filter(({ body }) => body === 0);
      t.true(list(field).every((value) => value !== 0) || zeros.length > 0, path);
      t.true(
        zeros.every(({ label }) => label.includes('brake')),
        path,
      );
      numbers++;
    });
  t.true(numbers > 10);
});

test('snippets have different names, and say what they are for', (t) => {
  for (const { offers } of Object.values(kinds))
    for (const [path, { defaultSnippets = [] }] of Object.entries(offers)) {
      t.is(new Set(defaultSnippets.map(({ label }) => label)).size, defaultSnippets.length, path);
      for (const { description } of defaultSnippets) t.regex(description, /^[A-Z].{10,}\.$/, path);
    }
});

test('one schema for all kinds takes what the schema of the kind takes', (t) => {
  const isAny = ajv.compile(JSON.parse(toAnySchemaText()) as object);
  for (const [kind, { base }] of Object.entries(kinds)) {
    t.true(isAny(base), kind);
    t.false(isAny({ ...base, more: 1 }), kind);
  }
  const spec = (minReplicas: unknown) => put(kinds.Model.base, 'spec.template.spec.predictor', { minReplicas });
  t.true(isAny(spec(1)));
  t.false(isAny(spec('two')));
});

test("a patch may remove any of KServe's fields, and set none to what KServe refuses", (t) => {
  const isModel = ajv.compile(JSON.parse(toSchemaText('Model')) as object);
  const overrides = (spec: unknown) => put(kinds.Model.base, 'spec.candidate', { ...version, overrides: { spec } });
  t.true(isModel(overrides(null)));
  t.true(isModel(overrides({ predictor: null })));
  t.true(isModel(overrides({ predictor: { model: { env: null, resources: { limits: { memory: null } } } } })));
  t.false(isModel(overrides({ predictor: { model: { env: [null] } } })), 'a list is replaced as a whole');
  t.false(isModel(overrides({ predictor: { maxReplicas: '3' } })));
  t.false(isModel(put(kinds.Model.base, 'spec.template.spec', { predictor: null })), 'a template is no patch');
});
