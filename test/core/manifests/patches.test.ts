import test from 'ava';
import type jsonPatch from 'fast-json-patch';
import { times } from '../../thorough.ts';
import { type Files, render, renderObjects, toModelText } from '../render/memory-tree.ts';
import { IstioModel, type SentRequest } from '../routing/istio/istio-model.ts';
import {
  type Attack,
  add,
  cross,
  type PatchTrial,
  patchAnyway,
  remove,
  replace,
  toDifference,
  toFields,
  tryAnyPatch,
} from './patch-trials.ts';

const toPolicy = (spec: object) =>
  JSON.stringify({
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'MirrorPolicy',
    metadata: { name: 'policy' },
    spec: { gate: 'None', mirrorPercentage: 20, ...spec },
  });
const models = {
  'wisdom/model.yaml': toModelText('wisdom', 'models', 'wisdom-'),
  'folly/model.yaml': toModelText('folly', 'models', 'folly-'),
  'other/model.yaml': toModelText('wisdom', 'elsewhere', 'wisdom-'),
};
/** With a timeout and a host of its own, so that there is something to take away. */
const routing = {
  timeout: '30s',
  // So that its Gateway is rendered, and can be patched.
  mirrorGateway: { service: 'istio-egressgateway.istio-system.svc.cluster.local' },
};
const toFiles = (patches: object[]): Files => ({ ...models, 'policy.yaml': toPolicy({ routing, patches }) });
const rendered = renderObjects(toFiles([]));

const origins: Pick<SentRequest, 'from' | 'port'>[] = [
  { from: { gateway: 'istio-ingressgateway' }, port: 80 },
  // Whoever is in the cluster reaches the mirror gateway.
  { from: { gateway: 'istio-egressgateway' }, port: 80 },
  ...cross(['models', 'elsewhere', 'clients'], [8033, 80], (sidecar, port) => ({ from: { sidecar }, port })),
];
const calls = cross(
  ['wisdom.models', 'wisdom.models.svc.cluster.local:8033', 'folly.models.svc', 'wisdom.elsewhere', 'stranger.models'],
  ['/inference.GRPCInferenceService/ModelInfer', '/v2/models/wisdom/infer'],
  (authority, path) => ({ authority, path }),
);
const clientHeaders: Readonly<Record<string, string>>[] = [
  {},
  { 'mm-vmodel-id': 'wisdom-1' },
  { 'mm-model-id': 'wisdom-1' },
  { 'mm-model-id-bin': 'd2lzZG9tLTE' },
  { 'x-canary': 'yes', cookie: 'canary=1' },
];
const requests = cross(
  cross(origins, calls, (origin, call) => ({ ...origin, ...call })),
  clientHeaders,
  (one, headers): SentRequest => ({ ...one, headers }),
);

const findDifference = toDifference(requests, rendered);

test('the model of Istio routes requests to the primary, and copies to the candidate', (t) => {
  const of = (request: Partial<SentRequest>) =>
    new IstioModel(rendered).send({
      ...{ from: { gateway: 'istio-ingressgateway' }, port: 80, authority: 'wisdom.models', headers: {} },
      path: '/inference.GRPCInferenceService/ModelInfer',
      ...request,
    });
  const by = (version: string, uri: string) =>
    `/inference.GRPCInferenceService/ModelInfer by ${version}: model ["sklearn","s3://models/${uri}",null,null]`;
  const copy = {
    share: 20,
    to: 'istio-egressgateway.istio-system.svc.cluster.local:80',
    outcome: { end: by('wisdom-1', 'wisdom-v2'), faults: [], tries: 0, isBounded: true, copies: [] },
  };
  const expected = { end: by('wisdom-0', 'wisdom-v1'), faults: [], copies: [copy, copy] };
  t.deepEqual(of({}), expected);
  for (const headers of clientHeaders) t.deepEqual(of({ headers }), expected, JSON.stringify(headers));
  t.deepEqual(of({ from: { sidecar: 'clients' }, port: 8033 }), expected);
  t.is(of({ authority: 'folly.models.svc:8033' }).end, by('folly-0', 'folly-v1'));
  t.is(of({ authority: 'wisdom.elsewhere' }).end, by('wisdom-0', 'wisdom-v1'));
  t.is(of({ authority: 'stranger.models' }).end, '404: no virtual host');
  t.is(of({ from: { sidecar: 'clients' }, port: 8034 }).end, 'passed through: no such host and port');
  t.deepEqual(of({ from: { gateway: 'istio-egressgateway' } }).copies, []);
});

