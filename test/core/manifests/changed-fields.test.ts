import test from 'ava';
import fc from 'fast-check';
import { findChangedFields } from '../../../src/core/manifests/changed-fields.ts';
import { times } from '../../thorough.ts';

test('the outermost fields that differ, and leaves of what is added or removed', (t) => {
  const before = { a: 1, b: { c: [1, 2], d: 'x' }, e: {} };
  const changes: readonly (readonly [after: unknown, changed: readonly unknown[]])[] = [
    [before, []],
    [{ ...before, a: 2 }, [['a']]],
    [{ ...before, b: { c: [1, 3], d: 'x' } }, [['b', 'c', 1]]],
    [{ ...before, b: { c: [1], d: 'x' } }, [['b', 'c', 1]]],
    // A list is not a map with numbers as keys.
    [{ ...before, b: { c: { 0: 1, 1: 2 }, d: 'x' } }, [['b', 'c']]],
    [
      { ...before, f: { g: { h: 1 }, i: [2] } },
      [
        ['f', 'g', 'h'],
        ['f', 'i', 0],
      ],
    ],
    [{ ...before, f: { redirect: {} } }, [['f', 'redirect']]],
    [{ a: 1, b: before.b }, [['e']]],
    [{ ...before, a: null }, [['a']]],
    [undefined, [['a'], ['b', 'c', 0], ['b', 'c', 1], ['b', 'd'], ['e']]],
  ];
  for (const [after, changed] of changes) t.deepEqual(findChangedFields(before, after), changed as never);
});

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(1, 2, 'x', null),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '0'), tie('value'), { maxKeys: 2 }),
  ),
})).value;

/** Scalars and empty containers by their path, in which a list and a map differ. */
function toLeaves(value: unknown, path = '$'): Map<string, string> {
  const isList = Array.isArray(value);
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) return new Map([[path, JSON.stringify(value)]]);
  return new Map(entries.flatMap(([key, inner]) => [...toLeaves(inner, `${path}${isList ? `[${key}]` : `.${key}`}`)]));
}

test('a change is found exactly where leaves differ', (t) => {
  const isWithin = (path: string, outer: string) => `${path}/`.startsWith(`${outer}/`);
  fc.assert(
    fc.property(values, values, (before, after) => {
      const [old, now] = [toLeaves(before), toLeaves(after)];
      const differing = [...new Set([...old.keys(), ...now.keys()])]
        .filter((path) => old.get(path) !== now.get(path))
        .map((path) => ({
          path: path.slice(1).replace(/\[(\d+)\]|\.(\w)/g, '/$1$2'),
          isEmpty: [old.get(path), now.get(path)].some((leaf) => leaf === '{}' || leaf === '[]'),
        }));
      const found = findChangedFields(before, after).map((path) => path.map((key) => `/${key}`).join(''));
      // An empty map that gets fields differs in these.
      for (const { path, isEmpty } of differing)
        t.true(
          found.some((one) => isWithin(path, one) || (isEmpty && isWithin(one, path))),
          `missed ${path}`,
        );
      for (const one of found)
        t.true(
          differing.some(({ path }) => isWithin(path, one)),
          `too much: ${one}`,
        );
    }),
    { numRuns: times(2000, 150) },
  );
});
