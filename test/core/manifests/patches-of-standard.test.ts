/** Patches of what Standard mode and an analysis render beside the rest: Services, routes by protocol, samples. */
import test from 'ava';
import type jsonPatch from 'fast-json-patch';
import type { Manifest } from '../../../src/core/manifests/manifest.ts';
import { times } from '../../thorough.ts';
import { type Files, render, renderObjects, toModelText } from '../render/memory-tree.ts';
import { readInstalled } from '../routing/istio/installation.ts';
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

const toStandard = (name: string) =>
  toModelText(name, 'models', `${name}-`)
    .replace('deploymentMode: ModelMesh', 'deploymentMode: Standard')
    .replace('spec:', 'spec:\n  protocols: [rest, grpc]');
const models = { 'wisdom/model.yaml': toStandard('wisdom'), 'folly/model.yaml': toStandard('folly') };
const toFiles = (patches: object[]): Files => ({
  ...models,
  'policy.yaml': JSON.stringify({
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'MirrorPolicy',
    metadata: { name: 'policy' },
    spec: {
      gate: 'None',
      mirrorPercentage: 20,
      analysis: { share: 2, checks: [{ errors: { rate: '1%' } }] },
      routing: { timeout: '30s' },
      patches,
    },
  }),
});
const installed = readInstalled('model-mirror-gateway').filter(
  ({ kind }) => kind === 'Gateway',
) as unknown as Manifest[];
const rendered = renderObjects(toFiles([]));

const origins: Pick<SentRequest, 'from' | 'port'>[] = [
  { from: { gateway: 'istio-ingressgateway' }, port: 80 },
  // Whoever is in the cluster reaches the mirror gateway.
  { from: { gateway: 'model-mirror-gateway' }, port: 443 },
  ...cross(['models', 'clients'], [80, 9000], (sidecar, port) => ({ from: { sidecar }, port })),
  ...[80, 9000].map((port) => ({ from: 'no proxy' as const, port })),
];
const calls = cross(
  [
    'wisdom.models',
    'wisdom.models.svc.cluster.local',
    'folly.models.svc',
    'wisdom-0-backend.models',
    'stranger.models',
  ],
  [
    { path: '/inference.GRPCInferenceService/ModelInfer', headers: { 'content-type': 'application/grpc' } },
    { path: '/v2/models/wisdom/infer', headers: { 'content-type': 'application/json' } },
    { path: '/v1/models/wisdom:predict', headers: { 'x-canary': 'yes' } },
  ],
  (authority, call) => ({ authority, ...call }),
);
const requests: SentRequest[] = cross(origins, calls, (origin, call) => ({ ...origin, ...call }));
const withGateway = toDifference(requests, [...rendered, ...installed]);
const findDifference = (objects: readonly Manifest[]) => withGateway([...objects, ...installed]);

test('the model of Istio routes each protocol to the primary, copies to the candidate, and samples to the comparer', (t) => {
  const of = (request: Partial<SentRequest>) =>
    new IstioModel([...rendered, ...installed]).send({
      ...{
        from: { gateway: 'istio-ingressgateway' },
        port: 80,
        authority: 'wisdom.models',
        path: '/v2/models/wisdom/infer',
      },
      headers: { 'content-type': 'application/json' },
      ...request,
    });
  const by = (version: string, uri: string) =>
    `/v2/models/wisdom/infer in HTTP at 8080 by ${version}: model ["sklearn","s3://models/${uri}",null,null]`;
  const copy = {
    share: 20,
    to: 'model-mirror-gateway.model-mirror.svc.cluster.local:443',
    outcome: { end: by('wisdom-1', 'wisdom-v2'), faults: [], tries: 0, isBounded: true, copies: [] },
  };
  const sample = {
    share: 2,
    to: 'model-mirror-comparer.model-mirror.svc.cluster.local:80',
    outcome: { end: 'the comparer', faults: [], copies: [] },
  };
  t.deepEqual(of({}), { end: by('wisdom-0', 'wisdom-v1'), faults: [], copies: [copy, copy, sample, sample] });
  t.deepEqual(of({ from: { sidecar: 'clients' } }), of({}));
  t.deepEqual(of({ from: 'no proxy' }), { end: by('wisdom-0', 'wisdom-v1'), faults: [], copies: [] });
  const grpc = { path: '/inference.X/Y', headers: { 'content-type': 'application/grpc' } };
  const { end, copies } = of(grpc);
  t.regex(end, /^\/inference\.X\/Y in HTTP2 at 8081 by wisdom-0: /);
  t.regex(copies[0]?.outcome.end ?? '', /^\/inference\.X\/Y in HTTP2 at 8081 by wisdom-1: /);
  t.is(of({ ...grpc, from: 'no proxy', port: 9000 }).end, end);
  t.regex(of({ authority: 'folly.models' }).end, /by folly-0: /);
  t.is(of({ authority: 'stranger.models' }).end, '404: no virtual host');
});

