/** A hint is right: an edit that follows it fixes the problem. */
import test from 'ava';
import fc from 'fast-check';
import type { Problem } from '../../../src/core/diagnostics/problem.ts';
import { parsePolicy } from '../../../src/core/input/parse-document.ts';
import { times } from '../../thorough.ts';

const wrap = (field: string, written: string) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: a}\nspec: ${field.replace('_', written)}\n`;

const problemsOf = (field: string, written: string): readonly Problem[] =>
  parsePolicy({ path: 'policy.yaml', text: wrap(field, written) }).problems;

const duration = '{routing: {timeout: _}}';
const otherDuration = '{routing: {mirrorTimeout: _}}';
const percentage = '{mirrorPercentage: _}';
const limit = '{limits: {maxMirrorPercentage: _}}';
const port = '{routing: {service: {port: _}}}';
const truth = '{routing: {gateway: {create: _}}}';
const label = '{routing: {gateway: {selector: {istio: _}}}}';
const fields = [duration, otherDuration, percentage, limit, port, truth, label];

const expected: readonly (readonly [field: string, written: string, hint: string])[] = [
  [duration, '30', 'write 30s'],
  [duration, '"30"', 'write 30s'],
  [otherDuration, '2', 'write 2s'],
  [otherDuration, '0.5', 'write 0.5s'],
  [duration, '30 s', 'write 30s'],
  [duration, '30sec', 'write 30s'],
  [duration, '5 min', 'write 5m'],
  [duration, '500 msec', 'write 500ms'],
  [duration, '0x10', 'write 16s'],
  [percentage, '"20"', 'write 20'],
  [percentage, '20%', 'write 20'],
  [percentage, '0.5 %', 'write 0.5'],
  [limit, "'50%'", 'write 50'],
  [port, '"8033"', 'write 8033'],
  [truth, '"true"', 'write true'],
  [truth, '"No"', 'write false'],
  [truth, 'yes', 'write true'],
  [label, 'true', 'put quotes around it'],
  [label, '1.10', 'put quotes around it'],
];

for (const [field, written, hint] of expected)
  test(`${field.replace('_', written)}: ${hint}`, (t) => {
    t.like(problemsOf(field, written), { length: 1, 0: { hint, line: 4 } });
  });

const numeral = fc.oneof(
  fc.integer({ min: -5, max: 70_000 }).map(String),
  fc.integer({ min: 0, max: 1_000_000 }).map((parts) => String(parts / 1000)),
  fc.constantFrom('010', '0644', '1_000', '0x50', '0o17', '+5', '.5', '1e1'),
);
const written = fc.oneof(
  numeral,
  fc.constantFrom('yes', 'No', 'on', 'off', 'true', 'False', 'y', 'n', '"yes"', "'true'"),
  fc
    .tuple(numeral, fc.constantFrom('', '%', ' %', 's', ' s', 'ms', 'sec', ' minutes', 'm', 'h', 'd', 'k'))
    .map(([number, unit]) => number + unit),
  numeral.map((number) => `"${number}"`),
);

test('every value in a hint is accepted', (t) => {
  const followed = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...fields), written, (field, value) => {
      const [problem] = problemsOf(field, value);
      if (problem === undefined) return;
      const advised = [...problem.hint.matchAll(/write (\S+?)(?=$|,? or )/g)].map(([, word = '']) => word);
      const choices = advised.filter((word) => /^(?:[-+.\d]\S*|true|false)$/.test(word));
      if (problem.hint.includes('put quotes around it')) choices.push(`"${value}"`);
      for (const choice of choices) {
        t.deepEqual(problemsOf(field, choice), [], `${wrap(field, value)}: ${problem.hint}`);
        followed.add(field);
      }
    }),
    { numRuns: times(1500, 300) },
  );
  t.is(followed.size, fields.length);
});
