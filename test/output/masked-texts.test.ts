/** What programs read, terminals show as well. */
import test from 'ava';
import fc from 'fast-check';
import { toJsonText } from '../../src/output/masked-texts.ts';
import { anyCharacter } from '../any-character.ts';
import { times } from '../thorough.ts';

test('JSON has no character that steers a terminal, and is still JSON', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 30 })), (texts) => {
      const written = toJsonText({ texts });
      t.notRegex(written.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      t.is((JSON.parse(written) as typeof written & { texts: unknown[] }).texts.length, texts.length);
    }),
    { numRuns: times(300, 25) },
  );
  t.is(toJsonText({ why: 'a\u009b31mb' }), '{\n  "why": "a\\\\u009b31mb"\n}\n');
});