const first = (...patch: jsonPatch.Operation[]): Attack => ({ kind: 'VirtualService', name: 'wisdom', patch });
const second = (...patch: jsonPatch.Operation[]): Attack => ({ kind: 'VirtualService', name: 'wisdom-mirror', patch });
const gateway = (...patch: jsonPatch.Operation[]): Attack => ({ kind: 'Gateway', name: 'mm-gateway', patch });
const mirrorGateway = (...patch: jsonPatch.Operation[]): Attack => ({
  kind: 'Gateway',
  name: 'mm-mirror-gateway',
  patch,
});
const entry = (...patch: jsonPatch.Operation[]): Attack => ({ kind: 'ServiceEntry', name: 'wisdom', patch });
const primary = (...patch: jsonPatch.Operation[]): Attack => ({ kind: 'InferenceService', name: 'wisdom-0', patch });
const toFolly = {
  destination: { host: 'modelmesh-serving', port: { number: 8033 } },
  headers: { request: { set: { 'mm-vmodel-id': 'folly-0' } } },
};
const whole = { route: [toFolly] };
const ingress = { host: 'istio-ingressgateway.istio-system.svc.cluster.local', port: { number: 80 } };

/** Each makes some request, or a copy of it, go elsewhere or not at all. */
const attacks: Readonly<Record<string, Attack>> = {
  'copies to the candidate of another model': first(add('/spec/http/0/rewrite', { authority: 'folly.models' })),
  'another path': first(add('/spec/http/0/rewrite', { uri: '/v2/models/wisdom-1/infer' })),
  'the same, by a request header': first(add('/spec/http/0/headers/request/set', { ':path': '/x' })),
  'the same, by the destination': first(add('/spec/http/0/route/0/headers/request/set/:authority', 'folly.models')),
  'an empty rewrite beside a match': first(add('/spec/http/0/match', [{ headers: { 'x-canary': {} } }])),
  'only some paths': first(add('/spec/http/0/match', [{ uri: { prefix: '/v2' } }])),
  'not from the mesh': first(add('/spec/http/0/match', [{ gateways: ['mm-gateway'] }])),
  'not from this port': first(add('/spec/http/0/match', [{ port: 80 }])),
  'only from one namespace': first(add('/spec/http/0/match', [{ sourceNamespace: 'models' }])),
  'only from some pods': first(add('/spec/http/0/match', [{ sourceLabels: { app: 'other' } }])),
  'not with a header': first(add('/spec/http/0/match', [{ withoutHeaders: { 'x-canary': {} } }])),
  redirect: first(add('/spec/http/0/redirect', { authority: 'folly.models' })),
  'an empty redirect': first(add('/spec/http/0/redirect', {})),
  'a direct response': first(add('/spec/http/0/directResponse', { status: 200 })),
  'a fault': first(add('/spec/http/0/fault', { abort: { httpStatus: 500, percentage: { value: 1 } } })),
  'a delay': first(add('/spec/http/0/fault', { delay: { fixedDelay: '5s' } })),
  'a delay of copies': second(add('/spec/http/0/fault', { delay: { fixedDelay: '5s' } })),
  'a delegate': first(add('/spec/http/0/delegate', { name: 'folly' })),
  'a delegate that is not there': first(add('/spec/http/0/delegate', { name: 'nobody', namespace: 'clients' })),
  'a route before ours': first(add('/spec/http/0', whole)),
  'a route for some': first(add('/spec/http/0', { ...whole, match: [{ headers: { 'x-canary': { exact: 'yes' } } }] })),
  'another route': first(replace('/spec/http/0', whole)),
  'another list of routes': first(replace('/spec/http', [whole])),
  'another spec': first(replace('/spec', { hosts: ['wisdom.models'], http: [whole] })),
  'the routes of another object': first(replace('/spec/http/0/route/0', toFolly)),
  'two destinations': first(
    add('/spec/http/0/route/-', { ...toFolly, weight: 50 }),
    add('/spec/http/0/route/0/weight', 50),
  ),
  'a subset': first(add('/spec/http/0/route/0/destination/subset', 'v2')),
  'another port': first(replace('/spec/http/0/route/0/destination/port/number', 8008)),
  'the candidate as the primary': first(replace('/spec/http/0/route/0/headers/request/set/mm-vmodel-id', 'wisdom-1')),
  'two ids': first(add('/spec/http/0/route/0/headers/request/add', { 'mm-vmodel-id': 'wisdom-1' })),
  'an id too much': first(add('/spec/http/0/headers/request/set', { 'mm-model-id': 'wisdom-1' })),
  'an id that is left': first(remove('/spec/http/0/headers/request/remove/1')),
  'ids that are left': first({ op: 'move', from: '/spec/http/0/headers', path: '/metadata/annotations/headers' }),
  'no id at all': first(
    add('/spec/http/0/route/0/headers/request/remove', ['mm-vmodel-id']),
    remove('/spec/http/0/route/0/headers/request/set'),
  ),
  'all requests': first(remove('/spec/http/0/mirrorPercentage')),
  'all requests, by another field': first(replace('/spec/http/0/mirrorPercentage', 100)),
  'more requests': first(replace('/spec/http/0/mirrorPercentage/value', 21)),
  'no copies': first(remove('/spec/http/0/mirror')),
  'copies elsewhere': first(replace('/spec/http/0/mirror', ingress)),
  'copies without the second hop': first(
    replace('/spec/http/0/mirror/host', 'modelmesh-serving'),
    replace('/spec/http/0/mirror/port/number', 8033),
  ),
  'further copies': first(add('/spec/http/0/mirrors', [{ destination: ingress }])),
  'further copies, moved there': first(
    { op: 'copy', from: '/spec/http/0/mirror', path: '/spec/http/0/mirrors' },
    replace('/spec/http/0/mirrors', [{ destination: ingress, percentage: { value: 5 } }]),
  ),
  'its namespace alone': first(add('/spec/exportTo', ['.'])),
  nobody: first(add('/spec/exportTo', ['~'])),
  'another revision': first(add('/metadata/labels/istio.io~1rev', 'canary')),
  'an owner that is not there': first(
    add('/metadata/ownerReferences', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }]),
  ),
  'another API': first(replace('/apiVersion', 'networking.example.com/v1')),
  'no host': first(remove('/spec/hosts/0')),
  'a further host': first(add('/spec/hosts/-', 'stranger.models')),
  'any host': first(add('/spec/hosts/0', '*.models')),
  'the mirror gateway too': first(add('/spec/gateways/0', 'mm-mirror-gateway')),
  'no gateway but the mesh': first(remove('/spec/gateways/0')),
  'no gateways': first(remove('/spec/gateways')),
  'the public gateway for the second hop': second(
    replace('/spec/gateways/0', 'mm-gateway'),
    add('/spec/hosts/-', 'stranger.models'),
  ),
  'retries of copies': second(replace('/spec/http/0/retries/attempts', 3)),
  'the default retries of copies': second(remove('/spec/http/0/retries')),
  'copies that nothing ends': second(remove('/spec/http/0/timeout')),
  'copies that nothing ends, by a zero': second(replace('/spec/http/0/timeout', '0s')),
  'copies back to the primary': second(replace('/spec/http/0/route/0/headers/request/set/mm-vmodel-id', 'wisdom-0')),
  'copies of copies': second(add('/spec/http/0/mirror', ingress)),
  'copies that are not known': second(remove('/spec/hosts/1')),
  'other pods': gateway(replace('/spec/selector', { istio: 'egressgateway' })),
  'all pods': gateway(replace('/spec/selector', {})),
  'other pods for copies': mirrorGateway(replace('/spec/selector/istio', 'ingressgateway')),
  'some hosts': gateway(replace('/spec/servers/0/hosts', ['*.example.com'])),
  'another namespace’s hosts': gateway(replace('/spec/servers/0/hosts', ['elsewhere/*'])),
  'another port of the gateway': gateway(replace('/spec/servers/0/port/number', 8080)),
  'another protocol': gateway(replace('/spec/servers/0/port/protocol', 'TCP')),
  'TLS that is passed through': gateway(add('/spec/servers/0/tls', { mode: 'PASSTHROUGH' })),
  'a redirect to https': gateway(add('/spec/servers/0/tls', { httpsRedirect: true })),
  'a redirect to https, by a further server': gateway(
    add('/spec/servers/0', {
      port: { number: 80, name: 'other', protocol: 'HTTP' },
      hosts: ['*'],
      tls: { httpsRedirect: true },
    }),
  ),
  'another port of the mirror gateway': mirrorGateway(replace('/spec/servers/0/port/number', 443)),
  'a host that sidecars do not know': entry(remove('/spec/hosts/0')),
  'hosts that other namespaces do not know': entry(add('/spec/exportTo', ['.'])),
  'another port of the hosts': entry(replace('/spec/ports/0/number', 8008)),
  'no HTTP': entry(replace('/spec/ports/0/protocol', 'TCP')),
  'another model': primary(replace('/spec/predictor/model/storageUri', 's3://evil/x')),
  'another bucket': primary(add('/spec/predictor/model/storage', { parameters: { bucket: 'evil' } })),
  'another model, the old way': primary(
    add('/spec/predictor/sklearn', { storageUri: 's3://evil/x' }),
    remove('/spec/predictor/model'),
  ),
  'another format': primary(replace('/spec/predictor/model/modelFormat/name', 'onnx')),
  'another name': primary(replace('/metadata/name', 'wisdom-9')),
};

