import test from 'ava';
import fc from 'fast-check';
import { fromInstant, toInstant } from '../../../src/core/analysis/instant.ts';

test('a time is written as Date writes it, to the second', (t) => {
  t.is(toInstant(0), '1970-01-01T00:00:00Z');
  t.is(toInstant(Date.UTC(2028, 1, 29, 23, 59, 59, 999)), '2028-02-29T23:59:59Z');
  fc.assert(
    fc.property(fc.nat({ max: Date.UTC(9999, 11, 31) }), (time) => {
      t.is(toInstant(time), `${new Date(time).toISOString().slice(0, 19)}Z`);
    }),
    { numRuns: 1000 },
  );
});

test('what is written is read, and nothing else', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: Date.UTC(9999, 11, 31) }), (time) => {
      t.is(fromInstant(toInstant(time)), time - (time % 1000));
    }),
    { numRuns: 1000 },
  );
  for (const text of ['', '2027-01-01', '2027-01-01T00:00:00', '2027-02-29T00:00:00Z', '2027-13-01T00:00:00Z'])
    t.is(fromInstant(text), undefined, text);
  for (const text of [
    '2027-01-01T24:00:00Z',
    '2027-01-01T00:60:00Z',
    '2027-01-01T00:00:00.5Z',
    'x2027-01-01T00:00:00Z',
  ])
    t.is(fromInstant(text), undefined, text);
});
