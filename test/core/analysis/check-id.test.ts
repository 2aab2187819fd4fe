import test from 'ava';
import { toCheckId } from '../../../src/core/analysis/check-id.ts';

test('a check is called by what it counts', (t) => {
  t.is(toCheckId({ code: 'errors.candidateOnly', limit: 0.002 }), 'errors.candidateOnly');
  t.is(toCheckId({ code: 'errors.rate', limit: 0.002 }), 'errors.rate');
  t.is(toCheckId({ code: 'latency', overMs: 200, limit: 0.01 }), 'latency.200ms');
  t.is(toCheckId({ code: 'slower', times: 1.5, limit: 0.05 }), 'slower.1.5x');
});

test('agreement is called by whether noise counts, and not by its rules', (t) => {
  const agreement = { code: 'agreement', limit: 0.02, ignore: ['$.id'] } as const;
  t.is(toCheckId({ ...agreement, withinNoise: false, outputs: [{ name: 'scores', abs: 1 }] }), 'agreement');
  t.is(toCheckId({ ...agreement, withinNoise: true, outputs: [] }), 'agreement.withinNoise');
});
