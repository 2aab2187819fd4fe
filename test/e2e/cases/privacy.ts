import { leadToOwnCandidate } from '../candidate.ts';
import type { ClusterObject } from '../cluster.ts';
import { authorizationPolicies } from '../cluster.ts';
import type { MtlsMode } from '../mesh.ts';
import { mirrorPod, toMirrorGatewayObjects } from '../mirror-gateway.ts';
import { addresses } from '../network.ts';
import { modelMeshPod, modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { callAsStranger, setMesh } from '../strangers.ts';
import type { Origin } from '../traffic.ts';
import { origins, Traffic } from '../traffic.ts';
import type { Hop } from '../wire.ts';
import { watchWire } from '../wire.ts';

const calls = 200;
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
/** In every call's body. */
const mark = 'open-sesame-7f3a';
const mirrorIdentity = 'model-mirror/model-mirror-gateway';
const identities: Readonly<Record<Origin, string>> = {
  outside: 'istio-system/istio-ingressgateway',
  inside: 'clients/client',
};
/** Hop 1 to the primary and to the mirror gateway, and hop 2. */
const hops: readonly (readonly [from: string, to: string, port: number])[] = [
  ['ingress', 'modelmesh', 8033],
  ['client', 'modelmesh', 8033],
  ['ingress', 'mirror', 8443],
  ['client', 'mirror', 8443],
  ['mirror', 'modelmesh', 8033],
];

/** Nobody reads along, nobody without a certificate gets a candidate's answer, and clients notice nothing of it. */
export async function privacy(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 500;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await strangers(scene);
  for (const mode of ['STRICT', 'PERMISSIVE', 'DISABLE'] as const) await wire(scene, mode);
  await setMesh(scene, 'STRICT');
  await refusedCopies(scene);
  await withoutSidecar(scene);
  await scene.remove('wisdom');
}

/** From a Pod that is not part of the mesh: nothing is answered. */
async function strangers(scene: Scene): Promise<void> {
  const targets = {
    'the mirror gateway’s port for certificates': `${addresses.mirror}:8443`,
    'the mirror gateway’s port for clear text': `${addresses.mirror}:8080`,
    'ModelMesh’s Pod': `${addresses.modelmesh}:8033`,
  };
  for (const [what, to] of Object.entries(targets)) {
    await scene.resetCounts();
    const { sent, answered, errors } = await callAsStranger(to);
    scene.row(
      ['a Pod without certificate calls', 'calls', 'answered', 'errors'],
      [what, sent, answered, JSON.stringify(errors)],
    );
    scene.check(`${what} answers nobody without a certificate`, [
      ...(answered === 0 ? [] : [`${answered} of ${sent} were answered`]),
      ...(await scene.counts()).map((count) => `ModelMesh was called: ${JSON.stringify(count)}`),
    ]);
  }
}

async function wire(scene: Scene, mode: MtlsMode): Promise<void> {
  await setMesh(scene, mode);
  // Without mutual TLS it is the models' hops that become clear; the mirror gateway keeps its own.
  const isClear = (to: string) => mode === 'DISABLE' && to === 'modelmesh';
  if (mode === 'DISABLE')
    await until('hops to ModelMesh are clear', async () => {
      const seen = await watchWire(mark, ['modelmesh'], () => sendMarked(scene, 20));
      return hops.filter(([, to]) => to === 'modelmesh').every((hop) => (find(seen, hop)?.marked ?? 0) > 0);
    });
  for (const origin of origins) {
    await scene.resetCounts();
    const before = await scene.dropped(origin);
    const seen = await watchWire(mark, ['ingress', 'mirror', 'client', 'modelmesh'], async () => {
      const summary = await new Traffic({ origin, model: 'wisdom', calls, rate: 100, id: mark }).ended;
      scene.check(`${mode}, ${origin}: the primary answers`, unanswered(summary, 'wisdom-0'));
    });
    const counts = await scene.counts();
    const dropped = (await scene.dropped(origin)) - before;
    const { callers } = await scene.stack.modelmesh.report();
    const from = origin === 'outside' ? 'ingress' : 'client';
    for (const hop of hops.filter(([one]) => one === from || one === 'mirror')) {
      const { packets = 0, marked = 0 } = find(seen, hop) ?? {};
      const what = `${hop[0]} → ${hop[1]}:${hop[2]}`;
      scene.row(['mesh', 'from', 'hop', 'packets', 'readable'], [mode, origin, what, packets, marked]);
      scene.check(
        `${mode}, ${origin}: ${what} is ${isClear(hop[1]) ? 'clear, so that this would be seen' : 'private'}`,
        packets > 0 && marked > 0 === isClear(hop[1]) ? [] : [`of ${packets} packets ${marked} can be read`],
      );
    }
    scene.row(
      ['mesh', 'from', 'callers of the primary', 'callers of the candidate'],
      [mode, origin, toWords(callers['wisdom-0']), toWords(callers['wisdom-1'])],
    );
    scene.equal(`${mode}, ${origin}: every copy arrives`, callsOf(counts, 'wisdom-1') + dropped, calls);
    // In clear text nobody has an identity.
    const expected = mode === 'DISABLE' ? ['', ''] : [identities[origin], mirrorIdentity];
    scene.equal(
      `${mode}, ${origin}: the primary sees the client, the candidate the mirror gateway`,
      [Object.keys(callers['wisdom-0'] ?? {}), Object.keys(callers['wisdom-1'] ?? {})],
      expected.map((one) => [one]),
    );
  }
}

async function sendMarked(scene: Scene, count: number): Promise<void> {
  for (const origin of origins) await new Traffic({ origin, model: 'wisdom', calls: count, rate: 50, id: mark }).ended;
  await scene.counts();
}

function find(seen: readonly Hop[], [from, to, port]: (typeof hops)[number]): Hop | undefined {
  return seen.find((hop) => hop.from === from && hop.to === to && hop.port === port);
}

function toWords(callers: Readonly<Record<string, number>> = {}): string {
  return Object.entries(callers)
    .map(([caller, count]) => `${caller || 'nobody known'}: ${count}`)
    .join(', ');
}

/** Copies that a policy refuses come to nothing, and that is all. */
async function refusedCopies(scene: Scene): Promise<void> {
  const { cluster } = scene.stack;
  const policy: ClusterObject = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'no-copies', namespace: modelNamespace },
    spec: {
      selector: { matchLabels: modelMeshPod.labels },
      action: 'DENY',
      rules: [{ from: [{ source: { principals: [`cluster.local/ns/model-mirror/sa/model-mirror-gateway`] } }] }],
    },
  };
  await cluster.apply(policy);
  await expectCopies(scene, 'ModelMesh refuses the mirror gateway', []);
  await cluster.remove(authorizationPolicies, modelNamespace, 'no-copies');
  await cluster.apply(...toMirrorGatewayObjects({ authorization: { enabled: true } }));
  await expectCopies(scene, 'component authorization: copies of istio-system only', ['outside']);
  await cluster.remove(authorizationPolicies, mirrorPod.namespace, mirrorPod.account);
  await expectCopies(scene, 'nobody is refused any more', origins);
}

