import test from 'ava';
import fc from 'fast-check';
import { findStanding } from '../../../src/core/analysis/figures.ts';
import { forecast } from '../../../src/core/analysis/forecast.ts';

const check = { id: 'errors.rate', limit: 0.01, withinNoise: false };
const terms = { alpha: 0.05, minSamples: 0, perMinute: 9 };
const toCount = (bad: number, all: number) => ({ bad, all, noiseBad: 0, noiseAll: 0 });

test('without errors, what is missing to the 425 calls of the facts is missing', (t) => {
  const { towards, missing, minutes } = forecast(check, toCount(0, 212), terms);
  t.is(towards, 'Passing');
  t.true(missing !== undefined && Math.abs(212 + missing - 425) <= 25, `${missing}`);
  t.is(minutes, (missing ?? 0) / 9);
});

test('Passing also waits for the least number of calls', (t) => {
  t.like(forecast(check, toCount(0, 1000), { ...terms, minSamples: 1500 }), { towards: 'Passing', missing: 500 });
});

test('above the limit it goes towards Failing, the faster the farther', (t) => {
  const slow = forecast(check, toCount(4, 200), terms);
  const fast = forecast(check, toCount(20, 200), terms);
  t.is(slow.towards, 'Failing');
  t.true((slow.missing ?? 0) > 100);
  t.like(fast, { towards: 'Failing', missing: 0, minutes: 0 });
});

test('at the limit, or without any call a minute, no time is named', (t) => {
  t.deepEqual(forecast(check, toCount(10, 1000), terms), {
    towards: 'Passing',
    missing: undefined,
    minutes: undefined,
  });
  t.is(forecast(check, toCount(0, 10), { ...terms, perMinute: 0 }).minutes, undefined);
  t.is(forecast({ ...check, limit: 0 }, toCount(0, 1000), terms).missing, undefined);
});

test('after so many more calls at that proportion it is decided, and not one call before', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 0.3, noNaN: true }), (all, share) => {
      const count = toCount(Math.round(all * share), all);
      const { towards, missing } = forecast(check, count, terms);
      if (missing === undefined) return;
      const after = (calls: number) =>
        findStanding(check, { ...count, bad: (count.bad * calls) / all, all: calls }, terms.alpha);
      t.is(after(all + missing), towards === 'Failing' ? 'over' : 'within');
      if (missing > 0) t.is(after(all + missing - 1), 'open');
    }),
  );
});
