/** `watch --once` looks once at what replicas have counted, and does not wait for a git host that wants to be left alone. */
import test from 'ava';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { minute, Replicas, startWatcher } from './judged-scene.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryRepository } from './memory-branch.ts';
import { toModelText, until, WatchScene } from './watch-scene.ts';

/** What is in git after one look at so many minutes of 100 calls each, of which so many are bad. */
async function lookOnce(minutes: number, bad: number, isAway = false) {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  repository.edit({ 'm0/model.yaml': toModelText('m0') });
  const replicas = new Replicas(clock, [0]);
  replicas.failures.set('m0', bad);
  for (let i = 0; i < minutes; i++) {
    replicas.count();
    await clock.advance(minute);
  }
  if (isAway) replicas.away.add(0);
  const { run, end } = startWatcher(repository, clock, replicas, ['m0'], 0, true);
  let hasEnded = false;
  run.then(() => {
    hasEnded = true;
  });
  await clock.advance(minute);
  await end();
  return { hasEnded, status: repository.files.get('m0/status.yaml') ?? '', commits: repository.messages.length };
}

test('what was counted so far decides, in the one commit of the run', async (t) => {
  for (const [bad, verdict] of [
    [40, 'Failing'],
    [0, 'Passing'],
  ] as const) {
    const { hasEnded, status, commits } = await lookOnce(12, bad);
    t.true(hasEnded, verdict);
    t.true(status.includes(`verdict: ${verdict}`), status);
    t.is(commits, 1);
  }
});

test('without enough, or without an answer, it ends all the same and decides nothing', async (t) => {
  for (const { hasEnded, status, commits } of [await lookOnce(1, 0), await lookOnce(12, 40, true)]) {
    t.true(hasEnded);
    t.false(status.includes('verdict:'));
    t.is(commits, 1);
  }
});

test('a git host that wants no requests for half an hour ends it, with the reason', async (t) => {
  const scene = await WatchScene.start(t, { cluster: await startKubernetes() });
  await scene.commit({ 'm0/model.yaml': toModelText('m0') });
  scene.server.disturb({ kind: 'status', status: 429, retryAfterSeconds: 1800 });
  const watcher = scene.watch(['--once']);
  await until('the host has refused', () => watcher.output.includes('HTTP 429'));
  const refusedAt = performance.now();
  t.is(await watcher.ended, 3, watcher.output);
  // Otherwise it waits for a minute.
  t.true(performance.now() - refusedAt < 45_000);
  t.regex(watcher.output, /the git server asks for fewer requests \(HTTP 429\).*\n.*let the next run try again/);
  t.is(scene.server.traffic('info/refs').requests, 1);
});
