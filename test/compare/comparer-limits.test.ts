import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { readPage } from '../../src/core/analysis/read-page.ts';
import { createHttp1Asker } from '../../src/io/compare/http1-asker.ts';
import { isRefusedAddress, safeLookup } from '../../src/io/compare/safe-lookup.ts';
import { times } from '../thorough.ts';
import { until } from '../watch/watch-scene.ts';
import { toRoutes, toStandardTraffic, toTask } from './compare-scene.ts';
import type { AnswerHttp } from './model-servers.ts';
import { startHttpModel } from './model-servers.ts';
import { answerOf, startStandard } from './standard-scene.ts';

const infer = '/v2/models/wisdom/infer';
const marker = 'PERSONAL-DATA';

test.serial('paths that are no prediction are asked of nobody', async (t) => {
  const { primary, candidate, scene } = await startStandard(t);
  const paths = [
    '/v2/repository/models/wisdom/load',
    '/v2/repository/models/wisdom/unload',
    '/v2/models/wisdom/unload',
    '/v2/models/wisdom',
    '/v2/models/../repository/index/infer',
    '/v2/models/..%2f..%2frepository/infer',
    '/v2/models/wisdom/versions/../infer',
    '/v2/models/wisdom/infer/../../x',
    '/inference.GRPCInferenceService/RepositoryModelLoad',
    '/inference.GRPCInferenceService/ModelInfer',
    '//evil/v2/models/wisdom/infer',
    '/metrics',
  ];
  for (const path of paths) await scene.send('wisdom.models', path, '{}');
  await scene.sendGrpc('wisdom.models', new Uint8Array(), {
    ':path': '/inference.GRPCInferenceService/RepositoryModelUnload',
  });
  await scene.send('wisdom.models', infer, '', { ':method': 'PUT' });
  await scene.settled();
  t.deepEqual(scene.tally.dropped, {
    'not-an-inference-path': paths.length + 2,
  });
  t.is(primary.asked.length + candidate.asked.length, 0);
});

test.serial('hosts of no model, or of two, are asked of nobody', async (t) => {
  const { primary, candidate, scene, traffic } = await startStandard(t);
  for (const host of [
    'other.models',
    'wisdom',
    '127.0.0.1',
    'localhost:1',
    'wisdom.models.evil',
    '',
    'wisdom-0-backend.models.svc.cluster.local',
  ])
    await scene.send(host, infer, '{}', host === '' ? { ':authority': 'x' } : {});
  scene.add({
    ...toStandardTraffic('twin', { primary: 1, candidate: 2 }, toTask('twin')),
    hosts: traffic.hosts,
  });
  await scene.send('wisdom.models', infer, '{}');
  await scene.settled();
  t.deepEqual(scene.tally.dropped, { 'unknown-host': 8 });
  t.is(primary.asked.length + candidate.asked.length, 0);
});

test.serial(
  'routes that lead to a model host, to an address or to another version are followed by nobody',
  async (t) => {
    const { primary, candidate, scene, traffic } = await startStandard(t);
    const cases: readonly (readonly [string, string, string])[] = [
      ['wisdom.models.svc.cluster.local', 'wisdom-1', 'other-version'],
      ['127.0.0.1', 'wisdom-1', 'other-version'],
      ['localhost', 'wisdom-1', 'other-version'],
      ['wisdom-1-backend.models.svc.cluster.local', 'wisdom-9', 'other-version'],
      ['wisdom-9-backend.models.svc.cluster.local', 'wisdom-1', 'other-version'],
    ];
    for (const [host, version, reason] of cases) {
      const candidates =
        traffic.copies?.candidate.map((backend) => ({
          ...backend,
          host,
          version,
        })) ?? [];
      if (traffic.copies)
        scene.add({
          ...traffic,
          copies: { ...traffic.copies, candidate: candidates },
        });
      const before = scene.tally.dropped[reason] ?? 0;
      await scene.send('wisdom.models', infer, '{}');
      await scene.settled();
      t.is(scene.tally.dropped[reason], before + 1, `${host} ${version}`);
    }
    // Another model's own host: through the mesh it would be mirrored again.
    scene.add(traffic);
    scene.add({
      ...toStandardTraffic('trap', { primary: 1, candidate: 2 }, undefined),
      hosts: ['wisdom-1-backend.models.svc.cluster.local'],
    });
    await scene.send('wisdom.models', infer, '{}');
    await scene.settled();
    t.is(scene.tally.dropped['no-address'], 1);
    t.is(primary.asked.length + candidate.asked.length, 0);
  },
);

