/** Replicas behind real sockets, each at an address of its own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { toEvidenceSource } from '../../../src/io/comparer/replicas.ts';

const block = {
  id: 'a/1',
  replica: 'a',
  start: 1_800_000_000_000,
  end: 1_800_000_060_000,
  namespace: 'models',
  model: 'wisdom',
  subject: {
    primary: { name: 'wisdom-0', digest: 'd2-0' },
    candidate: { name: 'wisdom-1', digest: 'd2-1' },
    analysis: 'ff',
    step: 0,
    attempt: 0,
  },
  counts: [{ check: 'errors.rate', bad: 1, all: 10 }],
  coverage: { received: 10, compared: 10, dropped: {}, unknown: {} },
};

interface Replica {
  readonly status?: number;
  readonly body: string;
}

/** @returns the port that all of them listen on, and the hosts that they were asked for. */
async function start(t: ExecutionContext, replicas: Readonly<Record<string, Replica>>) {
  const hosts: (string | undefined)[] = [];
  let port = 0;
  for (const [address, { status = 200, body }] of Object.entries(replicas)) {
    const server = createServer((request, response) => {
      hosts.push(request.headers.host);
      response.writeHead(request.url === '/blocks' ? status : 404).end(body);
    });
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    ({ port } = server.address() as AddressInfo);
    t.teardown(() => server.closeAllConnections());
    t.teardown(() => server.close());
  }
  return { port, hosts };
}

const never = new AbortController().signal;

test('every replica is asked at its own address, under the name of their Service', async (t) => {
  const other = { ...block, id: 'b/1', replica: 'b' };
  const { port, hosts } = await start(t, {
    '127.0.0.1': { body: JSON.stringify([block]) },
    '127.0.0.2': { body: JSON.stringify([other]) },
  });
  const place = { host: 'blocks.model-mirror.svc', port };
  const reading = await toEvidenceSource([place], async () => ['127.0.0.1', '127.0.0.2']).read(never);
  t.deepEqual(reading, { blocks: [block, other], replicas: 2, troubles: [] });
  t.deepEqual(hosts, [`blocks.model-mirror.svc:${port}`, `blocks.model-mirror.svc:${port}`]);
});

test('a replica that fails, talks nonsense or is gone is a trouble, and the others count', async (t) => {
  const { port } = await start(t, {
    '127.0.0.1': { body: JSON.stringify([block, { ...block, id: 7 }]) },
    '127.0.0.2': { status: 503, body: 'no' },
    '127.0.0.3': { body: '<html>' },
  });
  const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];
  const source = toEvidenceSource([{ host: 'blocks', port }], async () => addresses);
  const { blocks, replicas, troubles } = await source.read(never);
  t.deepEqual(blocks, [block]);
  t.is(replicas, 1);
  t.deepEqual(
    troubles.map((trouble) => /127\.0\.0\.\d/.exec(trouble)?.[0]),
    ['127.0.0.2', '127.0.0.3', '127.0.0.4'],
  );
});

test('a Service that is not installed is a trouble', async (t) => {
  const lookup = async () => {
    throw Object.assign(new Error('getaddrinfo ENOTFOUND blocks'), { code: 'ENOTFOUND' });
  };
  const { blocks, replicas, troubles } = await toEvidenceSource([{ host: 'blocks', port: 1 }], lookup).read(never);
  t.deepEqual([blocks, replicas], [[], 0]);
  t.regex(troubles[0] ?? '', /^cannot find the comparer blocks: /);
});

test('replicas that send without end are cut off before the watcher runs out of memory', async (t) => {
  const flood = ' '.repeat(20 * 1024 * 1024);
  const { port } = await start(t, {
    '127.0.0.1': { body: `[${flood}]` },
    '127.0.0.2': { body: `[${flood}]` },
  });
  const source = toEvidenceSource([{ host: 'blocks', port }], async () => ['127.0.0.1', '127.0.0.2']);
  for (let round = 0; round < 2; round++) {
    const { replicas, troubles } = await source.read(never);
    t.true(replicas <= 1);
    t.regex(troubles[0] ?? '', /the replicas have more than 33554432 bytes/);
  }
});

test('of a thousand addresses a hundred are asked, and a log line says so', async (t) => {
  const { port, hosts } = await start(t, { '0.0.0.0': { body: JSON.stringify([block]) } });
  const addresses = Array.from({ length: 1000 }, (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`);
  const { replicas, troubles } = await toEvidenceSource([{ host: 'blocks', port }], async () => addresses).read(never);
  t.is(replicas, 100);
  t.is(hosts.length, 100);
  t.deepEqual(troubles, ['the comparer blocks has 1000 addresses, and only 100 of them are asked']);
});

test('a name server that does not answer ends no later than the round', async (t) => {
  const lookup = () => new Promise<readonly string[]>(() => {});
  const { troubles } = await toEvidenceSource([{ host: 'blocks', port: 1 }], lookup).read(AbortSignal.timeout(50));
  t.regex(troubles[0] ?? '', /^cannot find the comparer blocks: /);
});
