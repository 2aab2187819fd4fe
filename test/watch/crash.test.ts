import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Fleet } from './fleet.ts';
import { until, WatchScene } from './watch-scene.ts';

/** `npm run soak` kills it a hundred times. */
const kills = Number(process.env['MODEL_MIRROR_KILLS'] ?? 20);

test('killed again and again at any moment while fifty models change: the branch has the last facts, whole', async (t) => {
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
  const countTold = async () => (await scene.log()).filter((subject) => subject.startsWith('status: ')).length;
  for (let i = 0; i < kills; i++) {
    const before = await countTold();
    const watcher = scene.watch();
    // However slow the machine is, some get as far as to push.
    if (i % 10 === 0) await until('it has pushed', async () => (await countTold()) > before);
    // From before it has read anything to the middle of a later push.
    await sleep(100 + Math.random() * 800);
    await watcher.kill();
  }
  isOver = true;
  await churn;
  t.true((await countTold()) >= kills / 10, 'commits between the crashes');
  scene.watch();
  await fleet.settled();
  await fleet.check(t);
});
