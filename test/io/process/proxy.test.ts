import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { Fault } from '../../../src/core/diagnostics/fault.ts';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';
import { startKubernetes } from '../../../src/demo/fakes/kubernetes/api.ts';
import { openTransport } from '../../../src/io/git/transports.ts';
import { findProxy } from '../../../src/io/process/proxy.ts';
import { loading } from '../../core/observe/live-objects.ts';
import { program, Running, toManifests, toModelText, WatchScene } from '../../watch/watch-scene.ts';
import { makeCertificate } from './certificate.ts';

test('the proxy for an address is read from the variables', (t) => {
  const https = { HTTPS_PROXY: 'http://proxy:3128' };
  const find = (address: string, environment: Record<string, string>) => findProxy(address, environment)?.uri;
  t.is(find('https://git.example.com/x', {}), undefined);
  t.is(find('https://git.example.com/x', https), 'http://proxy:3128/');
  t.is(find('http://git.example.com/x', https), undefined);
  t.is(find('http://git.example.com/x', { HTTP_PROXY: 'proxy:3128' }), 'http://proxy:3128/');
  t.is(
    find('https://git.example.com/x', { https_proxy: 'http://lower', HTTPS_PROXY: 'http://upper' }),
    'http://lower/',
  );
  t.is(find('https://git.example.com/x', { HTTPS_PROXY: '' }), undefined);
  for (const own of ['localhost', '127.0.0.1:8443', '127.1.2.3', '[::1]:8443'])
    t.is(find(`https://${own}/`, https), undefined);
});

test('NO_PROXY may list names, addresses, networks and ports, and covers subdomains', (t) => {
  const isDirect = (address: string, exceptions: string) =>
    findProxy(address, { HTTPS_PROXY: 'http://proxy', NO_PROXY: exceptions }) === undefined;
  for (const [address, exceptions] of [
    ['https://git.example.com', '*'],
    ['https://git.example.com', 'git.example.com'],
    ['https://git.example.com', 'other, example.com'],
    ['https://git.example.com', '.example.com'],
    ['https://git.example.com', '*.example.com'],
    ['https://GIT.example.com', 'Example.COM'],
    ['https://git.example.com:8443', 'example.com:8443'],
    ['https://git.example.com', 'example.com:443'],
    ['https://10.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3', '10.1.2.3'],
    ['https://[fd00::1]:6443', 'fd00::/8'],
    ['https://[fd00::1]', 'fd00::1'],
  ] as const)
    t.true(isDirect(address, exceptions), `${address} ${exceptions}`);
  for (const [address, exceptions] of [
    ['https://git.example.com', ''],
    ['https://git.example.com', 'le.com'],
    ['https://git.example.com', 'example.com:8443'],
    ['https://git.example.com', 'git.example.com.org'],
    ['https://11.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3', '10.0.0.0/99'],
    ['https://10.1.2.3', '/8,10.0.0.0/'],
  ] as const)
    t.false(isDirect(address, exceptions), `${address} ${exceptions}`);
});

test('a proxy’s credentials appear in no message, and a variable with an invalid address is named', (t) => {
  const proxy = findProxy('https://git.example.com', { HTTPS_PROXY: 'http://ada:pa55word@proxy:3128' });
  t.is<string | undefined, string>(proxy?.title, 'the proxy http://proxy:3128 (HTTPS_PROXY)');
  for (const value of ['socks5://proxy:1080', 'http://', 'ftp://ada:pa55word@proxy']) {
    const fault = t.throws(() => findProxy('https://git.example.com', { HTTPS_PROXY: value }), { instanceOf: Fault });
    t.regex(fault?.message ?? '', /^HTTPS_PROXY .* is not the address of a proxy$/);
    t.notRegex(fault?.message ?? '', /pa55word/);
  }
});

/** Knows where the names lead to, which nobody else does. */
async function startProxy(
  t: ExecutionContext,
  ports: ReadonlyMap<string, number>,
  { status = 200, authorization }: { readonly status?: number; readonly authorization?: string } = {},
): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connect', ({ url = '', headers }, socket: Socket) => {
    asked.push(url);
    sockets.add(socket.on('error', () => {}));
    const isAllowed = authorization === undefined || headers['proxy-authorization'] === authorization;
    const port = ports.get(url);
    if (status !== 200 || !isAllowed || port === undefined) {
      socket.end(`HTTP/1.1 ${isAllowed ? (status === 200 ? 502 : status) : 407} No\r\n\r\n`);
      return;
    }
    const inner = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(inner).pipe(socket);
    });
    sockets.add(inner.on('error', () => socket.destroy()));
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: await listen(server), asked };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

