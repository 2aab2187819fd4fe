import { leadToOwnCandidate } from '../candidate.ts';
import type { ClusterObject } from '../cluster.ts';
import { destinationRules, envoyFilters, virtualServices } from '../cluster.ts';
import { kilobyte, limit, megabyte } from '../harm.ts';
import type { Caller, Fault } from '../interleaved.ts';
import { mirrorPod, toMirrorGatewayObjects } from '../mirror-gateway.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { answeredByOthers } from '../scene.ts';
import { origins, Traffic } from '../traffic.ts';
import type { Size, Trials } from '../trials.ts';
import { begin, expectHarm, isThorough, misbehaves, toGatewayFaults, tryFaults, tryUncopied } from '../trials.ts';

const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const rate = 500;

const callers: readonly Caller[] = origins.map((origin) => ({
  from: origin,
  call: async (load) => new Traffic({ ...load, origin, model: 'wisdom' }),
}));

/**
 * Nothing that a candidate or the mirror gateway does is noticed by clients, nor does it fill their Envoys. REST, and
 * bodies of 5 and 20 MB, are tried in Standard mode (`standard-isolation.ts`), whose first hop is the same.
 */
export async function isolation(scene: Scene): Promise<void> {
  const { stack } = scene;
  stack.models.loadMs = 500;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await stack.holdApplication('wisdom');
  const { candidate, copies } = await leadToOwnCandidate(scene);
  const trials = await begin(scene, rate, callers, (summary) => answeredByOthers(summary, 'wisdom-0'));
  const { killed, stopped } = toGatewayFaults(stack);
  const hangs = misbehaves(candidate, 'hangs');
  const unread = [
    misbehaves(candidate, 'reads no body'),
    misbehaves(candidate, 'does not read its socket'),
    misbehaves(candidate, 'reads 1 KB/s'),
    stopped,
  ];
  const withBody = [hangs, ...unread, misbehaves(candidate, 'answers 100 MB'), killed];
  const all = [
    ...withBody,
    misbehaves(candidate, 'closes the connection'),
    misbehaves(candidate, 'resets the call'),
    misbehaves(candidate, 'answers 1 KB/s without end'),
    {
      what: 'hop 2 has no VirtualService',
      begin: () => stack.cluster.remove(virtualServices, modelNamespace, 'wisdom-mirror'),
      end: () => stack.cluster.apply(copies),
    },
  ];
  const chosen = (few: readonly Fault[]) => (isThorough ? all : few);
  await tryFaults(trials, { bytes: kilobyte, rate, rounds: 2, calmMs: 800, faultMs: 2000 }, all);
  await tryFaults(trials, { bytes: megabyte, rate: 20, rounds: 2, calmMs: 1200, faultMs: 2500 }, chosen(withBody));
  if (isThorough)
    await tryFaults(trials, { bytes: 5 * megabyte, rate: 6, rounds: 2, calmMs: 2000, faultMs: 4000 }, all);
  await tryFaults(trials, { bytes: 10 * megabyte, rate: 2, rounds: 2, calmMs: 1500, faultMs: 3500 }, chosen(unread));
  await stoppedForLong(trials, stopped);
  await candidate.behave('answers');
  const many = { ...trials, share: trials.share * 2 };
  await tryFaults(many, { bytes: kilobyte, rate, rounds: 2, calmMs: 1500, faultMs: 4000 }, [hangs]);
  const untilCopiesArrive = () =>
    until('copies arrive', async () => {
      const before = (await candidate.count()).begun;
      for (const origin of origins) await scene.send({ origin, model: 'wisdom', calls: 5, parallel: 1 });
      return (await candidate.count()).begun === before + 10;
    });
  await misnamedPort(trials, stopped, untilCopiesArrive);
  const uncopied = { bytes: 20 * megabyte, rate: 0.5, calmMs: 4000, faultMs: 6000 };
  const behaviours = ['does not read its socket', 'reads no body', 'reads 1 KB/s'] as const;
  await tryUncopied(trials, uncopied, candidate, behaviours.slice(0, isThorough ? 3 : 1));
  await untilCopiesArrive();
  await withoutLimits(trials, stopped, untilCopiesArrive);
  await scene.remove('wisdom');
}