for (const [title, attack] of Object.entries(attacks))
  test(`a patch is refused that would change routing: ${attack.kind}, ${title}`, (t) => {
    t.truthy(findDifference(patchAnyway(rendered, attack)), 'the model of Istio sees nothing of it');
    const { objects, problems } = render(
      toFiles([{ target: { kind: attack.kind, name: attack.name }, patch: attack.patch }]),
    );
    t.deepEqual(objects, []);
    t.true(problems.some(({ code, file }) => code === 'patch-refused' && file === 'policy.yaml'));
  });

/** What people want of patches; none of it moves a request. */
const honest: Readonly<Record<string, Attack>> = {
  'a label': first(add('/metadata/labels/team', 'a')),
  'an annotation of another program': gateway(
    add('/metadata/annotations', { 'external-dns.alpha.kubernetes.io/target': 'models.example.com' }),
  ),
  'how Argo CD applies it': entry(
    add('/metadata/annotations', { 'argocd.argoproj.io/sync-options': 'ServerSideApply=true' }),
  ),
  'a timeout': first(replace('/spec/http/0/timeout', '5s')),
  'no timeout': first(remove('/spec/http/0/timeout')),
  retries: first(add('/spec/http/0/retries', { attempts: 3, perTryTimeout: '2s', retryOn: 'unavailable,503' })),
  'no retries': first(add('/spec/http/0/retries', { attempts: 0 })),
  CORS: first(
    add('/spec/http/0/corsPolicy', { allowOrigins: [{ exact: 'https://a.example.com' }], allowMethods: ['POST'] }),
  ),
  'a response header': first(add('/spec/http/0/headers/response', { set: { 'x-model': 'wisdom' } })),
  'the same headers, written as a whole': first(
    replace('/spec/http/0/headers', {
      request: {
        set: { 'x-mirror-of': '%REQ(X-REQUEST-ID)%-%START_TIME(%s%9f)%' },
        remove: ['mm-model-id', 'mm-model-id-bin', 'x-mirror-copy'],
      },
      response: { remove: ['server'] },
    }),
  ),
  'a name for statistics': second(add('/spec/http/0/name', 'wisdom-mirror')),
  'a shorter time for copies': second(replace('/spec/http/0/timeout', '500ms')),
  'TLS on a further port': gateway(
    add('/spec/servers/-', {
      port: { number: 443, name: 'https', protocol: 'HTTPS' },
      tls: { mode: 'SIMPLE', credentialName: 'models-example-com' },
      hosts: ['./*.example.com'],
    }),
  ),
  'TLS on the only port': gateway(
    replace('/spec/servers/0/port/protocol', 'HTTPS'),
    replace('/spec/servers/0/port/name', 'https'),
    add('/spec/servers/0/tls', { mode: 'MUTUAL', credentialName: 'models-example-com' }),
  ),
  'a runtime': primary(add('/spec/predictor/model/runtime', 'triton')),
  'an entry of the storage secret': primary(
    add('/spec/predictor/model/storage', { key: 'minio' }),
    add('/metadata/annotations/serving.kserve.io~1secretKey', 'minio'),
  ),
  'a service account and replicas': primary(
    add('/spec/predictor/serviceAccountName', 'models'),
    add('/spec/predictor/minReplicas', 2),
  ),
};

