import type { BadCandidate } from '../candidate.ts';
import type { ClusterObject } from '../cluster.ts';
import { envoyFilters, virtualServices } from '../cluster.ts';
import { kilobyte, megabyte } from '../harm.ts';
import type { Fault } from '../interleaved.ts';
import { toMirrorGatewayObjects } from '../mirror-gateway.ts';
import { systemNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { StandardScene } from '../standard-scene.ts';
import { beginTrials, candidatePod, toBadCandidate, triedModel, untilAllCopiesArrive } from '../standard-trials.ts';
import type { Size, Trials } from '../trials.ts';
import { expectHarm, isThorough, misbehaves, toGatewayFaults, tryFaults, tryUncopied } from '../trials.ts';

/** Of each caller. */
const rate = 100;

interface OneHop extends ClusterObject {
  readonly spec: {
    readonly http: readonly { readonly route: readonly [{ readonly destination: { readonly port: object } }] }[];
  };
}

/**
 * As in ModelMesh mode (`isolation.ts`), but the candidate is called by REST and by gRPC at the same time: by REST a
 * connection has one call, and nothing but it says that a body is not read.
 */
export async function standardIsolation(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain);
  const { stack } = scene;
  await scene.deploy(triedModel);
  await scene.untilMirrorIsOpen(100);
  await stack.holdApplication('wisdom');
  const candidate = toBadCandidate(scene);
  await untilAllCopiesArrive(scene, candidate);
  const trials = await beginTrials(scene, rate);
  const { killed, stopped } = toGatewayFaults(stack);
  const unread = misbehaves(candidate, 'does not read its socket');
  const frozen: Fault = {
    what: 'the candidate’s container is stopped',
    begin: async () => candidatePod(scene).signal('SIGSTOP'),
    end: async () => {
      candidatePod(scene).signal('SIGCONT');
      await candidate.behave('answers');
    },
  };
  const large = [unread, frozen, stopped];
  const withBody = [
    ...large,
    misbehaves(candidate, 'reads no body'),
    misbehaves(candidate, 'reads 1 KB/s'),
    misbehaves(candidate, 'closes the connection'),
    misbehaves(candidate, 'resets the call'),
    misbehaves(candidate, 'answers 100 MB'),
  ];
  const all = [
    ...withBody,
    misbehaves(candidate, 'hangs'),
    misbehaves(candidate, 'answers after 1.5 s'),
    misbehaves(candidate, 'answers 1 KB/s without end'),
    misbehaves(candidate, 'floods'),
    killed,
    {
      what: 'the candidate’s container is killed',
      begin: async () => candidatePod(scene).signal('SIGKILL'),
      end: () => untilAllCopiesArrive(scene, candidate),
    },
  ];
  const chosen = (few: readonly Fault[]) => (isThorough ? all : few);
  await tryFaults(trials, { bytes: kilobyte, rate, rounds: 2, calmMs: 800, faultMs: 2000 }, all);
  await tryFaults(trials, { bytes: megabyte, rate: 6, rounds: 2, calmMs: 1000, faultMs: 2200 }, chosen(withBody));
  await tryFaults(trials, { bytes: 5 * megabyte, rate: 2, rounds: 2, calmMs: 1500, faultMs: 3500 }, chosen(large));
  const uncopied = { bytes: 20 * megabyte, rate: 0.5, calmMs: 4000, faultMs: 6000 };
  await tryUncopied(trials, uncopied, candidate, ['does not read its socket']);
  await untilAllCopiesArrive(scene, candidate);
  await copyingAll(trials, uncopied, unread);
  await inOneHop(trials, candidate, unread);
  await scene.remove('wisdom');
}

/** The same harness must show harm where copies of any size are sent, or it could not fail. */
async function copyingAll(trials: Trials, size: Size, unread: Fault): Promise<void> {
  const { cluster, ingress, client } = trials.scene.stack;
  const areLimited = (should: boolean) =>
    until(`Envoys ${should ? 'drop' : 'send'} large copies`, async () => {
      const path = '/config_dump?resource=dynamic_active_clusters';
      const dumps = await Promise.all([ingress, client].map((envoy) => envoy.ask(path)));
      return dumps.every((dump) => JSON.stringify(dump).includes('"envoy.filters.http.buffer"') === should);
    });
  await cluster.remove(envoyFilters, systemNamespace, 'model-mirror-gateway-clients');
  await areLimited(false);
  const what = 'where copies of any size are sent, a candidate that does not read does harm';
  await expectHarm({ ...trials, share: 1 }, size, [unread], 'copies of any size', what);
  await cluster.apply(...toMirrorGatewayObjects());
  await areLimited(true);
}

/**
 * The same harness must show harm where there is some, or it could not fail: with copies that the first hop sends
 * straight to the candidate, which is what the mirror gateway is there for.
 */
async function inOneHop(trials: Trials, candidate: BadCandidate, unread: Fault): Promise<void> {
  const scene = trials.scene as StandardScene;
  const { cluster, mirror } = scene.stack;
  const found = await cluster.find(virtualServices, scene.namespace, 'wisdom');
  const { spec, apiVersion, kind } = found as unknown as OneHop;
  const host = `wisdom-1-backend.${scene.namespace}.svc.cluster.local`;
  const http = spec.http.map((rule) => ({ ...rule, mirror: { host, port: rule.route[0].destination.port } }));
  await cluster.apply({
    apiVersion,
    kind,
    metadata: { name: 'wisdom', namespace: scene.namespace },
    spec: { ...spec, http },
  });
  // What arrives then has not passed it.
  await mirror.program.stop('SIGKILL');
  await untilAllCopiesArrive(scene, candidate);
  const size = { bytes: 5 * megabyte, rate: 2, calmMs: 1500, faultMs: 4000 };
  await expectHarm(trials, size, [unread], 'in one hop', 'in one hop a candidate that does not read does harm');
  mirror.program.start();
  await mirror.untilReady();
}
