import test from 'ava';
import type { BranchOptions } from '../../src/watch/branch-files.ts';
import { planPage } from '../../src/watch/page-planner.ts';
import type { TrackedModel } from '../../src/watch/status-planner.ts';

const options: BranchOptions = { path: '.', cluster: undefined, page: true };

function toModel(folder: string, state: 'Ready' | 'Loading' | undefined): TrackedModel {
  const name = folder.slice(folder.lastIndexOf('/') + 1);
  return {
    key: `models/${name}`,
    namespace: 'models',
    model: {
      file: `${folder}/model.yaml`,
      folder,
      statusFile: `${folder}/status.yaml`,
      name,
      namespace: 'models',
      primary: `${name}-0`,
      candidates: [],
    },
    status: state && { primary: { name: `${name}-0`, version: 'v1', state }, candidates: [] },
    pending: undefined,
    written: undefined,
    pausedUntil: undefined,
    memory: {},
    due: undefined,
    isSettling: false,
  };
}

test('the page is written where the watcher looks, under the name of its cluster', (t) => {
  const file = (given: Partial<BranchOptions>) => planPage([], undefined, { ...options, ...given })?.file;
  t.is(file({}), 'STATUS.md');
  t.is(file({ path: 'models' }), 'models/STATUS.md');
  t.is(file({ path: 'models', cluster: 'prod' }), 'models/STATUS.prod.md');
  t.is(file({ page: false }), undefined);
});

test('the page links the folders from where it is, and leaves out models of which nothing is known', (t) => {
  const models = [toModel('models/b/deep', 'Loading'), toModel('models', 'Ready'), toModel('models/c', undefined)];
  const links = (path: string) =>
    [...(planPage(models, undefined, { ...options, path })?.text ?? '').matchAll(/^\| \[(\w+)\]\(([^)]*)\)/gm)].map(
      ([, name, link]) => `${name} ${link}`,
    );
  t.deepEqual(links('.'), ['deep ./models/b/deep', 'models ./models']);
  t.deepEqual(links('models'), ['deep ./b/deep', 'models ./']);
});

test('the page is written when it is other than in git, in whatever order the models come', (t) => {
  const models = [toModel('a', 'Ready'), toModel('b', 'Loading')];
  const written = planPage(models, undefined, options);
  t.deepEqual(planPage(models.toReversed(), 'defaced', options), written);
  t.is(planPage(models.toReversed(), written?.text, options), undefined);
});
