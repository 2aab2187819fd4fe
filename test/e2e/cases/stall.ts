import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { origins, Traffic } from '../traffic.ts';

const rate = 30;
const loadMs = 4000;

/**
 * MLServer has one worker a Pod: while it unpickles a candidate it answers nobody, whether a mirror is open or
 * not. No part of ours can help that; it is shown here, and in docs/limits.md, so that nobody looks for it elsewhere.
 */
export async function stalledPod(scene: Scene): Promise<void> {
  const { models } = scene.stack;
  models.loadMs = 500;
  await scene.deploy({ primary: { version: 'v1' } });
  const columns = ['candidate', 'from', 'calls', 'not answered', 'slowest'];
  for (const isStalling of [false, true]) {
    models.stall('wisdom-1', isStalling);
    models.loadMs = loadMs;
    await scene.resetCounts();
    const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate }));
    await scene.commit('wisdom: a candidate', { primary: { version: 'v1' }, candidate: { version: 'v2' } });
    await scene.untilStatus('it is loading', ({ candidate }) => candidate?.state === 'Loading');
    await scene.untilStatus('it is ready', ({ candidate }) => candidate?.state === 'Ready');
    const summaries = await Promise.all(traffic.map((one) => one.stop()));
    for (const [i, { sent, answered, latencyMs }] of summaries.entries()) {
      const what = isStalling ? 'unpickled by the one worker' : 'loaded beside the others';
      scene.row(columns, [what, origins[i] ?? '', sent, sent - answered, `${latencyMs.max.toFixed(0)} ms`]);
    }
    scene.check(
      `no call is lost while ${isStalling ? 'the Pod stalls' : 'a candidate loads'}`,
      summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
    );
    const slowest = Math.max(...summaries.map(({ latencyMs }) => latencyMs.max));
    if (isStalling)
      scene.check('the calls of the primary wait for as long as the worker is taken', slowest >= loadMs * 0.9);
    else scene.check('the primary answers meanwhile', slowest < loadMs * 0.9);
    await scene.untilMirrored(100);
    await scene.commit('wisdom: discard it', { primary: { version: 'v1' } });
    await scene.untilMirrored(undefined);
  }
  models.stall('wisdom-1', false);
  const { summary, counts } = await scene.send({
    origin: 'outside',
    model: 'wisdom',
    calls: 200,
    modelName: 'wisdom-0',
  });
  scene.equal('without a mirror a filled model_name costs nothing', callsOf(counts, 'wisdom-0'), summary.answered);
  await scene.commit('wisdom: a candidate', { primary: { version: 'v1' }, candidate: { version: 'v2' } });
  await scene.untilMirrorIsOpen(100);
  const doubled = await scene.send({ origin: 'outside', model: 'wisdom', calls: 200, modelName: 'wisdom-0' });
  scene.equal(
    'with one, the copy of a call that fills model_name goes to the same model',
    [
      doubled.summary.answered,
      callsOf(doubled.counts, 'wisdom-0') + doubled.dropped,
      callsOf(doubled.counts, 'wisdom-1'),
    ],
    [200, 400, 0],
  );
  await scene.remove('wisdom');
}
