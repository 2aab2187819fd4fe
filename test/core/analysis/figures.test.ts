import test from 'ava';
import { computeBounds } from '../../../src/core/analysis/beta-binomial.ts';
import { computeAlpha } from '../../../src/core/analysis/budget.ts';
import { computeFigures, toStanding } from '../../../src/core/analysis/figures.ts';

const count = { bad: 30, all: 1000, noiseBad: 20, noiseAll: 900 };

test('a check has the whole error probability, and one within noise half of it for each side', (t) => {
  const alpha = 0.01;
  const check = { id: 'errors.rate', limit: 0.02, withinNoise: false };
  t.like(computeFigures(check, count, alpha), computeBounds(count, 0.02, alpha));
  const figures = computeFigures({ ...check, withinNoise: true }, count, alpha);
  t.like(figures, computeBounds(count, 0.02, alpha / 2));
  t.deepEqual(figures.noise, { bad: 20, all: 900, ...computeBounds({ bad: 20, all: 900 }, 0.02, alpha / 2) });
});

test('the error probability of a check is its share of checks and steps', (t) => {
  t.true(Math.abs(computeAlpha(0.95, 4, 4) - 0.003125) < 1e-15);
});

test('the bounds decide, and touching the limit is within', (t) => {
  const figures = { check: 'errors.rate', bad: 1, all: 9, limit: 0.2 };
  t.is(toStanding({ ...figures, low: 0.2, high: 0.5 }), 'open');
  t.is(toStanding({ ...figures, low: 0.21, high: 0.5 }), 'over');
  t.is(toStanding({ ...figures, low: 0.1, high: 0.2 }), 'within');
  t.is(toStanding({ ...figures, low: 0.4, high: 0.5, noise: { bad: 1, all: 9, low: 0.1, high: 0.3 } }), 'open');
  t.is(toStanding({ ...figures, low: 0.51, high: 0.6, noise: { bad: 1, all: 9, low: 0.1, high: 0.3 } }), 'over');
  t.is(toStanding({ ...figures, low: 0.1, high: 0.3, noise: { bad: 1, all: 9, low: 0.1, high: 0.3 } }), 'within');
});
