import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { serveComparer } from '../../src/cli/compare/serve.ts';
import { toCompareSettings } from '../../src/cli/compare/settings.ts';
import type { BlockPage } from '../../src/core/analysis/block.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import { routers } from '../../src/core/routing/routers.ts';
import type { Traffic } from '../../src/core/routing/traffic.ts';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import type { Written } from '../../src/demo/fakes/kubernetes/object.ts';
import { ApiTrouble, KubernetesApi } from '../../src/io/kubernetes/kubernetes-api.ts';
import { toLoopback, toStandardTraffic, toTask } from '../compare/compare-scene.ts';
import { json, startHttpModel } from '../compare/model-servers.ts';
import { program } from '../watch/watch-scene.ts';
import { runInProcess } from './in-process.ts';

const flags = {
  intake: '127.0.0.1:0',
  listen: '127.0.0.1:0',
  watchTimeout: '5s',
  deadline: '60s',
  maxCalls: '10',
  maxBytes: '8Mi',
  maxSize: '1Mi',
};
const marker = 'PERSONAL-DATA';

function startFolder(t: { readonly teardown: (end: () => unknown) => void }, kubeconfig: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-compare-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'kubeconfig'), kubeconfig);
  return join(folder, 'kubeconfig');
}

const toObjects = (traffic: Traffic) =>
  routers[0]
    .render(traffic)
    .flatMap(({ manifest }) => (manifest.kind === routers[0].watched.kind ? [manifest as Written] : []));

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2400; i++) {
    if (await isTrue().catch(() => false)) return;
    await sleep(25);
  }
  throw new Error('it never comes true');
}

async function send(intake: string, host: string, body: string): Promise<void> {
  const session = connect(`http://${intake}`);
  const stream = session.request({ ':method': 'POST', ':path': '/v2/models/wisdom/infer', ':authority': host });
  stream.resume();
  stream.end(body);
  await once(stream, 'close');
  session.close();
}