for (const [title, { kind, name, patch }] of Object.entries(honest))
  test(`a patch is applied, and does not change routing: ${kind}, ${title}`, (t) => {
    const objects = renderObjects(toFiles([{ target: { kind, name }, patch }]));
    t.notDeepEqual(objects, rendered);
    t.is(findDifference(objects), undefined);
  });

test('a model in the old form can be patched like one in the new form, and no patch adds a second form', (t) => {
  const old = toModelText('wisdom', 'models', 'wisdom-').replace(
    'model: {modelFormat: {name: sklearn}}',
    'sklearn: {}',
  );
  const patched = (path: string, value: unknown) =>
    render({
      'model.yaml': old,
      'policy.yaml': toPolicy({ patches: [{ target: { kind: 'InferenceService' }, patch: [add(path, value)] }] }),
    });
  t.deepEqual(patched('/spec/predictor/sklearn/protocolVersion', 'v2').problems, []);
  const codes = (path: string, value: unknown) => [...new Set(patched(path, value).problems.map(({ code }) => code))];
  t.deepEqual(codes('/spec/predictor/sklearn/storageUri', 's3://evil/x'), ['patch-refused']);
  t.deepEqual(codes('/spec/predictor/xgboost', { storageUri: 's3://evil/x' }), ['patch-refused']);
  t.true(codes('/spec/predictor/xgboost', { protocolVersion: 'v2' }).includes('several-models'));
});

