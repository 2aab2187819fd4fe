import test from 'ava';
import fc from 'fast-check';
import { suggest } from '../../../src/core/diagnostics/suggest.ts';

const known = ['mirrorPercentage', 'gate', 'routing', 'limits', 'patches'];

test('a mistyped word', (t) => {
  t.is(suggest('mirorPercentage', known), 'mirrorPercentage');
  t.is(suggest('gaet', known), 'gate');
  t.is(suggest('limit', known), 'limits');
});

test('upper and lower case do not count', (t) => {
  t.is(suggest('mirrorpercentage', known), 'mirrorPercentage');
  t.is(suggest('storageURI', ['storage', 'storageUri']), 'storageUri');
});

test('the nearest of several words', (t) => {
  t.is(suggest('storag', ['store', 'storage']), 'storage');
});

test('nothing for another word', (t) => {
  t.is(suggest('colour', known), undefined);
  t.is(suggest('', known), undefined);
  t.is(suggest('gate', []), undefined);
  // One letter replaced by another leaves nothing of a word of one letter.
  t.is(suggest('a', ['b']), undefined);
});

const words = fc.string({ unit: fc.constantFrom(...'abcdefghij'), minLength: 4, maxLength: 12 });

test('one wrong, missing or additional letter is always corrected', (t) => {
  fc.assert(
    fc.property(words, fc.nat(), fc.constantFrom('', 'z', 'zz'), (word, at, typed) => {
      const i = at % word.length;
      t.is(suggest(word.slice(0, i) + typed + word.slice(i + 1), [word]), word);
    }),
  );
});

test('a word without a common letter is never suggested', (t) => {
  const others = fc.string({ unit: fc.constantFrom(...'klmnopqrst'), minLength: 0, maxLength: 12 });
  fc.assert(fc.property(words, others, (word, other) => t.is(suggest(other, [word]), undefined)));
});
