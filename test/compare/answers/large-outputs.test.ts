/** Outputs that are read piece by piece, against plain loops over their values. */
import test from 'ava';
import fc from 'fast-check';
import { compareAnswers } from '../../../src/compare/answers/compare-answers.ts';
import type { AgreementRules } from '../../../src/core/analysis/analysis.ts';
import { times } from '../../thorough.ts';
import { grpcCall, toGrpcReply } from './encode.ts';

const numRuns = times(300, 30);
const write = (datatype: string, shape: readonly number[], values: readonly number[]) =>
  toGrpcReply([{ name: 'y', datatype, shape, values }], 'raw');
const withRule = (rule: Partial<AgreementRules['outputs'][number]>): AgreementRules => ({
  outputs: [{ name: 'y', ...rule }],
  ignore: [],
});

/** Around the ends of pieces. */
const counts = fc.oneof(
  fc.integer({ min: 8190, max: 8194 }),
  fc.integer({ min: 16_382, max: 16_386 }),
  fc.nat(20_000).map((count) => count + 1),
);

test('the first value beyond the tolerance is found wherever it is', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom('FP32', 'FP64', 'INT16', 'INT64', 'UINT8'),
      counts,
      fc.array(fc.nat(), { maxLength: 3 }),
      fc.integer({ min: 0, max: 2 }),
      (datatype, count, places, abs) => {
        const one = Array.from({ length: count }, (_, i) => i % 100);
        const other = [...one];
        for (const [i, place] of places.entries()) other[place % count] = (one[place % count] ?? 0) + i;
        const first = one.findIndex((value, i) => Math.abs(value - (other[i] ?? 0)) > abs);
        const found = compareAnswers(
          grpcCall,
          write(datatype, [count], one),
          write(datatype, [count], other),
          withRule({ abs }),
        );
        if (first === -1) t.deepEqual(found, { agrees: true });
        else t.like(found, { agrees: false, code: 'values', index: first });
      },
    ),
    { numRuns },
  );
});

test('the first row with another largest value is found, however long rows are', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 4000, max: 9000 })),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(), { maxLength: 3 }),
      (row, many, places) => {
        const rows = row > 9 ? many : many * 3000;
        const one = Array.from({ length: row * rows }, (_, i) => i % row);
        const other = [...one];
        // The first of a row, which was the smallest, becomes the largest.
        for (const place of places) other[row * (place % rows)] = row;
        const first = Math.min(...places.map((place) => place % rows));
        const found = compareAnswers(
          grpcCall,
          write('FP32', [rows, row], one),
          write('FP32', [rows, row], other),
          withRule({ top1: true }),
        );
        if (places.length === 0) t.deepEqual(found, { agrees: true });
        else t.like(found, { agrees: false, code: 'values', index: first });
      },
    ),
    { numRuns },
  );
});

test('whole numbers beyond 2^53 keep their last digit in every piece', (t) => {
  const values = Array.from({ length: 20_000 }, (_, i) => (i < 9000 ? BigInt(i) : 2n ** 60n + BigInt(i)));
  for (const place of [0, 8191, 8192, 8999, 9000, 16_384, 19_999]) {
    const other = values.map((value, i) => (i === place ? value + 1n : value));
    const [a, b] = [values, other].map((some) =>
      toGrpcReply([{ name: 'y', datatype: 'INT64', shape: [some.length], values: some }], 'raw'),
    );
    if (a === undefined || b === undefined) return t.fail();
    t.deepEqual(compareAnswers(grpcCall, a, b, withRule({})), {
      agrees: false,
      code: 'values',
      output: 'y',
      index: place,
      difference: 1,
    });
  }
});
