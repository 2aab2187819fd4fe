/** A candidate that is written as a list of one keeps that form. */
import test from 'ava';
import {
  discardCandidate,
  findCandidate,
  findFate,
  promoteCandidate,
  setCandidate,
} from '../../../src/core/edit/model-edits.ts';
import type { Edited } from '../../../src/core/edit/proof.ts';
import { parseModel } from '../../../src/core/input/parse-document.ts';
import type { Model } from '../../../src/core/input/schema.ts';

const path = 'model.yaml';
const head = `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom}
spec:
  template:
    spec: {}
`;

function toModel(text: string): Model {
  const { value, problems } = parseModel({ path, text });
  if (value === undefined) throw new Error(`${JSON.stringify(problems)}\n${text}`);
  return value;
}

const textOf = (edited: Edited) => ('text' in edited ? edited.text : edited.problem.message);
const primary = '  primary:\n    version: v1\n    storageUri: s3://m/v1\n';
const wish = { version: 'v3', storageUri: 's3://m/v3' };

interface Case {
  readonly title: string;
  /** What is written below the primary. */
  readonly list: string;
  /** The same with version v3. */
  readonly set: string;
  /** The primary after a promotion. */
  readonly promoted: string;
}

const cases: readonly Case[] = [
  {
    title: 'lines, with comments',
    list: `  # the next one
  candidates: # on trial
    # tuned in June
    - version: v2 # good
      # from the lab
      storageUri: s3://m/v2
  # end
`,
    set: `  # the next one
  candidates: # on trial
    # tuned in June
    - version: v3 # good
      # from the lab
      storageUri: s3://m/v3
  # end
`,
    promoted: `  primary:
    # tuned in June
    version: v2 # good
    # from the lab
    storageUri: s3://m/v2
  # the next one
  # end
`,
  },
  {
    title: 'the dash below its key',
    list: '  candidates:\n  - version: v2\n    storageUri: s3://m/v2\n',
    set: '  candidates:\n  - version: v3\n    storageUri: s3://m/v3\n',
    promoted: '  primary:\n    version: v2\n    storageUri: s3://m/v2\n',
  },
  {
    title: 'the entry below its dash',
    list: '  candidates:\n    -\n      version: v2\n      storageUri: s3://m/v2\n',
    set: '  candidates:\n    -\n      version: v3\n      storageUri: s3://m/v3\n',
    promoted: '  primary:\n      version: v2\n      storageUri: s3://m/v2\n',
  },
  {
    title: 'an entry in braces',
    list: '  candidates:\n    - {version: v2, storageUri: s3://m/v2}\n',
    set: '  candidates:\n    - {version: v3, storageUri: s3://m/v3}\n',
    promoted: '  primary:\n    {version: v2, storageUri: s3://m/v2}\n',
  },
  {
    title: 'brackets and braces',
    list: '  candidates: [{version: v2, storageUri: s3://m/v2}] # on trial\n',
    set: '  candidates: [{version: v3, storageUri: s3://m/v3}] # on trial\n',
    promoted: '  primary: {version: v2, storageUri: s3://m/v2} # on trial\n',
  },
  {
    title: 'brackets over lines, with a comma behind the entry',
    list: '  candidates: [\n    {version: v2, storageUri: s3://m/v2}, # c\n  ]\n',
    set: '  candidates: [\n    {version: v3, storageUri: s3://m/v3}, # c\n  ]\n',
    promoted: '',
  },
];

for (const { title, list, set, promoted } of cases)
  test(`a candidate in a list: ${title}`, (t) => {
    const text = head + primary + list;
    const source = { path, text };
    const model = toModel(text);
    t.is(textOf(setCandidate(source, model, wish)), head + primary + set);
    const discarded = textOf(discardCandidate(source, model));
    t.false(/candidates/.test(discarded), discarded);
    t.deepEqual(toModel(discarded).spec, { template: model.spec.template, primary: model.spec.primary });
    t.is(findFate(model, toModel(discarded)), 'discarded');
    const candidate = findCandidate(model) ?? { version: '' };
    const after = textOf(promoteCandidate(source, model, candidate));
    if (promoted !== '') t.is(after, head + promoted);
    t.deepEqual(toModel(after).spec, { template: model.spec.template, primary: candidate }, after);
    t.is(findFate(model, toModel(after)), 'promoted');
  });

for (const list of ['  candidates: []\n', '  candidates:\n', '  candidates: ~ # none\n'])
  test(`a candidate is written into a list without entries: ${JSON.stringify(list)}`, (t) => {
    const text = head + primary + list;
    const after = textOf(setCandidate({ path, text }, toModel(text), wish));
    t.true(after.startsWith(`${head + primary}  candidates: [{version: v3, storageUri: s3://m/v3}]`), after);
    t.deepEqual(toModel(after).spec.candidates, [wish]);
    t.is(textOf(discardCandidate({ path, text }, toModel(text))), text);
  });

test('fields of an entry are added and removed', (t) => {
  const text = `${head + primary}  candidates:\n    - storageUri: s3://m/v2\n      version: v2\n`;
  const named = textOf(setCandidate({ path, text }, toModel(text), { name: 'blue' }));
  t.is(named, text.replace('      version', '      name: blue\n      version'));
  t.deepEqual(findCandidate(toModel(named)), { version: 'v2', storageUri: 's3://m/v2', name: 'blue' });
  const storage = text.replace('spec: {}', 'spec: {predictor: {model: {storage: {key: minio, path: a}}}}');
  const moved = textOf(setCandidate({ path, text: storage }, toModel(storage), { storagePath: 'b' }));
  t.deepEqual(findCandidate(toModel(moved)), {
    version: 'v2',
    overrides: { spec: { predictor: { model: { storage: { path: 'b' } } } } },
  });
});
