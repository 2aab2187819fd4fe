import test from 'ava';
import { isFault } from '../../../src/core/diagnostics/fault.ts';
import { mask } from '../../../src/core/diagnostics/safe-text.ts';
import type { FolderTree } from '../../../src/core/input/folder-tree.ts';
import type { PathNames } from '../../../src/core/repository/find-model.ts';
import {
  hasModel,
  listModelNames,
  pickModel,
  pickModelAt,
  toOwnTree,
} from '../../../src/core/repository/find-model.ts';
import { toMemoryTree } from '../render/memory-tree.ts';

const toModel = (name: string, namespace: string) => `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  template: {spec: {predictor: {}}}
  primary: {version: v1, storageUri: "s3://models/a"}
`;
const policy = 'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: a}\nspec: {}\n';

const tree = toMemoryTree({
  'policy.yaml': policy,
  'prod/policy.yaml': policy,
  'prod/wisdom/model.yaml': toModel('wisdom', 'prod'),
  'prod/wisdom/policy.yaml': policy,
  'prod/wisdom/status.yaml': 'status',
  'prod/other.model.yaml': toModel('other', 'prod'),
  'test/wisdom/model.yaml': toModel('wisdom', 'test'),
  'test/policy.yaml': policy,
  'prod-2/policy.yaml': policy,
});

const names: PathNames = { toShownPath: mask, toInnerPaths: (typed) => [typed.replace(/\/$/, '')] };

/** The path of the file that is found, or the codes of the problems. */
function pick(name: string, from: FolderTree = tree): string | string[] {
  const found = pickModel(name, from, names);
  return 'file' in found ? found.file.path : found.problems.map(({ code }) => code);
}

test('by its name, by namespace and name, and by the path of its file or folder', (t) => {
  t.is(pick('other'), 'prod/other.model.yaml');
  t.is(pick('test/wisdom'), 'test/wisdom/model.yaml');
  t.is(pick('prod/wisdom/'), 'prod/wisdom/model.yaml');
  t.is(pick('test/wisdom/model.yaml'), 'test/wisdom/model.yaml');
});

test('a name of several models is refused', (t) => {
  const error = t.throws(() => pickModel('wisdom', tree, names));
  t.true(isFault(error) && error.code === 'usage');
});

test('a model that does not exist is a problem, together with what cannot be read', (t) => {
  t.deepEqual(pick('nobody'), ['unknown-model']);
  t.deepEqual(pick('nobody', toMemoryTree({ 'model.yaml': '' })), ['empty-file', 'unknown-model']);
  t.true(hasModel('other', tree, names));
  t.false(hasModel('nobody', tree, names));
});

test('by the path of its file alone', (t) => {
  t.is(pickModelAt('test/wisdom/model.yaml', tree)?.model.metadata.namespace, 'test');
  t.is(pickModelAt('test/wisdom', tree), undefined);
  t.is(pickModelAt('prod/wisdom/status.yaml', tree), undefined);
});

test('the names of all models, each once', (t) => {
  t.deepEqual(listModelNames(tree), ['other', 'wisdom']);
});

test('models outside of the folder that is read do not count', (t) => {
  t.deepEqual(listModelNames({ ...tree, folder: 'test' }), ['wisdom']);
  t.is(pick('wisdom', { ...tree, folder: 'test' }), 'test/wisdom/model.yaml');
});

test('its policies are those of the folders around it, from the outermost', (t) => {
  const found = pickModelAt('prod/wisdom/model.yaml', tree);
  t.deepEqual(
    found?.policies.map(({ path }) => path),
    ['policy.yaml', 'prod/policy.yaml', 'prod/wisdom/policy.yaml'],
  );
});

test('its own tree has its folder and the policies above, and no other model', (t) => {
  const found = pickModelAt('prod/wisdom/model.yaml', tree);
  const own = found && toOwnTree(found);
  t.is(own?.folder, 'prod/wisdom');
  t.deepEqual(
    own?.files.map(({ path }) => path),
    ['policy.yaml', 'prod/policy.yaml', 'prod/wisdom/model.yaml', 'prod/wisdom/policy.yaml', 'prod/wisdom/status.yaml'],
  );
});
