import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { isThorough } from '../thorough.ts';
import { Fleet } from './fleet.ts';
import { until, WatchScene } from './watch-scene.ts';

/** `npm run soak` sets a hundred. */
const kills = Number(process.env['MODEL_MIRROR_KILLS'] ?? (isThorough ? 20 : 8));

for (const [title, branch, words] of [
  ['a branch', 'main', []],
  ['a branch that it carries main to', 'deploy', ['--source-branch', 'main', '--branch', 'deploy']],
] as const)
  test(`a watcher killed at any moment while fifty models change leaves ${title} whole, with the last states`, async (t) => {
    const scene = await WatchScene.start(t);
    const fleet = new Fleet(scene, 50, branch);
    await fleet.deploy();
    let isOver = false;
    const churn = (async () => {
      for (let i = 0; !isOver; i++) {
        await fleet.change();
        if (i % 40 === 0) await fleet.note();
        await sleep(25);
      }
    })();
    const countCommits = async () =>
      (await scene.git('log', '--format=%s', '--branches'))
        .split('\n')
        .filter((subject) => subject.startsWith('status')).length;
    for (let i = 0; i < kills; i++) {
      const before = await countCommits();
      const watcher = scene.watch(words);
      // However slow the machine is, some watchers push.
      if (i % 10 === 0) await until('the watcher has pushed', async () => (await countCommits()) > before);
      // From before it has read anything to the middle of a later push.
      await sleep(100 + Math.random() * 800);
      await watcher.kill();
    }
    isOver = true;
    await churn;
    t.true((await countCommits()) >= kills / 10, 'commits between the crashes');
    scene.watch(words);
    await fleet.settled();
    await fleet.check(t);
  });
