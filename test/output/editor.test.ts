/** The schemas in a real editor's YAML support: what it completes, explains and underlines. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { parse } from 'yaml';
import { parseModel, parsePolicy } from '../../src/core/input/parse-document.ts';
import { toSchemaText } from '../../src/output/editor-schema/editor-schema.ts';
import type { Completion, LanguageServer } from './language-server.ts';
import { startLanguageServer } from './language-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-editor-'));
let server: LanguageServer;
test.before(async () => {
  for (const kind of ['Model', 'MirrorPolicy'] as const) writeFileSync(toFile(kind), toSchemaText(kind));
  server = await startLanguageServer();
});
test.after.always(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function toFile(kind: 'Model' | 'MirrorPolicy'): string {
  return join(folder, `${kind}.json`);
}

/** With the line by which editors find the schema. */
const withLine = (kind: 'Model' | 'MirrorPolicy', text: string) =>
  `# yaml-language-server: $schema=${pathToFileURL(toFile(kind))}\n${text}`;
const complete = (kind: 'Model' | 'MirrorPolicy', text: string) => server.complete(withLine(kind, text));

/** The text of a document in which a completion was accepted as it is, every place to type at included. */
function accept(text: string, { insertText }: Completion): string {
  const at = text.indexOf('|');
  const lineStart = text.lastIndexOf('\n', at) + 1;
  const before = text.slice(0, at).replace(/[A-Za-z]+$/, '');
  const indent = ' '.repeat(before.slice(lineStart).replace(/- /g, '  ').search(/\S|$/));
  const filled = insertText.replace(/\$\{\d+:([^}]*)\}/g, '$1').replace(/\$\{?\d+\}?/g, '');
  return `${before}${filled.replaceAll('\n', `\n${indent}`)}${text.slice(at + 1)}`;
}

function find(items: readonly Completion[], label: string): Completion {
  const found = items.find((item) => item.label === label);
  if (found === undefined) throw new Error(`no ${label} among ${items.map((item) => item.label).join(', ')}`);
  return found;
}

const policy = 'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata:\n  name: wisdom\nspec:\n';
const model =
  'apiVersion: model-mirror.dev/v1alpha1\nkind: Model\nmetadata:\n  name: wisdom\nspec:\n  primary:\n    version: v1\n    storageUri: s3://models/v1\n';

test('the percentage completes to no number, then to some, of which 0 is named as the brake', async (t) => {
  const { insertText } = find(await complete('MirrorPolicy', `${policy}  mirr|`), 'mirrorPercentage');
  t.is(insertText, 'mirrorPercentage: ');
  const values = await complete('MirrorPolicy', `${policy}  mirrorPercentage: |`);
  t.deepEqual(
    values.map(({ label, insertText: value }) => [label, value]),
    [
      ['5', '5'],
      ['20', '20'],
      ['100', '100'],
      ['brake (0)', '0'],
    ],
  );
});

test('whatever is completed in a policy is accepted, also in a new file', async (t) => {
  const places = [
    '|',
    `${policy}  mirrorPercentage: |`,
    `${policy}  ra|`,
    `${policy}  ramp:\n    |`,
    `${policy}  analysis:\n    |`,
    `${policy}  analysis:\n    checks:\n      - |`,
    `${policy}  limits:\n    maxMirrorPercentage: |`,
    `${policy}  routing:\n    timeout: |`,
  ];
  // Names of fields wait for their value.
  const isWhole = ({ label }: Completion) => !/^[a-zA-Z]+$/.test(label) || label === 'ramp';
  let tried = 0;
  for (const place of places)
    for (const item of (await complete('MirrorPolicy', place)).filter(isWhole)) {
      const text = accept(place, item);
      t.deepEqual(parsePolicy({ path: 'policy.yaml', text }).problems, [], text);
      tried++;
    }
  t.true(tried > 18, `${tried}`);
});

test('whatever is completed in a model is accepted, also in a new file', async (t) => {
  const template = '  template:\n    spec:\n      predictor:\n        model:\n';
  const places = [
    '|',
    `${model}${template}          modelFormat:\n            name: |`,
    `${model}  template: {spec: {}}\n  candidate:\n    |`,
    `${model}  template: {spec: {}}\n  candidate:\n    version: v2\n    overrides:\n      |`,
    `${model}  template:\n    metadata:\n      annotations:\n        serving.kserve.io/deploymentMode: |\n    spec: {}\n`,
  ];
  const isWhole = ({ label }: Completion) => /[ ]|^(sklearn|Standard|ModelMesh)$/.test(label) && !/[|(]/.test(label);
  let tried = 0;
  for (const place of places)
    for (const item of (await complete('Model', place)).filter(isWhole)) {
      const text = accept(place, item);
      t.deepEqual(parseModel({ path: 'model.yaml', text }).problems, [], text);
      tried++;
    }
  t.true(tried > 7, `${tried}`);
});

test("KServe's fields are completed in the template, and in what a version overrides", async (t) => {
  const template = `${model}  template:\n    spec:\n      predictor:\n        `;
  const overrides = `${model}  candidate:\n    overrides:\n      spec:\n        predictor:\n          `;
  for (const place of [template, overrides]) {
    const names = (await complete('Model', `${place}mi|`)).map(({ label }) => label);
    for (const name of ['model', 'minReplicas', 'maxReplicas', 'serviceAccountName', 'nodeSelector'])
      t.true(names.includes(name), name);
    const versions = await complete('Model', `${place}model: {protocolVersion: |}`);
    t.true(versions.some(({ label }) => label === 'v2'));
  }
  const formats = await complete('Model', `${template}model:\n          modelFormat:\n            name: |`);
  t.true(formats.some(({ insertText }) => insertText === 'sklearn'));
});

test('a field explains itself, in the words of the reference', async (t) => {
  t.regex(await server.hover(withLine('MirrorPolicy', `${policy}  mirror|Percentage: 5\n`)), /0 is the brake/);
  t.regex(
    await server.hover(withLine('Model', model.replace('storageUri', 'storage|Uri'))),
    /Where the model is stored: s3/,
  );
  const replicas = `${model}  template:\n    spec:\n      predictor:\n        min|Replicas: 2\n`;
  t.regex(await server.hover(withLine('Model', replicas)), /The least number of Pods/);
});

test('what the validation refuses is underlined, and what it takes is not', async (t) => {
  const toTexts = (spec: string) => withLine('MirrorPolicy', `${policy}${spec}`);
  t.deepEqual(await server.diagnose(toTexts('  mirrorPercentage: 20\n  ramp: {steps: [1, 5]}\n')), []);
  t.regex(String(await server.diagnose(toTexts('  mirrorPercentage: 200\n'))), /maximum of 100/);
  t.regex(String(await server.diagnose(toTexts('  mirorPercentage: 20\n'))), /mirorPercentage is not allowed/);
  const text = `${model}  template:\n    spec:\n      predictor:\n        minReplicas: two\n`;
  t.deepEqual((parse(text) as { spec: { template: object } }).spec.template, {
    spec: { predictor: { minReplicas: 'two' } },
  });
  t.regex(String(await server.diagnose(withLine('Model', text))), /Incorrect type/);
});
