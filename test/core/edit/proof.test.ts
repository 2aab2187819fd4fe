import test from 'ava';
import { isSame, prove } from '../../../src/core/edit/proof.ts';

const source = { path: 'x.yaml', text: 'kind: Model\na: 1 # one\nb: 2\n' };

test('the first attempt with the desired value is used', (t) => {
  const attempts = [undefined, 'a: [', 'a: 2\n', 'b: 2\na: 2\n', 'a: 2\nb: 2\n'].map(
    (text) => () => text && `kind: Model\n${text}`,
  );
  t.deepEqual(prove(source, ['a'], { kind: 'Model', a: 2, b: 2 }, attempts), { text: 'kind: Model\nb: 2\na: 2\n' });
});

test('an attempt with any other value is refused', (t) => {
  const wrong = ['a: 2\n', 'a: 2\nb: 3\n', 'a: "2"\nb: 2\n', 'a: 2\nb: 2\nc: 3\n', '', 'a: 2\nb: 2\n---\nc: 3\n'];
  for (const text of wrong) {
    const refused = prove(source, ['b'], { kind: 'Model', a: 2, b: 2 }, [() => `kind: Model\n${text}`]);
    t.like(refused, { problem: { code: 'edit-refused', file: 'x.yaml', line: 3, column: 1, field: 'b' } }, text);
  }
});

test('a text that has the desired value already is not changed', (t) => {
  t.deepEqual(prove(source, ['a'], { b: 2, kind: 'Model', a: 1 }, [() => t.fail()]), { text: source.text });
});

test('the order of keys does not matter, and inherited keys do not count', (t) => {
  t.true(isSame({ a: [1, { b: null }], c: 'd' }, { c: 'd', a: [1, { b: null }] }));
  t.false(isSame([1, 2], [2, 1]));
  t.false(isSame({ a: 1 }, { a: 1, b: 2 }));
  t.false(isSame({ toString: 1 }, { b: 1 }));
  t.false(isSame({}, []));
  t.false(isSame(null, {}));
});
