/** Replicas behind real sockets, each at an address of its own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { Block, BlockPage } from '../../../src/core/analysis/block.ts';
import type { EvidenceSource, ReplicaPart } from '../../../src/core/ports/evidence.ts';
import { toEvidenceSource } from '../../../src/io/comparer/replicas.ts';

const block: Block = {
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

/** All that a replica has, in one page. */
function toPage(replica: string, blocks: BlockPage['blocks'] = [block]): BlockPage {
  const next = `${replica}.${blocks.length}`;
  return { replica, isStart: true, sums: [], hasMoreSums: false, first: 1, blocks, next, hasMore: false };
}

interface Replica {
  readonly status?: number | (() => number);
  /** By what is asked for; `''`: from the start. */
  readonly body: string | ((after: string) => string);
}

/** @returns the port that all of them listen on, and what they were asked. */
async function start(t: ExecutionContext, replicas: Readonly<Record<string, Replica>>) {
  const asked: { readonly host: string | undefined; readonly after: string }[] = [];
  let port = 0;
  for (const [address, { status = 200, body }] of Object.entries(replicas)) {
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://replica');
      const after = searchParams.get('after') ?? '';
      asked.push({ host: request.headers.host, after });
      const found = typeof status === 'number' ? status : status();
      response.writeHead(pathname === '/blocks' ? found : 404).end(typeof body === 'string' ? body : body(after));
    });
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    ({ port } = server.address() as AddressInfo);
    t.teardown(() => server.closeAllConnections());
    t.teardown(() => server.close());
  }
  return { port, asked };
}

const never = new AbortController().signal;

/** One round. */
async function read(source: EvidenceSource, signal = never) {
  const parts: ReplicaPart[] = [];
  const reading = await source.read((part) => void parts.push(part), signal);
  return { ...reading, parts: parts.toSorted((one, other) => (one.replica < other.replica ? -1 : 1)) };
}

const whole = (replica: string): ReplicaPart => ({ replica, sums: [], first: 1, blocks: [block] });

test.serial('every replica is asked at its own address, under the name of their Service', async (t) => {
  const { port, asked } = await start(t, {
    '127.0.0.1': { body: JSON.stringify(toPage('a')) },
    '127.0.0.2': { body: JSON.stringify(toPage('b')) },
  });
  const place = { host: 'blocks.model-mirror.svc', port };
  const reading = await read(toEvidenceSource([place], async () => ['127.0.0.1', '127.0.0.2']));
  t.deepEqual(reading, { parts: [whole('a'), whole('b')], replicas: 2, troubles: [] });
  const host = `blocks.model-mirror.svc:${port}`;
  t.deepEqual(asked, [
    { host, after: '' },
    { host, after: '' },
  ]);
});

test.serial('each replica is asked for what it has since, and page after page until there is no more', async (t) => {
  const pages: Readonly<Record<string, BlockPage>> = {
    '': { ...toPage('a', []), sums: [block], hasMoreSums: true, hasMore: true, next: 'a.1.7' },
    'a.1.7': { ...toPage('a'), isStart: false, sums: [block], first: 8, hasMore: true, next: 'a.8' },
    'a.8': { ...toPage('a', []), isStart: false, first: 9, next: 'a.8' },
  };
  const { port, asked } = await start(t, { '127.0.0.1': { body: (after) => JSON.stringify(pages[after]) } });
  const source = toEvidenceSource([{ host: 'blocks', port }], async () => ['127.0.0.1']);
  t.deepEqual(await read(source), {
    parts: [
      { replica: 'a', sums: [block, block], first: 8, blocks: [block] },
      { replica: 'a', sums: undefined, first: 9, blocks: [] },
    ],
    replicas: 1,
    troubles: [],
  });
  t.deepEqual((await read(source)).parts, [{ replica: 'a', sums: undefined, first: 9, blocks: [] }]);
  t.deepEqual(
    asked.map(({ after }) => after),
    ['', 'a.1.7', 'a.8', 'a.8'],
  );
});

test.serial('sums that begin again while they are read count once', async (t) => {
  const sums = { ...toPage('a', []), sums: [block], hasMoreSums: true, hasMore: true, next: 'a.1.7' };
  const answers = [
    sums,
    { ...sums, next: 'a.1.8' },
    { ...toPage('a', []), isStart: false, sums: [block], first: 8 },
    { ...sums, next: 'a.1.9' },
    { ...toPage('b', []), isStart: false, sums: [block], first: 8 },
  ];
  let nth = 0;
  const { port } = await start(t, { '127.0.0.1': { body: () => JSON.stringify(answers[nth++]) } });
  const source = toEvidenceSource([{ host: 'blocks', port }], async () => ['127.0.0.1']);
  t.deepEqual((await read(source)).parts, [{ replica: 'a', sums: [block, block], first: 8, blocks: [] }]);
  // Another process that goes on where one was: what it has added up before is not known.
  t.deepEqual((await read(source)).parts, [{ replica: 'b', sums: undefined, first: 8, blocks: [] }]);
});

