/** What kubectl reads, by the program itself and by a second reading of its source. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { resolveAsKubectl, resolveKeyAsKubectl } from '../../../src/core/input/yaml-dialects.ts';
import { parseManifests, parseText } from '../../../src/core/input/yaml-text.ts';
import { times } from '../../thorough.ts';

interface Recorded {
  readonly text: string;
  /** Absent: JSON has no such number. */
  readonly value?: unknown;
  /** Of `text: 1`; absent: refused. */
  readonly key?: string;
}

/** What YAMLToJSON of sigs.k8s.io/yaml 1.6.0 made of `a: TEXT` and of `TEXT: 1`. */
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'kubectl-scalars.json'), 'utf8'),
) as readonly Recorded[];

test('plain scalars are read as recorded from sigs.k8s.io/yaml', (t) => {
  t.true(recorded.length > 400);
  for (const { text, value, key } of recorded) {
    const resolved = resolveAsKubectl(text);
    if (value === undefined) t.false(Number.isFinite(resolved), text);
    else t.true(resolved === value, `${text}: ${resolved}, not ${value}`);
    // A key that is refused here is the safe side: kubectl writes some numbers in a way of Go's own.
    const resolvedKey = resolveKeyAsKubectl(text);
    if (resolvedKey !== undefined) t.true(resolvedKey === key, `${text} as a key`);
  }
});

const scalar = fc.oneof(
  fc.constantFrom(...recorded.map(({ text }) => text)),
  fc.string({ unit: fc.constantFrom(...'0011278_.-+eExXoObBafyn'), minLength: 1, maxLength: 8 }),
);

/** Digits by hand, as Go's strconv.ParseInt reads them with base 0 after its sign. */
function readDigits(digits: string): number | undefined {
  const prefixes: Readonly<Record<string, number>> = { x: 16, o: 8, b: 2 };
  const marked = digits.length > 2 && digits.startsWith('0') ? prefixes[digits.charAt(1).toLowerCase()] : undefined;
  const base = marked ?? (digits.length > 1 && digits.startsWith('0') ? 8 : 10);
  const rest = marked === undefined ? digits : digits.slice(2);
  let sum = 0;
  for (const character of rest.toLowerCase()) {
    const digit = '0123456789abcdef'.indexOf(character);
    if (digit < 0 || digit >= base) return undefined;
    sum = sum * base + digit;
  }
  return rest === '' ? undefined : sum;
}

/** The order of resolve.go, for texts that are too short to overflow: table, float with a dot, integer, float, binary. */
function resolveBySource(text: string): unknown {
  const found = recorded.find((one) => one.text.length > 0 && /^[.+-]?[a-z]+$/i.test(text) && one.text === text);
  if (found !== undefined) return found.value;
  const first = text.charAt(0);
  if (first === '.') return /__|_$|_[eE]|[eE][-+]?_|^\._/.test(text) ? text : readFloat(text.replaceAll('_', ''), text);
  if (!'+-0123456789'.includes(first)) return text;
  const plain = text.split('_').join('');
  const negative = plain.startsWith('-');
  const magnitude = readDigits(/^[-+]/.test(plain) ? plain.slice(1) : plain);
  if (magnitude !== undefined) return negative ? -magnitude : magnitude;
  const asFloat = readFloat(plain, undefined);
  if (asFloat !== undefined) return asFloat;
  if (!/^0b[-+]/.test(plain)) return text;
  const binary = readDigits(`0b${plain.slice(3)}`);
  return binary === undefined ? text : plain[2] === '-' ? -binary : binary;
}

function readFloat<T>(text: string, otherwise: T): number | T {
  const [mantissa = '', exponent, ...more] = text.replace(/^[-+]/, '').split(/[eE]/);
  const [whole = '', part = '', ...parts] = mantissa.split('.');
  const isDigits = (digits: string) => [...digits].every((character) => '0123456789'.includes(character));
  if (more.length > 0 || parts.length > 0 || !isDigits(whole) || !isDigits(part)) return otherwise;
  if (whole === '' && part === '') return otherwise;
  if (exponent !== undefined && (!isDigits(exponent.replace(/^[-+]/, '')) || /^[-+]?$/.test(exponent)))
    return otherwise;
  return Number.isFinite(Number(text)) ? Number(text) : otherwise;
}

test('plain scalars are read as by a second implementation of resolve.go', (t) => {
  const short = fc.string({ unit: fc.constantFrom(...'0011278_.-+eExXoObBaf'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(short, (text) => {
      const [mine, theirs] = [resolveAsKubectl(text), resolveBySource(text)];
      // Equal as JSON has them: 0 is -0.
      t.true(mine === theirs, `${text}: ${mine}, not ${theirs}`);
    }),
    { numRuns: times(3000, 200) },
  );
});

test('our own files are read as by kubectl, or refused', (t) => {
  const runs = times(1000, 80);
  let refused = 0;
  fc.assert(
    fc.property(fc.array(scalar, { minLength: 1, maxLength: 4 }), fc.boolean(), (texts, asKeys) => {
      const lines = texts.map((text, i) => (asKeys ? `? ${text}\n: ${i}` : `k${i}: ${text}`));
      const source = { path: 'x.yaml', text: `first: 1\n${lines.join('\n')}\n` };
      const own = parseText(source);
      const asKubectl = parseManifests(source);
      if (own.problems.length === 0) t.is(JSON.stringify(own.value), JSON.stringify(asKubectl.value), source.text);
      else {
        refused++;
        const [{ code } = { code: undefined }] = own.problems;
        // A number that one of the two cannot hold is a text to the other.
        if (asKubectl.problems.length === 0) t.regex(code ?? '', /ambiguous-yaml|unrepresentable-value/, source.text);
      }
    }),
    { numRuns: runs },
  );
  t.true(refused > runs / 10);
});

test('a manifest is read as by kubectl', (t) => {
  const read = (text: string) => parseManifests({ path: '-', text });
  t.deepEqual(read('mode: 0644\ntoken: no\non: {1: y, 0x1F: ~}\n').value, {
    mode: 420,
    token: false,
    true: { 1: true, 31: null },
  });
  // In the order of the text, as go-yaml 2 merges.
  t.deepEqual(read('a: &a {x: 1, y: 2}\nb: {"y": 3, <<: *a, x: 4}\n').value, {
    a: { x: 1, true: 2 },
    b: { y: 3, x: 4, true: 2 },
  });
  t.deepEqual(read('b: {<<: [{x: 1}, {x: 2, z: 3}]}\n').value, { b: { x: 1, z: 3 } });
  t.is(read('a: {<<: [1]}\n').problems[0]?.code, 'unsupported-yaml');
  t.is(read('a: .inf\n').problems[0]?.code, 'unrepresentable-value');
  t.deepEqual(read('!!int "0644"').value, 420);
});

test('a character that is a line break only in YAML 1.1 is refused, also in comments', (t) => {
  for (const character of ['\u0085', '\u2028', '\u2029']) {
    const source = { path: 'x.yaml', text: `a: 1 # no${character}b: 2\n` };
    for (const { problems } of [parseText(source), parseManifests(source)])
      t.like(problems, [{ code: 'ambiguous-yaml', line: 1, column: 10 }]);
  }
  // JSON is not YAML to kubectl.
  t.deepEqual(parseManifests({ path: '-', text: '{"a": "\u2028"}' }).value, { a: '\u2028' });
});
