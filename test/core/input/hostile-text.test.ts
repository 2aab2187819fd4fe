/** Texts made to exhaust time or memory: each must end in problems soon. */
import test from 'ava';
import { parseModel } from '../../../src/core/input/parse-document.ts';
import { parseManifests } from '../../../src/core/input/yaml-text.ts';

const size = 200_000;
const repeat = (text: string) => text.repeat(Math.ceil(size / text.length)).slice(0, size);

const texts: Readonly<Record<string, string>> = {
  'open lists': repeat('['),
  'open maps': repeat('{'),
  'closed lists': repeat(']').repeat(5),
  'closed maps': repeat('}').repeat(5),
  'lists in lists': repeat('- '),
  'keys of keys': repeat('? '),
  'anchors without a value': repeat('&a '),
  'tags without a value': repeat('!a '),
  'one key again and again': repeat('a: 1\n'),
  'many unknown fields': `apiVersion: model-mirror.dev/v1alpha1\nkind: Model\n${Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')}`,
  'many documents': repeat('---\na: 1\n'),
  'aliases of aliases': `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from(
    { length: 25 },
    (_, i) =>
      `k${i}: &k${i} [${repeat(`*${i === 0 ? 'a' : `k${i - 1}`},`)
        .slice(0, 90)
        .replace(/,[^,]*$/, '')}]`,
  ).join('\n')}`,
};

for (const [name, text] of Object.entries(texts))
  test(`hostile text: ${name}`, (t) => {
    const { value, problems } = parseModel({ path: 'model.yaml', text });
    t.is(value, undefined);
    t.true(problems.length > 0 && problems.length <= 101, `${problems.length} problems`);
  });

// Of 1 MiB, as much as any reader takes: the size alone is not a bound for what a text costs.
for (const piece of ['1,', 'a: ', '!a ', '&a ', '"" ', 'a\n', '- 1\n', '{a: 1}, '])
  test(`hostile text: a mebibyte of ${JSON.stringify(piece)} is not parsed`, (t) => {
    const text = `k: [${piece}`.padEnd(1024 * 1024 - 1, piece);
    t.deepEqual(
      parseModel({ path: 'model.yaml', text }).problems.map(({ code, line }) => `${line} ${code}`),
      ['1 file-too-large'],
    );
  });

test('a manifest that people pass may be longer than a file of a repository', (t) => {
  const item = (n: number) => `- {apiVersion: v1, kind: Service, metadata: {name: s${n}}}\n`;
  const text = `apiVersion: v1\nkind: List\nitems:\n${Array.from({ length: 5000 }, (_, n) => item(n)).join('')}`;
  t.deepEqual(parseManifests({ path: 'list.yaml', text }).problems, []);
  t.deepEqual(
    parseModel({ path: 'model.yaml', text }).problems.map(({ code }) => code),
    ['file-too-large'],
  );
});
