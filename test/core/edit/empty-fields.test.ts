/** Edits of texts with empty fields and documents. */
import test from 'ava';
import { discardCandidate, promoteCandidate, setCandidate } from '../../../src/core/edit/model-edits.ts';
import { setMirrorPercentage } from '../../../src/core/edit/policy-edits.ts';
import type { Edited } from '../../../src/core/edit/proof.ts';
import { parseModel, parsePolicy } from '../../../src/core/input/parse-document.ts';
import type { MirrorPolicy, Model } from '../../../src/core/input/schema.ts';

const path = 'model.yaml';
const head = `# licence
---
apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom, namespace: }
spec:
  template:
    metadata:
    spec: {predictor: {}}
`;
const tail = '---\n# nothing yet\n';

function toModel(text: string): Model {
  const { value, problems } = parseModel({ path, text });
  if (value === undefined) throw new Error(JSON.stringify(problems));
  return value;
}

function toPolicy(text: string): MirrorPolicy {
  const { value, problems } = parsePolicy({ path, text });
  if (value === undefined) throw new Error(JSON.stringify(problems));
  return value;
}

const textOf = (edited: Edited) => ('text' in edited ? edited.text : edited.problem.message);

const wish = { version: 'v2', storageUri: 's3://m/v2' };

for (const [what, before, after] of [
  [
    'an empty candidate',
    '  primary:\n    version: v1\n  candidate:\n',
    '  primary:\n    version: v1\n  candidate:\n    version: v2\n    storageUri: s3://m/v2\n',
  ],
  [
    'an empty candidate with comments',
    '  candidate: # none\n    # version: v3\n  primary:\n    version: v1\n',
    '  candidate: # none\n    version: v2\n    storageUri: s3://m/v2\n    # version: v3\n  primary:\n    version: v1\n',
  ],
  [
    'a candidate that is null',
    '  primary: {version: v1}\n  candidate: ~ # none\n',
    '  primary: {version: v1}\n  candidate: {version: v2, storageUri: s3://m/v2} # none\n',
  ],
  [
    'an empty candidate beside a primary in braces',
    '  primary: {version: v1, name: }\n  candidate:\n',
    '  primary: {version: v1, name: }\n  candidate: {version: v2, storageUri: s3://m/v2}\n',
  ],
  [
    'empty fields of a candidate',
    '  primary: {version: v1}\n  candidate:\n    storageUri: # where\n    version: v1\n    overrides:\n',
    '  primary: {version: v1}\n  candidate:\n    storageUri: s3://m/v2 # where\n    version: v2\n    overrides:\n',
  ],
  [
    'no candidate',
    '  primary:\n    version: v1\n    overrides:\n',
    '  primary:\n    version: v1\n    overrides:\n  candidate:\n    version: v2\n    storageUri: s3://m/v2\n',
  ],
] as const)
  test(`a candidate is set: ${what}`, (t) => {
    const text = head + before + tail;
    t.is(textOf(setCandidate({ path, text }, toModel(text), wish)), head + after + tail);
    const edited = head + after + tail;
    t.deepEqual(toModel(edited).spec.candidate, wish);
    t.is(textOf(setCandidate({ path, text: edited }, toModel(edited), wish)), edited);
  });

test('an empty candidate needs no discarding', (t) => {
  const text = `${head}  primary: {version: v1}\n  candidate:\n${tail}`;
  t.is(textOf(discardCandidate({ path, text }, toModel(text))), text);
});

test('a candidate is promoted and discarded before an empty document', (t) => {
  const text = `${head}  primary: {version: v1, name: }\n  candidate:\n    version: v2\n    name:\n${tail}`;
  const candidate = toModel(text).spec.candidate ?? { version: '' };
  const promoted = textOf(promoteCandidate({ path, text }, toModel(text), candidate));
  t.is(promoted, `${head}  primary:\n    version: v2\n    name:\n${tail}`);
  t.is(textOf(discardCandidate({ path, text }, toModel(text))), `${head}  primary: {version: v1, name: }\n${tail}`);
});

const policy = (spec: string) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: a}\n${spec}`;

for (const [before, after] of [
  ['spec:\n---\n', 'spec: {mirrorPercentage: 5}\n---\n'],
  ['spec: # rules\n  # gate: None\n', 'spec: {mirrorPercentage: 5} # rules\n  # gate: None\n'],
  ['spec: null\n', 'spec: {mirrorPercentage: 5}\n'],
  ['spec:\n  gate:\n---\n', 'spec:\n  mirrorPercentage: 5\n  gate:\n---\n'],
] as const)
  test(`a percentage is set in ${JSON.stringify(before)}`, (t) => {
    const text = policy(before);
    t.is(textOf(setMirrorPercentage({ path, text }, toPolicy(text), 5)), policy(after));
  });
