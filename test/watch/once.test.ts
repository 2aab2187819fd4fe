/** `watch --once` looks once at what replicas have counted. */
import test from 'ava';
import { minute, Replicas, startWatcher } from './judged-scene.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryRepository } from './memory-branch.ts';
import { toModelText } from './watch-scene.ts';

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
