import test from 'ava';
import type { Block, Coverage } from '../../../src/core/analysis/block.ts';
import { judge, type Look } from '../../../src/core/analysis/judge.ts';
import { look, minute, since, toBlock, toErrors, watch } from './analysis-examples.ts';

const good = (minutes: number, all: number, coverage?: Coverage): readonly Block[] =>
  Array.from({ length: minutes }, (_, i) => toBlock(i, toErrors(0, all), coverage === undefined ? {} : { coverage }));

const lookAt = (minutes: number, more: Partial<Look>) => {
  const now = since + minutes * minute;
  return judge(undefined, { ...look, answeredAt: now, ...more, now }).verdict;
};

test('no copy for ten minutes although the mirror is open is Unknown', (t) => {
  t.is(lookAt(9, {}).verdict, 'Inconclusive');
  t.deepEqual(lookAt(10, {}), {
    verdict: 'Unknown',
    reason: { code: 'no-copies', minutes: 10, expected: undefined },
    counts: [{ bad: 0, all: 0, noiseBad: 0, noiseAll: 0 }],
  });
});

test('how many copies were expected follows from those that arrived before, or from what others know', (t) => {
  const { verdict } = watch(good(5, 12), 15);
  t.like(verdict, { verdict: 'Unknown', reason: { code: 'no-copies', minutes: 10, expected: 120 } });
  t.like(lookAt(10, { expectedPerMinute: 12 }), { reason: { code: 'no-copies', expected: 120 } });
});

test('from copies that arrived in no time at all, no number follows that a status file cannot have', (t) => {
  const [block] = good(1, 12);
  if (block === undefined) throw new Error('there is a block');
  const { verdict } = watch([{ ...block, end: block.start }], 15);
  t.like(verdict, { verdict: 'Unknown', reason: { code: 'no-copies', expected: 1e9 } });
});

test('it ends with the first copy', (t) => {
  const blocks = [...good(5, 12), toBlock(17, toErrors(0, 12))];
  t.is(watch(blocks, 17).verdict.verdict, 'Unknown');
  t.is(watch(blocks, 18).verdict.verdict, 'Inconclusive');
});

test('where a copy arrives now and then, ten minutes without one are chance', (t) => {
  const blocks = [0, 8, 19].map((nth) => toBlock(nth, toErrors(0, 1)));
  t.is(watch(blocks, 35).verdict.verdict, 'Inconclusive');
  t.like(watch(blocks, 60).verdict, { verdict: 'Unknown', reason: { code: 'no-copies', minutes: 40, expected: 6 } });
});

test('a closed mirror sends nothing: that is no blindness', (t) => {
  t.like(lookAt(60, { openSince: undefined, answeredAt: undefined }), {
    verdict: 'Inconclusive',
    waits: [{ code: 'closed' }, { code: 'samples' }, { code: 'open' }],
  });
});

test('ten minutes count from when the mirror was opened', (t) => {
  t.is(lookAt(30, { openSince: since + 21 * minute }).verdict, 'Inconclusive');
  t.is(lookAt(31, { openSince: since + 21 * minute }).verdict, 'Unknown');
});

test('no replica that answers for ten minutes is Unknown', (t) => {
  t.is(lookAt(9, { answeredAt: undefined }).verdict, 'Inconclusive');
  t.like(lookAt(10, { answeredAt: undefined }), { reason: { code: 'no-comparer', since: undefined } });
  const answeredAt = since + 3 * minute;
  t.like(lookAt(13, { answeredAt }), { reason: { code: 'no-comparer', since: answeredAt } });
});

test('too little compared of what arrives is Unknown, and never Passing', (t) => {
  const coverage = { received: 2000, compared: 100, dropped: { busy: 1800, 'too-large': 100 }, unknown: {} };
  const { verdict } = watch(good(10, 100, coverage), 12);
  t.like(verdict, {
    verdict: 'Unknown',
    reason: { code: 'coverage', received: 20_000, compared: 1000, dropped: 19_000, unknown: 0 },
  });
});

test('half dropped by chance is a sample like any other', (t) => {
  const coverage = { received: 200, compared: 100, dropped: { busy: 100 }, unknown: {} };
  t.is(watch(good(10, 100, coverage), 12).verdict.verdict, 'Passing');
});

test('many calls of which nobody knows how they ended are Unknown, neither Passing nor Failing', (t) => {
  const coverage = { received: 100, compared: 80, dropped: {}, unknown: { 'access-denied': 20 } };
  t.like(watch(good(10, 80, coverage), 12).verdict, { verdict: 'Unknown', reason: { code: 'coverage', unknown: 200 } });
  const all = { received: 100, compared: 0, dropped: {}, unknown: { closed: 100 } };
  t.like(watch(good(10, 0, all), 12).verdict, { verdict: 'Unknown', reason: { code: 'coverage', compared: 0 } });
  // A little more than the limit, so that the sequence alone would decide.
  const bad = Array.from({ length: 10 }, (_, i) => toBlock(i, toErrors(3, 80), { coverage }));
  t.is(watch(bad, 12).verdict.verdict, 'Unknown');
  t.is(
    watch(
      bad.map(({ coverage: _, ...block }) => ({ ...block, coverage: { ...coverage, unknown: {} } })),
      12,
    ).verdict.verdict,
    'Failing',
  );
});

test('answers of one version for both are Unknown with a reason of their own', (t) => {
  const coverage = { received: 100, compared: 40, dropped: {}, unknown: { 'same-version': 50, closed: 10 } };
  t.deepEqual(watch(good(10, 40, coverage), 12).verdict, {
    verdict: 'Unknown',
    reason: { code: 'one-version', asked: 1000, unknown: 600 },
    counts: [{ bad: 0, all: 400, noiseBad: 0, noiseAll: 0 }],
  });
});

test('after a bad hour it takes more good ones until the whole is a sample again', (t) => {
  const bad = { received: 1000, compared: 100, dropped: {}, unknown: { closed: 900 } };
  const blocks = [...good(10, 100, bad), ...Array.from({ length: 15 }, (_, i) => toBlock(10 + i, toErrors(0, 100)))];
  t.like(watch(blocks, 24).verdict, { verdict: 'Inconclusive', waits: [{ code: 'coverage' }] });
});

test('the brake does not wait for coverage: what was bad was bad', (t) => {
  const coverage = { received: 2000, compared: 100, dropped: { busy: 1900 }, unknown: {} };
  t.like(watch([toBlock(0, toErrors(50, 100), { coverage })], 2).verdict, { verdict: 'Failing' });
});

test('Passing stands while nothing is seen, and it is visible that nothing is', (t) => {
  const { verdict } = watch(good(10, 100), 30);
  t.like(verdict, { verdict: 'Passing', blind: { code: 'no-copies', minutes: 20, expected: 2000 } });
});
