import test from 'ava';
import { isSame, prove } from '../../../src/core/edit/proof.ts';

const source = { path: 'x.yaml', text: 'kind: Model\na: 1 # one\nb: 2\n' };

test('the first attempt that means what was wanted is taken', (t) => {
  const attempts = [undefined, 'a: [', 'a: 2\n', 'b: 2\na: 2\n', 'a: 2\nb: 2\n'].map(
    (text) => () => text && `kind: Model\n${text}`,
  );
  t.deepEqual(prove(source, ['a'], { kind: 'Model', a: 2, b: 2 }, attempts), { text: 'kind: Model\nb: 2\na: 2\n' });
});

test('an attempt that means anything else is not believed', (t) => {
  const wrong = ['a: 2\n', 'a: 2\nb: 3\n', 'a: "2"\nb: 2\n', 'a: 2\nb: 2\nc: 3\n', '', 'a: 2\nb: 2\n---\nc: 3\n'];
  for (const text of wrong) {
    const refused = prove(source, ['b'], { kind: 'Model', a: 2, b: 2 }, [() => `kind: Model\n${text}`]);
    t.like(refused, { problem: { code: 'edit-refused', file: 'x.yaml', line: 3, column: 1, field: 'b' } }, text);
  }
});

test('what is wanted already is not attempted', (t) => {
  t.deepEqual(prove(source, ['a'], { b: 2, kind: 'Model', a: 1 }, [() => t.fail()]), { text: source.text });
});

test('values are the same whatever the order of their keys, and never by what they inherit', (t) => {
  t.true(isSame({ a: [1, { b: null }], c: 'd' }, { c: 'd', a: [1, { b: null }] }));
  t.false(isSame([1, 2], [2, 1]));
  t.false(isSame({ a: 1 }, { a: 1, b: 2 }));
  t.false(isSame({ toString: 1 }, { b: 1 }));
  t.false(isSame({}, []));
  t.false(isSame(null, {}));
});
