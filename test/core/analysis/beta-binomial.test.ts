import test from 'ava';
import fc from 'fast-check';
import { computeBounds, findSide } from '../../../src/core/analysis/beta-binomial.ts';
import { logBeta } from '../../../src/core/analysis/log-beta.ts';

/** The evidence against p, call by call, as the definition has it: no beta function in it. */
function toEvidence(bad: number, all: number, limit: number, p: number): number {
  const b = limit === 0 ? 0.5 : 0.5 / limit;
  let evidence = 0;
  for (let i = 0; i < bad; i++) evidence += Math.log((0.5 + i) / p);
  for (let i = 0; i < all - bad; i++) evidence += Math.log((b + i) / (1 - p));
  for (let i = 0; i < all; i++) evidence -= Math.log(0.5 + b + i);
  return evidence;
}

const limits = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 1e-4, max: 1, noNaN: true }));
const alphas = fc.double({ min: 1e-6, max: 0.5, noNaN: true });
const counts = (most: number) => fc.nat(most).chain((all) => fc.record({ all: fc.constant(all), bad: fc.nat(all) }));

test('the bounds that the facts give for counts are computed', (t) => {
  const failing = computeBounds({ bad: 30, all: 2130 }, 0.002, 0.025);
  t.is(failing.low.toPrecision(2), '0.0062');
  t.is(failing.high.toPrecision(2), '0.027');
  const passing = computeBounds({ bad: 4, all: 2130 }, 0.01, 0.025);
  t.is(passing.low.toPrecision(2), '0.00020');
  t.is(passing.high.toPrecision(2), '0.0068');
});

test('four failures of four calls exceed a limit of 1 %, and three do not', (t) => {
  t.true(computeBounds({ bad: 4, all: 4 }, 0.01, 0.05).low > 0.01);
  t.false(computeBounds({ bad: 3, all: 3 }, 0.01, 0.05).low > 0.01);
});

test('without any call nothing is excluded', (t) => {
  t.deepEqual(computeBounds({ bad: 0, all: 0 }, 0.01, 0.05), { low: 0, high: 1 });
});

test('a limit of 0 is exceeded by the first bad call, and never proven', (t) => {
  t.true(computeBounds({ bad: 1, all: 1e6 }, 0, 0.01).low > 0);
  t.true(computeBounds({ bad: 0, all: 1e8 }, 0, 0.01).high > 0);
});

test('a limit of 1 is never exceeded', (t) => {
  t.false(computeBounds({ bad: 1e8, all: 1e8 }, 1, 0.01).low > 1);
  t.true(computeBounds({ bad: 1e8, all: 1e8 }, 1, 0.01).high <= 1);
});

test('at each bound the evidence is exactly what alpha demands', (t) => {
  fc.assert(
    fc.property(counts(400), limits, alphas, ({ bad, all }, limit, alpha) => {
      const { low, high } = computeBounds({ bad, all }, limit, alpha);
      t.true(low >= 0 && low <= high && high <= 1);
      if (all > 0) t.true(low <= bad / all && high >= bad / all);
      for (const bound of [low, high].filter((p) => p > 1e-12 && p < 1 - 1e-7))
        t.true(Math.abs(toEvidence(bad, all, limit, bound) + Math.log(alpha)) < 1e-7);
    }),
    { numRuns: 300 },
  );
});

test('more bad calls raise both bounds, and a smaller alpha widens them', (t) => {
  fc.assert(
    fc.property(counts(1e8), limits, alphas, ({ bad, all }, limit, alpha) => {
      const { low, high } = computeBounds({ bad, all }, limit, alpha);
      if (bad < all) {
        const worse = computeBounds({ bad: bad + 1, all }, limit, alpha);
        t.true(worse.low >= low * (1 - 1e-9) && worse.high >= high * (1 - 1e-9));
      }
      const wider = computeBounds({ bad, all }, limit, alpha / 2);
      t.true(wider.low <= low * (1 + 1e-9) && wider.high >= high * (1 - 1e-9));
    }),
  );
});

test('on which side of the bounds the limit is follows from them', (t) => {
  const found = new Map<string, number>();
  fc.assert(
    fc.property(counts(1e5), limits, alphas, (count, limit, alpha) => {
      const side = findSide(count, limit, alpha) ?? 'unknown';
      const { low, high } = computeBounds(count, limit, alpha);
      if (side === 'below') t.true(low > limit);
      if (side === 'above') t.true(high <= limit);
      if (side === 'between') t.true(low <= limit && limit < high);
      found.set(side, (found.get(side) ?? 0) + 1);
    }),
    { numRuns: 3000 },
  );
  for (const side of ['below', 'above', 'between', 'unknown']) t.true((found.get(side) ?? 0) > 20, side);
});

test('the logarithm of the beta function is what products of fractions give', (t) => {
  // B(m, n) = (m - 1)! (n - 1)! / (m + n - 1)!
  t.true(Math.abs(logBeta(1, 1)) < 1e-14);
  t.true(Math.abs(logBeta(3, 4) - Math.log(1 / 60)) < 1e-14);
  t.true(Math.abs(logBeta(0.5, 0.5) - Math.log(Math.PI)) < 1e-14);
  t.true(Math.abs(logBeta(1, 1e8) + Math.log(1e8)) < 1e-13);
  t.true(Math.abs(logBeta(1e8, 2) + Math.log(1e8) + Math.log(1e8 + 1)) < 1e-13);
});
