import test from 'ava';
import type { Diff, DiffRequest } from '../../src/commands/diff.ts';
import { diff } from '../../src/commands/diff.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import { MemoryRevisions } from './memory-revisions.ts';

function toFiles(candidate: string): Files {
  return {
    'wisdom/model.yaml': `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom, namespace: models}
spec:
  template: {metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}, spec: {predictor: {model: {modelFormat: {name: sklearn}}}}}
  primary: {version: v1, storageUri: "s3://models/v1"}
  candidate: {version: ${candidate}, storageUri: "s3://models/${candidate}"}
`,
  };
}

/** main: a, b; feature: a, c. The work tree is one step ahead of feature. */
function start(): { revisions: MemoryRevisions; a: string; b: string; c: string } {
  const revisions = new MemoryRevisions();
  const a = revisions.commit('main', 'change', toFiles('v2'));
  const b = revisions.commit('main', 'change', toFiles('v3'));
  const c = revisions.commit('feature', 'change', toFiles('v4'), { parents: [a] });
  revisions.defaultBranch = 'main';
  return { revisions, a, b, c };
}

function run(revisions: MemoryRevisions, request: Partial<DiffRequest>): Promise<Diff> {
  const whole: DiffRequest = {
    base: undefined,
    head: undefined,
    part: { folder: '.', root: '.' },
    isBare: false,
    threshold: 50,
    ...request,
  };
  return diff(whole, { revisions, openWorkTree: () => toMemoryTree(toFiles('v5')) });
}

function toVersions({ report }: Diff): unknown {
  return report?.models.flatMap(({ changes }) =>
    changes.flatMap((change) =>
      change.code === 'candidate-changed' ? [[change.from.version, change.to.version]] : [],
    ),
  );
}

for (const [title, request, expected] of [
  ['nothing: where the branch left the default one, and the work tree', {}, ['main...HEAD', 'work tree', 'v2', 'v5']],
  ['nothing, in a bare repository', { isBare: true }, ['main...HEAD', 'HEAD', 'v2', 'v4']],
  ['a base: that, and the work tree', { base: 'main' }, ['main', 'work tree', 'v3', 'v5']],
  ['base and head', { base: 'main', head: 'feature' }, ['main', 'feature', 'v3', 'v4']],
  ['two dots', { base: 'main..feature' }, ['main', 'feature', 'v3', 'v4']],
  ['three dots: where the two parted', { base: 'main...feature' }, ['main...feature', 'feature', 'v2', 'v4']],
  ['a range without an end: HEAD', { base: 'main..' }, ['main', 'HEAD', 'v3', 'v4']],
  ['a range without a beginning: HEAD', { base: '..main' }, ['HEAD', 'main', 'v4', 'v3']],
] as const)
  test(`what is compared, with ${title}`, async (t) => {
    const found = await run(start().revisions, request);
    const [base, head, from, to] = expected;
    t.deepEqual([found.base.revision, found.head.revision], [base, head]);
    t.deepEqual(toVersions(found), [[from, to]]);
    t.deepEqual(found.problems, []);
    t.true(found.hasModels);
  });

test('each revision has its commit, and the work tree has none', async (t) => {
  const { revisions, a, c } = start();
  const range = await run(revisions, { base: 'main...feature' });
  t.deepEqual(
    [range.base, range.head],
    [
      { revision: 'main...feature', name: 'main', commit: a },
      { revision: 'feature', name: 'feature', commit: c },
    ],
  );
  t.is((await run(revisions, {})).head.commit, undefined);
});

test('a head that cannot be rendered has problems and no report', async (t) => {
  const { revisions } = start();
  revisions.commit('broken', 'change', { 'wisdom/model.yaml': 'kind: Model\n' });
  const { report, problems } = await run(revisions, { base: 'main', head: 'broken' });
  t.is(report, undefined);
  t.true(problems.length > 0);
});

test('a base that cannot be rendered is reported, and its objects are not compared', async (t) => {
  const { revisions } = start();
  revisions.commit('broken', 'change', { 'wisdom/model.yaml': 'kind: Model\n' });
  const { report } = await run(revisions, { base: 'broken', head: 'main' });
  t.true((report?.problemsBefore.length ?? 0) > 0);
  t.deepEqual(report?.objects, []);
});

test('the folder is compared alone, and may have no models at all', async (t) => {
  const { revisions } = start();
  const found = await run(revisions, { base: 'main..feature', part: { folder: 'other', root: '.' } });
  t.false(found.hasModels);
  t.deepEqual(found.report?.models, []);
});

test('two heads, no default branch and no commit are faults of the user', async (t) => {
  const { revisions } = start();
  await t.throwsAsync(run(revisions, { base: 'main..feature', head: 'main' }), { code: 'usage' });
  revisions.defaultBranch = undefined;
  await t.throwsAsync(run(revisions, {}), { code: 'usage', message: /default branch/ });
  await t.throwsAsync(run(new MemoryRevisions(), {}), { code: 'usage', message: /"HEAD"/ });
});
