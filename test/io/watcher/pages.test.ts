/** A watcher's pages, read over real sockets from whoever answers. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { mask } from '../../../src/core/diagnostics/safe-text.ts';
import type { PageReading } from '../../../src/core/ports/watcher-pages.ts';
import type { ApiRequest } from '../../../src/io/kubernetes/kubernetes-api.ts';
import { ApiTrouble } from '../../../src/io/kubernetes/kubernetes-api.ts';
import { fetch } from '../../../src/io/process/fetch.ts';
import { openPagesAt } from '../../../src/io/watcher/pages-at-address.ts';
import { openPagesOf } from '../../../src/io/watcher/pages-of-service.ts';

const { signal } = new AbortController();
/** What is tried is not how fast a busy machine is. */
const patientMs = 600_000;

async function serve(t: ExecutionContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const place = { code: 'service', namespace: 'model-mirror', name: 'model-mirror-watcher', port: 'http' } as const;

/** An API server that passes everything on to an address. */
function toApi(address: string) {
  const paths: string[] = [];
  return {
    paths,
    request: async (path: string, { answers = [], redirect, signal: stop }: ApiRequest) => {
      paths.push(path);
      const response = await fetch(address + path, {
        headers: {},
        signal: stop,
        ...(redirect === undefined ? {} : { redirect }),
      });
      if (response.ok || answers.includes(response.status)) return response;
      throw new ApiTrouble(mask(`answers with ${response.status}: ${await response.text()}`), response.status);
    },
  };
}

/** Both ways to the same pages. */
async function open(t: ExecutionContext, answer: RequestListener) {
  const address = await serve(t, answer);
  return [openPagesAt(address, patientMs), openPagesOf(place, toApi(address), patientMs)];
}

test('what is answered is handed on with its status, whoever wrote it', async (t) => {
  for (const [status, text] of [
    [200, '{"kind":"LiveAnalysis"}\n'],
    [404, '{"kind":"NoAnalysis"}\n'],
    [503, '{"kind":"NoAnalysis"}\n'],
    [404, 'there are /healthz, /readyz and /metrics\n'],
  ] as const)
    for (const pages of await open(t, (_, response) => response.writeHead(status).end(text)))
      t.deepEqual(await pages.read('/analysis/models/wisdom', signal), { code: 'answered', status, text });
});

test('a page is asked for below the address, or below the proxy of the Service', async (t) => {
  const asked: string[] = [];
  const address = await serve(t, ({ url = '', method }, response) => {
    asked.push(`${method} ${url}`);
    response.end('{}');
  });
  await openPagesAt(`${address}/prefix`).read('/analysis/models/wisdom', signal);
  await openPagesOf(place, toApi(address)).read('/analysis/models/wisdom', signal);
  t.deepEqual(asked, [
    'GET /prefix/analysis/models/wisdom',
    'GET /api/v1/namespaces/model-mirror/services/model-mirror-watcher:http/proxy/analysis/models/wisdom',
  ]);
});

test('an answer without end is read up to a page, also a packed one', async (t) => {
  const endless: RequestListener = (_, response) => {
    const chunk = 'x'.repeat(64 * 1024);
    const write = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', write);
    write();
  };
  const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const bomb: RequestListener = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
  for (const answer of [endless, bomb])
    for (const pages of await open(t, answer))
      t.deepEqual(await pages.read('/analysis/models/wisdom', signal), { code: 'too-large' });
});

test('an answer that does not come, or breaks off, is none', async (t) => {
  const stop = AbortSignal.timeout(200);
  for (const pages of await open(t, (_, response) => void response.writeHead(200).write('{"kind":')))
    t.is((await pages.read('/analysis/models/wisdom', stop)).code, 'unreachable');
  for (const pages of await open(t, () => {}))
    t.is((await pages.read('/analysis/models/wisdom', AbortSignal.abort())).code, 'unreachable');
  for (const pages of await open(t, ({ socket }) => void socket.destroy()))
    t.is((await pages.read('/analysis/models/wisdom', signal)).code, 'unreachable');
  t.is((await openPagesAt('http://127.0.0.1:1').read('/analysis', signal)).code, 'unreachable');
});

test('nobody is led elsewhere', async (t) => {
  let asked = 0;
  const elsewhere = await serve(t, (_, response) => {
    asked++;
    response.end('{}');
  });
  const [byAddress, byService] = await open(t, (_, response) =>
    response.writeHead(302, { location: elsewhere }).end('found'),
  );
  t.like(await byAddress?.read('/analysis/models/wisdom', signal), { code: 'answered', status: 302 });
  t.like(await byService?.read('/analysis/models/wisdom', signal), { code: 'unreachable' });
  t.is(asked, 0);
});

test('what the API server itself answers is a Status', async (t) => {
  const toStatus = (code: number, message: string) => ({ kind: 'Status', apiVersion: 'v1', code, message });
  const codes: readonly (readonly [number, string, PageReading['code']])[] = [
    [401, 'Unauthorized', 'refused'],
    [403, 'services model-mirror-watcher:http is forbidden', 'refused'],
    [404, 'services model-mirror-watcher not found', 'no-service'],
    [503, 'no endpoints available for service model-mirror-watcher', 'unreachable'],
    [500, 'etcd is gone', 'unreachable'],
  ];
  for (const [status, message, code] of codes) {
    const address = await serve(t, (_, response) =>
      response.writeHead(status).end(JSON.stringify(toStatus(status, message))),
    );
    const reading = await openPagesOf(place, toApi(address)).read('/analysis/models/wisdom', signal);
    t.true(reading.code === code, message);
    t.true('message' in reading && reading.message.includes(message), message);
  }
  const gone = { request: () => Promise.reject(new ApiTrouble(mask('the Kubernetes API cannot be reached'))) };
  t.is((await openPagesOf(place, gone).read('/analysis', signal)).code, 'no-cluster');
});
