import test from 'ava';
import * as v from 'valibot';
import { verify } from '../../../src/core/analysis/verify.ts';
import type { Decided } from '../../../src/core/input/verdict-schema.ts';
import { verdictSchema } from '../../../src/core/input/verdict-schema.ts';
import { look, toBlock, toBlocks, toErrors, watch, withinNoise } from './analysis-examples.ts';

function toDecided(found: ReturnType<typeof watch>): Decided {
  if (found.judging.decided === undefined) throw new Error('nothing was decided');
  return found.judging.decided;
}

const passing = toDecided(
  watch(
    toBlocks(
      Array.from({ length: 12 }, () => 0),
      100,
    ),
    12,
  ),
);
const failing = toDecided(watch(toBlocks([1, 3, 4, 5, 4], 50), 10));
const braked = toDecided(watch([toBlock(0, toErrors(50, 100))], 2));
const noisy = toDecided(
  watch(
    Array.from({ length: 40 }, (_, i) =>
      toBlock(i, [{ check: 'agreement.withinNoise', bad: 15, all: 500, noiseBad: 15, noiseAll: 500 }]),
    ),
    42,
    { analysis: { ...look.analysis, checks: [withinNoise] } },
  ),
);

const [check] = failing.checks;
if (check === undefined) throw new Error('a verdict has checks');

test('a verdict that was decided follows from its numbers, also once it was in a file', (t) => {
  t.deepEqual(
    [passing, failing, braked, noisy].map(({ verdict, by }) => `${verdict} ${by}`),
    ['Passing sequence', 'Failing sequence', 'Failing brake', 'Passing sequence'],
  );
  for (const decided of [passing, failing, braked, noisy]) {
    t.deepEqual(verify(decided), []);
    const read = v.parse(verdictSchema, JSON.parse(JSON.stringify(decided)));
    t.deepEqual(read, JSON.parse(JSON.stringify(decided)));
    t.deepEqual(verify(read as Decided), []);
  }
});

test('a figure that anyone changed does not follow', (t) => {
  const change = (fields: Partial<typeof check>) => verify({ ...failing, checks: [{ ...check, ...fields }] });
  t.like(change({ low: check.low * 2 }), [
    { code: 'bound', bound: 'low', written: check.low * 2, computed: check.low },
  ]);
  t.like(change({ high: 0.5 }), [{ code: 'bound', bound: 'high', written: 0.5 }]);
  for (const fields of [{ bad: check.bad + 1 }, { all: check.all + 10 }, { limit: 0.1 }])
    t.true(
      change(fields).some(({ code }) => code === 'bound'),
      JSON.stringify(fields),
    );
  t.deepEqual(change({ bad: check.all + 1 }), [{ code: 'counts', check: check.check }, { code: 'nothing-over' }]);
  const [own] = noisy.checks;
  if (own?.noise === undefined) return t.fail();
  t.like(verify({ ...noisy, checks: [{ ...own, noise: { ...own.noise, high: 0.9 } }] }), [{ bound: 'noise.high' }]);
});

test('the other verdict does not follow from the same numbers', (t) => {
  t.deepEqual(verify({ ...passing, verdict: 'Failing' }), [{ code: 'nothing-over' }]);
  t.deepEqual(verify({ ...failing, verdict: 'Passing', minSamples: 0 }), [
    { code: 'not-within', check: 'errors.candidateOnly' },
  ]);
});

test('Passing on fewer calls than needed does not follow', (t) => {
  const [own] = passing.checks;
  t.deepEqual(verify({ ...passing, minSamples: 5000 }), [
    { code: 'too-few', check: 'errors.candidateOnly', all: own?.all, needed: 5000 },
  ]);
});

test('the error probability is that of the analysis, or the one of the brake', (t) => {
  for (const change of [{ confidence: 0.5 }, { steps: 9 }])
    t.true(verify({ ...passing, ...change }).some(({ code }) => code === 'bound'));
  t.deepEqual(verify({ ...passing, confidence: 1 }), [{ code: 'budget' }]);
  t.deepEqual(verify({ ...braked, budget: 0.5 }), [{ code: 'budget' }]);
  t.deepEqual(verify({ ...braked, verdict: 'Passing', minSamples: 0 }).at(-1), { code: 'budget' });
});

test('each check counts once, and a rule is known or not', (t) => {
  t.deepEqual(verify({ ...failing, rule: 'beta-binomial/2' }), [{ code: 'unknown-rule', rule: 'beta-binomial/2' }]);
  t.true(verify({ ...failing, checks: [check, check] }).some(({ code }) => code === 'repeated-check'));
});

test('a file that holds no verdict is not read as one', (t) => {
  for (const change of [{ verdict: 'Fine' }, { checks: [] }, { confidence: 2 }, { subject: {} }, { by: 'people' }])
    t.false(v.safeParse(verdictSchema, { ...failing, ...change }).success, JSON.stringify(change));
  t.true(v.safeParse(verdictSchema, { ...failing, later: 'a field of a newer watcher' }).success);
});
