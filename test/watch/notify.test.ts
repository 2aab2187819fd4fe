/** What watchers report to others: each change once, by the watcher whose commit records it, and not before it is in git. */
import test from 'ava';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../src/core/ports/watch.ts';
import type { ChangeEvent } from '../../src/output/change-event.ts';
import { toChangeEvents, toPushesEvent } from '../../src/output/change-event.ts';
import type { Notify } from '../../src/watch/announcements.ts';
import { failed, loaded } from '../core/observe/live-objects.ts';
import { toServices } from './declared.ts';
import { minute, Replicas, startWatcher } from './judged-scene.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryRepository } from './memory-branch.ts';
import { toModelText } from './watch-scene.ts';

function toScene(count: number, models: readonly string[] = ['m0']) {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  repository.edit(Object.fromEntries(models.map((name) => [`${name}/model.yaml`, toModelText(name)])));
  const replicas = new Replicas(clock, [0]);
  const posted: ChangeEvent[] = [];
  const options = { cluster: undefined, pages: 'https://mirrors.example.com' };
  const notify: Notify = {
    committed: (commit, changed) => posted.push(...toChangeEvents(commit, changed, options)),
    pushes: (tip, trouble) => posted.push(toPushesEvent(tip, trouble, options)),
  };
  const watchers = Array.from({ length: count }, () =>
    startWatcher(repository, clock, replicas, models, 0, false, notify),
  );
  return {
    clock,
    repository,
    replicas,
    watchers,
    posted,
    codes: () => posted.map(({ code, model }) => (model === undefined ? code : `${model} ${code}`)),
    put: (name: string, status: typeof loaded) => {
      for (const { watcher } of watchers) for (const live of toServices(name, status)) watcher.put(live);
    },
    end: () => Promise.all(watchers.map(({ end }) => end())),
  };
}

test('each change is posted once, whoever of two watchers commits it', async (t) => {
  const { clock, repository, replicas, posted, codes, put, end } = toScene(2, ['m0', 'm1']);
  await clock.advance(minute);
  t.deepEqual(codes().toSorted(), ['m0 candidate-ready', 'm0 primary-ready', 'm1 candidate-ready', 'm1 primary-ready']);
  t.like(posted[0], {
    kind: 'Change',
    text: 'models/m0: candidate v2 is Ready; its mirror may open',
    commit: repository.commit,
    namespace: 'models',
    model: 'm0',
    primary: 'v1',
    candidate: 'v2',
    link: 'https://mirrors.example.com/models/m0',
  });
  posted.length = 0;
  replicas.failures.set('m0', 90);
  replicas.count();
  await clock.advance(minute);
  t.deepEqual(codes(), ['m0 candidate-failing']);
  t.regex(posted[0]?.text ?? '', /^models\/m0: candidate v2 is Failing/);
  put('m1', failed);
  await clock.advance(minute);
  t.deepEqual(codes().slice(1), ['m1 candidate-failed']);
  const ids = posted.map(({ id }) => id);
  t.is(new Set(ids).size, ids.length);
  await end();
});

test('nothing is posted before it is in git, and refused pushes are posted once', async (t) => {
  const { clock, watchers, codes, put, posted, end, repository } = toScene(1);
  await clock.advance(minute);
  posted.length = 0;
  const [only] = watchers;
  if (only === undefined) return t.fail();
  only.branch.refusal = new BranchTrouble('refused', safe`protected branch: ask <!channel> or @owner`);
  const tip = repository.commit;
  put('m0', failed);
  await clock.advance(3 * minute);
  t.deepEqual(codes(), ['pushes-refused']);
  t.like(posted[0], { commit: tip, model: undefined });
  t.regex(posted[0]?.text ?? '', /protected branch: ask ‹!channel› or ＠owner$/);
  only.branch.refusal = undefined;
  await clock.advance(5 * minute);
  t.deepEqual(codes().slice(1), ['m0 candidate-failed', 'pushes-accepted']);
  await end();
});

test('that nothing is left to push is no push that was accepted', async (t) => {
  const { clock, watchers, codes, put, posted, end } = toScene(1);
  await clock.advance(minute);
  posted.length = 0;
  const [only] = watchers;
  if (only === undefined) return t.fail();
  only.branch.refusal = new BranchTrouble('refused', safe`protected branch`);
  put('m0', failed);
  await clock.advance(3 * minute);
  put('m0', loaded);
  await clock.advance(minute / 2);
  t.is(only.watcher.pushTrouble, undefined);
  put('m0', failed);
  await clock.advance(3 * minute);
  t.deepEqual(codes(), ['pushes-refused']);
  only.branch.refusal = new BranchTrouble('unreachable', safe`no route to the host`);
  await clock.advance(3 * minute);
  t.deepEqual(codes(), ['pushes-refused']);
  only.branch.refusal = undefined;
  await clock.advance(5 * minute);
  // No copies have arrived for minutes.
  t.deepEqual(codes().slice(1), ['m0 candidate-failed', 'm0 candidate-unknown', 'pushes-accepted']);
  await end();
});

test('a push that nobody can reach is not a refusal', async (t) => {
  const { clock, watchers, codes, put, posted, end } = toScene(1);
  await clock.advance(minute);
  posted.length = 0;
  const [only] = watchers;
  if (only === undefined) return t.fail();
  only.branch.refusal = new BranchTrouble('unreachable', safe`no route to the host`);
  put('m0', failed);
  await clock.advance(2 * minute);
  only.branch.refusal = undefined;
  await clock.advance(5 * minute);
  t.deepEqual(codes(), ['m0 candidate-failed']);
  await end();
});

test('a commit whose answer is lost is posted once the branch shows it, and only by who made it', async (t) => {
  const { clock, watchers, codes, put, posted, end, repository } = toScene(2);
  await clock.advance(minute);
  posted.length = 0;
  for (const { branch } of watchers) branch.losesAnswer = true;
  put('m0', failed);
  await clock.advance(5 * minute);
  t.deepEqual(codes(), ['m0 candidate-failed']);
  t.is(posted[0]?.commit, repository.commit);
  await end();
});
