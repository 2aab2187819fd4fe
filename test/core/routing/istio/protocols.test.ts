/**
 * Where requests by path and content-type end: the rendered VirtualServices are read by an interpreter of its own, which
 * takes the first route that matches and rewrites as Envoy does, without a look at how they are made.
 */
import test from 'ava';
import { isMap, mapsAt, textAt, valueAt } from '../../../../src/core/input/plain-value.ts';
import type { Manifest } from '../../../../src/core/manifests/manifest.ts';
import { modelMesh } from '../../../../src/core/serving/modelmesh/modelmesh.ts';
import { render, renderObjects, toModelText } from '../../render/memory-tree.ts';

const policy = `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: policy}
spec: {gate: None, mirrorPercentage: 20}
`;

function renderModels(protocols: string, mode = 'ModelMesh'): Manifest[] {
  const toText = (name: string) =>
    toModelText(name, 'models', `${name}-`)
      .replace('deploymentMode: ModelMesh', `deploymentMode: ${mode}`)
      .replace('spec:', `spec:\n  protocols: ${protocols}`);
  return renderObjects({
    'policy.yaml': policy,
    'a/model.yaml': toText('wisdom'),
    'b/model.yaml': toText('wisdomx'),
  });
}

interface Sent {
  readonly path: string;
  readonly type?: string;
}

interface Arrived extends Sent {
  /** `HOST:PORT` of the destination. */
  readonly at: string;
  readonly id: unknown;
  readonly share: unknown;
}

/** Through the first route of a VirtualService that is for the request; undefined: 404. */
function pass(objects: readonly Manifest[], name: string, { path, type }: Sent): Arrived | undefined {
  const route = objects.find(({ kind, metadata }) => kind === 'VirtualService' && metadata.name === name);
  const [plain = '', query] = path.split('?');
  const http = mapsAt(route, ['spec', 'http']).find((one) => {
    const matches = mapsAt(one, ['match']);
    return matches.length === 0 || matches.some((match) => isFor(match, plain, type));
  });
  if (http === undefined) return undefined;
  const rewrite = valueAt(http, ['rewrite', 'uriRegexRewrite']);
  const rewritten = isMap(rewrite)
    ? plain.replace(new RegExp(String(rewrite['match']), 'g'), String(rewrite['rewrite']).replace(/\\(\d)/g, '$$$1'))
    : plain;
  const [to] = mapsAt(http, ['route']);
  return {
    path: query === undefined ? rewritten : `${rewritten}?${query}`,
    ...(type !== undefined && { type }),
    at: `${textAt(to, ['destination', 'host'])}:${valueAt(to, ['destination', 'port', 'number'])}`,
    id: valueAt(to, ['headers', 'request', 'set', 'mm-vmodel-id']),
    share: valueAt(http, ['mirror']) === undefined ? undefined : valueAt(http, ['mirrorPercentage', 'value']),
  };
}

function isFor(match: unknown, path: string, type: string | undefined): boolean {
  const uri = textAt(match, ['uri', 'regex']);
  const prefix = textAt(match, ['headers', 'content-type', 'prefix']);
  return (
    (uri === undefined || new RegExp(`^(?:${uri})$`).test(path)) &&
    (prefix === undefined || (type?.startsWith(prefix) ?? false))
  );
}

/** Where a request to `wisdom` arrives, and where its copy does. */
function follow(objects: readonly Manifest[], sent: Sent): readonly (Arrived | undefined)[] {
  const first = pass(objects, 'wisdom', sent);
  return first?.share === undefined ? [first] : [first, pass(objects, 'wisdom-mirror', first)];
}

const json = 'application/json';
const shared = 'modelmesh-serving.models.svc.cluster.local';
const own = 'wisdom.models.svc.cluster.local';

/** Paths of the model, with `wisdom` in the place of its name. */
const paths = [
  '/v2/models/wisdom/infer',
  '/v2/models/wisdom/versions/1/infer',
  '/v2/models/wisdom/ready',
  '/v2/models/wisdom',
  '/v2/models/wisdom/infer?trace=/v2/models/wisdom/infer',
  '/v1/models/wisdom:predict',
  '/v1/models/wisdom:explain',
  '/v1/models/wisdom',
];

for (const protocols of ['[rest]', '[grpc, rest]', '[rest, grpc]'])
  test(`ModelMesh ${protocols}: paths of the model are rewritten to the primary, and copies to the candidate`, (t) => {
    const objects = renderModels(protocols);
    const named = (path: string, name: string) => path.replace('wisdom', name);
    for (const path of paths)
      t.deepEqual(
        follow(objects, { path, type: json }),
        [
          { path: named(path, 'wisdom-0'), type: json, at: `${shared}:8008`, id: undefined, share: 20 },
          { path: named(path, 'wisdom-1'), type: json, at: `${own}:8008`, id: undefined, share: undefined },
        ],
        path,
      );
  });

