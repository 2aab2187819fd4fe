import test from 'ava';
import fc from 'fast-check';
import type { Problem } from '../../../src/core/diagnostics/problem.ts';
import {
  hasErrors,
  limitProblems,
  maxProblems,
  sortProblems,
  toFieldText,
  toWholeProblem,
} from '../../../src/core/diagnostics/problem.ts';
import { mask, safe } from '../../../src/core/diagnostics/safe-text.ts';

test('fields are written as people write paths', (t) => {
  t.is(toFieldText([]), safe``);
  t.is(toFieldText(['spec', 'primary', 'version']), safe`spec.primary.version`);
  t.is(toFieldText(['spec', 'http', 0, 'a.b/c']), safe`spec.http[0]["a.b/c"]`);
  t.is(toFieldText([0, 'name']), safe`[0].name`);
});

const problems = fc
  .array(
    fc.record({
      file: fc.constantFrom('a.yaml', 'b.yaml').map(mask),
      line: fc.integer({ min: 1, max: 3 }),
      column: fc.integer({ min: 1, max: 3 }),
      severity: fc.constantFrom('error', 'warning'),
      code: fc.constantFrom('over-limit', 'wrong-type'),
      field: fc.constant(safe`spec`),
      message: fc.constantFrom('one', 'two').map(mask),
      hint: fc.constant(safe`do it`),
    }),
    { maxLength: 30 },
  )
  .map((list): readonly Problem[] => list);

const placeOf = ({ file, line, column, code, message }: Problem) => [file, line, column, code, message].join('\0');

test('problems are sorted by place, and each is reported once, whatever their order', (t) => {
  fc.assert(
    fc.property(problems, (found) => {
      const keys = sortProblems(found).map(placeOf);
      // Lines and columns have one digit here, so the order of the texts is the order of the places.
      t.deepEqual(keys, [...new Set(found.map(placeOf))].sort());
      t.deepEqual(sortProblems([...found].reverse()).map(placeOf), keys);
    }),
  );
});

test('a file has at most so many problems, and one more that says so', (t) => {
  const of = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      ...toWholeProblem('a.yaml', { code: 'unknown-field', message: safe`unknown`, hint: safe`remove it` }),
      line: i + 1,
    }));
  t.deepEqual(limitProblems(of(maxProblems)), of(maxProblems));
  const limited = limitProblems(of(maxProblems + 5));
  t.deepEqual(limited.slice(0, maxProblems), of(maxProblems));
  t.deepEqual(
    limited.slice(maxProblems).map(({ code, line }) => [code, line]),
    [['more-problems', maxProblems + 1]],
  );
});

test('a warning alone does not stop a rendering', (t) => {
  const finding = { code: 'submodule', message: safe`a submodule`, hint: safe`move it` } as const;
  t.false(hasErrors([]));
  t.false(hasErrors([toWholeProblem('a', finding, 'warning')]));
  t.true(hasErrors([toWholeProblem('a', finding, 'warning'), toWholeProblem('a', finding)]));
});
