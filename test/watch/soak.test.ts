import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { times } from '../thorough.ts';
import { Fleet } from './fleet.ts';
import { until, WatchScene } from './watch-scene.ts';

/** `npm run soak` sets five minutes. */
const seconds = Number(process.env['MODEL_MIRROR_SOAK_SECONDS'] ?? times(30, 6));

test('two watchers and a person on one branch: no commit is lost, and no more come once nothing changes', async (t) => {
  t.timeout((seconds + 600) * 1000);
  const scene = await WatchScene.start(t);
  const fleet = new Fleet(scene, 20);
  await fleet.deploy();
  scene.watch();
  scene.watch();
  const end = performance.now() + seconds * 1000;
  for (let i = 0; performance.now() < end; i++) {
    await fleet.change();
    if (i % 4 === 0) await fleet.note();
    await sleep(50 + Math.random() * 400);
  }
  await fleet.settled();
  await fleet.check(t);
  const count = async () => (await scene.log()).length;
  // Several fetches of the branch and watches of the API, without a commit.
  const isQuiet = async (): Promise<boolean> => {
    const before = await count();
    await sleep(4000);
    return (await count()) === before;
  };
  // What was on its way when the last change came may still arrive; nothing comes after it.
  await until('no more commits come', isQuiet);
  t.true(await isQuiet());
});
