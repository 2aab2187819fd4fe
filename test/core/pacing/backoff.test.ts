import test from 'ava';
import fc from 'fast-check';
import { computeBackoff } from '../../../src/core/pacing/backoff.ts';

test('the pause doubles from half a second, and half of it is random', (t) => {
  t.deepEqual(
    [1, 2, 3].map((failures) => [computeBackoff(failures, 0), computeBackoff(failures, 0.5)]),
    [
      [250, 375],
      [500, 750],
      [1000, 1500],
    ],
  );
});

test('a pause is never longer than the longest, and never shorter than half of the first', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 10_000 }),
      (failures, random, first) => {
        const pause = computeBackoff(failures, random, { first, longest: 60_000 });
        t.true(pause <= 60_000 && pause >= Math.floor(first / 2), String(pause));
      },
    ),
  );
});

test('after many failures, the pauses stay between half of the longest and the longest', (t) => {
  for (const failures of [20, 1000, 1e9]) {
    t.is(computeBackoff(failures, 0, { longest: 20_000 }), 10_000);
    t.is(computeBackoff(failures, 1, { longest: 20_000 }), 20_000);
  }
});
