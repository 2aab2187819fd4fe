/** `model-mirror doctor`, once as a process, with an API server over a real socket that records what it is asked. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devNull, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TestObject } from '../core/routing/istio/installation.ts';
import { answer, find, toFiles, toHealthyCluster } from '../core/routing/istio/installation.ts';
import { type Ended, runInProcess } from './in-process.ts';

const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');

interface Api {
  readonly kubeconfig: string;
  readonly requests: string[];
}

const kinds: Readonly<Record<string, string>> = {
  services: 'Service',
  pods: 'Pod',
  gateways: 'Gateway',
  destinationrules: 'DestinationRule',
  envoyfilters: 'EnvoyFilter',
  virtualservices: 'VirtualService',
  authorizationpolicies: 'AuthorizationPolicy',
  inferenceservices: 'InferenceService',
};

/** Lists in pages of one object; there is no such kind as PeerAuthentication, and statistics may not be read. */
async function startApi(t: ExecutionContext, objects: readonly TestObject[], status = 200): Promise<Api> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api');
    requests.push(`${request.method} ${pathname}`);
    const send = (code: number, body: object) =>
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const [, groupVersion = '', namespace, plural = ''] =
      /^\/apis?\/(v1|[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([a-z]+)$/.exec(pathname) ?? [];
    const kind = kinds[plural];
    if (request.method !== 'GET') return send(405, { message: 'the fake takes no writes' });
    if (status !== 200) return send(status, { message: 'the fake answers nobody' });
    if (pathname.includes('/proxy/')) return send(403, { message: 'pods/proxy is forbidden' });
    if (kind === undefined) return response.writeHead(404).end('404 page not found\n');
    const selector = searchParams
      .get('labelSelector')
      ?.split(',')
      .map((pair) => pair.split('='));
    const resource = { kind, groupVersion, plural };
    const { objects: found } = answer(objects, {
      resource,
      namespace,
      labels: selector && Object.fromEntries(selector),
    });
    const from = Number(searchParams.get('continue') ?? 0);
    const metadata = { resourceVersion: '1', ...(from + 1 < found.length ? { continue: String(from + 1) } : {}) };
    return send(200, { metadata, items: found.slice(from, from + 1) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fake', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: {} }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    'current-context': 'fake',
  };
  return { kubeconfig: JSON.stringify(kubeconfig), requests };
}

function makeRepository(t: ExecutionContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-doctor-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(toFiles())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

type Start = (folder: string, words: readonly string[]) => Promise<Omit<Ended, 'code'> & { readonly code: unknown }>;

const env = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: devNull };
const here: Start = (folder, words) => runInProcess(folder, env, words);
const asProcess: Start = (folder, words) =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], { cwd: folder, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : error.code, out, err }),
    );
  });

function run(
  t: ExecutionContext,
  api: Api | undefined,
  words: readonly string[],
  { command = 'doctor', start = here }: { readonly command?: string; readonly start?: Start } = {},
) {
  const folder = makeRepository(t);
  if (api !== undefined) writeFileSync(join(folder, 'kubeconfig'), api.kubeconfig);
  return start(folder, [command, '--repo-root', '.', ...words]);
}

const live = ['--live', '--kubeconfig', 'kubeconfig'];

test('findings are printed with their reasons and cures, and nothing is written', async (t) => {
  const objects = toHealthyCluster(toFiles());
  delete find(objects, 'DestinationRule', 'model-mirror-gateway').spec.trafficPolicy.portLevelSettings[0]
    .connectionPool;
  find(objects, 'VirtualService', 'wisdom-mirror').spec.gateways = [];
  const api = await startApi(t, objects);
  const { code, out, err } = await run(t, api, live);
  t.is(err, '');
  t.is(
    out,
    `error: the VirtualService models/wisdom-mirror is not bound to the Gateway model-mirror/model-mirror-gateway, at which copies arrive: the mirror gateway answers them with 404 [route-other-gateway]
    check in Argo CD that the Application is synced, and that no patch changes its gateways
    concerns wisdom in models
error: nothing limits the copies in flight from clients to port 443 of the Service model-mirror/model-mirror-gateway (by the DestinationRule model-mirror/model-mirror-gateway): if the mirror gateway hangs, clients' requests wait with it, and their proxies run out of memory [limit-missing]
    upgrade the release of plugin/chart to this version
note: the statistics of the Pod istio-system/ingress cannot be read, so lost copies do not show: the Kubernetes API answers /api/v1/namespaces/istio-system/pods/ingress:15090/proxy/stats/prometheus with 403: pods/proxy is forbidden [statistics-unread]
    ask for the right to get pods/proxy, or look at the statistics in Prometheus (docs/operations.md, "Copies that are lost")
2 errors, 1 note for 2 models
Statistics of sidecars were not read: copies that they lose show in Prometheus only.
`,
  );
  t.is(code, 1);
  t.true(api.requests.length > 10);
  t.deepEqual(
    api.requests.filter((request) => !request.startsWith('GET /')),
    [],
  );
});

