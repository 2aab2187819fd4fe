/** The fake of ModelMesh, against the recorded calls and against the load generator, over sockets. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { connect, constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import fc from 'fast-check';
import { toAddress } from './address.ts';
import {
  inferPath,
  MessageReader,
  parseInferMessage,
  parseTimeout,
  toFrame,
  toGrpcMessage,
  toInferMessage,
  toInferRequest,
  toStatusName,
  toTimeout,
} from './grpc-frames.ts';
import type { LoadOptions, LoadSummary } from './load.ts';
import { Load } from './load.ts';
import type { ModelState } from './modelmesh.ts';
import { ModelMeshFake } from './modelmesh.ts';
import { ModelMeshControl } from './modelmesh-control.ts';
import { readTable } from './recorded-table.ts';

const authority = 'wisdom.modelmesh-serving';
const loaded: ModelState = { state: 'loaded' };
const loading: ModelState = { state: 'loading' };
const hanging: ModelState = { state: 'hanging' };
const toWisdom = ['mm-vmodel-id', 'wisdom-0'] as const;
const toCandidate = ['mm-vmodel-id', 'wisdom-1'] as const;
/** As the real ones are called: by ModelMesh's id of what is loaded. */
const concrete = { 'wisdom-0': 'wisdom-0__isvc-58aa08371b', 'wisdom-1': 'wisdom-1__isvc-b3f2d7a483' } as const;
const nameless = toFrame(toInferRequest({}));

/** With `wisdom-0` and `wisdom-1` loaded. */
async function start(t: ExecutionContext): Promise<ModelMeshFake> {
  const fake = await ModelMeshFake.start();
  t.teardown(() => fake.close());
  for (const [name, id] of Object.entries(concrete)) fake.set(name, { ...loaded, concrete: id });
  return fake;
}

function send(to: string, options: Partial<LoadOptions> = {}): Promise<LoadSummary> {
  return load(to, { calls: 1, ...options }).summary;
}

/** On a busy machine calls take seconds. */
function load(to: string, options: Partial<LoadOptions>): Load {
  return new Load({ to, authority, deadlineMs: 120_000, ...options });
}

interface Call {
  readonly headers?: OutgoingHttpHeaders;
  readonly path?: string;
  readonly body?: Buffer;
  /** The caller goes on, and this is not all. */
  readonly isOpen?: boolean;
  readonly localAddress?: string;
  /** The caller gives up. */
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly code: string;
  readonly message: unknown;
  /** Of a stream that was reset. */
  readonly rstCode: number | undefined;
  readonly model: string | undefined;
  readonly id: string | undefined;
}