test('copies of a model that is rendered with a sample are compared, and nothing of them shows anywhere', async (t) => {
  const cluster = await startKubernetes();
  const output = (value: string) => json({ outputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: [value] }] });
  const primary = await startHttpModel('wisdom-0', () => output(`${marker} one`));
  const candidate = await startHttpModel('wisdom-1', () => output(`${marker} two`));
  t.teardown(() => Promise.all([cluster.close(), primary.close(), candidate.close()]));
  const ports = { primary: primary.port, candidate: candidate.port };
  for (const object of toObjects(toStandardTraffic('wisdom', ports, toTask('wisdom')))) cluster.apply(object);
  const said: string[] = [];
  const say = (message: string, fields: object = {}) => void said.push(`${message} ${JSON.stringify(fields)}`);
  const api = new KubernetesApi({ kubeconfig: startFolder(t, cluster.kubeconfig()), context: undefined });
  let isAway = false;
  const running = await serveComparer(toCompareSettings(flags, {}, 'replica'), {
    api: {
      request: (path, request) =>
        isAway ? Promise.reject(new ApiTrouble(safe`the API is away`, 500)) : api.request(path, request),
    },
    lookup: toLoopback,
    log: { info: say, warn: say, error: say },
    version: '1.2.3',
  });
  const page = async (path: string) => (await fetch(`http://${running.pages}${path}`)).text();
  await until(async () => (await page('/readyz')) === 'ready\n');
  // A process that is late compares nothing.
  await until(async () => {
    await send(running.intake, 'wisdom.models', JSON.stringify({ marker }));
    return (await page('/metrics')).includes('result="disagree"');
  });
  await until(async () => (await page('/metrics')).includes('model_mirror_copies_held 0\n'));
  const [metrics, examples, blocks] = [await page('/metrics'), await page('/examples'), await page('/blocks')];
  const labels = 'namespace="models",model="wisdom",role="candidate",version="wisdom-1"';
  t.regex(metrics, new RegExp(`^model_mirror_pairs_total\\{${labels},result="disagree"\\} [1-9]\\d*$`, 'm'));
  t.regex(metrics, new RegExp(`^model_mirror_copies_received_total\\{${labels}\\} [1-9]\\d*$`, 'm'));
  t.regex(metrics, /^model_mirror_copies_held 0$/m);
  const [example] = JSON.parse(examples) as [Record<string, unknown>];
  t.like(example, { model: 'wisdom', primary: 'wisdom-0', candidate: 'wisdom-1', code: 'values', output: 'text' });
  const { next } = JSON.parse(blocks) as BlockPage;
  t.like(JSON.parse(blocks), { replica: 'replica', isStart: true, sums: [] });
  t.like(JSON.parse(await page(`/blocks?after=${next}`)), { replica: 'replica', isStart: false });
  t.like(JSON.parse(await page('/blocks?after=another-run.7')), { replica: 'replica', isStart: true });
  for (const query of [
    'after',
    'after=',
    'after=.1',
    'after=replica',
    'after=replica.-1',
    'after=replica.1e3',
    'after=replica.1.2.3',
    'after=replica.9007199254740993',
    'after=replica.1&after=replica.1',
    'after=replica.1&limit=5',
    'limit=5',
    `after=${'x'.repeat(300)}.1`,
    'after=%00%ff.1%',
  ]) {
    const response = await fetch(`http://${running.pages}/blocks?${query}`);
    t.deepEqual([response.status, await response.text()], [400, '/blocks has no such query\n'], query);
  }
  for (const text of [metrics, examples, blocks, ...said]) t.false(text.includes(marker));
  t.is(await page('/nothing'), 'there are /healthz, /readyz, /metrics, /blocks and /examples\n');

  // The task goes, and with it every question.
  for (const object of toObjects(toStandardTraffic('wisdom', ports, undefined))) cluster.apply(object);
  await until(async () => {
    await send(running.intake, 'wisdom.models', '{}');
    return (await page('/metrics')).includes('reason="no-task"');
  });
  const asked = primary.count();
  for (const object of toObjects(toStandardTraffic('wisdom', ports, toTask('wisdom')))) cluster.apply(object);
  await until(async () => {
    await send(running.intake, 'wisdom.models', '{}');
    return primary.count() > asked;
  });

  // What is known of the routes may be out of date, and the candidate another one: nobody is asked.
  isAway = true;
  await until(async () => (await fetch(`http://${running.pages}/readyz`)).status === 503);
  await sleep(100);
  const before = primary.count();
  await send(running.intake, 'wisdom.models', '{}');
  t.regex(await page('/metrics'), /reason="stale-routes"\} 1$/m);
  t.is(primary.count(), before);
  await running.end(1000);
  await t.throwsAsync(page('/readyz'));
});

test('the process serves its pages, and SIGTERM ends it', async (t) => {
  const cluster = await startKubernetes();
  t.teardown(() => cluster.close());
  const kubeconfig = startFolder(t, cluster.kubeconfig());
  const child = spawn(
    process.execPath,
    [
      program,
      'compare',
      '--kubeconfig',
      kubeconfig,
      '--intake',
      '127.0.0.1:0',
      '--listen',
      '127.0.0.1:0',
      '--log',
      'json',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stderr)[Symbol.asyncIterator]();
  const { pages } = JSON.parse((await lines.next()).value ?? '{}') as { readonly pages: string };
  await until(async () => (await fetch(`http://${pages}/readyz`)).ok);
  t.like(await (await fetch(`http://${pages}/blocks`)).json(), { sums: [], blocks: [], first: 1, hasMore: false });
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number];
  t.is(code, 0);
});

test('flags without a meaning are faults', async (t) => {
  for (const [words, expected] of [
    [['--max-calls', '0'], '--max-calls "0" is not a number of requests'],
    [['--max-bytes', '1'], '--max-bytes "1" is not a size'],
    [['--deadline', '2h'], '--deadline "2h" is not possible'],
    [['--namespace', 'A b'], '"A b" is not the name of a namespace'],
  ] as const) {
    const { code, err } = await runInProcess(tmpdir(), {}, ['compare', ...words]);
    t.is(code, 2);
    t.true(err.includes(expected), err);
  }
});