test.serial('a name that leads to this Pod or to the metadata of a cloud is not called', async (t) => {
  const addresses = [
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '169.254.169.254',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    'fe80::1',
    '224.0.0.1',
  ];
  for (const address of addresses) t.true(isRefusedAddress(address), address);
  for (const address of ['10.96.0.10', '192.168.1.1', '100.64.0.1', '2001:db8::1', 'fd00::1'])
    t.false(isRefusedAddress(address), address);
  const asker = createHttp1Asker(safeLookup);
  t.teardown(asker.close);
  const call = {
    host: 'localhost',
    port: 1,
    isGrpc: false,
    method: 'POST',
    path: '/',
    headers: {},
    body: new Uint8Array(),
    deadlineMs: 5000,
    maxBytes: 1,
  };
  const answer = await new Promise<{ readonly is: string }>((done) =>
    asker.ask(call, { take: () => true, reserve: () => undefined }, done),
  );
  t.is(answer.is, 'refused');
});

test.serial('at most two calls are in flight at the primary', async (t) => {
  const { now, primary, scene } = await startStandard(t);
  const held: (() => void)[] = [];
  now.primary = (_, response) => void held.push(() => response.end('{}'));
  now.candidate = (_, response) => void response.end('{}');
  await Promise.all(Array.from({ length: 6 }, () => scene.send('wisdom.models', infer, '{}')));
  while (held.length < 2) await sleep(5);
  await sleep(100);
  t.is(held.length, 2);
  now.primary = now.candidate;
  for (const answer of held) answer();
  await scene.settled();
  t.is(primary.peak(), 2);
});

test.serial('answers without end, of a gigabyte or beyond the limit cost no more than the limit', async (t) => {
  const { now, scene } = await startStandard(t, { maxSize: 2 ** 20 });
  const gigabyte: AnswerHttp = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = Buffer.alloc(2 ** 20);
    let left = 1024;
    const more = () => {
      while (left-- > 0) if (!response.write(chunk)) return void response.once('drain', more);
      response.end();
    };
    more();
  };
  const announced: AnswerHttp = (_, response) =>
    void response.writeHead(200, { 'content-length': String(2 ** 30) }).write('x');
  for (const answer of [gigabyte, announced]) {
    now.candidate = answer;
    await scene.send('wisdom.models', infer, '{}');
    await scene.settled();
  }
  t.deepEqual(scene.tally.dropped, { 'too-large': 2 });
  t.deepEqual(scene.comparer.held, { calls: 0, bytes: 0 });
  // What the candidate answered is not known, but it did answer: a good candidate must not look as if it always failed.
  await scene.send('wisdom.models', infer, Buffer.alloc(2 ** 20 + 1));
  await scene.settled();
  t.is(scene.tally.dropped['too-large'], 3);
});

test.serial('a task that changes meanwhile makes the pair nobody’s', async (t) => {
  const { now, scene, traffic } = await startStandard(t);
  const asked = Promise.withResolvers<() => void>();
  now.candidate = (_, response) => asked.resolve(() => response.writeHead(500).end());
  await scene.send('wisdom.models', infer, '{}');
  const answer = await asked.promise;
  const task = toTask('wisdom');
  const next = {
    ...task,
    subject: {
      ...task.subject,
      candidate: { name: 'wisdom-1', digest: 'other' },
    },
  };
  const { primary = [], sample, ...rest } = { ...traffic.requests };
  const text = sample?.task.replace('"digest":"c"', '"digest":"other"') ?? '';
  t.true(text.includes(next.subject.candidate.digest));
  const [first] = toRoutes({
    ...traffic,
    requests: {
      ...rest,
      primary,
      sample: { ...sample, host: '', port: 80, percentage: 1, task: text },
    },
  });
  if (first) scene.routes.put(first);
  answer();
  await scene.settled();
  t.deepEqual([scene.tally.compared, scene.tally.dropped], [{}, { changed: 1 }]);
});

