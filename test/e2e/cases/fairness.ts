import { setTimeout as sleep } from 'node:timers/promises';
import { folderOf, toFiles } from '../model-files.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { callsOf } from '../scene.ts';
import type { Origin } from '../traffic.ts';
import { origins, Traffic } from '../traffic.ts';

const names = Array.from({ length: 10 }, (_, i) => `fair-${i}`);
const hanging = 'fair-0';
const healthy = names.filter((name) => name !== hanging);
/** A second, of each model. */
const rate = 16;
/** The model whose candidate hangs is called so many times as often: its copies alone would take every place. */
const busy = 6;
const seconds = 5;
/** Longer than `mirrorTimeout`: by then copies that hang have taken the places that they can get. */
const hangMs = 3500;

/** One candidate hangs, at 100 %: the copies of the other nine models arrive all the same. */
export async function fairness(scene: Scene): Promise<void> {
  const { repository, models } = scene.stack;
  models.loadMs = 300;
  const files = names.map((name) => toFiles({ name, primary: { version: 'v1' }, candidate: { version: 'v2' } }));
  await repository.commit(Object.assign({}, ...files), 'ten models');
  await scene.stack.addApplication({ name: 'models', path: 'models' });
  for (const name of names) await scene.untilMirrorIsOpen(100, name);
  for (const origin of origins) {
    const calm = await measure(scene, origin);
    await models.disturb(`${hanging}-1`, 'hanging');
    const warm = new Traffic(toOptions(origin));
    await sleep(hangMs);
    await warm.stop();
    const during = await measure(scene, origin);
    await models.heal(`${hanging}-1`);
    for (const [what, { shares, summary, dropped }] of [
      ['all answer', calm],
      [`${hanging}-1 hangs`, during],
    ] as const) {
      const least = Math.min(...shares);
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      scene.row(
        ['candidates', 'from', 'calls', 'copies of the nine that arrive', 'of the worst of them', 'dropped'],
        [what, origin, summary.sent, percent(mean), percent(least), dropped],
      );
      scene.check(`${what}, ${origin}: every client is answered`, summary.sent === summary.answered);
      if (what !== 'all answer')
        scene.check(
          `${what}, ${origin}: nine of ten copies of every other model arrive`,
          least >= 0.9 ? [] : [`of the worst, ${percent(least)}; in calm ${percent(Math.min(...calm.shares))}`],
        );
    }
    await until('its copies are answered again', async () => {
      const { counts } = await scene.send({ origin, model: hanging, calls: 5, parallel: 1 });
      return callsOf(counts, `${hanging}-1`) === 5;
    });
  }
  await scene.stack.removeApplications('models');
  await repository.commit(Object.fromEntries(names.map((name) => [folderOf(name), undefined])), 'clean up');
}

function toOptions(origin: Origin) {
  const turns = [...names, ...Array.from({ length: busy - 1 }, () => hanging)];
  return { origin, model: turns, rate: turns.length * rate };
}

async function measure(scene: Scene, origin: Origin) {
  const options = toOptions(origin);
  await scene.resetCounts();
  const before = await scene.dropped(origin);
  const summary = await new Traffic({ ...options, calls: options.rate * seconds }).ended;
  const counts = await scene.counts();
  return {
    summary,
    shares: healthy.map((name) => callsOf(counts, `${name}-1`) / (rate * seconds)),
    dropped: (await scene.dropped(origin)) - before,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
