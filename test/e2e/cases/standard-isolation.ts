import { BadCandidate } from '../candidate.ts';
import type { ClusterObject } from '../cluster.ts';
import { virtualServices } from '../cluster.ts';
import { kilobyte, megabyte } from '../harm.ts';
import type { Caller, Fault } from '../interleaved.ts';
import type { ModelFile } from '../model-files.ts';
import type { PodRun } from '../pod-run.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import type { Call } from '../standard-models.ts';
import { standardModel, uriOf } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';
import { origins } from '../traffic.ts';
import type { Trials } from '../trials.ts';
import { begin, expectHarm, isThorough, misbehaves, toGatewayFaults, tryFaults, tryLargeBodies } from '../trials.ts';

/** Of each caller. */
const rate = 100;
const protocols: readonly Call[] = ['V1', 'gRPC'];

interface OneHop extends ClusterObject {
  readonly spec: {
    readonly http: readonly { readonly route: readonly [{ readonly destination: { readonly port: object } }] }[];
  };
}

/** Without a sidecar, whose buffers would be in the way of its faults. */
const model: ModelFile = standardModel({
  primary: { version: 'v1' },
  candidate: {
    version: 'v2',
    uri: uriOf('v2'),
    overrides: {
      metadata: { labels: { 'sidecar.istio.io/inject': 'false' } },
      spec: { predictor: { model: { image: 'faults/bad-candidate:1' } } },
    },
  },
  protocols: ['rest', 'grpc'],
});

/**
 * As in ModelMesh mode (`isolation.ts`), but the candidate is called by REST and by gRPC at the same time: by REST a
 * connection has one call, and nothing but it says that a body is not read.
 */
export async function standardIsolation(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain);
  const { stack } = scene;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await stack.holdApplication('wisdom');
  const candidate = new BadCandidate(podOf(scene).address);
  await untilCopiesArrive(scene, candidate);
  const right = protocols.map((call) => scene.predictionOf('v1', call));
  const trials = await begin(scene, rate, toCallers(scene), ({ answered, byModel }) =>
    right.reduce((sum, prediction) => sum + (byModel[prediction] ?? 0), 0) === answered
      ? []
      : [`${answered} answered: ${JSON.stringify(byModel)}`],
  );
  const { killed, stopped } = toGatewayFaults(stack);
  const unread = misbehaves(candidate, 'does not read its socket');
  const frozen: Fault = {
    what: 'the candidate’s container is stopped',
    begin: async () => podOf(scene).signal('SIGSTOP'),
    end: async () => {
      podOf(scene).signal('SIGCONT');
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
      begin: async () => podOf(scene).signal('SIGKILL'),
      end: () => untilCopiesArrive(scene, candidate),
    },
  ];
  const chosen = (few: readonly Fault[]) => (isThorough ? all : few);
  await tryFaults(trials, { bytes: kilobyte, rate, rounds: 2, calmMs: 800, faultMs: 2000 }, all);
  await tryFaults(trials, { bytes: megabyte, rate: 6, rounds: 2, calmMs: 1000, faultMs: 2200 }, chosen(withBody));
  await tryFaults(trials, { bytes: 5 * megabyte, rate: 2, rounds: 2, calmMs: 1500, faultMs: 3500 }, chosen(large));
  await tryLargeBodies(trials, { bytes: 20 * megabyte, rate: 0.5, calmMs: 4000, faultMs: 6000 }, [unread, stopped]);
  await inOneHop(trials, candidate, unread);
  await scene.remove('wisdom');
}

function toCallers(scene: StandardScene): Caller[] {
  return protocols.flatMap((call) =>
    origins.map((origin) => ({
      from: `${origin}, ${call === 'gRPC' ? call : 'REST'}`,
      call: (load) => scene.call(origin, { call, ...load }),
    })),
  );
}

function podOf(scene: StandardScene): PodRun {
  const pod = scene.standard.podsOf('wisdom-1').at(-1);
  if (pod === undefined) throw new Error('the candidate has no Pod');
  return pod;
}

/** Every copy, of every caller. */
async function untilCopiesArrive(scene: StandardScene, candidate: BadCandidate): Promise<void> {
  await until('copies reach the candidate', async () => {
    const before = (await candidate.count()).begun;
    for (const { call } of toCallers(scene)) await (await call({ calls: 5, parallel: 1 })).ended;
    return (await candidate.count()).begun >= before + 5 * toCallers(scene).length;
  });
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
  await untilCopiesArrive(scene, candidate);
  const size = { bytes: 5 * megabyte, rate: 2, calmMs: 1500, faultMs: 4000 };
  await expectHarm(trials, size, [unread], 'in one hop', 'in one hop a candidate that does not read does harm');
  mirror.program.start();
  await mirror.untilReady();
}
