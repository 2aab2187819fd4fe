import type { Behaviour } from '../bad-candidate.ts';
import { behave, countCopies, leadToOwnCandidate } from '../candidate.ts';
import type { ClusterObject } from '../cluster.ts';
import { destinationRules, envoyFilters, virtualServices } from '../cluster.ts';
import type { Trial } from '../harm.ts';
import { allowed, findHarm, kilobyte, limit, megabyte, show, toText } from '../harm.ts';
import type { Fault } from '../interleaved.ts';
import { interleave } from '../interleaved.ts';
import { mirrorPod, toMirrorGatewayObjects } from '../mirror-gateway.ts';
import { modelNamespace, systemNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { origins, Traffic } from '../traffic.ts';

/** With MODEL_MIRROR_THOROUGH: every fault with every body, in all rounds, and as many calls however slow the machine is. */
const isThorough = process.env['MODEL_MIRROR_THOROUGH'] !== undefined;
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const deadlineMs = 10_000;

const explanation =
  'p50 and p99 are medians over the periods of a fault, and in these over windows as long as a period of calm. **Beyond calm** is the least, over its periods, by which p50 (in ms) and p99 (in times) exceed the calm just before and after: what a fault does, it does each time. For calm it is how much two calm periods that follow each other differ: noise of the machine, which is not a harm. Rows with **(!)** are beyond the aim (0.3 ms and × 1.5 more than calm differs by itself): latencies are shown and not judged, as clients share the cores with what a fault costs. **Memory** is what an Envoy has allocated at most; with + beyond its most in calm. Deadlines of 10 s are kept by the client and not sent.';

interface Size {
  readonly bytes: number;
  /** A second, from each side; fewer where the machine does not take as many. */
  readonly rate: number;
  readonly rounds: number;
  readonly calmMs: number;
  readonly faultMs: number;
  /** Absent: all. */
  readonly faults?: readonly string[];
}

const unread = [
  'the candidate gives no WINDOW_UPDATE',
  'the candidate does not read its socket',
  'the candidate reads 1 KB/s',
  'the mirror gateway is stopped',
];
const sizes: readonly Size[] = [
  { bytes: kilobyte, rate: 500, rounds: 2, calmMs: 1000, faultMs: 5000 },
  { bytes: megabyte, rate: 20, rounds: 2, calmMs: 1200, faultMs: 2500 },
  { bytes: 5 * megabyte, rate: 6, rounds: 2, calmMs: 2000, faultMs: 4000, faults: unread },
  { bytes: 15 * megabyte, rate: 2, rounds: 2, calmMs: 3000, faultMs: 5000, faults: unread },
];

/** Nothing that a candidate or the mirror gateway does is noticed by clients, nor does it fill their Envoys. */
export async function isolation(scene: Scene): Promise<void> {
  const { stack } = scene;
  stack.models.loadMs = 500;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await stack.holdApplication('wisdom');
  const copies = await leadToOwnCandidate(scene);
  scene.report.note(explanation);
  const share = await toShare(scene);
  const faults = toFaults(scene, copies);
  for (const size of sizes)
    await tryFaults(
      scene,
      size,
      isThorough || size.faults === undefined ? faults : faults.filter(({ what }) => size.faults?.includes(what)),
      share,
    );
  const named = (what: string) => faults.filter((fault) => fault.what === what);
  const stopped = named('the mirror gateway is stopped');
  const minute = { bytes: kilobyte, rate: 100, rounds: 1, calmMs: 3000, faultMs: 60_000 };
  await tryFaults(scene, minute, stopped, share, 'for a minute');
  await behave('answers');
  await tryFaults(scene, { ...minute, rate: 500, rounds: 2, faultMs: 4000 }, named('the candidate hangs'), share * 2);
  await misnamedPort(scene, stopped, share);
  await largeBodies(scene, [...named('the candidate gives no WINDOW_UPDATE'), ...stopped]);
  await withoutLimits(scene, stopped, share);
  await scene.remove('wisdom');
}

/** Of the rates above, what a quarter of this machine can do; at most 1. */
async function toShare(scene: Scene): Promise<number> {
  const calls = 1500;
  const summaries = await Promise.all(
    origins.map((origin) => new Traffic({ origin, model: 'wisdom', calls, parallel: 16 }).ended),
  );
  const rate = Math.min(...summaries.map(({ seconds }) => calls / seconds));
  scene.row(['calls a second and side, as fast as they go'], [rate.toFixed(0)]);
  return Math.min(1, rate / 4 / (sizes[0]?.rate ?? 1));
}

function toFaults({ stack }: Scene, copies: ClusterObject): Fault[] {
  const misbehaves = (behaviour: Behaviour): Fault => ({
    what: `the candidate ${behaviour}`,
    begin: () => behave(behaviour),
    end: () => behave('answers'),
  });
  return [
    misbehaves('hangs'),
    misbehaves('gives no WINDOW_UPDATE'),
    misbehaves('does not read its socket'),
    misbehaves('reads 1 KB/s'),
    misbehaves('sends GOAWAY and closes'),
    misbehaves('resets the stream'),
    misbehaves('answers 1 KB/s without end'),
    misbehaves('answers 100 MB'),
    {
      what: 'the mirror gateway is killed',
      begin: () => stack.mirror.program.stop('SIGKILL'),
      end: () => startMirror(stack),
    },
    {
      what: 'the mirror gateway is stopped',
      begin: async () => stack.mirror.program.signal('SIGSTOP'),
      end: async () => stack.mirror.program.signal('SIGCONT'),
    },
    {
      what: 'hop 2 has no VirtualService',
      begin: () => stack.cluster.remove(virtualServices, modelNamespace, 'wisdom-mirror'),
      end: () => stack.cluster.apply(copies),
    },
  ];
}

async function startMirror({ mirror }: Scene['stack']): Promise<void> {
  mirror.program.start();
  await mirror.untilReady();
}

/** @param share of the size's rate. */
async function run(scene: Scene, size: Size, faults: readonly Fault[], share: number): Promise<Trial> {
  const { bytes, calmMs } = size;
  const rounds = isThorough ? size.rounds : 1;
  const rate = Math.max(1, size.rate * Math.min(1, share));
  const faultMs = isThorough ? (size.faultMs * size.rate) / rate : size.faultMs;
  const { ingress, client, mirror } = scene.stack;
  const result = await interleave(faults, {
    traffic: { model: 'wisdom', rate, bytes, deadlineMs, isDeadlineHidden: true },
    ...{ rounds, calmMs, faultMs },
    envoys: { ingress, client, mirror },
  });
  return { ...result, bytes, rate, sent: (rate * faultMs) / 1000 };
}

async function tryFaults(scene: Scene, size: Size, faults: readonly Fault[], share: number, how = ''): Promise<void> {
  const result = await run(scene, size, faults, share);
  const what = `${toText(size.bytes)}, ${result.rate.toFixed(0)}/s`;
  show(scene.report, what, result, how);
  for (const outcome of result.outcomes)
    if (outcome.fault !== undefined)
      scene.check(`${what}: ${[outcome.fault, how].join(' ').trim()}, ${outcome.origin}`, findHarm(outcome, result));
}

/** The port of the mirror gateway is called as if it spoke HTTP/1.1: the DestinationRule makes it HTTP/2 all the same. */
async function misnamedPort(scene: Scene, faults: readonly Fault[], share: number): Promise<void> {
  const { cluster } = scene.stack;
  const misnamed = JSON.parse(
    JSON.stringify(toMirrorGatewayObjects().filter(({ kind }) => /^(Service|EndpointSlice)$/.test(kind)))
      .replaceAll('"name":"http2-mtls"', '"name":"http-mtls"')
      .replaceAll('"appProtocol":"kubernetes.io/h2c"', '"appProtocol":"http"'),
  ) as ClusterObject[];
  await cluster.apply(...misnamed);
  await untilCopiesArrive(scene);
  const size = { bytes: 5 * megabyte, rate: 6, rounds: 2, calmMs: 2000, faultMs: 5000 };
  await tryFaults(scene, size, faults, share, 'and its port is called http');
  await cluster.apply(...toMirrorGatewayObjects());
  await untilCopiesArrive(scene);
}

/**
 * Above 16 MiB a body that nobody reads holds up its own client's request. With the component for large bodies it does
 * so for three seconds.
 */
async function largeBodies(scene: Scene, faults: readonly Fault[]): Promise<void> {
  const { cluster, ingress, client } = scene.stack;
  await cluster.apply(...toMirrorGatewayObjects('large-bodies'));
  await until('copies end after a time', async () => {
    const path = '/config_dump?resource=dynamic_active_clusters';
    const dumps = await Promise.all([ingress, client].map((envoy) => envoy.ask(path)));
    return dumps.every((dump) => JSON.stringify(dump).includes('"max_stream_duration":"3s"'));
  });
  const size = { bytes: 20 * megabyte, rate: 1, rounds: 1, calmMs: 5000, faultMs: 8000 };
  const result = await run(scene, size, faults, 1);
  show(scene.report, '20 MB, 1/s, component large-bodies', result);
  const calm = Math.max(...result.outcomes.filter(({ fault }) => fault === undefined).map(({ slowest }) => slowest));
  for (const { fault, origin, failed, slowest } of result.outcomes)
    scene.check(`20 MB: ${fault ?? 'calm'}, ${origin}: a request waits for the end of its copy at most`, [
      ...(failed === 0 ? [] : [`${failed} failed`]),
      ...(slowest <= 3000 + 2 * calm + allowed.stallMs ? [] : [`one took ${slowest.toFixed(0)} ms`]),
    ]);
  await cluster.remove(envoyFilters, systemNamespace, 'model-mirror-gateway-large-bodies');
}

async function untilCopiesArrive(scene: Scene): Promise<void> {
  await until('copies arrive', async () => {
    const before = (await countCopies()).begun;
    for (const origin of origins) await scene.send({ origin, model: 'wisdom', calls: 5, parallel: 1 });
    return (await countCopies()).begun === before + 10;
  });
}

/** The same harness must show harm where the mirror gateway has neither limits nor a small window, or it could not fail. */
async function withoutLimits(scene: Scene, faults: readonly Fault[], share: number): Promise<void> {
  const { stack } = scene;
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
  await untilLimited(scene, false);
  // Connections that are open keep their windows.
  await stack.mirror.program.stop('SIGKILL');
  await startMirror(stack);
  await untilCopiesArrive(scene);
  const rate = 25;
  const size = { bytes: megabyte, rate, rounds: 1, calmMs: 4000, faultMs: 20_000 };
  // Twice the memory that a fault may cost, if it is memory that it costs.
  const result = await run(scene, { ...size, faultMs: Math.max(10_000, 200_000 / (rate * share)) }, faults, share);
  show(scene.report, `${toText(size.bytes)}, ${result.rate.toFixed(0)}/s, **no limits**`, result);
  const harm = result.outcomes.filter(({ fault }) => fault !== undefined).flatMap((one) => findHarm(one, result));
  scene.check('without limits a stopped mirror gateway does harm, and this harness sees it', harm.length > 0);
  await cluster.apply(...toMirrorGatewayObjects());
  await untilLimited(scene, true);
  await stack.mirror.program.stop('SIGKILL');
  await startMirror(stack);
  await untilCopiesArrive(scene);
}

async function untilLimited({ stack }: Scene, isLimited: boolean): Promise<void> {
  await until(`Envoys have ${isLimited ? 'the' : 'no'} limit`, async () => {
    const texts = await Promise.all([stack.ingress, stack.client].map((envoy) => envoy.ask('/clusters')));
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