const toward =
  (kind: string, name: string) =>
  (...patch: jsonPatch.Operation[]): Attack => ({ kind, name, patch });
const first = toward('VirtualService', 'wisdom');
const second = toward('VirtualService', 'wisdom-mirror');
const own = toward('Service', 'wisdom');
const backend = toward('Service', 'wisdom-0-backend');
const limits = toward('DestinationRule', 'wisdom-mirror');
const primary = toward('InferenceService', 'wisdom-0');

const candidate = { host: 'wisdom-1-backend.models.svc.cluster.local', port: { number: 80 } };
const toFolly = { destination: { host: 'folly-0-backend.models.svc.cluster.local', port: { number: 80 } } };
const whole = { route: [toFolly] };

/** Each makes some request, or a copy of it, go elsewhere or not at all. */
const attacks: Readonly<Record<string, Attack>> = {
  'gRPC to the candidate': first(replace('/spec/http/0/route/0/destination/host', candidate.host)),
  'REST to the candidate': first(replace('/spec/http/1/route/0/destination', candidate)),
  'REST to another model': first(replace('/spec/http/1/route/0', toFolly)),
  'gRPC to the port of REST': first(replace('/spec/http/0/route/0/destination/port/number', 80)),
  'REST to the port of gRPC': first(replace('/spec/http/1/route/0/destination/port/number', 9000)),
  'everything along the route of gRPC': first(remove('/spec/http/0/match')),
  'gRPC by another content-type': first(
    replace('/spec/http/0/match/0/headers/content-type/prefix', 'application/grpc-web'),
  ),
  'the routes in another order': first({ op: 'move', from: '/spec/http/0', path: '/spec/http/1' }),
  'no route of REST': first(remove('/spec/http/1')),
  'only some REST': first(add('/spec/http/1/match/0/headers', { 'x-canary': { exact: 'yes' } })),
  'a share of REST to the candidate': first(
    add('/spec/http/1/route/0/weight', 99),
    add('/spec/http/1/route/-', { destination: candidate, weight: 1 }),
  ),
  'copies without the second hop': first(replace('/spec/http/1/mirrors/0/destination', candidate)),
  'all copies': first(remove('/spec/http/0/mirrors/0/percentage')),
  'more copies of REST alone': first(replace('/spec/http/1/mirrors/0/percentage/value', 21)),
  'more samples': first(replace('/spec/http/0/mirrors/1/percentage/value', 20)),
  'samples to the candidate': first(replace('/spec/http/1/mirrors/1/destination', candidate)),
  'samples to the primary': first(
    replace('/spec/http/0/mirrors/1/destination/host', 'wisdom-0-backend.models.svc.cluster.local'),
  ),
  'no samples': first(remove('/spec/http/0/mirrors/1')),
  'a third copy': first(add('/spec/http/1/mirrors/-', { destination: candidate, percentage: { value: 1 } })),
  'no copies': first(remove('/spec/http/1/mirrors')),
  'copies in the other field': first(add('/spec/http/1/mirror', candidate)),
  'a fault of REST alone': first(add('/spec/http/1/fault', { abort: { httpStatus: 500, percentage: { value: 1 } } })),
  'copies of REST back to the primary': second(
    replace('/spec/http/1/route/0/destination/host', 'wisdom-0-backend.models.svc.cluster.local'),
  ),
  'copies back to the model': second(
    replace('/spec/http/0/route/0/destination/host', 'wisdom.models.svc.cluster.local'),
  ),
  'copies of copies': second(add('/spec/http/0/mirrors', [{ destination: candidate }])),
  'retries of copies of gRPC': second(replace('/spec/http/0/retries/attempts', 3)),
  'copies of REST that nothing ends': second(remove('/spec/http/1/timeout')),
  'another subset': second(replace('/spec/http/0/route/0/destination/subset', 'other')),
  'some Pods of the candidate': limits(add('/spec/subsets/0/labels', { version: 'v3' })),
  'a subset of another name': limits(replace('/spec/subsets/0/name', 'other')),
  'limits of another host': limits(replace('/spec/host', 'wisdom-0-backend.models.svc.cluster.local')),
  'the candidate’s Pods behind the model': own(replace('/spec/selector/app', 'isvc.wisdom-1-predictor')),
  'all Pods behind the model': own(replace('/spec/selector', {})),
  'no selector': own(remove('/spec/selector')),
  'another name elsewhere': own(replace('/spec/type', 'ExternalName'), add('/spec/externalName', 'example.com')),
  'another port of the container': own(replace('/spec/ports/0/targetPort', 8081)),
  'no port of REST': own(remove('/spec/ports/0')),
  'no HTTP': own(replace('/spec/ports/1/appProtocol', 'tcp')),
  'the candidate’s Pods behind the primary’s Service': backend(
    replace('/spec/selector/app', 'isvc.wisdom-1-predictor'),
  ),
  'another protocol of gRPC': backend(replace('/spec/ports/1/appProtocol', 'http')),
  'another number of the primary’s port': backend(replace('/spec/ports/0/port', 8080)),
  'another name of the primary’s Service': backend(replace('/metadata/name', 'wisdom-9-backend')),
  'another model': primary(replace('/spec/predictor/model/storageUri', 's3://evil/x')),
  'another format': primary(replace('/spec/predictor/model/modelFormat/name', 'onnx')),
  'another name': primary(replace('/metadata/name', 'wisdom-9')),
  'another mode': primary(replace('/metadata/annotations/serving.kserve.io~1deploymentMode', 'ModelMesh')),
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
  'an annotation of a Service': own(add('/metadata/annotations', { 'example.com/team': 'a' })),
  'a timeout of REST': first(replace('/spec/http/1/timeout', '5s')),
  'retries of gRPC': first(add('/spec/http/0/retries', { attempts: 3, retryOn: 'unavailable,503' })),
  'a shorter time for copies': second(replace('/spec/http/1/timeout', '500ms')),
  // Of each object, so that many of the patches that are made up change something.
  ...Object.fromEntries(
    rendered.map(({ kind, metadata: { name } }) => [
      `a label of ${name}`,
      toward(kind, name)(add('/metadata/labels/team', 'a')),
    ]),
  ),
  replicas: primary(add('/spec/predictor/minReplicas', 2)),
};

for (const [title, { kind, name, patch }] of Object.entries(honest))
  test(`a patch is applied, and does not change routing: ${kind}, ${title}`, (t) => {
    const objects = renderObjects(toFiles([{ target: { kind, name }, patch }]));
    t.notDeepEqual(objects, rendered);
    t.is(findDifference(objects), undefined);
  });

const trial: PatchTrial = { toFiles, rendered, findDifference, honest, fields: toFields(attacks, whole) };

test('with any patch, requests, copies and samples go where they go without it, or nothing is rendered', (t) => {
  const { runs, changed, same, refused } = tryAnyPatch(trial, times(600, 40));
  t.true(changed > runs / 100 && refused > runs / 4, JSON.stringify({ changed, same, refused }));
});
