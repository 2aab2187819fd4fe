/** The check of a spec agrees with a validator of JSON Schema on the same schema. */
import { Ajv } from 'ajv';
import test from 'ava';
import fc from 'fast-check';
import { kserveSchema } from '../../../src/core/serving/kserve-schema.ts';
import { checkSpec } from '../../../src/core/serving/spec-check.ts';
import type { SchemaNode } from '../../../src/core/serving/spec-schema.ts';
import { toSpecDefinitions } from '../../../src/output/editor-schema/spec-json-schema.ts';
import { times } from '../../thorough.ts';

const nodes = JSON.parse(kserveSchema) as readonly SchemaNode[];
const at = (index: number) => nodes[index] as SchemaNode;
const root = nodes.length - 1;

/** The compact schema as JSON Schema that refuses unknown fields. */
function toJsonSchema(node: SchemaNode): object {
  const { type, fields, values, required, enum: choices, pattern, isInt32, least, most } = node;
  const ref = (index: number) => ({ $ref: `#/$defs/${index}` });
  const rest = {
    ...(choices === undefined ? {} : { enum: choices }),
    ...(pattern === undefined ? {} : { pattern }),
  };
  switch (type) {
    case 'object':
      return {
        type,
        ...(required === undefined ? {} : { required }),
        properties: Object.fromEntries(Object.entries(fields ?? {}).map(([name, index]) => [name, ref(index)])),
        additionalProperties: values === undefined ? false : ref(values),
      };
    case 'array':
      return { type, items: ref(values ?? 0), ...(least === undefined ? {} : { minItems: least }) };
    case 'string':
      return {
        type,
        ...rest,
        ...(least === undefined ? {} : { minLength: least }),
        ...(most === undefined ? {} : { maxLength: most }),
      };
    case 'int-or-string':
      return { type: ['integer', 'string'], ...rest };
    default:
      return {
        type,
        ...(isInt32 === true ? { minimum: -2147483648, maximum: 2147483647 } : {}),
        ...(least === undefined ? {} : { minimum: least }),
        ...(most === undefined ? {} : { maximum: most }),
      };
  }
}

const validate = new Ajv({ strict: false }).compile({
  $ref: `#/$defs/${root}`,
  $defs: Object.fromEntries(nodes.map((node, index) => [index, toJsonSchema(node)])),
});

const wrong = fc.constantFrom<unknown>(
  null,
  true,
  '',
  'text',
  '10Gi',
  '2 GB',
  0,
  -1,
  0.5,
  7,
  2147483648,
  [],
  [1],
  [{}],
  {},
  { name: 'a' },
);

/** A value of a part of the schema, wrong in one place out of forty. */
function draw(gen: fc.GeneratorValue, node: SchemaNode, depth: number): unknown {
  if (gen(fc.integer, { min: 1, max: 40 }) === 40) return gen(() => wrong);
  const { type, fields = {}, values, required = [], enum: choices, pattern } = node;
  switch (type) {
    case 'object': {
      const names = Object.keys(fields);
      const some =
        depth > 7 || names.length === 0
          ? []
          : gen(fc.subarray<string>, names, { maxLength: Math.min(3, names.length) });
      const own = Object.fromEntries(
        [...new Set([...required, ...some])].map((name) => [name, draw(gen, at(fields[name] ?? 0), depth + 1)]),
      );
      const more = values === undefined ? {} : { 'a.b/c': draw(gen, at(values), depth + 1) };
      return { ...own, ...more, ...(gen(fc.integer, { min: 1, max: 80 }) === 80 ? { unknownField: 1 } : {}) };
    }
    case 'array':
      return depth > 7 && node.least === undefined ? [] : [draw(gen, at(values ?? 0), depth + 1)];
    case 'string':
      return choices?.[0] ?? (pattern === undefined ? 'text' : gen(fc.constantFrom, 'abc', '/abc', 'a b'));
    case 'int-or-string':
      return gen(fc.constantFrom<(number | string)[]>, 3, '500m', '2Gi', '1e3');
    case 'boolean':
      return gen(fc.boolean);
    default:
      return gen(fc.constantFrom, 0, 1, 100);
  }
}

test('the check finds something in exactly the specs that a validator refuses', (t) => {
  const runs = times(600, 70);
  let refused = 0;
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      const spec = draw(gen, at(root), 0);
      const findings = checkSpec(spec);
      if (findings.length > 0) refused++;
      t.is(findings.length === 0, validate(spec), `${JSON.stringify(spec)}\n${JSON.stringify(findings)}`);
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
  t.true(refused > runs / 12 && refused < runs - runs / 12, `${refused} refused`);
});

test('the schema for editors takes exactly the specs in which the check finds at most that something is missing or unknown', (t) => {
  const { definitions, spec, patch } = toSpecDefinitions();
  const toValidator = (schema: object) => new Ajv({ strict: false }).compile({ ...schema, definitions });
  const [isTemplate, isPatch] = [toValidator(spec), toValidator(patch)];
  const runs = times(600, 70);
  let refused = 0;
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      const value = draw(gen, at(root), 0);
      const isFine = checkSpec(value).every(({ code }) => code === 'missing-field' || code === 'unknown-field');
      if (!isFine) refused++;
      t.is(isTemplate(value), isFine, JSON.stringify(value));
      // Whatever a template may have, a patch may set.
      if (isFine) t.true(isPatch(value), JSON.stringify(value));
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
  t.true(refused > runs / 20 && refused < runs - runs / 20, `${refused} refused`);
});

const inPredictor = (fields: object) => ({ predictor: { model: { modelFormat: { name: 'sklearn' } }, ...fields } });

test('what a newer KServe may know is a warning, what no KServe takes an error', (t) => {
  t.like(checkSpec(inPredictor({ reserved: true })), {
    length: 1,
    0: { code: 'unknown-field', severity: 'warning', on: 'key', path: ['spec', 'predictor', 'reserved'] },
  });
  t.like(checkSpec(inPredictor({ minReplicas: 'two' })), {
    length: 1,
    0: { code: 'wrong-type', severity: 'error', on: 'value', path: ['spec', 'predictor', 'minReplicas'] },
  });
});

test('a misspelt field has a suggestion', (t) => {
  for (const [written, meant] of [
    ['minReplica', 'minReplicas'],
    ['MinReplicas', 'minReplicas'],
    ['nodeselector', 'nodeSelector'],
  ] as const)
    t.is(String(checkSpec(inPredictor({ [written]: 1 }))[0]?.hint), `did you mean "${meant}"?`);
});

test('a value that only needs other quotes has a hint that is right', (t) => {
  const hints = [
    [inPredictor({ minReplicas: '2' }), 'write 2'],
    [inPredictor({ hostIPC: 'yes' }), 'write true'],
    [inPredictor({ serviceAccountName: 7 }), 'put quotes around it'],
    [inPredictor({ nodeSelector: { gpu: true } }), 'put quotes around it'],
  ] as const;
  for (const [spec, hint] of hints) t.is(String(checkSpec(spec)[0]?.hint), hint);
});

test('a spec of a thousand mistakes is not read to its end', (t) => {
  const volumes = Array.from({ length: 100_000 }, (_, i) => ({ name: i }));
  t.is(checkSpec(inPredictor({ volumes })).length, 101);
});
