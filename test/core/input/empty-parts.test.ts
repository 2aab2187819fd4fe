/** Empty documents and fields count as absent, except where that would allow more. */
import test from 'ava';
import { parseModel, parsePolicy, parseStatus } from '../../../src/core/input/parse-document.ts';
import type { SourceFile } from '../../../src/core/input/source-file.ts';
import { locate } from '../../../src/core/input/yaml-place.ts';

const head = (kind: string) => `apiVersion: model-mirror.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: wisdom}\n`;
const model = `${head('Model')}spec:
  template: {spec: {predictor: {}}}
  primary: {version: v1}
`;
const policy = `${head('MirrorPolicy')}spec: {gate: None}\n`;
const status = `${head('ModelStatus').replace('wisdom', 'wisdom, namespace: models')}status: {primary: {name: a, state: Ready}}\n`;

const parsers = [
  { parse: parseModel, text: model },
  { parse: parsePolicy, text: policy },
  { parse: parseStatus, text: status },
];

for (const [what, around] of Object.entries<(text: string) => string>({
  'a trailing separator': (text) => `${text}---\n`,
  'a trailing separator without a line end': (text) => `${text}---`,
  'several of them': (text) => `${text}---\n---\n...\n---\n`,
  'a second document of comments': (text) => `${text}---\n# nothing yet\n`,
  'a second document that is null': (text) => `${text}---\nnull\n`,
  'a first document of comments': (text) => `# licence\n---\n${text}`,
  CRLF: (text) => `${text}---\n`.replaceAll('\n', '\r\n'),
}))
  test(`next to a document: ${what}`, (t) => {
    for (const { parse, text } of parsers) {
      const { value, problems } = parse({ path: 'x.yaml', text: around(text) });
      t.deepEqual(problems, []);
      t.deepEqual(value, parse({ path: 'x.yaml', text }).value);
    }
  });

test('a second document that is not empty is refused at its beginning', (t) => {
  for (const { parse, text } of parsers) {
    const lines = text.split('\n').length;
    const { problems } = parse({ path: 'x.yaml', text: `${text}---\n---\nkind: Other\n` });
    t.like(problems, { length: 1, 0: { code: 'multiple-documents', line: lines + 1 } });
  }
});

test('an empty file is an error: a model, a limit or the brake may be lost', (t) => {
  for (const { parse } of parsers)
    for (const text of ['', '---\n', '# all gone\n', '---\n---\n', 'null\n'])
      t.like(parse({ path: 'x.yaml', text }).problems, { length: 1, 0: { code: 'empty-file' } }, text);
});

test('the place of a field is in the document that is not empty', (t) => {
  const source: SourceFile = { path: 'x.yaml', text: `# licence\n---\n${model}---\n` };
  t.like(locate(source, ['spec', 'primary']), { line: 8, column: 3 });
});

test('empty fields count as absent', (t) => {
  const empty = `${head('Model').replace('wisdom}', 'wisdom, namespace: }')}spec:
  template:
    metadata:
    spec:
      predictor: {nodeSelector: , tolerations: [{key: a, value: ~}]}
  primary:
    version: v1
    storageUri:
    name: ~
    overrides: null
  candidate:
`;
  const { value, problems } = parseModel({ path: 'model.yaml', text: empty });
  t.deepEqual(problems, []);
  t.deepEqual(value?.spec as unknown, {
    template: { spec: { predictor: { tolerations: [{ key: 'a' }] } } },
    primary: { version: 'v1' },
  });
  t.deepEqual(value?.metadata, { name: 'wisdom' });
  const rules = parsePolicy({ path: 'policy.yaml', text: `${head('MirrorPolicy')}spec:\n  # mirrorPercentage: 1\n` });
  t.deepEqual(rules.value?.spec, {});
  const routing = 'spec: {gate: , patches: , limits: , routing: {hosts: , timeout: , gateway: {create: }}}';
  t.deepEqual(
    parsePolicy({ path: 'policy.yaml', text: `${head('MirrorPolicy')}${routing}\n` }).value?.spec as unknown,
    {
      routing: { gateway: {} },
    },
  );
  const seen = parseStatus({ path: 'status.yaml', text: status.replace(/status: .*/, 'status:') });
  t.deepEqual(seen.value?.status, { candidates: [] });
});

test('nulls with a meaning stay', (t) => {
  const overrides = 'overrides: {metadata: {labels: {a: null}}, spec: {predictor: {nodeSelector: null}}}';
  const { value } = parseModel({ path: 'model.yaml', text: model.replace('v1}', `v1, ${overrides}}`) });
  t.deepEqual(value?.spec.primary.overrides, {
    metadata: { labels: { a: null } },
    spec: { predictor: { nodeSelector: null } },
  });
  const patches = 'spec: {patches: [{target: {kind: Gateway}, patch: [{op: add, path: /spec/x, value: null}]}]}';
  const patched = parsePolicy({ path: 'policy.yaml', text: `${head('MirrorPolicy')}${patches}\n` });
  t.deepEqual(patched.value?.spec.patches?.[0]?.patch, [{ op: 'add', path: '/spec/x', value: null }]);
});

test('an empty brake or limit is an error: without it, more would be mirrored', (t) => {
  for (const spec of [
    '{mirrorPercentage: }',
    '{limits: {maxMirrorPercentage: }}',
    '{limits: {storageUriPrefixes: }}',
  ]) {
    const { problems } = parsePolicy({ path: 'policy.yaml', text: `${head('MirrorPolicy')}spec: ${spec}\n` });
    t.like(problems, { length: 1, 0: { code: 'wrong-type', line: 4 } }, spec);
  }
});

test('a required field that is empty is an error', (t) => {
  for (const text of [model.replace('{version: v1}', ''), model.replace('v1}', '}')])
    t.is(parseModel({ path: 'model.yaml', text }).problems.length, 1);
});