/** As many copies as would fill what an Envoy may gain, if it held them all: 20 KB of each. */
async function stoppedForLong(trials: Trials, stopped: Fault): Promise<void> {
  const size: Size = isThorough
    ? { bytes: kilobyte, rate: 100, calmMs: 3000, faultMs: 60_000 }
    : { bytes: kilobyte, rate, calmMs: 1500, faultMs: Math.max(15_000, 7_000_000 / (rate * trials.share)) };
  await tryFaults(trials, size, [stopped], `for ${(size.faultMs / 1000).toFixed(0)} s`);
}

/** The port of the mirror gateway is called as if it spoke HTTP/1.1: the DestinationRule makes it HTTP/2 all the same. */
async function misnamedPort(trials: Trials, stopped: Fault, untilCopiesArrive: () => Promise<void>): Promise<void> {
  const { cluster } = trials.scene.stack;
  const misnamed = JSON.parse(
    JSON.stringify(toMirrorGatewayObjects().filter(({ kind }) => /^(Service|EndpointSlice)$/.test(kind)))
      .replaceAll('"name":"http2-mtls"', '"name":"http-mtls"')
      .replaceAll('"appProtocol":"kubernetes.io/h2c"', '"appProtocol":"http"'),
  ) as ClusterObject[];
  await cluster.apply(...misnamed);
  await untilCopiesArrive();
  const size = { bytes: 5 * megabyte, rate: 6, rounds: 2, calmMs: 1500, faultMs: 4000 };
  await tryFaults(trials, size, [stopped], 'and its port is called http');
  await cluster.apply(...toMirrorGatewayObjects());
  await untilCopiesArrive();
}

/** The same harness must show harm where the mirror gateway has neither limits nor a small window, or it could not fail. */
async function withoutLimits(trials: Trials, stopped: Fault, untilCopiesArrive: () => Promise<void>): Promise<void> {
  const { stack } = trials.scene;
  const { cluster } = stack;
  const { account: name, namespace } = mirrorPod;
  await cluster.remove(envoyFilters, namespace, name);
  await cluster.remove(destinationRules, namespace, name);
  await cluster.apply({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace },
    spec: {
      host: name,
      trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'ISTIO_MUTUAL' } }] },
    },
  });
  await untilLimited(stack, false);
  // Connections that are open keep their windows.
  await restartMirror(stack);
  await untilCopiesArrive();
  const size = { bytes: megabyte, rate: 25, calmMs: 3000 };
  // Twice the memory that a fault may cost, if it is memory that it costs.
  const faultMs = Math.max(10_000, 200_000 / (size.rate * trials.share));
  const what = 'without limits a stopped mirror gateway does harm';
  await expectHarm(trials, { ...size, faultMs }, [stopped], 'no limits', what);
  await cluster.apply(...toMirrorGatewayObjects());
  await untilLimited(stack, true);
  await restartMirror(stack);
  await untilCopiesArrive();
}

async function restartMirror({ mirror }: Scene['stack']): Promise<void> {
  await mirror.program.stop('SIGKILL');
  mirror.program.start();
  await mirror.untilReady();
}

async function untilLimited({ ingress, client }: Scene['stack'], isLimited: boolean): Promise<void> {
  await until(`Envoys have ${isLimited ? 'the' : 'no'} limit`, async () => {
    const texts = await Promise.all([ingress, client].map((envoy) => envoy.ask('/clusters')));
    return texts.every(
      (text) =>
        isLimited ===
        new RegExp(
          `outbound\\|443\\|\\|model-mirror-gateway\\..*::default_priority::max_requests::${limit}$`,
          'm',
        ).test(String(text)),
    );
  });
}
