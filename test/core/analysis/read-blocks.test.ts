import test from 'ava';
import fc from 'fast-check';
import { readBlocks } from '../../../src/core/analysis/read-blocks.ts';
import { minute, since, subject, toBlock, toErrors } from './analysis-examples.ts';

const whole = toBlock(0, [{ check: 'agreement', bad: 1, all: 9, noiseBad: 2, noiseAll: 8 }, ...toErrors(0, 10)]);

test('what a replica writes is read back', (t) => {
  const early = { ...whole, id: 'b', start: since + 31_200, end: since + 36_200 };
  t.deepEqual(readBlocks(JSON.parse(JSON.stringify([whole, early]))), [whole, early]);
});

test('what is not a block is left out, and those beside it are read', (t) => {
  const counts = (count: unknown) => ({ counts: [count] });
  const count = { check: 'errors', bad: 1, all: 10 };
  const wrong: Readonly<Record<string, unknown>> = {
    'more bad than all': counts({ ...count, bad: 11 }),
    'more bad than all of the noise': counts({ ...count, noiseBad: 1 }),
    negative: counts({ ...count, bad: -1 }),
    'a fraction': counts({ ...count, bad: 0.5 }),
    huge: counts({ ...count, all: 1e300 }),
    'no number': counts({ ...count, all: null }),
    text: counts({ ...count, all: '10' }),
    'the same check twice': { counts: [count, count] },
    'no id': { id: '' },
    'a long id': { id: 'x'.repeat(501) },
    'ends before it begins': { end: since - 1 },
    'ends after the minute': { end: since + minute + 1 },
    'begins with a fraction': { start: since + 0.5 },
    'a time that is none': { start: 1e18, end: 1e18 },
    'another form of subject': { subject: { ...subject, step: -1 } },
    'no candidate': { subject: { ...subject, candidate: undefined } },
    'no attempt': { subject: { ...subject, attempt: undefined } },
    'counts that are no list': { counts: { 0: count } },
    'no coverage': { coverage: undefined },
    'reasons that are no numbers': { coverage: { ...whole.coverage, dropped: { busy: 'often' } } },
    'more than can be': { coverage: { ...whole.coverage, received: 2 ** 53 } },
  };
  for (const [what, change] of Object.entries(wrong))
    t.deepEqual(readBlocks([{ ...whole, ...(change as object) }, whole]), [whole], what);
  t.deepEqual(readBlocks([null, 1, 'x', [], [whole], whole]), [whole]);
});

test('what is no list has no blocks', (t) => {
  for (const value of [null, undefined, 0, 'x', whole, { length: 1, 0: whole }]) t.deepEqual(readBlocks(value), []);
});

test('whatever a replica sends is read without failing', (t) => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.array(fc.tuple(fc.constantFrom(...Object.keys(whole)), fc.jsonValue())),
      (value, changes) => {
        readBlocks(value);
        const changed = { ...whole, ...Object.fromEntries(changes) };
        for (const { counts, start, end } of readBlocks(JSON.parse(JSON.stringify([changed])))) {
          t.true(Number.isSafeInteger(start) && start <= end);
          for (const { bad, all } of counts)
            t.true(Number.isSafeInteger(bad) && Number.isSafeInteger(all) && bad <= all);
        }
      },
    ),
    { numRuns: 500 },
  );
});
