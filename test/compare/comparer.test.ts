import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { toGrpcBodies } from '../bench/compare-answers.ts';
import { CompareScene, toModelMeshTraffic, toStandardTraffic, toTask } from './compare-scene.ts';
import type { AnswerGrpc, AnswerHttp } from './model-servers.ts';
import { grpc, startGrpcModel, startHttpModel, toGrpcFrame } from './model-servers.ts';
import { answerOf, startStandard } from './standard-scene.ts';

const bodies = toGrpcBodies(100);
/** Messages of two versions, without their frames. */
const [one, two] = [bodies.primary.subarray(5), bodies.candidate.subarray(5)];
const infer = '/v2/models/wisdom/infer';
const body = JSON.stringify({ inputs: [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }] });
test.serial('both versions are asked what the copy asks, each once, without what shows its way', async (t) => {
  const { primary, candidate, scene } = await startStandard(t);
  const received = await scene.send('wisdom.models.svc.cluster.local:80', `${infer}?a=1`, body, {
    'content-type': 'application/json',
    authorization: 'Bearer token',
    'mm-vmodel-id': 'forged',
    'mm-model-id-bin': 'Zm9yZ2Vk',
    'x-mirror-of': '1',
    'x-mirror-copy': '1',
    'x-envoy-internal': 'true',
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-client-cert': 'who',
    'accept-encoding': 'gzip',
    'x-own': 'kept',
  });
  t.is(Number(received[':status']), 202);
  await scene.settled();
  t.deepEqual(scene.tally.compared, { agree: 1 });
  for (const { asked } of [primary, candidate]) {
    t.is(asked.length, 1);
    const [{ method = '', path = '', headers = {}, body: sent = Buffer.alloc(0) } = {}] = asked;
    t.deepEqual([method, path, sent.toString()], ['POST', `${infer}?a=1`, body]);
    const { host, connection: _, ...rest } = headers;
    t.regex(host ?? '', /^wisdom-[01]-backend\.models\.svc\.cluster\.local:\d+$/);
    t.deepEqual(rest, {
      'content-type': 'application/json',
      'content-length': String(body.length),
      authorization: 'Bearer token',
      'x-own': 'kept',
      'x-mirror-by': 'model-mirror',
    });
  }
});

test.serial('a copy is answered before anybody is asked, however long that takes', async (t) => {
  const { now, scene } = await startStandard(t);
  const held: (() => void)[] = [];
  now.primary = now.candidate = (...call) => void held.push(() => answerOf(1)(...call));
  await scene.send('wisdom.models', infer, body);
  t.is(scene.ended, 0);
  while (held.length < 2) await sleep(5);
  for (const answer of held) answer();
  await scene.settled();
  const { compared, dropped, unknown } = scene.tally;
  t.deepEqual({ compared, dropped, unknown }, { compared: { agree: 1 }, dropped: {}, unknown: {} });
});

test.serial('every form of a host finds its model', async (t) => {
  const { scene } = await startStandard(t);
  const hosts = ['wisdom.models', 'WISDOM.models.svc', 'wisdom.models.svc.cluster.local.'];
  const forms = hosts
    .flatMap((host) => [host, `${host}:8080`])
    .concat('wisdom.models-shadow', 'wisdom.models.svc-shadow:80');
  for (const form of forms) {
    await scene.send(form, infer, body);
    await scene.settled();
  }
  t.deepEqual(scene.tally.compared, { agree: forms.length });
});

test.serial('what each outcome counts', async (t) => {
  const { now, scene } = await startStandard(t, { deadlineMs: 5000 });
  const status =
    (code: number, text = 'x'): AnswerHttp =>
    (_, response) =>
      void response.writeHead(code).end(text);
  const hang: AnswerHttp = () => {};
  const closes: AnswerHttp = (_, __, socket) => void socket.destroy();
  const breaksOff: AnswerHttp = (_, response, socket) => {
    response.writeHead(200, { 'content-length': '100' }).write('x');
    setTimeout(() => socket.destroy(), 20);
  };
  const never: AnswerHttp = (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 10);
    response.once('close', () => clearInterval(timer));
  };
  const cases: readonly (readonly [AnswerHttp, AnswerHttp, string])[] = [
    [answerOf(1), answerOf(1), 'compared agree'],
    [answerOf(1), answerOf(2), 'compared disagree'],
    [answerOf(1), status(500), 'compared candidate-failed'],
    [status(500), answerOf(1), 'compared primary-failed'],
    [status(500), status(503), 'compared both-failed'],
    [answerOf(1), hang, 'compared candidate-failed'],
    [answerOf(1), never, 'compared candidate-failed'],
    [answerOf(1), breaksOff, 'compared candidate-failed'],
    [answerOf(1), closes, 'unknown unreachable'],
    [closes, answerOf(1), 'unknown unreachable'],
    [answerOf(1), status(403, 'RBAC: access denied'), 'unknown refused'],
    [answerOf(1), status(403, 'no'), 'compared candidate-failed'],
  ];
  for (const [primary, candidate, expected] of cases) {
    Object.assign(now, { primary, candidate });
    const before = JSON.stringify(scene.tally);
    await scene.send('wisdom.models', infer, body);
    await scene.settled();
    const [end = '', key = ''] = expected.split(' ');
    const [was, is] = [JSON.parse(before), scene.tally].map((tally) => tally[end as 'compared'][key] ?? 0);
    t.is(is, was + 1, expected);
    // A primary that failed gets a pause.
    await sleep(30);
  }
});

