import test from 'ava';
import { Ledger } from '../../src/compare/ledger.ts';

const minute = 60_000;
/** A whole minute. */
const start = 1_800_000_000_000;
const version = (name: string) => ({ name, digest: name });
const subject = { primary: version('m-0'), candidate: version('m-1'), analysis: 'ff', step: 0, attempt: 0 };
const check = { code: 'errors.rate', limit: 0.01 } as const;
const terms = { checks: [check], noise: false, confidence: 0.95, minSamples: 500, steps: 1, holdMs: 0 };
const task = { subject, ...terms };
const target = { key: 'm', namespace: 'models', model: 'm', task };
const bad = { end: { is: 'unknown', reason: 'any' }, counts: [{ check: 'errors.rate', bad: 1, all: 1 }] } as const;

test('a clock that was an hour ahead is put back: what is counted from then on is published as soon as ever', (t) => {
  const ledger = new Ledger('a');
  ledger.add(target, bad, start + 60 * minute);
  ledger.add(target, bad, start + 1000);
  const blocks = ledger.publish(start + 7000);
  t.deepEqual(
    blocks.map(({ start: from, end, counts }) => [(from - start) / 1000, (end - start) / 1000, counts[0]?.all]),
    [
      [3600, 3600, 1],
      [0, 7, 1],
    ],
  );
  t.is(new Set(blocks.map(({ id }) => id)).size, 2);
});

test('a clock that is put back by seconds makes no blocks that overlap', (t) => {
  const ledger = new Ledger('a');
  ledger.add(target, bad, start + 30_000);
  t.is(ledger.publish(start + 36_000).length, 1);
  ledger.add(target, bad, start + 20_000);
  const [first, second] = ledger.publish(start + 2 * minute);
  t.true((second?.start ?? 0) >= (first?.end ?? Number.POSITIVE_INFINITY));
});
