/** Notifications over real sockets: what receivers do, and what the watcher does then. */
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { NotifyResult } from '../../../src/io/notify/notifier.ts';
import { Notifier } from '../../../src/io/notify/notifier.ts';
import { systemClock } from '../../../src/io/process/clock.ts';

interface Posted {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (response: ServerResponse, posted: Posted, number: number) => void;

const secret = 'T0SECRET';
const answerWith =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end('whatever');

async function startReceiver(t: ExecutionContext, answers: readonly Answer[]) {
  const posts: Posted[] = [];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url: path, headers } = request;
    posts.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
    (answers[posts.length - 1] ?? answers.at(-1))?.(response, posts.at(-1) as Posted, posts.length);
  };
  const server = createServer((request, response) => void Promise.resolve(listener(request, response)).catch(() => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { posts, port, host: `127.0.0.1:${port}` };
}

function startNotifier(
  address: string,
  limits: ConstructorParameters<typeof Notifier>[2] = {},
  environment: Record<string, string> = {},
) {
  const lines: string[] = [];
  const results: NotifyResult[] = [];
  let retries = 0;
  const say =
    (level: string) =>
    (message: string, fields: object = {}) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const notifier = new Notifier(
    new URL(address),
    {
      clock: systemClock,
      log: { info: say('info'), warn: say('warn'), error: say('error') },
      meter: { notified: (result) => results.push(result), retry: () => retries++ },
      environment,
    },
    { pauses: { first: 10, longest: 40 }, ...limits },
  );
  return {
    notifier,
    lines,
    results,
    retries: () => retries,
    add: (...ids: string[]) => notifier.add(ids.map((id) => ({ id, body: JSON.stringify({ id }) }))),
    /** Waits without ending it. */
    done: () => notifier.finish(new AbortController().signal),
  };
}

test('events are posted one after the other, each with its id', async (t) => {
  const { posts, host } = await startReceiver(t, [answerWith(204)]);
  const { add, done, results, lines, notifier } = startNotifier(
    `http://bot:p%40ss@${host}/hook/${secret}?key=${secret}`,
  );
  add('a', 'b');
  add('c');
  t.is(notifier.waiting, 3);
  await done();
  t.deepEqual(
    posts.map(({ body }) => body),
    ['{"id":"a"}', '{"id":"b"}', '{"id":"c"}'],
  );
  t.like(posts[0], { method: 'POST', path: `/hook/${secret}?key=${secret}` });
  t.like(posts[0]?.headers, {
    'content-type': 'application/json',
    'idempotency-key': 'a',
    authorization: `Basic ${Buffer.from('bot:p@ss').toString('base64')}`,
  });
  t.deepEqual(results, ['delivered', 'delivered', 'delivered']);
  t.deepEqual([lines, notifier.waiting], [[], 0]);
});

for (const [title, answer] of [
  ['HTTP 500', answerWith(500)],
  ['HTTP 408', answerWith(408)],
  ['HTTP 429', answerWith(429)],
  ['a reset', (response) => response.socket?.resetAndDestroy()],
  ['a closed connection', (response) => response.socket?.destroy()],
  ['half of a head', (response) => response.socket?.end('HTTP/1.1 200 OK\r\nContent-')],
  ['no HTTP', (response) => response.socket?.end('220 mail.example.com ESMTP\r\n')],
  ['silence', () => {}],
] as const satisfies readonly (readonly [string, Answer])[])
  test(`after ${title} an event is posted again, and those behind it wait`, async (t) => {
    const { posts, host } = await startReceiver(t, [answer, answer, answerWith(200)]);
    const { add, done, results, lines, retries } = startNotifier(`http://${host}/${secret}`, {
      answerMs: title === 'silence' ? 200 : 60_000,
    });
    add('a', 'b');
    await done();
    // What takes a busy machine too long is posted once more; of an attempt whose connection fails the receiver sees nothing.
    const least = ['a', 'a', 'a', 'b'];
    const ids = posts.map(({ headers }) => String(headers['idempotency-key']));
    t.deepEqual(title === 'silence' ? [...new Set(ids)] : ids, title === 'silence' ? ['a', 'b'] : least);
    t.deepEqual(results, ['delivered', 'delivered']);
    t.true(retries() >= 2);
    if (title !== 'silence')
      t.is(lines.filter((line) => line.startsWith('warn')).length, 1, 'once for each time that it is away');
    t.regex(lines.at(-1) ?? '', /^info notifications reach 127\.0\.0\.1:\d+ again/);
    t.false(lines.join().includes(secret));
  });

for (const status of [302, 308, 400, 401, 404, 410])
  test(`after HTTP ${status} an event is not posted again`, async (t) => {
    const other = await startReceiver(t, [answerWith(200)]);
    const location = `http://${other.host}/elsewhere`;
    const { posts, host } = await startReceiver(t, [answerWith(status, { location }), answerWith(200)]);
    const { add, done, results, lines } = startNotifier(`http://${host}/${secret}`);
    add('a', 'b');
    await done();
    t.is(posts.length, 2);
    t.is(other.posts.length, 0, 'redirects are not followed');
    t.deepEqual(results, ['refused', 'delivered']);
    t.is(lines.length, 1);
    t.regex(lines[0] ?? '', new RegExp(`^error a notification is refused by 127.0.0.1:\\d+: HTTP ${status}`));
    t.false(lines.join().includes(secret));
  });

test('a receiver may say how long to wait', async (t) => {
  const { host } = await startReceiver(t, [answerWith(503, { 'retry-after': '1' }), answerWith(200)]);
  const { add, done, results, lines } = startNotifier(`http://${host}/`);
  add('a');
  await done();
  t.deepEqual(results, ['delivered']);
  t.regex(lines[0] ?? '', /HTTP 503.*"retryInSeconds":1}/);
});

