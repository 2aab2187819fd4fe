import type { ModelFile } from '../model-files.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { origins, Traffic } from '../traffic.ts';

const calls = 40_000;
const candidate = { version: 'v2' };
const before: ModelFile = { primary: { version: 'v1' }, candidate };

/** 0 → 20 → 100 → 1 → promotion under calls without a pause: none of them fails. */
export async function reconfiguration(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 500;
  await scene.deploy(before, { mirrorPercentage: 0 });
  await scene.untilStatus('the candidate is ready', (status) => status.candidate?.state === 'Ready');
  await scene.resetCounts();
  // So many a second that the changes are over before the calls are.
  const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', calls: calls / 2, rate: 800 }));
  for (const percentage of [20, 100, 1]) {
    await scene.commit(`wisdom: mirror ${percentage} %`, before, { mirrorPercentage: percentage });
    await scene.untilMirrored(percentage);
  }
  await scene.commit('wisdom: promote v2', { primary: candidate }, { mirrorPercentage: 1 });
  await scene.untilMirrored(undefined);
  const outlasted = traffic.every(({ isRunning }) => isRunning);
  const summaries = await Promise.all(traffic.map((one) => one.ended));
  const counts = await scene.counts();
  const seconds = summaries[0]?.seconds ?? 0;
  scene.row(
    ['calls', 'not answered', 'seconds', 'at wisdom-0', 'at wisdom-1'],
    [
      calls,
      summaries.reduce((sum, { sent, answered }) => sum + sent - answered, 0),
      seconds.toFixed(1),
      callsOf(counts, 'wisdom-0'),
      callsOf(counts, 'wisdom-1'),
    ],
  );
  scene.check(
    'every call is answered by the primary',
    summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
  );
  scene.check('the calls outlasted the changes', outlasted);
  scene.equal('the primary got each call once', callsOf(counts, 'wisdom-0'), calls);
  scene.check('the candidate got some', callsOf(counts, 'wisdom-1') > 0);
  await scene.remove('wisdom');
}
