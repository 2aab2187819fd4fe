import test from 'ava';
import fc from 'fast-check';
import type { AnalysisTask } from '../../../src/core/analysis/task.ts';
import { readTask, toTaskText } from '../../../src/core/analysis/task.ts';
import { anyCharacter } from '../../any-character.ts';

const task: AnalysisTask = {
  subject: {
    primary: { name: 'wisdom-0', digest: 'd2-aa' },
    candidate: { name: 'wisdom-1', digest: 'd2-bb' },
    analysis: 'cc',
    step: 0,
    attempt: 0,
  },
  checks: [
    { code: 'errors.candidateOnly', limit: 0.002 },
    { code: 'latency', limit: 0.01, overMs: 200 },
    {
      code: 'agreement',
      limit: 0.02,
      withinNoise: false,
      outputs: [{ name: 'scores', abs: 1e-5, rel: 1e-3 }],
      ignore: ['$.id'],
    },
  ],
  noise: false,
  confidence: 0.95,
  minSamples: 500,
  steps: 4,
  holdMs: 1_800_000,
  shares: [1, 5, 20, 50.5],
};

const written = `{"subject":{"primary":{"name":"wisdom-0","digest":"d2-aa"},"candidate":{"name":"wisdom-1","digest":"d2-bb"},"analysis":"cc","step":0,"attempt":0},"checks":[{"code":"errors.candidateOnly","limit":0.002},{"code":"latency","limit":0.01,"overMs":200},{"code":"agreement","limit":0.02,"withinNoise":false,"outputs":[{"name":"scores","abs":0.00001,"rel":0.001}],"ignore":["$.id"]}],"noise":false,"confidence":0.95,"minSamples":500,"steps":4,"holdMs":1800000,"shares":[1,5,20,50.5]}`;

test('a task is one line of JSON, and read as it was written', (t) => {
  t.is(toTaskText(task), written);
  t.deepEqual(readTask(written), task);
});

const filled = fc.string({ unit: anyCharacter, minLength: 1 });
const limit = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const amount = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value + 0);
const checks = fc.oneof(
  fc.record({ code: fc.constantFrom('errors.candidateOnly' as const, 'errors.rate' as const), limit }),
  fc.record({ code: fc.constant('latency' as const), limit, overMs: amount }),
  fc.record({ code: fc.constant('slower' as const), limit, times: amount.map((value) => value + 1) }),
  fc.record({
    code: fc.constant('agreement' as const),
    limit,
    withinNoise: fc.boolean(),
    outputs: fc.array(
      fc.record(
        { name: filled, abs: amount, rel: amount, top1: fc.boolean(), normalized: fc.boolean() },
        { requiredKeys: ['name'] },
      ),
    ),
    ignore: fc.array(filled),
  }),
);
const version = fc.record({ name: filled, digest: filled });
const tasks: fc.Arbitrary<AnalysisTask> = fc.record({
  subject: fc.record({
    primary: version,
    candidate: version,
    analysis: filled,
    step: fc.nat({ max: 9 }),
    attempt: fc.nat(),
  }),
  checks: fc.array(checks, { minLength: 1 }),
  noise: fc.boolean(),
  confidence: fc.double({ min: 0.5, max: 0.9999, noNaN: true }),
  minSamples: fc.nat(),
  steps: fc.constant(10),
  holdMs: fc.nat(),
  shares: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 10, maxLength: 10 }),
});

test('every task is read as it was written, on one line', (t) => {
  fc.assert(
    fc.property(tasks, (one) => {
      const text = toTaskText(one);
      t.notRegex(text, /[\n\r\u0085\u2028\u2029]/);
      t.deepEqual(readTask(text), one);
    }),
    { numRuns: 200 },
  );
});

test('the order of fields makes no other text', (t) => {
  const { noise, checks: own, subject, ...others } = task;
  const [errors, ...rest] = own;
  const turned = { noise, checks: [{ limit: errors?.limit, code: errors?.code }, ...rest], subject, ...others };
  t.is(toTaskText(turned as AnalysisTask), written);
});

const change = (edit: (value: Record<string, unknown>) => void): string => {
  const value = JSON.parse(written) as Record<string, unknown>;
  edit(value);
  return JSON.stringify(value);
};

const foreign: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  'an object': task,
  'no JSON': `${written},`,
  empty: '',
  'a list': '[]',
  null: 'null',
  'deep nesting': '['.repeat(200_000),
  'a huge text': JSON.stringify('x'.repeat(300_000)),
  'another order': JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(written)).toReversed())),
  spaces: JSON.stringify(JSON.parse(written), null, 1),
  'an unknown field': change((value) => (value['later'] = 1)),
  'an unknown check': change((value) => (value['checks'] = [{ code: 'query', limit: 0.1 }])),
  'no check': change((value) => (value['checks'] = [])),
  'a limit of a percentage': change((value) => (value['checks'] = [{ code: 'errors.rate', limit: 2 }])),
  'a limit of 1e999': written.replace('"limit":0.002', '"limit":1e999'),
  'a key __proto__': written.replace('{"subject"', '{"__proto__":{"noise":true},"subject"'),
  'a key twice': written.replace('"noise":false', '"noise":true,"noise":false'),
  'half a step': written.replace('"step":0', '"step":0.5'),
  'a step after the last': written.replace('"step":0', '"step":4'),
  'no step at all': written.replace('"steps":4', '"steps":0'),
  'a hold that is no whole number': written.replace('1800000', '0.5'),
  'what the release before wrote': written.replace(',"steps":4,"holdMs":1800000,"shares":[1,5,20,50.5]', ''),
  'another number of steps than of shares': written.replace('"steps":4', '"steps":3'),
  'a share of nothing': written.replace('[1,5', '[0,5'),
};

for (const [name, text] of Object.entries(foreign))
  test(`no task: ${name}`, (t) => {
    t.is(readTask(text), undefined);
  });

test('whatever a text holds, reading it does not fail', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.anything()), (text) => {
      t.notThrows(() => readTask(text));
    }),
    { numRuns: 200 },
  );
});