test('an answer without end is not read', async (t) => {
  let chunks = 0;
  const { host } = await startReceiver(t, [
    (response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && chunks < 10_000) {
          chunks++;
          if (!response.write(Buffer.alloc(65_536))) {
            response.once('drain', more);
            return;
          }
        }
      };
      more();
    },
  ]);
  const { add, done, results } = startNotifier(`http://${host}/`);
  add('a', 'b');
  await done();
  t.deepEqual(results, ['delivered', 'delivered']);
  t.true(chunks < 1000, `${chunks} chunks of 64 KiB`);
});

test('what waits is bounded: the oldest are dropped and counted, and whoever adds more never waits', async (t) => {
  let release: (() => void) | undefined;
  const { posts, host } = await startReceiver(t, [
    (response) => {
      release = () => response.writeHead(200).end();
    },
    answerWith(200),
  ]);
  const { add, done, results, lines, notifier } = startNotifier(`http://${host}/`, { most: 3 });
  add('a');
  while (release === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  add('b', 'c', 'd');
  add('e');
  t.is(notifier.waiting, 3);
  release();
  await done();
  t.deepEqual(
    posts.map(({ headers }) => headers['idempotency-key']),
    ['a', 'c', 'd', 'e'],
  );
  t.deepEqual(results.toSorted(), ['delivered', 'delivered', 'delivered', 'delivered', 'overflowed', 'overflowed']);
  t.is(lines.filter((line) => line.includes('too many notifications wait')).length, 1);
});

test('however many events come at once, adding them does not fail', (t) => {
  const { notifier, add, results } = startNotifier('http://127.0.0.1:9/', { most: 3 });
  t.notThrows(() => notifier.add(Array.from({ length: 300_000 }, (_, n) => ({ id: `${n}`, body: '' }))));
  t.is(notifier.waiting, 3);
  t.is(results.filter((result) => result === 'overflowed').length, 299_997);
  t.notThrows(() => add('more'));
  return notifier.finish(AbortSignal.abort());
});

test('an event that is never accepted does not hold up the others for ever', async (t) => {
  const { host } = await startReceiver(t, [
    (response, { body }) => response.writeHead(body.includes('poison') ? 500 : 200).end(),
  ]);
  const { add, done, results } = startNotifier(`http://${host}/`, { patienceMs: 100 });
  add('poison', 'b');
  await done();
  t.deepEqual(results, ['expired', 'delivered']);
});

test('the end of the watcher does not wait for a receiver that is away', async (t) => {
  const { host } = await startReceiver(t, [() => {}]);
  const { add, notifier, results } = startNotifier(`http://${host}/`);
  add('a', 'b');
  const end = new AbortController();
  const finished = notifier.finish(end.signal);
  end.abort();
  await finished;
  t.deepEqual(results, ['abandoned', 'abandoned']);
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const away = startNotifier(`http://127.0.0.1:${port}/`);
  away.add('a');
  while (away.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await away.notifier.finish(AbortSignal.abort());
  t.deepEqual(away.results, ['abandoned']);
  t.regex(away.lines[0] ?? '', /^warn cannot notify 127\.0\.0\.1:\d+: ECONNREFUSED/);
});

test('the proxy of the environment is used, and neither its password nor the address shows', async (t) => {
  const { posts, host } = await startReceiver(t, [answerWith(502), answerWith(200)]);
  const { add, done, results, lines } = startNotifier(
    `http://hooks.example.com/${secret}`,
    {},
    { HTTP_PROXY: `http://user:${secret}@${host}` },
  );
  add('a');
  await done();
  t.deepEqual(results, ['delivered']);
  t.is(posts[0]?.path, `http://hooks.example.com/${secret}`);
  t.regex(lines[0] ?? '', /^warn cannot notify hooks\.example\.com: /);
  t.false(lines.join().includes(secret));
});
