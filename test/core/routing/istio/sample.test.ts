/** What an analysis adds to the routes: copies of a part of the mirrored requests, and nothing else. */
import test from 'ava';
import { valueAt } from '../../../../src/core/input/plain-value.ts';
import type { Manifest } from '../../../../src/core/manifests/manifest.ts';
import { renderObjects, toModelText } from '../../render/memory-tree.ts';
import { find, readInstalled } from './installation.ts';
import { IstioModel } from './istio-model.ts';

const toPolicy = (spec: string) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: a}\nspec: ${spec}\n`;
const renderWith = (spec: string): Manifest[] =>
  renderObjects({ 'model.yaml': toModelText('wisdom', 'models'), 'policy.yaml': toPolicy(spec) });
const analysis = 'analysis: {share: 2, checks: [errors: {rate: 1%}]}';

/** The mirror gateway that is installed: the rendered objects name it, and do not have it. */
const mirrorGateway: Manifest = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'model-mirror-gateway', namespace: 'model-mirror', labels: {} },
  spec: {
    selector: { istio: 'model-mirror-gateway' },
    servers: [{ port: { number: 443, name: 'http2', protocol: 'HTTP2' }, hosts: ['*/*'] }],
  },
};

const send = (spec: string) => {
  const istio = new IstioModel([...renderWith(spec), mirrorGateway]);
  return [{ gateway: 'istio-ingressgateway' }, { sidecar: 'clients' }].map((from) =>
    istio.send({
      from,
      port: 'gateway' in from ? 80 : 8033,
      authority: 'wisdom.models',
      path: '/inference.X/Y',
      headers: {},
    }),
  );
};

test('who answers and what the candidate gets is the same with an analysis, and the comparer gets its share', (t) => {
  const [plain, sampled] = [
    send('{gate: None, mirrorPercentage: 20}'),
    send(`{gate: None, mirrorPercentage: 20, ${analysis}}`),
  ];
  t.is(sampled.length, 2);
  for (const [i, { copies, ...rest }] of sampled.entries()) {
    const { copies: before = [], ...restBefore } = plain[i] ?? {};
    t.regex(rest.end, /by wisdom-0: /);
    t.deepEqual(rest, restBefore);
    const isSample = ({ outcome }: (typeof copies)[number]) => outcome.end === 'the comparer';
    t.regex(before[0]?.outcome.end ?? '', /by wisdom-1: /);
    t.deepEqual(
      copies.filter((copy) => !isSample(copy)),
      before,
    );
    t.deepEqual([...new Set(copies.filter(isSample).map(({ share }) => share))], [2]);
  }
});

test('the brake and a closed gate stop the samples too', (t) => {
  for (const spec of [`{gate: None, mirrorPercentage: 0, ${analysis}}`, `{${analysis}}`])
    for (const { copies } of send(spec)) t.deepEqual(copies, [], spec);
});

test('one object changes by an analysis, while the mirror is open, and none while it is closed', (t) => {
  const changed = (spec: string) => {
    const before = renderWith(`{${spec}}`).map((object) => JSON.stringify(object));
    return renderWith(`{${spec}, ${analysis}}`).flatMap((object) =>
      before.includes(JSON.stringify(object)) ? [] : [`${object.kind} ${object.metadata.name}`],
    );
  };
  t.deepEqual(changed('gate: None'), ['VirtualService wisdom']);
  t.deepEqual(changed('gate: Status'), []);
  t.deepEqual(changed('gate: None, mirrorPercentage: 0'), []);
});

test('samples go to the Service that is installed, in HTTP/2 and within limits', (t) => {
  const installed = readInstalled('model-mirror-comparer');
  const service = find(installed, 'Service', 'model-mirror-comparer');
  const destination = valueAt(
    renderWith(`{gate: None, ${analysis}}`).find(
      ({ kind, metadata }) => `${kind} ${metadata.name}` === 'VirtualService wisdom',
    ),
    ['spec', 'http', 0, 'mirrors', 1, 'destination'],
  );
  const { name, namespace } = service.metadata;
  const port = valueAt(service, ['spec', 'ports', 0]);
  t.deepEqual(destination, {
    host: `${name}.${namespace}.svc.cluster.local`,
    port: { number: valueAt(port, ['port']) },
  });
  t.like(port, { name: 'http2', appProtocol: 'kubernetes.io/h2c' });
  const rule = find(installed, 'DestinationRule');
  t.is(valueAt(rule, ['spec', 'host']), name);
  t.like(valueAt(rule, ['spec', 'trafficPolicy']), {
    tls: { mode: 'ISTIO_MUTUAL' },
    connectionPool: {
      tcp: { maxConnections: 50, connectTimeout: '1s' },
      http: { http2MaxRequests: 50, http1MaxPendingRequests: 50, maxRetries: 1, h2UpgradePolicy: 'UPGRADE' },
    },
  });
});
