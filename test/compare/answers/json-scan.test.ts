import test from 'ava';
import fc from 'fast-check';
import { scanJson } from '../../../src/compare/answers/json-scan.ts';
import { type JsonText, kinds, toNext } from '../../../src/compare/answers/json-table.ts';
import { findMember, toNumber, toText } from '../../../src/compare/answers/json-values.ts';
import { anyCharacter } from '../../any-character.ts';
import { times } from '../../thorough.ts';

const scan = (text: string) => scanJson(new TextEncoder().encode(text));

/** What JSON.parse makes of it, with calls per level, which the reader itself does not make. */
function toValue(json: JsonText, value: number): unknown {
  const kind = json.kinds[value];
  const members: [string, unknown][] = [];
  const elements: unknown[] = [];
  switch (kind) {
    case kinds.null:
      return null;
    case kinds.true:
      return true;
    case kinds.false:
      return false;
    case kinds.array:
      for (let at = value + 1; at < toNext(json, value); at = toNext(json, at)) elements.push(toValue(json, at));
      return elements;
    case kinds.object:
      for (let at = value + 1; at < toNext(json, value); at = toNext(json, at + 1))
        members.push([toText(json, at), toValue(json, at + 1)]);
      return Object.fromEntries(members);
    case kinds.string:
    case kinds.escapedString:
      return toText(json, value);
    default:
      return Number(toNumber(json, value));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test('JSON is read as JSON.parse reads it, with and without white space', (t) => {
  fc.assert(
    fc.property(
      fc.jsonValue({ stringUnit: anyCharacter }),
      fc.constantFrom(undefined, 1, '\t', '\r\n '),
      (value, space) => {
        const text = JSON.stringify(value, null, space);
        const json = scan(text);
        if (json === undefined) return t.fail(text);
        t.deepEqual(toValue(json, 0), JSON.parse(text));
      },
    ),
    { numRuns: times(1500, 100) },
  );
});

test('what JSON.parse refuses is refused, and nothing else', (t) => {
  const part = fc.constantFrom(
    ...'{}[]:,"\\ 0123456789.eE+-nulltruefalsabc/\n\u0001é'.split(''),
    '"a"',
    'null',
    '\\u00e9',
    '1.5e3',
    '"b":',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      t.is(scan(text) === undefined, parse(text) === undefined, text);
    }),
    { numRuns: times(30_000, 800) },
  );
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), fc.nat(), part, (value, at, remove, add) => {
      const whole = JSON.stringify(value);
      const start = at % (whole.length + 1);
      const text = whole.slice(0, start) + add + whole.slice(start + (remove % 3));
      t.is(scan(text) === undefined, parse(text) === undefined, text);
    }),
    { numRuns: times(10_000, 300) },
  );
});

test('no value, half a value, and two values are refused', (t) => {
  for (const text of [
    '',
    ' ',
    '{',
    '[',
    '[1',
    '[1,',
    '[1,]',
    '[,1]',
    '{"a"',
    '{"a":',
    '{"a":1,',
    '{"a":1,}',
    '{1:2}',
    '1 2',
    '[]]',
    '{]',
    '[}',
    '-',
    '01',
    '1.',
    '.5',
    '1e',
    '1e+',
    '+1',
    '"',
    '"\\',
    '"\\u12',
    '"\\x"',
    '"\n"',
    'nul',
    'NaNa',
    '-NaN',
    'Infinit',
    "'a'",
    '[1 2]',
    '["a" "b"]',
    '[1,,2]',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '\ufeff1',
  ])
    t.is(scan(text), undefined, text);
});

test('numbers have the double that JavaScript makes of them, or one within 1e-15 of it', (t) => {
  const digits = (from: number, to: number) =>
    fc.array(fc.nat(9), { minLength: from, maxLength: to }).map((all) => all.join(''));
  const whole = fc.oneof(
    fc.constant('0'),
    fc.tuple(fc.integer({ min: 1, max: 9 }), digits(0, 24)).map(([a, b]) => `${a}${b}`),
  );
  const fraction = fc.oneof(
    fc.constant(''),
    digits(1, 30).map((text) => `.${text}`),
  );
  const exponent = fc.oneof(
    fc.constant(''),
    fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(1, 3)).map((all) => all.join('')),
  );
  const written = fc.tuple(fc.constantFrom('', '-'), whole, fraction, exponent).map((all) => all.join(''));
  const shortest = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
  fc.assert(
    fc.property(fc.array(fc.oneof(written, shortest), { minLength: 1, maxLength: 5 }), (texts) => {
      const json = scan(`[${texts.join(',')}]`);
      for (const [i, text] of texts.entries()) {
        const double = json?.doubles[i + 1] ?? Number.NaN;
        const number = Number(text);
        if (json?.kinds[i + 1] === kinds.number) t.true(Object.is(double, number), text);
        else t.true(Math.abs(double - number) <= 1e-15 * Math.abs(number), text);
        t.true(json !== undefined && Number(toNumber(json, i + 1)) === number, text);
      }
    }),
    { numRuns: times(20_000, 500) },
  );
});

test('a mantissa that doubles leave out is not taken for exact', (t) => {
  for (const text of ['0.9007199254740993', '9007199254740993', '9007.199254740993', '9007199254740993e-3'])
    t.is(scan(text)?.kinds[0], kinds.roundedNumber, text);
  t.is(scan('0.9007199254740991')?.kinds[0], kinds.number);
});

test('whole numbers keep all digits', (t) => {
  for (const text of ['9007199254740993', '-9223372036854775808', '18446744073709551615', `1${'0'.repeat(100)}1`])
    t.is(toNumber(scan(text) as JsonText, 0), BigInt(text));
  t.is(toNumber(scan('9007199254740991') as JsonText, 0), 9007199254740991);
  t.is(toNumber(scan('1e30') as JsonText, 0), 1e30);
});

test('NaN and infinities are numbers, as Python writes them', (t) => {
  const json = scan('[NaN, Infinity, -Infinity, 1, NaN]');
  t.deepEqual(
    [...(json?.doubles.subarray(1, 6) ?? [])],
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, Number.NaN],
  );
});

test('of members with one name the last is found', (t) => {
  const json = scan('{"a":1,"\\u0061":2,"b":3}') as JsonText;
  t.is(json.doubles[findMember(json, 0, 'a')], 2);
  t.is(findMember(json, 0, 'c'), -1);
  t.is(findMember(json, 2, 'a'), -1);
});

test('a table has room for a million pixels in their rows, and not for many more values', (t) => {
  const row = `[${'0,'.repeat(1023)}0]`;
  t.is(scan(`[${`${row},`.repeat(1023)}${row}]`)?.count, 1 + 1024 + 2 ** 20);
  const most = 2 ** 20 + 2 ** 16;
  t.is(scan(`[${'0,'.repeat(most - 2)}0]`)?.count, most);
  t.is(scan(`[${'0,'.repeat(most - 1)}0]`), undefined);
  t.is(scan(`[${'"",'.repeat(most)}""]`), undefined);
  t.is(scan(`[${'[],'.repeat(most)}[]]`), undefined);
});

test('a hundred thousand levels are read, and no more', (t) => {
  const depth = 100_000;
  t.is(scan('['.repeat(depth) + ']'.repeat(depth))?.count, depth);
  t.is(scan(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)?.count, 2 * depth + 1);
  t.is(scan('['.repeat(depth)), undefined);
  t.is(scan('['.repeat(depth + 1) + ']'.repeat(depth + 1)), undefined);
  t.is(scan(`[${'[],'.repeat(depth)}[]]`)?.count, depth + 2);
});
