import test from 'ava';
import { explainModel } from '../../src/commands/explain.ts';
import type { FolderTree } from '../../src/core/input/folder-tree.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import { folder, MemoryWorld, model, names } from './memory-world.ts';

const unknown = async () => () => undefined;

function toRequest(world: MemoryWorld, namespace?: string) {
  return { model, names, tree: toMemoryTree(world.files), cluster: undefined, namespace };
}

test('places of versions and fields, in the file that sets them', async (t) => {
  const world = new MemoryWorld();
  const policy = 'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: all}\nspec:\n';
  world.files = { ...world.files, 'policy.yaml': `${policy}  mirrorPercentage: 5\n` };
  const { explanation, problems } = await explainModel(toRequest(world), unknown, { now: 0 });
  t.deepEqual(problems, []);
  const lines = (world.files[`${folder}/model.yaml`] ?? '').split('\n');
  const lineOf = (field: string) => lines.findIndex((line) => line.startsWith(`  ${field}:`)) + 1;
  t.is(explanation?.places.primary.line, lineOf('primary'));
  t.is(explanation?.places.candidates[0]?.line, lineOf('candidate'));
  const field = explanation?.policy.fields.find((one) => one.field === 'mirrorPercentage');
  t.is(field?.value, 5);
  t.deepEqual([field?.place?.file as string, field?.place?.line], ['policy.yaml', 5]);
  t.is(explanation?.policy.fields.find((one) => one.field === 'gate')?.place, undefined);
});

test('hosts have the namespace of the model, of the flag or of the status file', async (t) => {
  const world = new MemoryWorld();
  const hostOf = async (namespace?: string) =>
    (await explainModel(toRequest(world, namespace), unknown, { now: 0 })).explanation?.hosts[0];
  t.is(await hostOf('models'), `${model}.modelmesh-serving`);
  world.change('model.yaml', '  namespace: modelmesh-serving\n', '');
  t.is(await hostOf('models'), `${model}.models`);
  t.is(await hostOf(), `${model}.modelmesh-serving`);
  world.change('status.yaml', 'namespace: modelmesh-serving', 'namespace: "not a namespace"');
  t.is(await hostOf(), undefined);
});

test('errors in its own files leave nothing to explain; those of others are named', async (t) => {
  const world = new MemoryWorld();
  world.files = { ...world.files, 'other/model.yaml': 'broken' };
  const { explanation, broken } = await explainModel(toRequest(world), unknown, { now: 0 });
  t.is(explanation?.assessment.name, model);
  t.deepEqual(broken as unknown, ['other/model.yaml']);
  const policy = `${folder}/policy.yaml`;
  world.files = { ...world.files, [policy]: 'broken' };
  const refused = await explainModel(toRequest(world), unknown, { now: 0 });
  t.is(refused.explanation, undefined);
  t.true(refused.problems.some(({ file }) => (file as string) === policy));
});

test('only its own folder and its policies are searched for what is only in this clone', async (t) => {
  const world = new MemoryWorld();
  world.files = {
    ...world.files,
    'other/model.yaml': '',
    'policy.yaml': 'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: all}\nspec: {}\n',
  };
  const seen: string[][] = [];
  const find = async ({ files }: FolderTree) => {
    seen.push(files.map(({ path }) => path).sort());
    return () => undefined;
  };
  await explainModel(toRequest(world), find, { now: 0 });
  t.deepEqual(seen, [[`${folder}/model.yaml`, `${folder}/status.yaml`, 'policy.yaml'].sort()]);
});