/** Copies arrive from these sides and from no others, as soon as connections are new, and clients notice nothing. */
async function expectCopies(scene: Scene, what: string, from: readonly Origin[]): Promise<void> {
  await until(`${what}: copies arrive from ${from.join(' and ') || 'nowhere'}`, async () => {
    for (const origin of origins) {
      const { counts, dropped } = await scene.send({ origin, model: 'wisdom', calls: 20, rate: 100 });
      if (callsOf(counts, 'wisdom-1') !== (from.includes(origin) ? 20 - dropped : 0)) return false;
    }
    return true;
  });
  for (const origin of origins) {
    const { summary, counts, dropped } = await scene.send({ origin, model: 'wisdom', calls, rate: 100 });
    const { p50, p99 } = summary.latencyMs;
    const arrived = callsOf(counts, 'wisdom-1');
    scene.row(
      ['policy', 'from', 'calls', 'answered', 'p50', 'p99', 'at the candidate'],
      [what, origin, summary.sent, summary.answered, `${p50.toFixed(1)} ms`, `${p99.toFixed(1)} ms`, arrived],
    );
    scene.check(`${what}: clients do not notice, ${origin}`, unanswered(summary, 'wisdom-0'));
    const isExpected = from.includes(origin);
    scene.equal(
      `${what}: copies ${isExpected ? 'arrive' : 'do not arrive'}, ${origin}`,
      arrived,
      isExpected ? calls - dropped : 0,
    );
  }
}

/** In a STRICT mesh, without any object that says so: Istio finds out by itself that the candidate has no sidecar. */
async function withoutSidecar(scene: Scene): Promise<void> {
  await scene.stack.holdApplication('wisdom');
  const { candidate } = await leadToOwnCandidate(scene);
  for (const origin of origins) {
    const before = (await candidate.count()).begun;
    const { summary, dropped } = await scene.send({ origin, model: 'wisdom', calls, rate: 100 });
    const arrived = (await candidate.count()).begun - before;
    scene.row(
      ['the candidate has no sidecar', 'calls', 'answered', 'copies'],
      [origin, summary.sent, summary.answered, arrived],
    );
    scene.check(`the primary answers, ${origin}`, unanswered(summary, 'wisdom-0'));
    scene.equal(`a candidate without a sidecar gets every copy, ${origin}`, arrived + dropped, calls);
  }
}
