import { DestinationRule } from '@kubernetes-models/istio/networking.istio.io/v1/DestinationRule';
import { Gateway } from '@kubernetes-models/istio/networking.istio.io/v1/Gateway';
import { ServiceEntry } from '@kubernetes-models/istio/networking.istio.io/v1/ServiceEntry';
import { VirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService';
import test from 'ava';
import { findRenderedObjects } from '../../../goldens/rendered-objects.ts';
import { render, renderObjects, toModelText } from '../../render/memory-tree.ts';
import { IstioModel } from './istio-model.ts';

const models = { DestinationRule, Gateway, ServiceEntry, VirtualService };

test("every rendered object of Istio passes the schema of Istio's own CustomResourceDefinitions", async (t) => {
  const found = findRenderedObjects(Object.keys(models));
  t.true(found.length > 300);
  for (const { golden, object } of found) {
    const Kind = models[object.kind as keyof typeof models];
    await t.notThrowsAsync(
      async () => new Kind(object as never).validate(),
      `${golden}: ${object.kind} ${object.metadata.name}`,
    );
  }
  await t.throwsAsync(
    async () => new VirtualService({ spec: { hosts: 'one' } } as never).validate(),
    undefined,
    'it can fail',
  );
});

interface Route {
  readonly mirror?: { readonly host: string };
  readonly mirrorPercentage?: { readonly value: number };
  readonly retries?: { readonly attempts: number };
  readonly timeout?: string;
  readonly match: readonly { readonly statPrefix: string }[];
  readonly headers: {
    readonly request: { readonly set: Readonly<Record<string, string>>; readonly remove: readonly string[] };
  };
  readonly route: readonly {
    readonly destination: { readonly host: string; readonly port: { readonly number: number } };
    readonly headers?: { readonly request: { readonly set: Readonly<Record<string, string>> } };
  }[];
}

const virtualServices = findRenderedObjects(['VirtualService']).map(({ golden, object }) => ({
  golden,
  name: object.metadata.name,
  spec: object.spec as { gateways: string[]; hosts: string[]; http: Route[] },
}));
const isFirstHop = ({ gateways }: { readonly gateways: readonly string[] }) => gateways.includes('mesh');
const versions = new Map(
  [...new Set(virtualServices.map(({ golden }) => golden))].map((golden) => [golden, new Set<string>()]),
);
for (const { golden, object } of findRenderedObjects(['InferenceService']))
  versions.get(golden)?.add(object.metadata.name);

/** By how a version is named there: ModelMesh's headers name another one, and over REST none may. */
const removed = {
  header: ['mm-model-id', 'mm-model-id-bin'],
  path: ['mm-model-id', 'mm-model-id-bin', 'mm-vmodel-id'],
  'own Service': [],
} as const;

/**
 * The whole list: what hop 1 sets is in the primary's request too. Never `x-envoy-upstream-…`: Envoy applies it to the
 * primary, and not to the copy (executed: 362 of 1,000 calls failed).
 */
test('each route of each hop sets and removes these headers and no others', (t) => {
  t.true(virtualServices.length > 100);
  const seen = new Set<string>();
  for (const { golden, name, spec } of virtualServices) {
    t.true(spec.http.length > 0, golden);
    for (const { headers, match, route } of spec.http) {
      const isFirst = isFirstHop(spec);
      const [to, ...others] = route;
      t.deepEqual(others, [], golden);
      const { host = '', port } = { ...to?.destination };
      const by = /^[^.]+-backend\./.test(host) ? 'own Service' : port?.number === 8008 ? 'path' : 'header';
      const { request } = headers;
      t.deepEqual(request.remove, [...removed[by], isFirst ? 'x-mirror-copy' : 'x-forwarded-client-cert'], golden);
      t.deepEqual(
        request.set,
        isFirst ? { 'x-mirror-of': '%REQ(X-REQUEST-ID)%-%START_TIME(%s%9f)%' } : { 'x-mirror-copy': '1' },
        golden,
      );
      const [{ statPrefix } = { statPrefix: '' }, ...more] = match;
      t.deepEqual(more, [], golden);
      t.true(versions.get(golden)?.has(statPrefix), `${golden}: ${name} is counted by version`);
      const ids = by === 'header' ? { request: { set: { 'mm-vmodel-id': statPrefix } } } : undefined;
      t.deepEqual(to?.headers, ids, golden);
      seen.add(`${isFirst} ${by}`);
    }
  }
  for (const by of ['header', 'path']) for (const hop of [true, false]) t.true(seen.has(`${hop} ${by}`));
});

interface Pool {
  readonly connectionPool: { readonly http: { readonly h2UpgradePolicy?: string }; readonly tcp: object };
}

interface TrafficPolicy extends Pool {
  readonly portLevelSettings?: readonly (Pool & { readonly port: { readonly number: number } })[];
}

test('limits hold for copies alone: for a subset of the host that they go to, which no request goes to', (t) => {
  const rules = findRenderedObjects(['DestinationRule']);
  t.true(rules.length > 50);
  const destinationsOf = (wanted: string, isFirst: boolean) =>
    virtualServices
      .filter(({ golden, spec }) => golden === wanted && isFirstHop(spec) === isFirst)
      .flatMap(({ name, spec }) => spec.http.map(({ route }) => ({ name, ...route[0]?.destination })));
  for (const { golden, object } of rules) {
    const { host, subsets, ...rest } = object.spec as {
      readonly host: string;
      readonly subsets: readonly [{ readonly name: string; readonly trafficPolicy: TrafficPolicy }];
    };
    t.deepEqual([rest, subsets.length], [{}, 1], `${golden}: nothing for all of the host`);
    const [{ name: subset, trafficPolicy, ...labels }] = subsets;
    t.deepEqual(labels, {}, `${golden}: all pods of the host`);
    const { portLevelSettings = [], ...ofAll } = trafficPolicy;
    t.deepEqual(Object.keys(ofAll), ['connectionPool'], `${golden}: no TLS, which is up to the mesh`);
    for (const { port, ...ofPort } of portLevelSettings) {
      const { h2UpgradePolicy, ...http } = ofPort.connectionPool.http;
      t.is(h2UpgradePolicy, 'UPGRADE', golden);
      t.deepEqual(
        { connectionPool: { ...ofPort.connectionPool, http } },
        ofAll,
        `${golden}: the limits of ${port.number}`,
      );
    }
    const limited = destinationsOf(golden, false).filter(({ name }) => name === object.metadata.name);
    t.true(limited.length > 0, golden);
    for (const destination of limited) t.like(destination, { host, subset }, golden);
    for (const destination of destinationsOf(golden, true)) t.false('subset' in destination, golden);
  }
});

test('every port that copies are sent to is HTTP/2', (t) => {
  const gateways = findRenderedObjects(['Gateway']).filter(({ object }) => /mirror/.test(object.metadata.name));
  t.true(gateways.length > 0);
  for (const { golden, object } of gateways)
    t.deepEqual(
      (object.spec as { servers: { port: { protocol: string } }[] }).servers.map(({ port }) => port.protocol),
      ['HTTP2'],
      golden,
    );
});

test('a policy that names another mirror gateway keeps the meaning that it had in 0.1.0, and one that names none gets ours', (t) => {
  const of = (mirrorGateway: object) => {
    const objects = renderObjects({
      'model.yaml': toModelText('wisdom', 'models'),
      'policy.yaml': toPolicy({ mirrorGateway }),
    });
    const http = (name: string) =>
      objects.find(({ kind, metadata }) => kind === 'VirtualService' && metadata.name === name)?.spec as {
        readonly gateways: string[];
        readonly http: [{ readonly mirror?: { readonly host: string; readonly port: { readonly number: number } } }];
      };
    const mirror = http('wisdom').http[0].mirror;
    return [
      `${mirror?.host}:${mirror?.port.number}`,
      ...http('wisdom-mirror').gateways,
      ...objects.filter(({ kind }) => kind === 'Gateway').map(({ metadata }) => metadata.name),
    ];
  };
  const ours = 'model-mirror-gateway.model-mirror.svc.cluster.local';
  const egress = 'istio-egressgateway.istio-system.svc.cluster.local';
  t.deepEqual(of({}), [`${ours}:443`, 'model-mirror/model-mirror-gateway', 'mm-gateway']);
  t.deepEqual(of({ tls: 'None' }), [`${ours}:80`, 'model-mirror/model-mirror-gateway', 'mm-gateway']);
  t.deepEqual(of({ service: egress }), [`${egress}:80`, 'mm-mirror-gateway', 'mm-gateway', 'mm-mirror-gateway']);
  t.deepEqual(of({ create: false }), [`${egress}:80`, 'mm-mirror-gateway', 'mm-gateway']);
  t.deepEqual(of({ name: 'infra/copies', create: false }), [`${egress}:80`, 'infra/copies', 'mm-gateway']);
  t.deepEqual(of({ service: 'copies.infra', name: 'infra/copies', create: false, tls: 'IstioMutual' }), [
    'copies.infra:443',
    'infra/copies',
    'mm-gateway',
  ]);
});

test('no Gateway with TLS is rendered: Istio would serve only one of several', (t) => {
  const codes = (mirrorGateway: object) =>
    render({
      'model.yaml': toModelText('wisdom', 'models'),
      'policy.yaml': toPolicy({ mirrorGateway }),
    }).problems.map(({ code, line }) => `${code} ${line}`);
  t.deepEqual(codes({ create: true, tls: 'IstioMutual' }), ['invalid-value 4']);
  t.deepEqual(codes({ create: true, tls: 'None' }), []);
  t.deepEqual(codes({ create: false, tls: 'IstioMutual' }), []);
});

test('the second hop never mirrors or retries, always has a timeout, and has every host with its shadow form', (t) => {
  const second = virtualServices.filter(({ spec }) => !isFirstHop(spec));
  t.true(second.length > 50);
  for (const { golden, name, spec } of second) {
    for (const route of spec.http) {
      t.is(route.mirror, undefined, golden);
      t.false('mirrors' in route, golden);
      t.deepEqual(route.retries, { attempts: 0 }, golden);
      t.regex(route.timeout ?? '', /^\d/, golden);
    }
    const first = virtualServices.find((other) => other.golden === golden && `${other.name}-mirror` === name);
    t.deepEqual(
      spec.hosts,
      first?.spec.hosts.flatMap((host) => [host, `${host}-shadow`]),
      golden,
    );
    t.is(first?.spec.gateways.includes(spec.gateways[0] ?? ''), false, golden);
  }
});

const toPolicy = (routing: object) => `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: policy}
spec: {gate: None, routing: ${JSON.stringify(routing)}}
`;
const forms = (service: string) => [
  ...['', '.models', '.models.svc', '.models.svc.cluster.local', '.models.svc.k8s.lab', '.models.svc.a'].map(
    (rest) => service + rest,
  ),
];

test("a mirror to ModelMesh's Service or to the model itself is a loop, whatever domain the host has", (t) => {
  const codes = (routing: object) =>
    render({ 'model.yaml': toModelText('wisdom', 'models'), 'policy.yaml': toPolicy(routing) }).problems.map(
      ({ code }) => code,
    );
  for (const service of [...forms('modelmesh-serving'), ...forms('wisdom')])
    t.deepEqual(codes({ mirrorGateway: { service } }), ['mirror-loop'], service);
  for (const host of forms('mm'))
    for (const service of forms('mm'))
      t.deepEqual(codes({ mirrorGateway: { service }, service: { host } }), ['mirror-loop'], `${host} and ${service}`);
  for (const host of forms('modelmesh-serving')) t.deepEqual(codes({ hosts: [host] }), ['duplicate-host'], host);
  for (const service of ['modelmesh-serving.other.svc.k8s.lab', 'wisdom.models.example.com', 'gateway.models'])
    t.deepEqual(codes({ mirrorGateway: { service } }), [], service);
});

test("neither copies nor samples go to KServe's own Services, past all routes to the Pods of a version", (t) => {
  const standard = (name: string, namespace: string) =>
    toModelText(name, namespace).replace('deploymentMode: ModelMesh', 'deploymentMode: Standard');
  const codes = (spec: object) =>
    render({
      'wisdom/model.yaml': standard('wisdom', 'models'),
      'folly/model.yaml': standard('folly', 'other'),
      'wisdom/policy.yaml': JSON.stringify({
        ...{ apiVersion: 'model-mirror.dev/v1alpha1', kind: 'MirrorPolicy', metadata: { name: 'a' } },
        spec: { gate: 'None', ...spec },
      }),
    }).problems.map(({ code, file }) => `${code} ${file}`);
  const checks = [{ errors: { rate: '1%' } }];
  for (const service of [
    ...forms('wisdom-0-predictor'),
    ...forms('wisdom-1-predictor'),
    'folly-0-predictor.other.svc.cluster.local',
  ]) {
    t.deepEqual(codes({ routing: { mirrorGateway: { service } } }), ['mirror-loop wisdom/policy.yaml'], service);
    t.deepEqual(codes({ analysis: { checks, comparer: { service, port: 80 } } }), ['mirror-loop wisdom/policy.yaml']);
  }
  for (const service of ['wisdom-0-predictor.other', 'wisdom-2-predictor'])
    t.deepEqual(codes({ routing: { mirrorGateway: { service } } }), [], service);
  // Clients of KServe's Service may be led through the routes.
  t.deepEqual(codes({ routing: { hosts: ['wisdom-0-predictor.models.svc.cluster.local'] } }), []);
});

test('no limit on copies holds for requests to a primary: no Service of a runtime is the host of a model', (t) => {
  const find = (files: Record<string, string>) => render(files).problems.map(({ code, file }) => `${code} ${file}`);
  const service = (host: string) => toPolicy({ service: { host } });
  for (const host of forms('folly').slice(1))
    t.deepEqual(
      find({
        'wisdom/model.yaml': toModelText('wisdom', 'models'),
        'wisdom/policy.yaml': service(host),
        'folly/model.yaml': toModelText('folly', 'models'),
      }),
      ['duplicate-host wisdom/policy.yaml'],
      host,
    );
  t.deepEqual(
    find({
      'wisdom/model.yaml': toModelText('wisdom', 'models'),
      'named/model.yaml': toModelText('modelmesh-serving', 'models'),
      'named/policy.yaml': service('modelmesh-serving.other.svc.cluster.local'),
    }),
    ['duplicate-host named/model.yaml'],
  );
});

test('no model has the host of the mirror gateway of another, which is the default one', (t) => {
  const other = { mirrorGateway: { service: 'istio-egressgateway.istio-system.svc.cluster.local' } };
  const find = (name: string, namespace: string, routing: object) =>
    render({
      'wisdom/model.yaml': toModelText('wisdom', 'models'),
      'other/model.yaml': toModelText(name, namespace),
      'other/policy.yaml': toPolicy(routing),
    }).problems.map(({ code, file }) => `${code} ${file}`);
  t.deepEqual(find('model-mirror-gateway', 'model-mirror', other), ['mirror-loop other/model.yaml']);
  t.deepEqual(find('folly', 'models', { ...other, hosts: ['model-mirror-gateway.model-mirror.svc'] }), [
    'mirror-loop other/policy.yaml',
  ]);
  t.deepEqual(find('folly', 'models', other), []);
});

test('no Gateway is rendered in place of the installed one', (t) => {
  const codes = (namespace: string, routing: object) =>
    render({ 'model.yaml': toModelText('wisdom', namespace), 'policy.yaml': toPolicy(routing) }).problems.map(
      ({ code, line }) => `${code} ${line}`,
    );
  const name = 'model-mirror-gateway';
  const service = 'istio-egressgateway.istio-system.svc.cluster.local';
  for (const routing of [{ mirrorGateway: { name, service } }, { gateway: { name }, mirrorGateway: { service } }]) {
    t.deepEqual(codes('model-mirror', routing), ['invalid-value 4']);
    t.deepEqual(codes('models', routing), []);
  }
  t.deepEqual(codes('model-mirror', { mirrorGateway: { name, service, create: false } }), []);
});

test('who names the installed mirror gateway by its Service or its Gateway gets all of it', (t) => {
  const outer = { service: 'istio-egressgateway.istio-system.svc.cluster.local' };
  const renderWith = (mirrorGateway: object, around: object = {}) =>
    renderObjects({
      'policy.yaml': toPolicy({ mirrorGateway: around }),
      'wisdom/model.yaml': toModelText('wisdom', 'models'),
      'wisdom/policy.yaml': toPolicy({ mirrorGateway }),
    });
  const service = 'model-mirror-gateway.model-mirror.svc.cluster.local';
  const byDefault = renderWith({});
  t.deepEqual(renderWith({ service }), byDefault);
  t.deepEqual(renderWith({ service }, outer), byDefault);
  t.deepEqual(renderWith({ name: 'model-mirror/model-mirror-gateway' }), byDefault);
  t.deepEqual(renderWith({ name: 'model-mirror/model-mirror-gateway', create: false }), byDefault);
  t.notDeepEqual(renderWith({}, outer), byDefault);
  t.notDeepEqual(renderWith({ name: 'mm-mirror-gateway' }), byDefault);
});

test('no host is in a VirtualService twice, also where one is the form that an older Istio makes of another', (t) => {
  const hosts = ['x.example.com', 'x.example.com-shadow', 'wisdom.models-shadow', 'x.example.com'];
  const objects = renderObjects({ 'model.yaml': toModelText('wisdom', 'models'), 'policy.yaml': toPolicy({ hosts }) });
  const routes = objects.filter(({ kind }) => kind === 'VirtualService');
  t.is(routes.length, 2);
  for (const { spec } of routes) {
    const rendered = (spec as { hosts: string[] }).hosts;
    t.true(rendered.includes('x.example.com-shadow'));
    t.deepEqual(rendered, [...new Set(rendered)]);
  }
});

test('the cluster domain is part of every default host, and of no host that a policy names', (t) => {
  const text = JSON.stringify(
    renderObjects({
      'model.yaml': toModelText('wisdom', 'models'),
      'policy.yaml': toPolicy({ clusterDomain: 'k8s.lab', hosts: ['wisdom.example.com'] }),
    }),
  );
  t.false(text.includes('cluster.local'));
  for (const host of ['wisdom.models', 'modelmesh-serving.models', 'model-mirror-gateway.model-mirror'])
    t.true(text.includes(`"${host}.svc.k8s.lab"`), host);
  t.true(text.includes('"wisdom.example.com"'));
});

test('no host of a VirtualService has a label that is too long for DNS, in a namespace of any length', (t) => {
  for (const length of [1, 55, 56, 57, 63]) {
    const objects = renderObjects({ 'model.yaml': toModelText('m'.repeat(63), 's'.repeat(length)) });
    const routes = objects.filter(({ kind }) => kind === 'VirtualService');
    t.is(routes.length, 2);
    const hosts = routes.flatMap(({ spec }) => (spec as { hosts: string[] }).hosts);
    t.deepEqual(
      hosts.filter((host) => host.length > 255 || host.split('.').some((label) => label.length > 63)),
      [],
    );
    t.is(hosts.filter((host) => host.endsWith('-shadow')).length, length > 56 ? 2 : 3);
  }
});

test('no VirtualService of another namespace binds to a Gateway, unless its namespace is admitted', (t) => {
  const stranger = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'stranger', namespace: 'clients', labels: {} },
    spec: {
      gateways: ['models/mm-gateway', 'models/mm-mirror-gateway'],
      hosts: ['wisdom.models', 'stranger.example.com'],
      http: [{ directResponse: { status: 418 } }],
    },
  };
  const send = (routing: { readonly mirrorGateway?: object }, ...others: (typeof stranger)[]) => {
    const mirrorGateway = { service: 'istio-egressgateway.istio-system.svc.cluster.local', ...routing.mirrorGateway };
    const rendered = renderObjects({
      'model.yaml': toModelText('wisdom', 'models'),
      'policy.yaml': toPolicy({ ...routing, mirrorGateway }),
    });
    // The oldest comes first, so it is first.
    const istio = new IstioModel([...others, ...rendered]);
    return ['istio-ingressgateway', 'istio-egressgateway'].flatMap((gateway) =>
      ['wisdom.models', 'stranger.example.com'].map((authority) =>
        istio.send({ from: { gateway }, port: 80, authority, path: '/inference.X/Y', headers: {} }),
      ),
    );
  };
  const alone = send({});
  t.regex(alone[0]?.end ?? '', /by wisdom-0: /);
  t.regex(alone[0]?.copies[0]?.outcome.end ?? '', /by wisdom-1: /);
  t.regex(alone[1]?.end ?? '', /^404/);
  t.deepEqual(send({}, stranger), alone);
  for (const namespaces of [['clients'], ['*']])
    for (const field of ['gateway', 'mirrorGateway'])
      t.notDeepEqual(send({ [field]: { namespaces } }, stranger), alone, `${field} admits ${namespaces}`);
});
