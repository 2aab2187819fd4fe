/**
 * Any character of Unicode, for `fc.string({ unit: anyCharacter })`. fast-check's own `unit: 'binary'` gives the same, but
 * takes a second in each process to list them all.
 */
import fc from 'fast-check';

/** Halves of surrogate pairs are no characters. */
const halves = { first: 0xd800, count: 0x800 };

export const anyCharacter: fc.Arbitrary<string> = fc.integer({ min: 0, max: 0x10ffff - halves.count }).map(
  (n) => String.fromCodePoint(n < halves.first ? n : n + halves.count),
  (character) => {
    const code = typeof character === 'string' ? (character.codePointAt(0) ?? -1) : -1;
    if (code < 0 || String.fromCodePoint(code) !== character) throw new Error('not one character');
    if (code < halves.first) return code;
    if (code < halves.first + halves.count) throw new Error('half a surrogate pair');
    return code - halves.count;
  },
);
