/** `model-mirror analysis --live`, with an API server over a real socket that passes requests on, or refuses to. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { personal, runInProcess } from './in-process.ts';

const input = join(import.meta.dirname, '../../fixtures/judgement/live-not-judged/input');
const none = { apiVersion: 'model-mirror.dev/v1alpha1', kind: 'NoAnalysis', code: 'not-judged' };

async function startApi(t: ExecutionContext, status: number, body: object) {
  const requests: string[] = [];
  const server = createServer(({ method, url }, response) => {
    requests.push(`${method} ${url}`);
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-live-'));
  t.teardown(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, 'kubeconfig');
  const named = (name: string, value: object) => ({ name, ...value });
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [named('fake', { cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } })],
      users: [named('fake', { user: {} })],
      contexts: [named('fake', { context: { cluster: 'fake', user: 'fake' } })],
      'current-context': 'fake',
    }),
  );
  return { kubeconfig, requests };
}

const run = (...words: readonly string[]) =>
  runInProcess(input, personal, ['analysis', 'wisdom', '--repo-root', '.', ...words]);

test('the watcher is read through the proxy of its Service', async (t) => {
  const { kubeconfig, requests } = await startApi(t, 404, none);
  const { code, out, err } = await run('--live', '--kubeconfig', kubeconfig);
  t.is(err, '');
  t.is(code, 0);
  t.regex(out, /^No live counts: nothing is being compared now/m);
  await run('--live', '--kubeconfig', kubeconfig, '--watcher', 'team-a/watcher:8080');
  t.deepEqual(requests, [
    'GET /api/v1/namespaces/model-mirror/services/model-mirror-watcher:http/proxy/analysis/models/wisdom',
    'GET /api/v1/namespaces/team-a/services/watcher:8080/proxy/analysis/models/wisdom',
  ]);
});

test('without the right to, what git has is shown, and which right it takes', async (t) => {
  const { kubeconfig } = await startApi(t, 403, { kind: 'Status', message: 'services is forbidden' });
  const { code, out, err } = await run('--live', '--kubeconfig', kubeconfig);
  t.is(code, 3);
  t.regex(out, /^wisdom: candidate v2/);
  t.regex(
    err,
    /with 403: services is forbidden\n {4}ask for the right to get services\/proxy in the namespace model-mirror, or/,
  );
});

test('flags that mean nothing together are refused', async (t) => {
  for (const words of [
    ['--watcher', 'model-mirror/model-mirror-watcher'],
    ['--watcher', 'http://me:secret@127.0.0.1:8080'],
    ['--watcher', '127.0.0.1:8080'],
    ['--watcher', 'a/b/c', '--live'],
    ['--watcher', 'a/../b', '--live'],
    ['--watcher', 'http://127.0.0.1:8080', '--live'],
    ['--kubeconfig', 'x'],
    ['--live', '--verify'],
    ['--output', 'json', '--reset'],
  ]) {
    const { code, out, err } = await run(...words);
    t.is(code, 2, words.join(' '));
    t.is(out, '');
    t.false(err.includes('secret'));
  }
});
