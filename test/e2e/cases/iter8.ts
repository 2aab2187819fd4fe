import type { ClusterObject } from '../cluster.ts';
import { virtualServices } from '../cluster.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Route } from '../routes.ts';
import type { Scene } from '../scene.ts';
import { callsOf } from '../scene.ts';
import { origins } from '../traffic.ts';

const calls = 2000;
const service = 'modelmesh-serving.modelmesh-serving.svc.cluster.local';

/**
 * The mirror as Iter8 0.14 renders it for ModelMesh: one hop, whose headers Envoy sets before it copies the
 * request. The same harness must show that the candidate gets nothing, or it could not fail.
 */
export async function iter8(scene: Scene): Promise<void> {
  const { cluster, models, modelmesh } = scene.stack;
  models.loadMs = 300;
  // For the Gateways, the ServiceEntry and the models; routes of its own take the place of ours.
  await scene.deploy({ primary: { version: 'v1' }, candidate: { version: 'v2' } });
  await scene.untilMirrorIsOpen(100);
  await scene.stack.holdApplication('wisdom');
  await cluster.remove(virtualServices, modelNamespace, 'wisdom');
  await cluster.remove(virtualServices, modelNamespace, 'wisdom-mirror');
  await cluster.apply(toVirtualService());
  // Ours mirrored 100 % of the same calls: what differs is where the copies go.
  const isTheirs = ({ mirrorTo }: Route) => mirrorTo?.endsWith(`|${service}`) === true;
  await scene.untilRoutes('Iter8’s route', 'wisdom', isTheirs);
  // What an Envoy has in its configuration, its workers may not follow yet.
  await until('copies arrive', async () => {
    const { counts } = await scene.send({ origin: 'outside', model: 'wisdom', calls: 50 });
    return callsOf(counts, 'wisdom-0') === 100;
  });
  for (const origin of origins) {
    await modelmesh.reset();
    const { summary, counts } = await scene.send({ origin, model: 'wisdom', calls });
    const [primary, candidate] = [callsOf(counts, 'wisdom-0'), callsOf(counts, 'wisdom-1')];
    scene.row(
      ['from', 'calls', 'answered', 'at wisdom-0', 'at wisdom-1'],
      [origin, calls, summary.answered, primary, candidate],
    );
    scene.equal(`the candidate gets nothing, ${origin}`, candidate, 0);
    if (origin === 'outside') scene.equal('the primary gets every call twice', primary, 2 * calls);
  }
  await cluster.remove(virtualServices, modelNamespace, 'wisdom');
  await scene.remove('wisdom');
}

function toVirtualService(): ClusterObject {
  const host = 'wisdom.modelmesh-serving';
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'wisdom', namespace: modelNamespace },
    spec: {
      gateways: ['mm-gateway', 'mesh'],
      hosts: [host, `${host}.svc`, `${host}.svc.cluster.local`],
      http: [
        {
          headers: { request: { set: { 'mm-vmodel-id': 'wisdom-1' } } },
          route: [
            {
              destination: { host: service, port: { number: 8033 } },
              headers: { request: { set: { 'mm-vmodel-id': 'wisdom-0' } } },
            },
          ],
          mirror: { host: service, port: { number: 8033 } },
          mirrorPercentage: { value: 100 },
        },
      ],
    },
  };
}