test.serial('ModelMesh is asked for each version by header and by path, at its own Service', async (t) => {
  let names: string[] = [];
  const mesh = await startGrpcModel('mesh', () => grpc(one));
  const rest = await startHttpModel('mesh', () => answerOf(1));
  const scene = await CompareScene.start({
    lookup: (host, options, done) => {
      names.push(host);
      return options.all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
    },
  });
  t.teardown(async () => {
    scene.close();
    await Promise.all([mesh.close(), rest.close()]);
  });
  scene.add(toModelMeshTraffic('wisdom', { grpc: mesh.port, rest: rest.port }, toTask('wisdom')));
  const message = toGrpcFrame(Buffer.from('question'));
  const headers = await scene.sendGrpc('wisdom.models:8033', message, {
    'mm-vmodel-id': 'wisdom-0',
    'mm-model-id': 'forged',
    'grpc-timeout': '5S',
  });
  t.is(headers['grpc-status'], '0');
  await scene.settled();
  t.deepEqual(mesh.asked.map(({ headers: sent }) => sent['mm-vmodel-id']).toSorted(), ['wisdom-0', 'wisdom-1']);
  for (const { headers: sent, body: sentBody } of mesh.asked) {
    t.is(sent['mm-model-id'], undefined);
    t.is(sent['grpc-timeout'], '60000m', 'its own deadline');
    t.is(sent[':authority'], `modelmesh-serving.models.svc.cluster.local:${mesh.port}`);
    t.deepEqual(sentBody, message);
  }
  // The first hop has named the primary in the path of a copy; a path that names the model is taken, too.
  for (const name of ['wisdom-0', 'wisdom']) {
    rest.reset();
    await scene.send('wisdom.models', `/v2/models/${name}/infer`, body);
    await scene.settled();
    t.deepEqual(rest.asked.map(({ path }) => path).toSorted(), [
      '/v2/models/wisdom-0/infer',
      '/v2/models/wisdom-1/infer',
    ]);
  }
  t.deepEqual([...new Set(names)], ['modelmesh-serving.models.svc.cluster.local']);
  names = [];
  rest.reset();
  await scene.send('wisdom.models', '/v2/models/other/infer', body);
  await scene.settled();
  t.deepEqual(scene.tally.dropped, { 'not-an-inference-path': 1 });
  t.is(rest.asked.length, 0);
});

test.serial('gRPC: statuses, and a server that resets or goes away', async (t) => {
  const now: { answer: AnswerGrpc } = { answer: grpc(one) };
  const primary = await startGrpcModel('wisdom-0', () => grpc(one));
  const candidate = await startGrpcModel('wisdom-1', () => now.answer);
  const scene = await CompareScene.start({ deadlineMs: 5000 });
  t.teardown(async () => {
    scene.close();
    await Promise.all([primary.close(), candidate.close()]);
  });
  scene.add(toStandardTraffic('wisdom', { primary: primary.port, candidate: candidate.port }, toTask('wisdom')));
  const trailersOnly =
    (status: string, message: string): AnswerGrpc =>
    (_, stream) =>
      stream.respond({ ':status': 200, 'grpc-status': status, 'grpc-message': message }, { endStream: true });
  const cases: readonly (readonly [AnswerGrpc, 'compared' | 'unknown', string])[] = [
    [grpc(one), 'compared', 'agree'],
    [grpc(two), 'compared', 'disagree'],
    [grpc(Buffer.from(''), 13), 'compared', 'candidate-failed'],
    [trailersOnly('14', 'gone'), 'compared', 'candidate-failed'],
    [trailersOnly('7', 'RBAC: access denied'), 'unknown', 'refused'],
    [(_, stream) => stream.close(2), 'compared', 'candidate-failed'],
    [(_, stream) => stream.close(7), 'unknown', 'unreachable'],
    [(_, stream) => stream.session?.destroy(), 'unknown', 'unreachable'],
    [() => {}, 'compared', 'candidate-failed'],
  ];
  for (const [answer, end, key] of cases) {
    now.answer = answer;
    const before = scene.tally[end][key] ?? 0;
    await scene.sendGrpc('wisdom.models', toGrpcFrame(Buffer.from('q')));
    await scene.settled();
    t.is(scene.tally[end][key], before + 1, `${String(answer)} is ${end} ${key}: ${JSON.stringify(scene.tally)}`);
  }
});
