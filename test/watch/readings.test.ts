/** What metrics show of models, from watchers that run. */
import test from 'ava';
import { toRoute } from '../core/observe/live-objects.ts';
import { minute, Replicas, startWatcher, toTask } from './judged-scene.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryRepository } from './memory-branch.ts';
import { toModelText } from './watch-scene.ts';

function toScene() {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  repository.edit({ 'm0/model.yaml': toModelText('m0') });
  const replicas = new Replicas(clock, [0]);
  const scene = startWatcher(repository, clock, replicas, ['m0']);
  return {
    ...scene,
    clock,
    replicas,
    repository,
    /** @param failures of 100 calls a minute; undefined: there are no calls. */
    count: async (minutes: number, failures?: number) => {
      for (let i = 0; i < minutes; i++) {
        if (failures !== undefined) replicas.failures.set('m0', failures);
        else replicas.failures.clear();
        replicas.count();
        await clock.advance(minute);
      }
    },
    read: () => {
      const [primary, candidate, ...more] = [...scene.watcher.readings];
      const { toChecks, ...known } = candidate?.candidate ?? {};
      return { primary, candidate, more, known, checks: toChecks?.() };
    },
  };
}

test('a candidate that is judged shows its share, its verdict and its counts', async (t) => {
  const { count, read, end, watcher, clock } = toScene();
  t.deepEqual([...watcher.readings], [], 'nothing was read yet');
  watcher.put({ ...toRoute('m0', { path: 'm0', percentage: 20 }), task: toTask('m0') });
  watcher.put(toRoute('m0-mirror', { to: 'm0-1' }));
  await count(2, 1);
  const { primary, candidate, more, known, checks } = read();
  t.deepEqual(primary, {
    namespace: 'models',
    model: 'm0',
    role: 'primary',
    version: 'v1',
    state: 'Ready',
    candidate: undefined,
  });
  t.like(candidate, { namespace: 'models', model: 'm0', role: 'candidate', version: 'v2', state: 'Ready' });
  t.deepEqual(more, []);
  t.like(known, { percentage: 20, verdict: 'Inconclusive', blindness: undefined, step: undefined });
  t.like(checks, [{ check: 'errors.candidateOnly', bad: 2, all: 200, limit: 0.01 }]);
  t.is(read().checks, checks, 'computed once for each look');
  await count(1, 1);
  t.like(read().checks, [{ bad: 3, all: 300 }]);
  await count(1, 90);
  t.like(read().known, { verdict: 'Failing' });

  // Its mirror is closed: the verdict stands, with what it follows from, and nothing is counted.
  watcher.put(toRoute('m0', { path: 'm0', percentage: 0 }));
  await clock.advance(minute);
  t.like(read().known, { percentage: 0, verdict: 'Failing' });
  t.like(read().checks, [{ check: 'errors.candidateOnly', all: 100, bad: 90 }]);
  await end();
});

test('why nobody can see how a candidate does shows as long as it is so', async (t) => {
  const { count, read, end, replicas } = toScene();
  await count(9);
  t.like(read().known, { verdict: 'Inconclusive', blindness: undefined }, 'it has just begun');
  replicas.away.add(0);
  await count(11);
  t.like(read().known, { verdict: 'Unknown', blindness: 'no-comparer' });
  replicas.away.clear();
  await count(2, 1);
  t.like(read().known, { verdict: 'Unknown', blindness: undefined }, 'what is recorded stands for a while');
  await end();
});

test('a model that leaves git leaves the metrics', async (t) => {
  const { count, end, watcher, repository } = toScene();
  await count(1, 1);
  t.is([...watcher.readings].length, 2);
  repository.edit({ 'm0/model.yaml': undefined });
  await count(1);
  t.deepEqual([...watcher.readings], []);
  await end();
});
