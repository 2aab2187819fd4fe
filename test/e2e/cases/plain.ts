import { setTimeout as sleep } from 'node:timers/promises';
import { toMirrorGatewayObjects } from '../mirror-gateway.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { binomialBounds } from '../statistics.ts';
import { setMesh } from '../strangers.ts';
import { origins, Traffic } from '../traffic.ts';
import { watchWire } from '../wire.ts';

const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const plain = { routing: { mirrorGateway: { tls: 'None' } } };
const mark = 'open-sesame-2b91';
const calls = 1000;

/** A mesh without certificates: copies go to the mirror gateway's port for clear text, until one field changes. */
export async function plainMesh(scene: Scene): Promise<void> {
  const { cluster, models } = scene.stack;
  models.loadMs = 500;
  await cluster.apply(...toMirrorGatewayObjects({ clearText: true }));
  await setMesh(scene, 'DISABLE');
  await scene.deploy(model, plain);
  await scene.untilMirrorIsOpen(100);
  await scene.untilCopiesArrive();
  for (const percentage of [100, 20]) {
    await scene.commit(`wisdom: mirror ${percentage} %`, model, { ...plain, mirrorPercentage: percentage });
    await scene.untilMirrored(percentage);
    for (const origin of origins) {
      const { summary, counts, dropped } = await scene.send({ origin, model: 'wisdom', calls, rate: 300 });
      const arrived = callsOf(counts, 'wisdom-1');
      const [low, high] = binomialBounds(calls, percentage);
      scene.row(
        ['percentage', 'from', 'calls', 'at wisdom-0', 'at wisdom-1', 'dropped'],
        [`${percentage} %`, origin, calls, callsOf(counts, 'wisdom-0'), arrived, dropped],
      );
      scene.check(`${percentage} %, ${origin}`, [
        ...unanswered(summary, 'wisdom-0'),
        ...(low <= arrived + dropped && arrived + dropped <= high
          ? []
          : [`${arrived} arrived, ${dropped} were dropped`]),
      ]);
    }
  }
  await scene.commit('wisdom: mirror everything', model, plain);
  await scene.untilMirrored(100);
  scene.check('all of it can be read, and this harness sees it', await isReadable(scene, 8080));
  await changeOver(scene);
  scene.check('afterwards nothing to the mirror gateway can be read', !(await isReadable(scene, 8443)));
  await cluster.apply(...toMirrorGatewayObjects());
  await setMesh(scene, 'STRICT');
  await scene.untilCopiesArrive();
  await scene.remove('wisdom');
}

/** `tls` is left out again, under calls: no copy is lost. */
async function changeOver(scene: Scene): Promise<void> {
  await scene.resetCounts();
  const before = await scene.dropped(...origins);
  const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate: 150 }));
  await sleep(2000);
  await scene.commit('wisdom: copies over TLS', model);
  await scene.untilRoutes('copies go to port 443', 'wisdom', ({ mirrorTo }) => mirrorTo?.includes('|443|') === true);
  await sleep(2000);
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  const counts = await scene.counts();
  const sent = summaries.reduce((sum, one) => sum + one.sent, 0);
  const dropped = (await scene.dropped(...origins)) - before;
  scene.row(
    ['from clear text to TLS', 'calls', 'at wisdom-0', 'at wisdom-1', 'dropped'],
    ['under 300 calls a second', sent, callsOf(counts, 'wisdom-0'), callsOf(counts, 'wisdom-1'), dropped],
  );
  scene.check(
    'every call is answered while copies change over',
    summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
  );
  scene.equal('and no copy is lost', callsOf(counts, 'wisdom-1') + dropped, sent);
}

async function isReadable(scene: Scene, port: number): Promise<boolean> {
  const seen = await watchWire(mark, ['mirror'], async () => {
    for (const origin of origins) await new Traffic({ origin, model: 'wisdom', calls: 50, rate: 100, id: mark }).ended;
    await scene.counts();
  });
  return ['ingress', 'client'].every((from) =>
    seen.some((hop) => hop.from === from && hop.to === 'mirror' && hop.port === port && hop.marked > 0),
  );
}
