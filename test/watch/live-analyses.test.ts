/** What a watcher shows of the judgements that are under way. */
import test from 'ava';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../src/core/ports/watch.ts';
import { toRoute } from '../core/observe/live-objects.ts';
import { minute, Replicas, startWatcher } from './judged-scene.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryRepository } from './memory-branch.ts';
import { toModelText } from './watch-scene.ts';

function toScene(models: readonly string[]) {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  repository.edit(Object.fromEntries(models.map((name) => [`${name}/model.yaml`, toModelText(name)])));
  const replicas = new Replicas(clock, [0]);
  return { clock, repository, replicas, ...startWatcher(repository, clock, replicas, models) };
}

/** One call in a hundred is bad, which is the limit: nothing is decided for long. */
async function count({ clock, replicas }: ReturnType<typeof toScene>, minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    replicas.count();
    await clock.advance(minute);
  }
}

test('what is judged is shown, model by model, and nothing else is', async (t) => {
  const scene = toScene(['m0', 'm1']);
  const { watcher, replicas, clock, end } = scene;
  const find = (name: string, namespace = 'models') => watcher.analyses.find(namespace, name);
  t.is(find('m0'), 'not-ready');
  replicas.failures.set('m0', 1);
  await count(scene, 5);
  t.like(find('m0'), {
    metadata: { name: 'm0', namespace: 'models' },
    verdict: 'Inconclusive',
    checks: [{ check: 'errors.candidateOnly', bad: 5, all: 500, perMinute: 100 }],
  });
  t.like(find('m1'), { verdict: 'Inconclusive', checks: [{ all: 0 }] });
  t.deepEqual(
    [...watcher.analyses.list()].map(({ metadata }) => metadata.name),
    ['m0', 'm1'],
  );
  t.is(find('m2'), 'unknown-model');
  t.is(find('m0', 'elsewhere'), 'unknown-model');

  // Its mirror is closed.
  watcher.put(toRoute('m0', { path: 'm0', percentage: 0 }));
  await clock.advance(minute);
  t.is(find('m0'), 'not-judged');
  t.deepEqual(
    [...watcher.analyses.list()].map(({ metadata }) => metadata.name),
    ['m1'],
  );
  await end();
});

test('a verdict is shown with what it follows from', async (t) => {
  const scene = toScene(['m0']);
  scene.replicas.failures.set('m0', 100);
  await count(scene, 1);
  t.like(scene.watcher.analyses.find('models', 'm0'), { verdict: 'Failing', decided: { by: 'brake' } });
  await scene.end();
});

test('while git does not answer counts are taken and shown, and once it answers all of them count', async (t) => {
  const scene = toScene(['m0']);
  const { branch, watcher, replicas, repository, end } = scene;
  replicas.failures.set('m0', 0);
  await count(scene, 1);
  // Replicas keep what they counted for 15 minutes.
  branch.troubles.push(
    ...Array.from({ length: 200 }, () => new BranchTrouble('unreachable', safe`no route to the host`)),
  );
  await count(scene, 30);
  t.not(watcher.obstacle, undefined);
  t.like(watcher.analyses.find('models', 'm0'), { verdict: 'Passing', checks: [{ bad: 0, all: 3100 }] });
  t.deepEqual(
    repository.messages.filter((message) => message.includes('Passing')),
    [],
  );
  branch.troubles.length = 0;
  await count(scene, 2);
  t.is(repository.messages.filter((message) => message.includes('Passing')).length, 1);
  await end();
});
