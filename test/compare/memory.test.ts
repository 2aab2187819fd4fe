/** Memory that answers use one after the other: no answer may ever be read from another one's. */
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { Budget } from '../../src/compare/budget.ts';
import type { Call } from '../../src/core/ports/compare.ts';
import { createGrpcAsker } from '../../src/io/compare/grpc-asker.ts';
import { createHttp1Asker } from '../../src/io/compare/http1-asker.ts';
import { times } from '../thorough.ts';
import { toLoopback } from './compare-scene.ts';
import type { AnswerHttp } from './model-servers.ts';
import { startGrpcModel, startHttpModel, toGrpcFrame } from './model-servers.ts';
import { startStandard } from './standard-scene.ts';

const infer = '/v2/models/wisdom/infer';

test('what a call holds is nobody else’s until it is closed, and counts as what was asked for', (t) => {
  const action = fc.record({ reserve: fc.boolean(), size: fc.integer({ min: 1, max: 3_000_000 }), which: fc.nat() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const budget = new Budget({ calls: 1000, bytes: 20_000_000 });
      const held: { readonly close: () => void; readonly memory: ArrayBufferLike; readonly size: number }[] = [];
      for (const { reserve, size, which } of actions) {
        if (!reserve) held.splice(which % (held.length + 1), 1)[0]?.close();
        else {
          const share = budget.open();
          const before = budget.used.bytes;
          const piece = share?.reserve(size);
          t.is(piece === undefined, before + size > 20_000_000);
          if (share === undefined || piece === undefined) share?.close();
          else {
            t.true(piece.length >= size && piece.length <= Math.max(size + 16_384, size * 1.34));
            t.false(held.some(({ memory }) => memory === piece.buffer));
            held.push({ close: () => share.close(), memory: piece.buffer, size });
          }
        }
        t.is(
          budget.used.bytes,
          held.reduce((sum, { size: bytes }) => sum + bytes, 0),
        );
      }
    }),
    { numRuns: times(500, 40) },
  );
});

/** Large enough for memory that is used again; every number is `value`. */
const largeOf = (value: number): AnswerHttp => {
  const data = Array.from({ length: 20_000 }, () => value);
  const text = JSON.stringify({ outputs: [{ name: 'y', shape: [data.length], datatype: 'FP32', data }] });
  const headers = { 'content-type': 'application/json', 'content-length': text.length };
  return (_, response) => void response.writeHead(200, headers).end(text);
};

test.serial('large answers of many pairs at once stay apart', async (t) => {
  const { now, scene } = await startStandard(t);
  now.primary = (asked, ...rest) => largeOf(Number(asked.body) % 5)(asked, ...rest);
  now.candidate = (asked, ...rest) =>
    largeOf(Number(asked.body) % 5 === 3 ? 9 : Number(asked.body) % 5)(asked, ...rest);
  for (let i = 0; i < 40; i += 4) {
    await Promise.all([0, 1, 2, 3].map((more) => scene.send('wisdom.models', infer, String(i + more))));
    await scene.settled();
  }
  t.deepEqual(scene.tally.compared, { agree: 32, disagree: 8 });
  t.deepEqual(scene.comparer.held, { calls: 0, bytes: 0 });
});

test.serial('what comes of an answer that nobody waits for any more is not in the next one', async (t) => {
  const asker = createHttp1Asker(toLoopback);
  let sendRest: () => void = () => {};
  const server = await startHttpModel('wisdom-0', () => (_, response) => {
    response.writeHead(200, { 'content-length': 200_000 }).write(Buffer.alloc(100_000, 'a'));
    sendRest = () => response.end(Buffer.alloc(100_000, 'b'));
  });
  t.teardown(async () => {
    asker.close();
    await server.close();
  });
  const budget = new Budget({ calls: 2, bytes: 2 ** 20 });
  const [share, next] = [budget.open(), budget.open()];
  if (share === undefined || next === undefined) return t.fail();
  const pieces: Uint8Array[] = [];
  const reserve = (bytes: number) => {
    const piece = share.reserve(bytes);
    if (piece !== undefined) pieces.push(piece);
    return piece;
  };
  const isWaited = new Promise<object>((done) => {
    const cancel = asker.ask(toCall(server.port), { take: () => true, reserve }, done);
    const look = () => (pieces[0]?.[99_999] === 0x61 ? cancel() : void setTimeout(look, 5));
    look();
  });
  t.like(await isWaited, { is: 'cancelled' });
  share.close();
  const piece = next.reserve(200_000);
  t.is(piece, pieces[0]);
  piece?.fill(0);
  sendRest();
  await sleep(200);
  t.true(piece?.every((byte) => byte === 0));
});

const toCall = (port: number): Call => ({
  host: 'localhost',
  port,
  isGrpc: false,
  method: 'POST',
  path: '/',
  headers: {},
  body: new Uint8Array(),
  deadlineMs: 60_000,
  maxBytes: 2 ** 20,
});

test.serial('an answer of gRPC is whole, whatever length its first frame has', async (t) => {
  const message = Buffer.alloc(100_000, 'a');
  const lying = Buffer.concat([toGrpcFrame(message).subarray(0, 1), Buffer.from([0, 0, 0, 1]), message]);
  const cases = [
    [toGrpcFrame(message)],
    [toGrpcFrame(message), toGrpcFrame(Buffer.alloc(70_000, 'b'))],
    [lying],
    [Buffer.from([0, 0]), Buffer.from([0, 0, 1, 0x61])],
    [Buffer.from([0, 0])],
    [],
  ];
  const asker = createGrpcAsker(toLoopback);
  let now: readonly Buffer[] = [];
  const server = await startGrpcModel('wisdom-0', () => async (_, stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    for (const part of now) {
      stream.write(part);
      await sleep(20);
    }
    stream.end();
  });
  t.teardown(async () => {
    asker.close();
    await server.close();
  });
  for (const parts of cases) {
    now = parts;
    const share = new Budget({ calls: 1, bytes: 2 ** 20 }).open();
    if (share === undefined) return t.fail();
    const answer = await new Promise<object>((done) =>
      asker.ask({ ...toCall(server.port), isGrpc: true }, share, done),
    );
    t.like(answer, { is: 'reply' });
    t.true('body' in answer && Buffer.concat(parts).equals(answer.body as Uint8Array));
  }
});