test('git and the Kubernetes API are reached through a proxy, with certificates of a private authority', async (t) => {
  const cluster = await startKubernetes({ token: 'api-token' });
  const scene = await WatchScene.start(t, { cluster, password: 'git-password' });
  await scene.commit({ 'models/wisdom/model.yaml': toModelText('wisdom') }, 'wisdom: try v2');
  for (const manifest of toManifests('wisdom', 'models/wisdom')) await cluster.apply(manifest);
  await cluster.patchStatus('inferenceservices', 'models', 'wisdom-1', loading);
  const certificate = makeCertificate(['git.corp.test', 'api.corp.test']);
  const sockets = new Set<Socket>();
  const behind = { 'git.corp.test': Number(new URL(scene.server.url('')).port), 'api.corp.test': toPort(cluster) };
  const front = createTlsServer(certificate, (socket) => {
    const inner = connect(behind[socket.servername as keyof typeof behind], '127.0.0.1');
    for (const one of [socket, inner]) sockets.add(one.on('error', () => {}));
    socket.pipe(inner).pipe(socket);
  });
  const port = await listen(front);
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
  });
  const authorization = `Basic ${Buffer.from('ada:pa55word').toString('base64')}`;
  const names = ['git.corp.test:443', 'api.corp.test:443'];
  const proxy = await startProxy(t, new Map(names.map((name) => [name, port])), { authorization });
  writeFileSync(join(scene.folder, 'ca.pem'), certificate.cert);
  writeFileSync(
    scene.kubeconfig,
    JSON.stringify({
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
      clusters: [{ name: 'x', cluster: { server: 'https://api.corp.test' } }],
      users: [{ name: 'x', user: { token: 'api-token' } }],
    }),
  );
  const watcher = new Running(
    program,
    [
      ...['watch', '--once', '--repo', 'https://git.corp.test/repo.git'],
      ...['--kubeconfig', scene.kubeconfig, '--log', 'json', '--settle', '100ms'],
    ],
    {
      PATH: process.env['PATH'] ?? '',
      MODEL_MIRROR_GIT_USERNAME: 'bot',
      MODEL_MIRROR_GIT_PASSWORD: 'git-password',
      HTTPS_PROXY: `http://ada:pa55word@127.0.0.1:${proxy.port}`,
      NO_PROXY: '10.0.0.0/8,.svc',
      NODE_EXTRA_CA_CERTS: join(scene.folder, 'ca.pem'),
    },
  );
  t.teardown(() => watcher.kill());
  t.is(await watcher.ended, 0, watcher.output);
  t.regex(await scene.show('models/wisdom/status.yaml'), /wisdom-1, version: v2, digest: d2, state: Loading/);
  t.deepEqual([...new Set(proxy.asked)].sort(), names.sort());
  t.notRegex(watcher.output, /pa55word/);
});

function toPort(cluster: { readonly kubeconfig: () => string }): number {
  return Number(/127\.0\.0\.1:(\d+)/.exec(cluster.kubeconfig())?.[1]);
}

test.serial('what a proxy answers is its answer, and a dead one is named', async (t) => {
  const look = async (proxy: string) => {
    process.env['HTTPS_PROXY'] = proxy;
    try {
      const error = await t.throwsAsync<BranchTrouble>(
        openTransport({
          address: 'https://git.corp.test/repo.git',
          credentials: undefined,
          environment: {},
          silenceMs: 5000,
        }).open('git-upload-pack', new AbortController().signal),
        { instanceOf: BranchTrouble },
      );
      t.notRegex(`${error?.message}`, /pa55word/);
      return `${error?.code} ${error?.message}`;
    } finally {
      delete process.env['HTTPS_PROXY'];
    }
  };
  const locked = await startProxy(t, new Map(), { authorization: 'another' });
  t.regex(
    await look(`http://ada:pa55word@127.0.0.1:${locked.port}`),
    /^denied the proxy http:\/\/127\.0\.0\.1:\d+ \(HTTPS_PROXY\) requires credentials \(HTTP 407\)/,
  );
  const closed = await startProxy(t, new Map(), { status: 403 });
  t.regex(await look(`http://127.0.0.1:${closed.port}`), /^denied the proxy .* does not connect .*\(HTTP 403\)$/);
  const broken = await startProxy(t, new Map());
  t.regex(await look(`http://127.0.0.1:${broken.port}`), /^unavailable the proxy .*\(HTTP 502\)$/);
  const gone = createServer();
  const port = await listen(gone);
  await new Promise((resolve) => gone.close(resolve));
  t.regex(
    await look(`http://127.0.0.1:${port}`),
    /^unreachable .* through the proxy http:\/\/127\.0\.0\.1:\d+ .*ECONNREFUSED/,
  );
});
