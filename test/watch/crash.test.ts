import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { isThorough } from '../thorough.ts';
import { Fleet } from './fleet.ts';
import { until, WatchScene } from './watch-scene.ts';

/** `npm run soak` sets a hundred. */
const kills = Number(process.env['MODEL_MIRROR_KILLS'] ?? (isThorough ? 20 : 8));

test('a watcher killed at any moment while fifty models change leaves a branch that is whole and has the last states', async (t) => {
  const scene = await WatchScene.start(t);
  const fleet = new Fleet(scene, 50);
  await fleet.deploy();
  let isOver = false;
  const churn = (async () => {
    for (let i = 0; !isOver; i++) {
      await fleet.change();
      if (i % 40 === 0) await fleet.note();
      await sleep(25);
    }
  })();
  const countCommits = async () => (await scene.log()).filter((subject) => subject.startsWith('status')).length;
  for (let i = 0; i < kills; i++) {
    const before = await countCommits();
    const watcher = scene.watch();
    // However slow the machine is, some watchers push.
    if (i % 10 === 0) await until('the watcher has pushed', async () => (await countCommits()) > before);
    // From before it has read anything to the middle of a later push.
    await sleep(100 + Math.random() * 800);
    await watcher.kill();
  }
  isOver = true;
  await churn;
  t.true((await countCommits()) >= kills / 10, 'commits between the crashes');
  scene.watch();
  await fleet.settled();
  await fleet.check(t);
});