test('ModelMesh REST: all other paths reach the primary’s port as they are, and are not copied', (t) => {
  const objects = renderModels('[grpc, rest]');
  for (const path of [
    '/v2/models/wisdomx/infer',
    '/v2/models/wisdom-1/infer',
    '/v2/models/wis%64om/infer',
    '/v2/models/wisdom%2Finfer',
    '/v2/models//infer',
    '/v2/health/ready',
    '/v3/models/wisdom/infer',
    '/x/v2/models/wisdom/infer',
    '/?/v2/models/wisdom/infer',
  ])
    t.deepEqual(
      follow(objects, { path, type: json }),
      [{ path, type: json, at: `${shared}:8008`, id: undefined, share: undefined }],
      path,
    );
});

test('ModelMesh: gRPC goes by its content type, whatever its path, beside REST', (t) => {
  const objects = renderModels('[grpc, rest]');
  for (const type of ['application/grpc', 'application/grpc+proto'])
    for (const path of ['/inference.GRPCInferenceService/ModelInfer', '/v2/models/wisdom/infer'])
      t.deepEqual(follow(objects, { path, type }), [
        { path, type, at: `${shared}:8033`, id: 'wisdom-0', share: 20 },
        { path, type, at: `${own}:8033`, id: 'wisdom-1', share: undefined },
      ]);
});

test('Standard: each version has a host of its own, all HTTP is copied, and no path is rewritten', (t) => {
  const objects = renderModels('[rest, grpc, openai]', 'Standard');
  const at = (version: string, port: number) => `${version}-backend.models.svc.cluster.local:${port}`;
  for (const path of [...paths, '/v2/health/ready', '/openai/v1/chat/completions'])
    t.deepEqual(follow(objects, { path, type: json }), [
      { path, type: json, at: at('wisdom-0', 80), id: undefined, share: 20 },
      { path, type: json, at: at('wisdom-1', 80), id: undefined, share: undefined },
    ]);
  const [path, type] = ['/inference.GRPCInferenceService/ModelInfer', 'application/grpc'];
  t.deepEqual(follow(objects, { path, type }), [
    { path, type, at: at('wisdom-0', 9000), id: undefined, share: 20 },
    { path, type, at: at('wisdom-1', 9000), id: undefined, share: undefined },
  ]);
});

test('a name is no expression: a dot in it is a dot', (t) => {
  const [backend] = modelMesh.toBackends({
    name: 'wis-0',
    role: 'primary',
    model: 'wis.dom',
    namespace: 'models',
    clusterDomain: 'cluster.local',
    spec: {},
    protocols: ['rest'],
    service: {},
  });
  const only = new RegExp(`^(?:${backend?.only?.path})$`);
  t.true(only.test('/v2/models/wis.dom/infer'));
  t.false(only.test('/v2/models/wisxdom/infer'));
  t.false(new RegExp(backend?.rewrite?.match ?? '').test('/v2/models/wisxdom/infer'));
});

test('no patch adds a route, and a patch may change what is free of each route', (t) => {
  const withPatch = (op: object, name = 'wisdom') =>
    render({
      'a/model.yaml': toModelText('wisdom', 'models', 'wisdom-').replace('spec:', 'spec:\n  protocols: [grpc, rest]'),
      'policy.yaml': policy.replace(
        'mirrorPercentage: 20',
        `mirrorPercentage: 20, patches: [{target: {kind: VirtualService, name: ${name}}, patch: [${JSON.stringify(op)}]}]`,
      ),
    }).problems.map(({ code }) => code);
  for (const i of [0, 1, 2]) t.deepEqual(withPatch({ op: 'add', path: `/spec/http/${i}/timeout`, value: '9s' }), []);
  for (const name of ['wisdom', 'wisdom-mirror']) {
    t.deepEqual(withPatch({ op: 'add', path: '/spec/http/-', value: { timeout: '9s' } }, name), ['patch-refused']);
    t.deepEqual(withPatch({ op: 'remove', path: '/spec/http/1' }, name), ['patch-refused']);
    t.deepEqual(withPatch({ op: 'remove', path: '/spec/http/1/match/0/uri' }, name), ['patch-refused']);
    t.deepEqual(withPatch({ op: 'remove', path: '/spec/http/1/rewrite' }, name), ['patch-refused']);
  }
});
