import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import test from 'ava';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseModel, parsePolicy, parseStatus } from '../../../src/core/input/parse-document.ts';
import { valueAt } from '../../../src/core/input/plain-value.ts';
import { checkSpec } from '../../../src/core/serving/spec-check.ts';
import { fixtures } from '../../goldens/golden-case.ts';
import { times } from '../../thorough.ts';
import { model, policy, type Writing, write } from '../render/arbitraries.ts';

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

const kinds = ['Model', 'MirrorPolicy', 'ModelStatus'] as const;
const parsers = { Model: parseModel, MirrorPolicy: parsePolicy, ModelStatus: parseStatus };

/** The schema as `model-mirror schema` prints it; its golden case keeps it so. */
function readSchema(kind: string): Schema {
  return JSON.parse(
    readFileSync(join(fixtures, 'schema', kind.toLowerCase(), 'expected/stdout.txt'), 'utf8'),
  ) as Schema;
}

const ajv = new Ajv({ strict: false });
const validators = Object.fromEntries(kinds.map((kind) => [kind, ajv.compile(readSchema(kind))])) as Record<
  (typeof kinds)[number],
  ValidateFunction
>;

/** Whether KServe takes what a template and the overrides say, which only together have all that is required. */
function hasValidSpecs(document: unknown): boolean {
  const spec = valueAt(document, ['spec']);
  const candidates = valueAt(spec, ['candidates']);
  const versions = [
    valueAt(spec, ['primary']),
    valueAt(spec, ['candidate']),
    ...(Array.isArray(candidates) ? candidates : []),
  ];
  const overrides = versions.map((version) => valueAt(version, ['overrides', 'spec']) ?? {});
  return [valueAt(spec, ['template', 'spec']), ...overrides.map(withoutRemovals)].every((one) =>
    checkSpec(one).every(({ code }) => code === 'missing-field' || code === 'unknown-field'),
  );
}

/** A JSON merge patch without the fields that it removes. */
function withoutRemovals(patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  return Object.fromEntries(
    Object.entries(patch).flatMap(([name, inner]) => (inner === null ? [] : [[name, withoutRemovals(inner)]])),
  );
}

for (const kind of kinds)
  test(`every field of ${kind} has a description for editors`, (t) => {
    let explained = 0;
    const look = (schema: Schema, path: string): void => {
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        t.regex(property.description ?? '', /^.{4,}\.$/, `${path}.${name}`);
        explained++;
        look(property, `${path}.${name}`);
      }
      for (const part of [schema.items, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])])
        if (part !== undefined) look(part, `${path}[]`);
    };
    look(readSchema(kind), kind);
    t.true(explained > 10);
  });

test('the printed schema and the validation agree on every file of the golden cases', (t) => {
  let checked = 0;
  const paths = readdirSync(fixtures, { recursive: true, encoding: 'utf8' });
  for (const path of paths.filter(
    (name) => /(^|[./])(model|policy|status)\.yaml$/.test(name) && !name.includes('/link-'),
  )) {
    const kind = /model\.yaml$/.test(path) ? 'Model' : /policy\.yaml$/.test(path) ? 'MirrorPolicy' : 'ModelStatus';
    let text: string;
    let value: unknown;
    try {
      text = readFileSync(join(fixtures, path), 'utf8');
      value = parse(text, { logLevel: 'error' });
    } catch {
      continue;
    }
    const { value: parsed, problems } = parsers[kind]({ path, text });
    // What a schema does not see, what checks must have in common, that steps ascend and how long they last, and that
    // `candidate` and `candidates` are one list.
    const isOther = problems.some(
      ({ code, field }) =>
        /yaml|key|bomb|empty|documents|unrepresentable|precise|several-candidates|analysis-checks/.test(code) ||
        (code === 'out-of-range' && field.startsWith('spec.ramp.')),
    );
    if (isOther) continue;
    t.is(validators[kind](value), parsed !== undefined && (kind !== 'Model' || hasValidSpecs(value)), path);
    checked++;
  }
  t.true(checked > 150);
});

test('the printed schema and the validation agree on documents with one error', (t) => {
  const asWritten: Writing = { seed: 0, style: 'json', lineEnd: '\n', comments: false, quotes: false };
  const wrong = fc.oneof(
    fc.constant(null),
    fc.constant([]),
    fc.constant({}),
    fc.string(),
    fc.integer({ min: -2_000_000, max: 20_000_000 }).map((parts) => parts / 100_000),
    fc.boolean(),
  );
  const check = (kind: 'Model' | 'MirrorPolicy', document: object, steps: readonly number[], put: unknown) => {
    const changed = structuredClone(document) as Record<string, unknown>;
    let at: Record<string, unknown> = changed;
    for (const step of steps) {
      const inner = Object.values(at).filter((value) => typeof value === 'object' && value !== null);
      const next = inner[step % Math.max(1, inner.length)];
      if (next === undefined) break;
      at = next as Record<string, unknown>;
    }
    const keys = [...Object.keys(at), 'more'];
    at[keys[(steps[0] ?? 0) % keys.length] ?? 'more'] = put;
    const text = write(changed, asWritten);
    const { value, problems } = parsers[kind]({ path: 'x', text });
    // What JSON Schema cannot say.
    if (problems.length > 0 && problems.every(({ code }) => /precise|analysis-checks/.test(code))) return;
    t.is(
      validators[kind](JSON.parse(text)),
      value !== undefined && (kind !== 'Model' || hasValidSpecs(changed)),
      `${text}\n${JSON.stringify(validators[kind].errors)}`,
    );
  };
  fc.assert(
    fc.property(
      model,
      policy,
      fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      wrong,
      (someModel, somePolicy, steps, put) => {
        check('Model', someModel, steps, put);
        check('MirrorPolicy', somePolicy, steps, put);
      },
    ),
    { numRuns: times(300, 30) },
  );
});
