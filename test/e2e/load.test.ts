import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { parseOutputs } from './grpc-frames.ts';
import type { LoadOptions, LoadSummary } from './load.ts';
import { Load } from './load.ts';

type Answer = (body: string, response: ServerResponse, request: IncomingMessage) => void;

async function send(
  t: ExecutionContext,
  path: string,
  answer: Answer,
  more: Pick<LoadOptions, 'deadlineMs' | 'inputs'> = {},
): Promise<LoadSummary> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(Buffer.concat(chunks).toString('utf8'), response, request));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const to = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { calls: 6, parallel: 2, inputs: [[1, 2]], id: '7', bytes: 1000, deadlineMs: 60_000 };
  return new Load({ to, authority: 'wisdom.models', path, ...options, ...more }).summary;
}

test('calls by REST are answered, and counted by what is predicted', async (t) => {
  const seen = new Set<string>();
  const { sent, answered, byModel, errors } = await send(t, '/v2/models/wisdom/infer', (body, response, request) => {
    seen.add(`${request.headers.host} ${request.url} ${body.length} ${body.trim()}`);
    response.end('{"model_name": "wisdom", "outputs": [{"data": [3.5]}, {"data": [4]}]}');
  });
  t.deepEqual([sent, answered, errors], [6, 6, {}]);
  t.deepEqual(byModel, { 'wisdom [3.5,4]': 6 });
  t.deepEqual(
    [...seen],
    [
      'wisdom.models /v2/models/wisdom/infer 1000 {"id":"7","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}',
    ],
  );
});

test('a path that ends in :predict makes it V1', async (t) => {
  const { byModel } = await send(t, '/v1/models/wisdom:predict', (body, response) =>
    response.end(JSON.stringify({ predictions: JSON.parse(body).instances })),
  );
  t.deepEqual(byModel, { '[[1,2]]': 6 });
});

test('several inputs take turns, and answers are counted for each', async (t) => {
  const answer: Answer = (body, response) =>
    response.end(JSON.stringify({ predictions: JSON.parse(body).instances.flat() }));
  const { byModel } = await send(t, '/v1/models/wisdom:predict', answer, { inputs: [[1], [2], [1], [4]] });
  t.deepEqual(byModel, { '#0 [1]': 2, '#1 [2]': 2, '#2 [1]': 1, '#3 [4]': 1 });
});

test('what is no answer by REST is an error', async (t) => {
  let calls = 0;
  const { answered, errors } = await send(t, '/v2/models/wisdom/infer', (_, response) => {
    switch (calls++) {
      case 0:
        return response.writeHead(503).end('no healthy upstream');
      case 1:
        return response.end('{}');
      case 2:
        return response.end('{');
      case 3:
        return response.destroy();
      default:
        return response.end('{"outputs": []}');
    }
  });
  t.is(answered, 2);
  t.deepEqual(errors, { HTTP_503: 1, NO_MESSAGE: 2, ECONNRESET: 1 });
});

test('a call by REST that is not answered in its time is an error', async (t) => {
  const { errors } = await send(t, '/v2/models/wisdom/infer', () => {}, { deadlineMs: 200 });
  t.deepEqual(errors, { DEADLINE_EXCEEDED: 6 });
});

/** As docs/predict-api/v2/grpc_predict_v2.proto of KServe has it. */
test('what a ModelInferResponse predicts is read from typed contents and from raw ones', (t) => {
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const doubles = Buffer.alloc(16);
  doubles.writeDoubleLE(1.5, 0);
  doubles.writeDoubleLE(-2, 8);
  const floats = Buffer.alloc(4);
  floats.writeFloatLE(0.25);
  const name = field(1, Buffer.from('wisdom'));
  const typed = (type: string, kind: number, packed: Buffer) =>
    field(5, Buffer.concat([field(1, Buffer.from('y')), field(2, Buffer.from(type)), field(5, field(kind, packed))]));
  const raw = (type: string) => field(5, Buffer.concat([field(1, Buffer.from('y')), field(2, Buffer.from(type))]));
  t.deepEqual(parseOutputs(Buffer.concat([name, typed('FP64', 7, doubles)])), [1.5, -2]);
  t.deepEqual(parseOutputs(Buffer.concat([name, typed('FP32', 6, floats)])), [0.25]);
  t.deepEqual(
    parseOutputs(Buffer.concat([name, raw('FP64'), raw('FP32'), field(6, doubles), field(6, floats)])),
    [1.5, -2, 0.25],
  );
  t.deepEqual(parseOutputs(name), []);
});
