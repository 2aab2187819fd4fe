/** Texts that are made to hurt: each must end in problems, and soon. */
import test from 'ava';
import { parseModel } from '../../src/input/parse-document.ts';

const size = 200_000;
const repeat = (text: string) => text.repeat(Math.ceil(size / text.length)).slice(0, size);

const texts: Readonly<Record<string, string>> = {
  'open lists': repeat('['),
  'open maps': repeat('{'),
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
