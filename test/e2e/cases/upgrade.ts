import { setTimeout as sleep } from 'node:timers/promises';
import { renderChart } from '../../install/helm.ts';
import { addresses } from '../network.ts';
import type { Pod } from '../pods.ts';
import { systemNamespace, toService } from '../pods.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { origins, Traffic } from '../traffic.ts';

const name = 'istio-egressgateway';
const limits = renderChart({
  watcher: { enabled: false },
  mirrorGateway: { enabled: false },
  egressGatewayLimits: { enabled: true },
});
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const rate = 100;
/** docs/upgrading.md: copies are lost for the seconds in which the objects are applied. */
const mostSeconds = 15;

const pod: Pod = {
  name: 'egress',
  namespace: systemNamespace,
  account: name,
  address: addresses.egress,
  labels: { app: name, istio: 'egressgateway' },
  proxy: 'router',
};

/** As docs/upgrading.md says: copies go through Istio's egress gateway until a field of the root's policy is removed. */
export async function upgrade(scene: Scene): Promise<void> {
  const { cluster, repository, models } = scene.stack;
  models.loadMs = 500;
  await cluster.apply(
    ...toService(name, pod, [{ name: 'http2', port: 80, targetPort: 8080 }], { type: 'ClusterIP' }),
    ...limits,
  );
  const egress = await scene.stack.addPod(pod);
  await repository.commit({ 'policy.yaml': keep }, 'Keep the egress gateway');
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await scene.untilRoutes(
    'copies go to the egress gateway',
    'wisdom',
    ({ mirrorTo }) => mirrorTo?.includes(name) === true,
  );
  await scene.untilCopiesArrive();
  await underCalls(scene, 'the egress gateway, with its limits, is stopped', async () => {
    egress.program.signal('SIGSTOP');
    await sleep(5000);
    egress.program.signal('SIGCONT');
  });
  await scene.untilCopiesArrive();
  const lost = await underCalls(scene, 'copies change over to the mirror gateway', async () => {
    await repository.commit({ 'policy.yaml': undefined }, 'Use the mirror gateway');
    await scene.stack.refresh('wisdom');
    await scene.untilRoutes(
      'they go there',
      'wisdom',
      ({ mirrorTo }) => mirrorTo?.includes('model-mirror-gateway') === true,
    );
    await scene.untilCopiesArrive();
  });
  const seconds = lost / (2 * rate);
  scene.check('copies are lost for seconds only', seconds <= mostSeconds ? [] : [`for ${seconds.toFixed(1)} s`]);
  await egress.program.stop('SIGKILL');
  await scene.remove('wisdom');
}

const keep = `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: root}
spec:
  routing:
    mirrorGateway: {service: ${name}.${systemNamespace}.svc.cluster.local}
`;

/** Every call is answered by the primary meanwhile. @returns how many copies did not arrive. */
async function underCalls(scene: Scene, what: string, deed: () => Promise<void>): Promise<number> {
  const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate }));
  await sleep(2000);
  await scene.resetCounts();
  const since = Date.now();
  await deed();
  await sleep(2000);
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  const counts = await scene.counts();
  const [primary, candidate] = [callsOf(counts, 'wisdom-0'), callsOf(counts, 'wisdom-1')];
  const { p50, p99 } = summaries[0]?.latencyMs ?? { p50: 0, p99: 0 };
  scene.row(
    ['what happens', 'seconds', 'at wisdom-0', 'at wisdom-1', 'p50', 'p99'],
    [
      what,
      ((Date.now() - since) / 1000).toFixed(0),
      primary,
      candidate,
      `${p50.toFixed(1)} ms`,
      `${p99.toFixed(0)} ms`,
    ],
  );
  scene.check(
    `${what}: every call is answered`,
    summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
  );
  return primary - candidate;
}
