import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { binomialBounds } from '../statistics.ts';
import { origins, Traffic } from '../traffic.ts';

const percentages = [0, 0.5, 1, 20, 33.3333, 100];
const calls = 10_000;
const columns = [
  'percentage',
  'from',
  'calls',
  'at wisdom-0',
  'at wisdom-1',
  'at folly-0',
  'at folly-1',
  'dropped',
  'may be',
];

/** The share that arrives is the share that is asked for, and a second model does not mix with it. */
export async function shares(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 500;
  const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
  await scene.deploy(model);
  await scene.deploy({ name: 'folly', ...model }, { routing: { gateway: { create: false } } });
  await scene.untilMirrorIsOpen(100);
  await scene.untilMirrorIsOpen(100, 'folly');
  for (const percentage of percentages) {
    await scene.commit(`wisdom: mirror ${percentage} %`, model, { mirrorPercentage: percentage });
    await scene.untilMirrored(percentage === 0 ? undefined : percentage);
    for (const origin of origins) {
      await scene.resetCounts();
      const before = await scene.dropped(origin);
      const other = new Traffic({ origin, model: 'folly', rate: 50 });
      const summary = await new Traffic({ origin, model: 'wisdom', calls }).ended;
      const beside = await other.stop();
      const counts = await scene.counts();
      const dropped = (await scene.dropped(origin)) - before;
      const at = (name: string) => callsOf(counts, name);
      // Of all copies, those to folly are known: each of its calls has one.
      const copies = at('wisdom-1') + at('folly-1') + dropped - beside.sent;
      const [low, high] = binomialBounds(calls, percentage);
      scene.row(columns, [
        ...[`${percentage} %`, origin, calls, at('wisdom-0'), at('wisdom-1'), at('folly-0'), at('folly-1')],
        ...[dropped, `${low}–${high}`],
      ]);
      scene.check(`${percentage} %, ${origin}`, [
        ...unanswered(summary, 'wisdom-0'),
        ...unanswered(beside, 'folly-0'),
        ...(at('wisdom-0') === calls ? [] : [`wisdom-0 got ${at('wisdom-0')}`]),
        ...(low <= copies && copies <= high ? [] : [`${copies} copies were made for wisdom-1`]),
        ...(at('wisdom-1') <= copies ? [] : [`wisdom-1 got ${at('wisdom-1')}, of ${copies}`]),
        ...(at('folly-0') === beside.sent && at('folly-1') <= beside.sent
          ? []
          : [`${beside.sent} were sent to folly, folly-0 got ${at('folly-0')}, folly-1 ${at('folly-1')}`]),
      ]);
    }
  }
  await scene.remove('folly', 'wisdom');
}
