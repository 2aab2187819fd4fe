import test from 'ava';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { FieldPath } from '../../../src/core/diagnostics/problem.ts';
import { locate } from '../../../src/core/input/yaml-place.ts';

const text = `apiVersion: v1
spec:
  versions:
    - {name: a, size: 1}
    - name: b
      size: |
        long
  "quoted key": x
`;

/** What the text has at a place. */
function at(source: string, path: FieldPath, on?: 'key' | 'value'): string {
  const { file, line, column } = locate({ path: 'model.yaml', text: source }, path, on);
  return `${file as string}:${(source.split('\n')[line - 1] ?? '').slice(column - 1)}`;
}

test('a field is at its key, or at its value', (t) => {
  t.is(at(text, ['apiVersion']), 'model.yaml:apiVersion: v1');
  t.is(at(text, ['apiVersion'], 'value'), 'model.yaml:v1');
  t.is(at(text, ['spec', 'versions', 0, 'size']), 'model.yaml:size: 1}');
  t.is(at(text, ['spec', 'versions', 0, 'size'], 'value'), 'model.yaml:1}');
  t.is(at(text, ['spec', 'versions', 1, 'size'], 'value'), 'model.yaml:|');
  t.is(at(text, ['spec', 'quoted key']), 'model.yaml:"quoted key": x');
});

test('an item of a list is where it begins', (t) => {
  t.is(at(text, ['spec', 'versions', 0]), 'model.yaml:{name: a, size: 1}');
  t.is(at(text, ['spec', 'versions', 1]), 'model.yaml:name: b');
});

test('a missing field is at the innermost field around it', (t) => {
  t.is(at(text, ['spec', 'versions', 1, 'x', 'y']), 'model.yaml:name: b');
  t.is(at(text, ['spec', 'x']), 'model.yaml:spec:');
  t.is(at(text, ['x']), 'model.yaml:apiVersion: v1');
  t.is(at(text, ['apiVersion', 'x']), 'model.yaml:apiVersion: v1');
});

test('several documents are the items of a List', (t) => {
  const documents = 'kind: A\n---\n---\nkind: B\nspec: {c: 1}\n';
  t.is(at(documents, ['items', 0, 'kind']), 'model.yaml:kind: A');
  t.is(at(documents, ['items', 1, 'spec', 'c']), 'model.yaml:c: 1}');
});

test('a byte order mark is not a column', (t) => {
  t.like(locate({ path: 'a', text: '\ufeffkind: A\nb: 1\n' }, ['kind'], 'value'), { line: 1, column: 7 });
  t.like(locate({ path: 'a', text: '\ufeffkind: A\nb: 1\n' }, ['b'], 'value'), { line: 2, column: 4 });
});

test('lines that end with CRLF', (t) => {
  t.like(locate({ path: 'a', text: 'a: 1\r\nb: 2\r\n' }, ['b'], 'value'), { line: 2, column: 4 });
});

test('a text that cannot be read has its place at the beginning', (t) => {
  t.like(locate({ path: 'a', text: '['.repeat(20_000) }, ['b']), { line: 1, column: 1 });
});

const keys = fc.constantFrom('alpha', 'beta', 'gamma');
const maps = fc.dictionary(keys, fc.dictionary(keys, fc.dictionary(keys, fc.integer({ min: 0, max: 99 }))), {
  minKeys: 1,
});

test('every field of a random map is at its own key, in block and flow style', (t) => {
  fc.assert(
    fc.property(maps, fc.constantFrom('BLOCK_MAP', 'FLOW_MAP'), (map, style) => {
      const written = stringify(map, { collectionStyle: style === 'FLOW_MAP' ? 'flow' : 'block' });
      let line = 0;
      for (const [outer, inner] of Object.entries(map)) {
        t.true(at(written, [outer]).startsWith(`model.yaml:${outer}:`));
        for (const [middle, values] of Object.entries(inner))
          for (const [key, value] of Object.entries(values)) {
            t.true(at(written, [outer, middle, key]).startsWith(`model.yaml:${key}: ${value}`));
            const place = locate({ path: 'a', text: written }, [outer, middle, key]);
            t.true(place.line >= line);
            line = place.line;
          }
      }
    }),
  );
});