test.serial('the primary is asked twice for noise, one call after the other', async (t) => {
  const { now, primary, scene } = await startStandard(
    t,
    { clock: { date: () => 1_000_000_000 } },
    toTask('wisdom', { noise: true }),
  );
  let calls = 0;
  now.primary = (asked, response, socket) => answerOf(calls++)(asked, response, socket);
  now.candidate = answerOf(0);
  await scene.send('wisdom.models', infer, '{}');
  await scene.settled();
  t.is(primary.count(), 2);
  t.is(primary.peak(), 1);
  t.deepEqual(scene.tally.compared, { agree: 1 });
});

test.serial('two models at once: one whose candidate hangs leaves the other its places', async (t) => {
  const { now, scene } = await startStandard(t, {
    deadlineMs: 5000,
    budget: { calls: 32, bytes: 2 ** 22 },
  });
  now.candidate = () => {};
  const [other, another] = await Promise.all([
    startHttpModel('b-0', () => answerOf(1)),
    startHttpModel('b-1', () => answerOf(1)),
  ]);
  t.teardown(() => Promise.all([other.close(), another.close()]));
  scene.add(toStandardTraffic('b', { primary: other.port, candidate: another.port }, toTask('b')));
  for (let i = 0; i < 60; i++) await scene.send('wisdom.models', infer, '{}');
  for (let i = 1; i <= 20; i++) {
    await scene.send('b.models', '/v1/models/b:predict', '{}');
    await until(`pair ${i} is compared`, () => scene.tally.compared['agree'] === i);
  }
  t.true((scene.tally.dropped['full-calls'] ?? 0) > 0);
});

test.serial('every copy ends once, and the blocks have the same counts', async (t) => {
  const kinds = ['agree', 'disagree', 'fail', 'close', 'large', 'path', 'host'] as const;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 40 }), async (asked) => {
      let seconds = 1_000_000_000;
      const ends: (() => unknown)[] = [];
      const { now, scene } = await startStandard(
        { teardown: (end) => void ends.push(end) },
        {
          maxSize: 1000,
          budget: { calls: 8, bytes: 6000 },
          clock: { date: () => seconds },
        },
      );
      now.candidate = (one, response, socket) => {
        const text = one.body.toString();
        if (text.includes('fail')) response.writeHead(500).end();
        else if (text.includes('close')) socket.destroy();
        else answerOf(text.includes('disagree') ? 2 : 1)(one, response, socket);
      };
      await Promise.all(
        asked.map((kind) => {
          const host = kind === 'host' ? 'x.models' : 'wisdom.models';
          const text = kind === 'large' ? marker.repeat(100) : JSON.stringify({ kind, marker });
          return scene.send(host, kind === 'path' ? '/x' : infer, text);
        }),
      );
      await scene.settled();
      seconds += 61;
      const { received, compared, dropped, unknown } = scene.tally;
      const sum = (record: Record<string, number>) => Object.values(record).reduce((a, b) => a + b, 0);
      t.is(received, asked.length);
      t.is(sum(compared) + sum(dropped) + sum(unknown), received);
      const page = scene.comparer.read(undefined);
      const { blocks = [] } = readPage(JSON.parse(JSON.stringify(page))) ?? {};
      t.deepEqual(blocks, page.blocks);
      const counted = blocks.reduce((total, block) => total + (block?.coverage.received ?? 0), 0);
      t.is(counted, received - (dropped['unknown-host'] ?? 0));
      for (const { coverage } of blocks.flatMap((block) => block ?? []))
        t.is(coverage.compared + sum(coverage.dropped) + sum(coverage.unknown), coverage.received);
      t.deepEqual(scene.comparer.held, { calls: 0, bytes: 0 });
      t.false(JSON.stringify([blocks, scene.comparer.examples]).includes(marker));
      for (const end of ends) await end();
    }),
    { numRuns: times(60, 6) },
  );
});
