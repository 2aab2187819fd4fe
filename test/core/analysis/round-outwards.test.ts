import test from 'ava';
import fc from 'fast-check';
import { roundOutwards } from '../../../src/core/analysis/round-outwards.ts';

const nowhere = { above: 2, below: -1 };
const round = (low: number, high: number) => roundOutwards({ low, high }, nowhere);

test('bounds have two significant digits, away from each other', (t) => {
  t.deepEqual(round(0.006226, 0.02666), { low: 0.0062, high: 0.027 });
  t.deepEqual(round(0.00699, 0.0211), { low: 0.0069, high: 0.022 });
  t.deepEqual(round(0.9999, 0.9999), { low: 0.99, high: 1 });
  t.deepEqual(round(0.29, 0.29), { low: 0.29, high: 0.29 });
  t.deepEqual(round(0, 1), { low: 0, high: 1 });
});

test('more digits are kept where two would hide on which side of the limit a bound is', (t) => {
  t.deepEqual(roundOutwards({ low: 0.010_04, high: 0.5 }, { above: 0.01, below: 0.01 }), { low: 0.010_04, high: 0.5 });
  t.deepEqual(roundOutwards({ low: 0, high: 0.009_96 }, { above: 0.0099, below: 0.0099 }), { low: 0, high: 0.01 });
  t.deepEqual(roundOutwards({ low: 0, high: 0.019_84 }, { above: 0.0199, below: 0.0199 }), { low: 0, high: 0.0199 });
});

test('rounded bounds contain the exact ones, are at most a tenth wider, and are on the same side of the limit', (t) => {
  const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1e-12, max: 1e-6, noNaN: true }));
  fc.assert(
    fc.property(share, share, share, (one, other, limit) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      const rounded = roundOutwards({ low, high }, { above: limit, below: limit });
      t.true(rounded.low <= low && rounded.low >= low * 0.9);
      t.true(rounded.high >= high && rounded.high <= high * 1.100_000_1);
      t.is(rounded.low > limit, low > limit);
      t.is(rounded.high <= limit, high <= limit);
    }),
    { numRuns: 3000 },
  );
});
