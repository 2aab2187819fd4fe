/** Two watchers that judge from what replicas have counted, through one branch. */
import test from 'ava';
import { toRoute } from '../core/observe/live-objects.ts';
import { times } from '../thorough.ts';
import { minute, Replicas, startWatcher } from './judged-scene.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryRepository } from './memory-branch.ts';
import { toModelText } from './watch-scene.ts';

function toNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `m${i}`);
}

/** The lines of all commits that decide something about a model, by the model. */
function findDecisions(messages: readonly string[], model: string): string[] {
  const own = new RegExp(`^(- )?(\\S*/)?(status\\()?${model}\\)?:.*is (Failing|Passing|Unknown|judged)`);
  const decided = messages.flatMap((message) => {
    const [subject = '', ...lines] = message.split('\n');
    const found = (lines.some((line) => own.test(line)) ? lines : [subject]).find((line) => own.test(line));
    return found === undefined ? [] : [found];
  });
  return decided.map((line) => /is (Failing|Passing|Unknown|judged)/.exec(line)?.[1] ?? '');
}

test('each decision is one verdict and one commit, with two watchers, restarts, replicas that come and go, and clocks that are off', async (t) => {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  const names = toNames(times(1000, 6));
  repository.edit(Object.fromEntries(names.map((name) => [`${name}/model.yaml`, toModelText(name)])));
  const replicas = new Replicas(clock, [-30_000, 0, 30_000]);
  for (const [i, name] of names.entries()) replicas.failures.set(name, i % 3 === 0 ? 40 : 0);
  const first = startWatcher(repository, clock, replicas, names, 30_000);
  let second = startWatcher(repository, clock, replicas, names, -30_000);
  for (let i = 0; i < 14; i++) {
    replicas.away.clear();
    if (i % 4 === 1) replicas.away.add(i % 3);
    replicas.count();
    await clock.advance(minute);
    if (i === 3 || i === 7) {
      await second.end();
      second = startWatcher(repository, clock, replicas, names, -30_000);
    }
  }
  for (const [i, name] of names.entries())
    t.deepEqual(findDecisions(repository.messages, name), [i % 3 === 0 ? 'Failing' : 'Passing'], name);
  await Promise.all([first.end(), second.end()]);
});

test('a candidate of which everything fails is Failing in git ten seconds after the first block', async (t) => {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  repository.edit({ 'm0/model.yaml': toModelText('m0') });
  const replicas = new Replicas(clock, [0]);
  const { end } = startWatcher(repository, clock, replicas, ['m0']);
  await clock.advance(2 * minute);
  t.deepEqual(findDecisions(repository.messages, 'm0'), []);
  replicas.failures.set('m0', 100);
  replicas.count();
  await clock.advance(10_000);
  t.deepEqual(findDecisions(repository.messages, 'm0'), ['Failing']);
  await end();
});

test('a status file that cannot be read takes no verdict with it', async (t) => {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  repository.edit({ 'm0/model.yaml': toModelText('m0') });
  const replicas = new Replicas(clock, [0]);
  const { watcher, end } = startWatcher(repository, clock, replicas, ['m0']);
  replicas.failures.set('m0', 100);
  replicas.count();
  await clock.advance(10_000);
  watcher.put(toRoute('m0', { path: 'm0', percentage: 0 }));
  await clock.advance(minute);
  const written = repository.files.get('m0/status.yaml');
  t.regex(written ?? '', /verdict: Failing/);
  for (const broken of [
    `<<<<<<< HEAD\n${written}`,
    (written ?? '').replace('verdict: Failing', 'verdict: Suspended'),
  ]) {
    repository.edit({ 'm0/status.yaml': broken });
    await clock.advance(minute);
    t.is(repository.files.get('m0/status.yaml'), written);
  }
  await end();
});