test('programs get the same as JSON, for one model', async (t) => {
  const objects = toHealthyCluster(toFiles()).filter(({ metadata }) => metadata.name !== 'wisdom-mirror');
  const { code, out } = await run(t, await startApi(t, objects), ['wisdom', '--output', 'json', ...live]);
  const { findings, ...rest } = JSON.parse(out);
  t.like(findings[0], {
    code: 'route-missing',
    severity: 'error',
    models: [{ namespace: 'models', name: 'wisdom' }],
    subject: { kind: 'VirtualService', namespace: 'models', name: 'wisdom-mirror' },
  });
  t.deepEqual(rest, { models: [{ namespace: 'models', name: 'wisdom' }], cluster: { statistics: [] }, problems: [] });
  t.is(code, 1);
});

test('a healthy cluster ends with 0, although statistics cannot be read', async (t) => {
  const { code } = await run(t, await startApi(t, toHealthyCluster(toFiles())), live);
  t.is(code, 0);
});

test('a cluster that cannot be read ends with 3', async (t) => {
  for (const status of [401, 403, 503]) {
    const { code, out, err } = await run(t, await startApi(t, [], status), live, { start: asProcess });
    t.is(code, 3);
    t.is(out, '');
    t.regex(err, new RegExp(`with ${status}: the fake answers nobody`));
  }
});

test('without --live only files are examined', async (t) => {
  const { code, out } = await run(t, undefined, []);
  t.is(code, 0);
  t.regex(out, /Only files were checked; add --live/);
  const { code: usage } = await run(t, undefined, ['--context', 'x']);
  t.is(usage, 2);
});

test('status and explain show the worst finding in one line, and the command that shows all', async (t) => {
  const objects = toHealthyCluster(toFiles()).filter(({ metadata }) => metadata.name !== 'wisdom-mirror');
  const api = await startApi(t, objects);
  const toLine = async (command: string, words: readonly string[]) =>
    (await run(t, api, [...words, ...live], { command })).out.split('\n').filter((line) => line.startsWith('Copies:'));
  const worst =
    'Copies: error: the VirtualService models/wisdom-mirror, which forwards copies to the candidate, does not exist: the mirror gateway answers copies with 404; see `model-mirror doctor';
  const flags = ' --repo-root . --live --kubeconfig kubeconfig`';
  t.deepEqual(await toLine('status', ['wisdom']), [`${worst} wisdom${flags}`]);
  t.deepEqual(await toLine('explain', ['wisdom']), [`${worst} wisdom${flags}`]);
  t.deepEqual(await toLine('status', []), [`${worst}${flags}`]);
  t.deepEqual(await toLine('status', ['folly']), []);
});

test('explain --live explains from git when the cluster does not answer, and says so', async (t) => {
  const { code, out, err } = await run(t, await startApi(t, [], 503), ['wisdom', ...live], { command: 'explain' });
  t.is(code, 3);
  t.regex(out, /^wisdom/m);
  t.regex(err, /^model-mirror: this is explained from git alone: .*with 503: the fake answers nobody/m);
  // The next step asks the cluster where it was asked.
  const plain = await run(t, undefined, ['wisdom'], { command: 'explain' });
  t.is(out.slice(0, out.indexOf('Next:')), plain.out.slice(0, plain.out.indexOf('Next:')));
});