test.serial(
  'a replica behind two Services, and behind one of them twice, is read for each alone: no sum counts twice',
  async (t) => {
    const toSums = (after: string, next: string, hasMore: boolean): BlockPage => ({
      ...toPage('a', []),
      isStart: after === '',
      sums: [block],
      hasMoreSums: hasMore,
      hasMore,
      next,
    });
    const pages: Readonly<Record<string, BlockPage>> = {
      '': toSums('', 'a.1.7', true),
      'a.1.7': toSums('a.1.7', 'a.2.7', true),
      'a.2.7': toSums('a.2.7', 'a.0', false),
    };
    const { port } = await start(t, { '127.0.0.1': { body: (after) => JSON.stringify(pages[after]) } });
    const places = ['blocks', 'comparer', 'blocks'].map((host) => ({ host, port }));
    const { parts } = await read(toEvidenceSource(places, async () => ['127.0.0.1', '127.0.0.1']));
    t.deepEqual(
      parts.map(({ sums }) => sums?.length),
      [3, 3],
    );
  },
);

test.serial('a replica that fails, talks nonsense or is gone is a trouble, and the others count', async (t) => {
  const { port } = await start(t, {
    '127.0.0.1': { body: JSON.stringify(toPage('a', [block, { ...block, start: 0.5 }])) },
    '127.0.0.2': { status: 503, body: 'no' },
    '127.0.0.3': { body: '<html>' },
    '127.0.0.4': { body: '[]' },
  });
  const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'];
  const source = toEvidenceSource([{ host: 'blocks', port }], async () => addresses);
  const { parts, replicas, troubles } = await read(source);
  t.deepEqual(parts, [{ replica: 'a', sums: [], first: 1, blocks: [block, undefined] }]);
  t.is(replicas, 1);
  t.deepEqual(
    troubles.map((trouble) => /127\.0\.0\.\d/.exec(trouble)?.[0]),
    ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'],
  );
});

test.serial('a replica that does not take a cursor is asked from the start in the next round', async (t) => {
  let status = 200;
  const { port, asked } = await start(t, {
    '127.0.0.1': { status: () => status, body: JSON.stringify(toPage('a')) },
  });
  const source = toEvidenceSource([{ host: 'blocks', port }], async () => ['127.0.0.1']);
  t.is((await read(source)).replicas, 1);
  status = 400;
  t.regex((await read(source)).troubles[0] ?? '', /answers 400$/);
  status = 200;
  t.is((await read(source)).replicas, 1);
  t.deepEqual(
    asked.map(({ after }) => after),
    ['', 'a.1', ''],
  );
});

test.serial('a Service that is not installed is a trouble', async (t) => {
  const lookup = async () => {
    throw Object.assign(new Error('getaddrinfo ENOTFOUND blocks'), { code: 'ENOTFOUND' });
  };
  const { parts, replicas, troubles } = await read(toEvidenceSource([{ host: 'blocks', port: 1 }], lookup));
  t.deepEqual([parts, replicas], [[], 0]);
  t.regex(troubles[0] ?? '', /^cannot find the comparer blocks: /);
});

test.serial(
  'a replica that sends without end is cut off before the watcher runs out of memory, and the others count',
  async (t) => {
    const { port, asked } = await start(t, {
      '127.0.0.1': { body: `[${' '.repeat(5 * 1024 * 1024)}]` },
      '127.0.0.2': { body: () => JSON.stringify({ ...toPage('b'), hasMore: true }) },
      '127.0.0.3': { body: JSON.stringify(toPage('c')) },
    });
    const source = toEvidenceSource([{ host: 'blocks', port }], async () => ['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    const { replicas, troubles, parts } = await read(source);
    t.is(replicas, 2);
    t.is(troubles.length, 1);
    t.regex(troubles[0] ?? '', /it sends a page of more than 4194304 bytes/);
    t.true(asked.length <= 202);
    t.deepEqual(parts.at(-1), whole('c'));
  },
);

test.serial('of a thousand addresses a hundred are asked, and a log line says so', async (t) => {
  const { port, asked } = await start(t, { '0.0.0.0': { body: JSON.stringify(toPage('a')) } });
  const addresses = Array.from({ length: 1000 }, (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`);
  // However busy the machine is.
  const source = toEvidenceSource([{ host: 'blocks', port }], async () => addresses, 600_000);
  const { replicas, troubles } = await read(source);
  t.is(replicas, 100);
  t.is(asked.length, 100);
  t.deepEqual(troubles, ['the comparer blocks has 1000 addresses, and only 100 of them are asked']);
});

test.serial('a name server that does not answer ends no later than the round', async (t) => {
  const lookup = () => new Promise<readonly string[]>(() => {});
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const { troubles } = await read(toEvidenceSource([{ host: 'blocks', port: 1 }], lookup), stop.signal);
  t.regex(troubles[0] ?? '', /^cannot find the comparer blocks: /);
});