/** Each is one that Istio, Envoy or the API server refuses, with all that is beside it. */
const broken: Readonly<Record<string, Attack>> = {
  'a duration that is none': first(replace('/spec/http/0/timeout', '5 seconds')),
  'a duration in parts of a millisecond': first(replace('/spec/http/0/timeout', '1.5ms')),
  'a duration of less than a millisecond': first(add('/spec/http/0/retries', { attempts: 1, perTryTimeout: '0.5ms' })),
  'a duration that Go cannot hold': first(replace('/spec/http/0/timeout', '2562048h')),
  'a maxAge in parts of a second': first(add('/spec/http/0/corsPolicy', { maxAge: '1500ms' })),
  'an empty origin': first(add('/spec/http/0/corsPolicy', { allowOrigins: [{ exact: '' }] })),
  'a header Host for an answer': first(add('/spec/http/0/headers/response', { set: { Host: 'a' } })),
  'no header Host in an answer': first(add('/spec/http/0/headers/response', { remove: ['host'] })),
  'a key whose domain is none': first(add('/metadata/labels/a.-~1b', 'c')),
  'a number for a duration': first(replace('/spec/http/0/timeout', 5)),
  'a retry that Istio does not know': first(add('/spec/http/0/retries', { attempts: 2, retryOn: 'bad-luck' })),
  'fields beside no retries': first(add('/spec/http/0/retries', { attempts: 0, retryOn: '5xx' })),
  'an expression that is none': first(add('/spec/http/0/corsPolicy', { allowOrigins: [{ regex: '(' }] })),
  'a command in a header': first(add('/spec/http/0/headers/response', { set: { a: '%NO_SUCH%' } })),
  'a pseudo-header': first(add('/spec/http/0/headers/response', { set: { ':status': '500' } })),
  'how an answer ended': first(add('/spec/http/0/headers/response', { set: { 'grpc-status': '0' } })),
  'a label that is not a string': first(add('/metadata/labels/team', 1)),
  'a label that is none': first(add('/metadata/labels/team', 'a b')),
  'a key that is none': first(add('/metadata/labels/a b', 'a')),
  'no TLS for HTTPS': gateway(replace('/spec/servers/0/port/protocol', 'HTTPS')),
  'a port twice': gateway(
    add('/spec/servers/-', { port: { number: 80, name: 'more', protocol: 'HTTP' }, hosts: ['./*'] }),
  ),
  'a route that comes and goes': first(add('/metadata/annotations/argocd.argoproj.io~1sync-options', 'Force=true')),
};

for (const [title, { kind, name, patch }] of Object.entries(broken))
  test(`a patch is refused, because the API server would refuse the object: ${kind}, ${title}`, (t) => {
    const { objects, problems } = render(toFiles([{ target: { kind, name }, patch }]));
    t.deepEqual(objects, []);
    t.true(problems.every(({ code }) => code === 'patch-refused'));
  });

const trial: PatchTrial = { toFiles, rendered, findDifference, honest, fields: toFields(attacks, whole) };

test('with any patch, requests and copies go where they go without it, or nothing is rendered', (t) => {
  const { runs, changed, same, refused } = tryAnyPatch(trial, times(800, 60));
  t.true(changed > runs / 40 && refused > runs / 4, JSON.stringify({ changed, same, refused }));
});
