import test from 'ava';
import fc from 'fast-check';
import type { BlockPage } from '../../../src/core/analysis/block.ts';
import { readPage } from '../../../src/core/analysis/read-page.ts';
import { minute, since, subject, toBlock, toErrors } from './analysis-examples.ts';

const whole = toBlock(0, [{ check: 'agreement', bad: 1, all: 9, noiseBad: 2, noiseAll: 8 }, ...toErrors(0, 10)]);
const sum = { ...whole, end: since + 600 * minute };
const page: BlockPage = {
  replica: 'a',
  isStart: true,
  sums: [sum],
  hasMoreSums: false,
  first: 7,
  blocks: [whole],
  next: 'a.7',
  hasMore: false,
};

test('what a replica writes is read back', (t) => {
  const early = { ...whole, start: since + 31_200, end: since + 36_200 };
  const written = { ...page, blocks: [whole, early] };
  t.deepEqual(readPage(JSON.parse(JSON.stringify(written))), written);
});

const counts = (count: unknown) => ({ counts: [count] });
const count = { check: 'errors', bad: 1, all: 10 };
const neither: Readonly<Record<string, object>> = {
  'more bad than all': counts({ ...count, bad: 11 }),
  'more bad than all of the noise': counts({ ...count, noiseBad: 1 }),
  negative: counts({ ...count, bad: -1 }),
  'a fraction': counts({ ...count, bad: 0.5 }),
  huge: counts({ ...count, all: 1e300 }),
  'no number': counts({ ...count, all: null }),
  text: counts({ ...count, all: '10' }),
  'the same check twice': { counts: [count, count] },
  'ends before it begins': { end: since - 1 },
  'begins with a fraction': { start: since + 0.5 },
  'a time that is none': { start: 1e18, end: 1e18 },
  'another form of subject': { subject: { ...subject, step: -1 } },
  'no candidate': { subject: { ...subject, candidate: undefined } },
  'no attempt': { subject: { ...subject, attempt: undefined } },
  'a long name': { model: 'x'.repeat(501) },
  'counts that are no list': { counts: { 0: count } },
  'no coverage': { coverage: undefined },
  'reasons that are no numbers': { coverage: { ...whole.coverage, dropped: { busy: 'often' } } },
  'more than can be': { coverage: { ...whole.coverage, received: 2 ** 53 } },
};

test('what is no block has no counts, but its number: those after it keep theirs', (t) => {
  const wrong = { ...neither, 'ends after the minute': { end: since + minute + 1 } };
  for (const [what, change] of Object.entries(wrong))
    t.deepEqual(readPage({ ...page, blocks: [{ ...whole, ...change }, whole] })?.blocks, [undefined, whole], what);
  const blocks = [null, 1, 'x', [], [whole], whole];
  t.deepEqual(readPage({ ...page, blocks })?.blocks, [undefined, undefined, undefined, undefined, undefined, whole]);
});

test('what is no sum is left out, and those beside it are read', (t) => {
  for (const [what, change] of Object.entries(neither))
    t.deepEqual(readPage({ ...page, sums: [{ ...sum, ...change }, sum] })?.sums, [sum], what);
});

test('what is no page is none', (t) => {
  const { first: _, ...without } = page;
  for (const value of [null, undefined, 0, 'x', [], [whole], whole, without]) t.is(readPage(value), undefined);
  for (const change of [{ replica: '' }, { first: 0 }, { next: '' }, { next: 'x'.repeat(1001) }, { blocks: {} }])
    t.is(readPage({ ...page, ...change }), undefined, JSON.stringify(change).slice(0, 50));
  t.is(readPage({ ...page, blocks: new Array(10_001).fill(null) }), undefined);
});

test('whatever a replica sends is read without failing', (t) => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.array(fc.tuple(fc.constantFrom(...Object.keys(whole)), fc.jsonValue())),
      fc.array(fc.tuple(fc.constantFrom(...Object.keys(page)), fc.jsonValue())),
      (value, changes, more) => {
        readPage(value);
        const changed = { ...whole, ...Object.fromEntries(changes) };
        readPage({ ...page, ...Object.fromEntries(more) });
        const { sums = [], blocks = [] } = readPage({ ...page, sums: [changed], blocks: [changed] }) ?? {};
        for (const { start, end, counts: all } of [...sums, ...blocks.flatMap((block) => block ?? [])]) {
          t.true(Number.isSafeInteger(start) && start <= end);
          for (const one of all)
            t.true(Number.isSafeInteger(one.bad) && Number.isSafeInteger(one.all) && one.bad <= one.all);
        }
      },
    ),
    { numRuns: 500 },
  );
});