/** One call, that waits for its answer as long as it takes. */
async function call(
  to: string,
  { headers = {}, path = inferPath, body = nameless, isOpen, localAddress, signal }: Call,
) {
  const { host, port } = toAddress(to);
  const socket = connectSocket({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
  const session = connect(`http://${to}`, { createConnection: () => socket });
  const fields = { ':method': 'POST', ':path': path, ':authority': authority, ...headers };
  const stream = session.request(fields, signal === undefined ? {} : { signal });
  const end: Record<string, unknown> = {};
  const reader = new MessageReader();
  stream.on('response', (some) => Object.assign(end, some));
  stream.on('trailers', (some) => Object.assign(end, some));
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => reader.push(chunk));
  if (isOpen) stream.write(body);
  else stream.end(body);
  await new Promise((resolve) => stream.once('close', resolve));
  session.destroy();
  const { modelName: model, id } = parseInferMessage(reader.message() ?? Buffer.alloc(0));
  return {
    code: toStatusName(String(end['grpc-status'])),
    message: end['grpc-message'],
    rstCode: stream.rstCode,
    model,
    id,
  } satisfies Answer;
}

/** A server that knows nothing of gRPC. */
async function serve(t: ExecutionContext, answer: (stream: ServerHttp2Stream, rawHeaders: string[]) => void) {
  const server = createServer();
  server.on('session', (session) => {
    session.on('stream', (stream, _headers, _flags, rawHeaders) => {
      stream.on('error', () => {});
      answer(stream, rawHeaders);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

function toBody(modelName: string | undefined, id?: string): Buffer {
  return toFrame(toInferRequest({ modelName, id }));
}

function isPending(fake: ModelMeshFake): boolean {
  return fake.counts().some(({ code }) => code === 'PENDING');
}

test('a model is chosen by header, and the name in the body beats it', async (t) => {
  const since = Date.now();
  const fake = await start(t);
  const { address } = fake;
  t.deepEqual(await send(address, { headers: [toWisdom] }).then(({ byModel }) => byModel), {
    [concrete['wisdom-0']]: 1,
  });
  const named = await send(address, { headers: [toWisdom], modelName: 'wisdom-1', calls: 2 });
  t.deepEqual(named.byModel, { [concrete['wisdom-1']]: 2 });
  const row = { authority, source: '127.0.0.1', code: 'OK', cancelled: 0 };
  t.deepEqual(fake.counts(), [
    { model: 'wisdom-0', ...row, calls: 1 },
    { model: 'wisdom-1', ...row, calls: 2 },
  ] as never);
  const { lastCalls } = fake.report();
  t.deepEqual(Object.keys(lastCalls), ['wisdom-0', 'wisdom-1']);
  t.true(Object.values(lastCalls).every((time) => time >= since && time <= Date.now()));
});

test('with a name in the body no header is looked at', async (t) => {
  const { address } = await start(t);
  const headers = { 'mm-vmodel-id': ['wisdom-0', 'wisdom-1'], 'mm-model-id': 'x' };
  const answer = await call(address, { headers, body: toBody('wisdom-1', 'call 7') });
  t.like(answer, { code: 'OK', message: undefined, model: concrete['wisdom-1'], id: 'call 7' });
});

const service = '/inference.GRPCInferenceService';
const unknown = 'wisdom-7';
const header = (...values: string[]) => ({ 'mm-vmodel-id': values.length === 1 ? (values[0] as string) : values });
const primaryHeader = { headers: header('wisdom-0') };
/** Raw input contents, field 7 of a ModelInferRequest. */
const toLarge = (megabytes: number) => {
  const bytes = Buffer.alloc(megabytes * 1_000_000);
  const length = Buffer.from([
    0x3a,
    ...[0, 7, 14, 21].map((bits) => ((bytes.length >> bits) & 0x7f) | (bits < 21 ? 0x80 : 0)),
  ]);
  return toFrame(Buffer.concat([toInferRequest({}), length, bytes]));
};
const compressed = () => {
  const frame = toFrame(gzipSync(toInferRequest({})));
  frame[0] = 1;
  return frame;
};

/** The calls of `fixtures/modelmesh/calls.md`, by their number. */
const recorded: Readonly<Record<string, Call>> = {
  '01': primaryHeader,
  '02': { headers: header('wisdom-1') },
  '03': { ...primaryHeader, body: toBody('wisdom-1') },
  '04': { body: toBody('wisdom-0') },
  '05': { headers: header(unknown), body: toBody('wisdom-0') },
  '06': { ...primaryHeader, body: toBody(unknown) },
  '07': { headers: { ...header('wisdom-0'), 'mm-model-id': concrete['wisdom-0'] } },
  '08': { headers: { ...header('wisdom-0'), 'mm-model-id': concrete['wisdom-0'] }, body: toBody('wisdom-1') },
  '09': { headers: header('wisdom-0', 'wisdom-1') },
  '10': { headers: header('wisdom-0', 'wisdom-0') },
  '11': { headers: header('wisdom-0', unknown) },
  '12': { headers: header(unknown, 'wisdom-8') },
  '13': { headers: { ...header('wisdom-0', unknown), 'mm-required': 'all' } },
  '14': { headers: header('wisdom-0,wisdom-1') },
  '15': { headers: header('') },
  '16': {},
  '17': { headers: header(unknown) },
  '18': { body: toBody(unknown) },
  '19': { headers: { 'mm-model-id': concrete['wisdom-0'] } },
  '20': { headers: { 'mm-model-id': unknown } },
  '21': { headers: { 'mm-model-id': 'wisdom-0' } },
  '22': { headers: { 'tas-model-id': concrete['wisdom-0'] } },
  '23': { headers: { 'mm-vmodel-id-bin': Buffer.from('wisdom-0').toString('base64') } },
  '24': { ...primaryHeader, body: toFrame(Buffer.concat([Buffer.from('0a00', 'hex'), toInferRequest({})])) },
  '25': {
    body: toFrame(
      Buffer.concat([toInferMessage({ modelName: 'wisdom-0' }), toInferRequest({ modelName: 'wisdom-1' })]),
    ),
  },
  '26': {
    ...primaryHeader,
    body: toFrame(Buffer.concat([toInferRequest({ id: '7' }), toInferMessage({ modelName: 'wisdom-1' })])),
  },
  '27': { ...primaryHeader, body: toFrame(Buffer.alloc(0)) },
  '28': { ...primaryHeader, body: toFrame(Buffer.from([0x0a, 9])) },
  '29': { ...primaryHeader, body: toFrame(Buffer.from('ffffffff', 'hex')) },
  '30': { ...primaryHeader, body: Buffer.alloc(0) },
  '31': { ...primaryHeader, body: Buffer.concat([nameless, nameless]), isOpen: true },
  '32': { headers: header('wisdom-1'), path: `${service}/ModelMetadata`, body: toFrame(Buffer.alloc(0)) },
  '33': { path: `${service}/ModelMetadata`, body: toFrame(toInferMessage({ modelName: 'wisdom-1' })) },
  '34': { path: `${service}/ModelReady`, body: toFrame(toInferMessage({ modelName: 'wisdom-1' })) },
  '35': { ...primaryHeader, path: `${service}/ModelReady`, body: toFrame(Buffer.alloc(0)) },
  '36': { path: `${service}/ServerLive`, body: toFrame(Buffer.alloc(0)) },
  '37': { ...primaryHeader, path: `${service}/ServerLive`, body: toFrame(Buffer.alloc(0)) },
  '38': { ...primaryHeader, path: '/no.Such/Method', body: toFrame(Buffer.alloc(0)) },
  '39': { path: '/no.Such/Method', body: toFrame(Buffer.alloc(0)) },
  '40': { headers: { ...header('wisdom-0'), 'grpc-encoding': 'gzip' }, body: compressed() },
  '41': { ...primaryHeader, body: toLarge(1) },
  '42': { ...primaryHeader, body: toLarge(15) },
  '43': { ...primaryHeader, body: toLarge(17) },
  '44': { headers: header('WISDOM-0') },
  '45': { headers: header(' wisdom-0 ') },
};
const recordedAnswers = readTable(join(import.meta.dirname, '../../fixtures/modelmesh/calls.md'));
/** Longer texts were cut when they were written down. */
const cutLength = 60;

for (const [number = '', title = '', expected = ''] of recordedAnswers)
  test(`call ${number}, ${title}: ${expected}`, async (t) => {
    const { address } = await start(t);
    const answer = await call(address, recorded[number] ?? {});
    const [, code = '', by, text = ''] = /^(\w+)(?: by (\S+)__isvc-…\d)?(?: `(.*)`)?$/.exec(expected) ?? [];
    if (by !== undefined) return t.like(answer, { code: 'OK', model: concrete[by as 'wisdom-0'] });
    if (code === 'CANCELLED') return t.is(answer.rstCode, Number(/error code (\d+)/.exec(text)?.[1]));
    const message = decodeURIComponent(String(answer.message));
    t.is(answer.code, code);
    if (text.length < cutLength) t.is(message, text);
    else t.true(message.startsWith(text), message);
  });

test('all recorded calls are made', (t) => {
  t.is(recordedAnswers.length, 45);
  t.deepEqual(
    Object.keys(recorded).sort(),
    recordedAnswers.map(([number = '']) => number),
  );
});

test('what ModelMesh refuses is counted, by the model that it was meant for', async (t) => {
  const fake = await start(t);
  const counted: readonly [Call, code: string, model: string, withModelId: number][] = [
    [{ headers: { ...header('wisdom-0'), 'mm-model-id': 'x' } }, 'INVALID_ARGUMENT', 'wisdom-0', 1],
    [{ headers: { ...header('wisdom-0'), 'mm-model-id-bin': 'eA==' } }, 'INVALID_ARGUMENT', 'wisdom-0', 1],
    [{}, 'INVALID_ARGUMENT', 'none', 0],
    [{ body: toBody('x') }, 'NOT_FOUND', 'x', 0],
    [{ headers: header('wisdom-0, wisdom-1') }, 'NOT_FOUND', 'wisdom-0, wisdom-1', 0],
    [{ ...primaryHeader, body: Buffer.alloc(0) }, 'INTERNAL', 'wisdom-0', 0],
  ];
  for (const [one, code, model, withModelId] of counted) {
    fake.reset();
    t.is((await call(fake.address, one)).code, code);
    t.like(fake.counts(), [{ model, code, calls: 1, cancelled: 0 }]);
    t.is(fake.report().withModelId, withModelId);
  }
});

test('what a client may add beside mm-vmodel-id changes nothing', async (t) => {
  // Seen on the real one behind both gateways: 100 calls each.
  const { address } = await start(t);
  const bin = Buffer.from('wisdom-1').toString('base64');
  for (const more of [
    { 'tas-model-id': concrete['wisdom-1'] },
    { 'mm-vmodel-id-bin': bin },
    { 'mm-required': 'all' },
    { 'mm-balanced': 'true' },
  ])
    t.like(await call(address, { headers: { ...header('wisdom-0'), ...more } }), { model: concrete['wisdom-0'] });
});

test('a model that cannot be loaded is INTERNAL, with the whole error', async (t) => {
  const fake = await start(t);
  fake.set('wisdom-0', { state: 'failing', message: 'Failed to pull model from storage due to error: …' });
  const { code, message } = await call(fake.address, primaryHeader);
  t.deepEqual(
    [code, decodeURIComponent(String(message))],
    ['INTERNAL', 'Failed to pull model from storage due to error: …'],
  );
});

test('a model whose unpickling takes its Pod’s one worker stops all answers of the Pod', async (t) => {
  const fake = await start(t);
  fake.set('wisdom-1', { ...loading, stallsPod: true });
  const answer = call(fake.address, primaryHeader);
  await until(() => isPending(fake));
  fake.set('wisdom-1', loaded);
  t.like(await answer, { code: 'OK', model: concrete['wisdom-0'] });
});

test('a model that is removed is not known', async (t) => {
  const fake = await start(t);
  fake.remove('wisdom-0');
  t.deepEqual(Object.keys(fake.models), ['wisdom-1']);
  const { answered, errors } = await send(fake.address, { headers: [toWisdom], calls: 3 });
  t.deepEqual([answered, errors], [0, { NOT_FOUND: 3 }]);
});

test('several ids are a call to each model that is known', async (t) => {
  const fake = await start(t);
  const { address } = fake;
  const both = { 'mm-vmodel-id': ['wisdom-0', 'wisdom-1'] };
  // In one message of two parts the later field counts.
  t.like(await call(address, { headers: both }), { code: 'OK', model: concrete['wisdom-1'] });
  t.like(await call(address, { headers: header('wisdom-0', 'x') }), { code: 'OK', model: concrete['wisdom-0'] });
  t.like(await call(address, { headers: { 'mm-vmodel-id': ['x', 'y'] } }), {
    code: 'NOT_FOUND',
    message: 'none of the requested models were found',
  });
  fake.set('wisdom-1', { state: 'failing', code: 'UNAVAILABLE' });
  t.like(await call(address, { headers: both }), { code: 'UNAVAILABLE' });
  t.deepEqual(
    fake.counts().map(({ model, code }) => [model, code]),
    [
      ['wisdom-0, wisdom-1', 'OK'],
      ['wisdom-0, x', 'OK'],
      ['x, y', 'NOT_FOUND'],
      ['wisdom-0, wisdom-1', 'UNAVAILABLE'],
    ],
  );
  t.is(fake.report().multiModel, 4);
});

test('a repeated header of the load goes out repeated', async (t) => {
  const seen: string[][] = [];
  const to = await serve(t, (stream, rawHeaders) => {
    seen.push(rawHeaders);
    stream.respond({ ':status': 503 }, { endStream: true });
  });
  const { errors } = await send(to, { headers: [toWisdom, ['x-a', 'b=c'], toCandidate] });
  t.deepEqual(errors, { HTTP_503: 1 });
  const [raw = []] = seen;
  const pairs = raw.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${raw[i + 1]}`] : []));
  t.deepEqual(
    pairs.filter((pair) => /^(mm-|x-a)/.test(pair)),
    ['mm-vmodel-id: wisdom-0', 'mm-vmodel-id: wisdom-1', 'x-a: b=c'],
  );
  for (const pair of [`:authority: ${authority}`, ':method: POST', 'te: trailers', 'grpc-timeout: 120000m'])
    t.true(pairs.includes(pair), pair);
});

test('a call to a loading model waits for it', async (t) => {
  const fake = await start(t);
  const waited: [ModelState | undefined, string][] = [
    [loaded, 'OK'],
    [{ state: 'slow', delayMs: 1 }, 'OK'],
    [{ state: 'failing' }, 'INTERNAL'],
    [{ state: 'failing', code: 'UNAVAILABLE' }, 'UNAVAILABLE'],
    [undefined, 'NOT_FOUND'],
  ];
  for (const [then, code] of waited) {
    fake.reset();
    fake.set('wisdom-0', loading);
    const answer = call(fake.address, { headers: { 'mm-vmodel-id': 'wisdom-0' } });
    await until(() => isPending(fake));
    fake.set('wisdom-1', { state: 'failing' });
    fake.set('wisdom-0', loading);
    t.true(isPending(fake));
    if (then === undefined) fake.remove('wisdom-0');
    else fake.set('wisdom-0', then);
    t.is((await answer).code, code);
    t.like(fake.counts(), [{ code, calls: 1 }]);
  }
});

test('a loading or slow model is given up at the deadline, a hanging one only by its caller', async (t) => {
  const fake = await start(t);
  const headers = { 'mm-vmodel-id': 'wisdom-0', 'grpc-timeout': '20m' };
  for (const state of [loading, { state: 'slow', delayMs: 60_000 } as const]) {
    fake.set('wisdom-0', state);
    t.is((await call(fake.address, { headers })).code, 'DEADLINE_EXCEEDED');
  }
  t.like(fake.counts(), [{ code: 'DEADLINE_EXCEEDED', calls: 2, cancelled: 0 }]);
  fake.reset();
  fake.set('wisdom-0', hanging);
  const giveUp = new AbortController();
  const given = call(fake.address, { headers, signal: giveUp.signal });
  await until(() => isPending(fake));
  await sleep(60);
  t.true(isPending(fake));
  giveUp.abort();
  await given;
  await until(() => !isPending(fake));
  t.like(fake.counts(), [{ model: 'wisdom-0', code: 'CANCELLED', calls: 1, cancelled: 1 }]);
});

test('nobody is thrown out for thousands of cancelled calls', async (t) => {
  const fake = await start(t);
  fake.set('wisdom-0', hanging);
  const many = { calls: 3000, parallel: 1500, connections: 1, deadlineMs: 3000, headers: [toWisdom] };
  t.deepEqual((await send(fake.address, many)).errors, { DEADLINE_EXCEEDED: 3000 });
  await until(() => !isPending(fake));
  // Node’s own limit is 1000 at once and 33 a second.
  const [{ code, calls = 0, cancelled } = {}] = fake.counts();
  t.is(code, 'CANCELLED');
  t.is(cancelled, calls);
  t.true(calls > 1100, String(calls));
});

test('a slow model answers late', async (t) => {
  const fake = await start(t);
  fake.set('wisdom-0', { state: 'slow', delayMs: 60 });
  const { answered, latencyMs } = await send(fake.address, { headers: [toWisdom], calls: 10 });
  t.is(answered, 10);
  t.true(latencyMs.p50 >= 55 && latencyMs.p50 <= latencyMs.max, JSON.stringify(latencyMs));
});

test('calls are told apart by where they go to and come from', async (t) => {
  const fake = await start(t);
  const headers = { 'mm-vmodel-id': 'wisdom-0' };
  await call(fake.address, { headers });
  await call(fake.address, { headers, localAddress: '127.0.0.2' });
  await call(fake.address, { headers: { ...headers, ':authority': `${authority}-shadow` } });
  t.deepEqual(
    fake.counts().map((row) => [row.authority, row.source, row.calls]),
    [
      [authority, '127.0.0.1', 1],
      [authority, '127.0.0.2', 1],
      [`${authority}-shadow`, '127.0.0.1', 1],
    ],
  );
});

test('after a reset all is zero, also for calls from before', async (t) => {
  const fake = await start(t);
  fake.set('wisdom-0', loading);
  const before = send(fake.address, {
    headers: [toWisdom, toCandidate, ['mm-model-id', 'x']],
    modelName: 'wisdom-0',
  });
  await until(() => isPending(fake));
  t.like(fake.report(), { withModelId: 1, multiModel: 1 });
  fake.reset();
  fake.set('wisdom-0', loaded);
  t.is((await before).answered, 1);
  t.deepEqual(fake.report(), { callers: {}, counts: [], lastCalls: {}, withModelId: 0, multiModel: 0 });
});

test('at a rate as many calls are sent as the time makes, whatever becomes of them', async (t) => {
  const fake = await start(t);
  fake.set('wisdom-0', hanging);
  const options = { rate: 500, seconds: 0.6, deadlineMs: 100, headers: [toWisdom], timeline: true };
  const { sent, errors, seconds, timeline = [] } = await send(fake.address, { ...options, calls: 10_000 });
  t.deepEqual([sent, errors], [300, { DEADLINE_EXCEEDED: 300 }]);
  // The first goes at once, the last after all intervals but one.
  t.true(seconds >= 0.598, String(seconds));
  const sum = (field: 'sent' | 'errors' | 'answered') => timeline.reduce((all, one) => all + one[field], 0);
  t.deepEqual([sum('sent'), sum('errors'), sum('answered')], [300, 300, 0]);
  t.true(timeline.every(({ p99, max }) => p99 >= 95 && max >= p99));
  t.is((await send(fake.address, { ...options, rate: 1000, calls: 7 })).sent, 7);
});

test('calls are spread over the time', async (t) => {
  const fake = await start(t);
  const running = load(fake.address, { rate: 200, headers: [toWisdom] });
  await until(() => (fake.counts()[0]?.calls ?? 0) >= 20);
  running.stop();
  const { sent, answered, seconds } = await running.summary;
  t.is(answered, sent);
  // Never ahead of its time.
  t.true(sent <= 1 + seconds * 200, `${sent} in ${seconds} s`);
});

test('without a rate it is as many at once as are allowed', async (t) => {
  const fake = await start(t);
  fake.set('wisdom-0', loading);
  const running = load(fake.address, { parallel: 7, headers: [toWisdom] });
  await until(() => fake.counts()[0]?.calls === 7);
  await sleep(20);
  t.is(fake.counts()[0]?.calls, 7);
  fake.set('wisdom-0', loaded);
  await until(() => fake.counts().some(({ code, calls }) => code === 'OK' && calls > 20));
  running.stop();
  const { sent, answered, errors } = await running.summary;
  t.deepEqual([answered, errors], [sent, {}]);
});

test('it ends with its time', async (t) => {
  const fake = await start(t);
  const { sent, answered, seconds } = await load(fake.address, { seconds: 0.1, parallel: 1, headers: [toWisdom] })
    .summary;
  t.is(answered, sent);
  t.true(seconds >= 0.099, String(seconds));
});

test('a broken connection is an error of its calls, and the next ones open another', async (t) => {
  const first = await start(t);
  first.set('wisdom-0', hanging);
  const { address } = first;
  const running = load(address, { rate: 200, headers: [toWisdom] });
  await until(() => (first.counts()[0]?.calls ?? 0) >= 5);
  await first.close();
  await sleep(300);
  const second = await ModelMeshFake.start(toAddress(address));
  t.teardown(() => second.close());
  second.set('wisdom-0', loaded);
  await until(() => (second.counts()[0]?.calls ?? 0) >= 5);
  running.stop();
  const { sent, answered, errors } = await running.summary;
  t.is(sent, answered + Object.values(errors).reduce((all, n) => all + n, 0));
  t.true(answered >= 5);
  t.true((errors['ECONNREFUSED'] ?? 0) > 0, JSON.stringify(errors));
  t.is(errors['DEADLINE_EXCEEDED'], undefined);
  t.true(Object.keys(errors).length > 1, JSON.stringify(errors));
});

test('an answer that is none is an error', async (t) => {
  const answers: OutgoingHttpHeaders[] = [{}, { 'grpc-status': '0' }, { 'grpc-status': '99' }];
  const to = await serve(t, (stream) => {
    const answer = answers.shift();
    if (answer === undefined) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else stream.respond({ ':status': 200, ...answer }, { endStream: true });
  });
  const { errors } = await send(to, { calls: 4, parallel: 1, connections: 1 });
  t.deepEqual(errors, { NO_STATUS: 1, NO_MESSAGE: 1, 99: 1, RST_REFUSED_STREAM: 1 });
});

/** @returns a process, and its first line when that comes. */
function run(
  t: ExecutionContext,
  file: string,
  args: readonly string[],
): { child: ChildProcess; line: Promise<unknown> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill());
  const line = once(createInterface(child.stdout), 'line').then(([first]) => JSON.parse(String(first)));
  return { child, line };
}

test('as processes', async (t) => {
  const mesh = run(t, 'modelmesh-process.ts', ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0']);
  const { listen, control } = (await mesh.line) as { readonly listen: string; readonly control: string };
  const models = new ModelMeshControl(control);
  const ids = [concrete['wisdom-0'], concrete['wisdom-1']] as const;
  await models.set('wisdom-0', { ...loaded, concrete: ids[0] });
  await models.set('wisdom-1', { state: 'slow', delayMs: 5, concrete: ids[1] });
  await models.set('a/b', loading);
  await models.remove('a/b');
  t.deepEqual(await models.models(), {
    'wisdom-0': { ...loaded, concrete: ids[0] },
    'wisdom-1': { state: 'slow', delayMs: 5, concrete: ids[1] },
  });
  await t.throwsAsync(models.set('wisdom-0', { state: 'lost' } as never), { message: /400 .*not a model's state/ });

  const to = ['--to', listen, '--authority', authority];
  const some = run(t, 'load-process.ts', [...to, '--calls', '20', '--parallel', '3', '--header', toWisdom.join('=')]);
  const steady = run(t, 'load-process.ts', [...to, '--rate', '100', '--model-name', 'wisdom-1', '--timeline']);
  const several = ['--header', toWisdom.join('='), '--header', 'mm-vmodel-id=x', '--deadline-ms', '60000'];
  const multi = run(t, 'load-process.ts', [...to, '--calls', '1', '--connections', '1', ...several]);
  t.like(await some.line, { sent: 20, answered: 20, errors: {}, byModel: { [ids[0]]: 20 } });
  t.like(await multi.line, { sent: 1, byModel: { [ids[0]]: 1 } });
  while (!(await models.report()).counts.some(({ model }) => model === 'wisdom-1')) await sleep(5);
  steady.child.kill('SIGTERM');
  const summary = (await steady.line) as LoadSummary;
  t.is(
    summary.timeline?.reduce((all, one) => all + one.answered, 0),
    summary.answered,
  );
  t.deepEqual(summary.byModel, { [ids[1]]: summary.sent });

  const { counts, multiModel, withModelId } = await models.report();
  t.deepEqual([multiModel, withModelId], [1, 0]);
  const row = { authority, source: '127.0.0.1', code: 'OK', cancelled: 0 };
  t.deepEqual(
    counts.toSorted((a, b) => (a.model < b.model ? -1 : 1)),
    [
      { model: 'wisdom-0', ...row, calls: 20 },
      { model: 'wisdom-0, x', ...row, calls: 1 },
      { model: 'wisdom-1', ...row, calls: summary.sent },
    ] as never,
  );
  await models.reset();
  t.deepEqual((await models.report()).counts, []);
  mesh.child.kill('SIGTERM');
  t.deepEqual(await once(mesh.child, 'exit'), [0, null]);
});

test('a process says what it is not given', async (t) => {
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'load-process.ts'),
    '--to',
    '127.0.0.1:1',
    '--rate',
    'x',
  ]);
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  t.regex(said, /needs --to IP:PORT and --authority HOST/);
  t.throws(() => toAddress('127.0.0.1'), { message: /not an IP:PORT/ });
});

test('messages are what protobuf makes of them', (t) => {
  // Python’s protobuf 7, ModelInferRequest(model_name='wisdom-0', id='é').SerializeToString().
  t.is(toInferMessage({ modelName: 'wisdom-0', id: 'é' }).toString('hex'), '0a08776973646f6d2d301a02c3a9');
  const field = fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }), { nil: undefined });
  fc.assert(
    fc.property(field, field, field, (modelName, modelVersion, id) => {
      const message = { modelName, modelVersion, id };
      const parsed = { ...message, isNamedTwice: false, hasTensor: false };
      t.deepEqual(parseInferMessage(toInferMessage(message)), parsed);
      t.deepEqual(parseInferMessage(toInferRequest(message)), { ...parsed, hasTensor: true });
    }),
  );
});

test('fields that are not read are skipped, and half a message is none', (t) => {
  const others = ['2005', '2d01020304', '310102030405060708', '3a03ffffff', '8201020a00', 'a01f808080808080808001'];
  const bytes = Buffer.concat([...others.map((hex) => Buffer.from(hex, 'hex')), toInferMessage({ modelName: 'a' })]);
  t.is(parseInferMessage(bytes).modelName, 'a');
  for (const hex of ['1a', '1a02', '1a0261', '80', '0801', '0b', '310102'])
    t.throws(() => parseInferMessage(Buffer.from(hex, 'hex')), undefined, hex);
});

test('a body is put together from any pieces', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat({ max: 305 })), (bytes, cuts) => {
      const reader = new MessageReader();
      const frame = toFrame(Buffer.from(bytes));
      const edges = [0, ...cuts.sort((a, b) => a - b), frame.length];
      for (const [i, edge] of edges.entries()) reader.push(frame.subarray(edge, edges[i + 1] ?? edge));
      t.false(reader.isStream);
      t.deepEqual(reader.message(), Buffer.from(bytes));
      reader.push(Buffer.from([0]));
      t.true(reader.isStream);
    }),
  );
  const reader = new MessageReader();
  t.is(reader.message(), undefined);
  reader.push(Buffer.from([1, 0, 0, 0, 0]));
  t.throws(() => reader.message(), { message: 'compressed' });
  const half = new MessageReader();
  half.push(Buffer.from([0, 0, 0, 0, 2, 0]));
  t.throws(() => half.message(), { message: 'cut off' });
});

test('timeouts and messages in headers', (t) => {
  t.is(toTimeout(10_000), '10000m');
  t.is(toTimeout(123_456_789), '123457S');
  const known = { '1H': 3_600_000, '2M': 120_000, '3S': 3000, '4m': 4, '5000u': 5, '6000000n': 6 };
  for (const [header, ms] of Object.entries(known)) t.is(Math.round(parseTimeout(header) ?? 0), ms);
  for (const header of ['', '1', 'm', '123456789m', '1x']) t.is(parseTimeout(header), undefined);
  t.is(toGrpcMessage('100 % ü\n'), '100 %25 %C3%BC%0A');
});
