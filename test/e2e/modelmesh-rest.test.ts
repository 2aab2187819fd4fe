/** The fake of rest-proxy before the fake of ModelMesh, over sockets. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { Load } from './load.ts';
import { ModelMeshFake } from './modelmesh.ts';
import { RestProxyFake } from './modelmesh-rest.ts';

const concrete = 'wisdom-0__isvc-58aa08371b';
const body = JSON.stringify({ id: '7', inputs: [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }] });

async function start(t: ExecutionContext) {
  const modelMesh = await ModelMeshFake.start();
  const rest = await RestProxyFake.start({ host: '127.0.0.1', port: 0 }, modelMesh.address);
  t.teardown(async () => {
    await rest.close();
    await modelMesh.close();
  });
  modelMesh.set('wisdom-0', { state: 'loaded', concrete });
  modelMesh.set('wisdom-1', { state: 'failing' });
  return { modelMesh, rest };
}

function ask(to: string, path: string, options: { method?: string; headers?: object; sent?: string } = {}) {
  const { method = 'POST', headers = {}, sent = body } = options;
  return new Promise<[number | undefined, unknown]>((resolve, reject) => {
    const call = request(`http://${to}${path}`, { method, headers: { ...headers } }, async (response) => {
      resolve([response.statusCode, JSON.parse(await text(response))]);
    });
    call.on('error', reject).end(sent);
  });
}

test('the name in the path is the model, whatever the JSON and the headers say', async (t) => {
  const { rest, modelMesh } = await start(t);
  const answered = [200, { model_name: concrete, id: '7' }];
  const named = {
    headers: { 'grpc-metadata-mm-vmodel-id': 'wisdom-1' },
    sent: `{"model_name":"wisdom-1",${body.slice(1)}`,
  };
  for (const path of ['/v2/models/wisdom-0/infer', '/v2/models/wisdom-0/versions/1/infer'])
    t.deepEqual(await ask(rest.address, path, named), answered);
  t.deepEqual(
    modelMesh.counts().map(({ model, code, calls }) => [model, code, calls]),
    [['wisdom-0', 'OK', 2]],
  );
});

test('without a name in the path a header names it, in its long form alone', async (t) => {
  const { rest } = await start(t);
  const to = (headers: object) => ask(rest.address, '/v2/models//infer', { headers });
  t.deepEqual(await to({ 'Grpc-Metadata-mm-vmodel-id': 'wisdom-0' }), [200, { model_name: concrete, id: '7' }]);
  const message = 'must include mm-model-id header';
  t.deepEqual(await to({ 'mm-vmodel-id': 'wisdom-0' }), [400, { code: 3, message, details: [] }]);
});

test('errors of ModelMesh have their HTTP status', async (t) => {
  const { rest } = await start(t);
  const [notFound] = await ask(rest.address, '/v2/models/wisdom/infer');
  const [internal] = await ask(rest.address, '/v2/models/wisdom-1/infer');
  const [broken] = await ask(rest.address, '/v2/models/wisdom-0/infer', { sent: '{' });
  const [empty] = await ask(rest.address, '/v2/models/wisdom-0/infer', { sent: '{}' });
  t.deepEqual([notFound, internal, broken, empty], [404, 500, 400, 400]);
});

test('nothing but inference is served', async (t) => {
  const { rest, modelMesh } = await start(t);
  const notFound = [404, { code: 5, message: 'Not Found', details: [] }];
  for (const path of ['/', '/v2/health/ready', '/v2/models/wisdom-0', '/v2/models/wisdom-0/ready'])
    t.deepEqual(await ask(rest.address, path, { method: 'GET', sent: '' }), notFound);
  t.deepEqual(await ask(rest.address, '/v1/models/wisdom-0:predict'), notFound);
  const [status] = await ask(rest.address, '/v2/models/wisdom-0/infer', { method: 'GET', sent: '' });
  t.is(status, 501);
  t.deepEqual(modelMesh.counts(), []);
});

test('the load generator counts its answers by the concrete model', async (t) => {
  const { rest } = await start(t);
  const path = '/v2/models/wisdom-0/infer';
  const summary = await new Load({ to: rest.address, authority: 'wisdom.models', calls: 20, path }).summary;
  t.deepEqual([summary.answered, summary.byModel], [20, { [concrete]: 20 }]);
});
