/** The watcher's `/analysis` pages, over real sockets. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { judge } from '../../../src/core/analysis/judge.ts';
import { toLiveAnalysis } from '../../../src/core/analysis/live-analysis.ts';
import { readLiveAnalysis } from '../../../src/core/analysis/read-live-analysis.ts';
import type { LiveAnalyses, UnjudgedCode } from '../../../src/core/ports/live-analyses.ts';
import { toAnalysisPages } from '../../../src/io/process/analysis-pages.ts';
import { listen } from '../../../src/io/process/listen.ts';
import {
  look,
  minute,
  since,
  toBlock,
  toErrors,
  toExampleTask,
  toTally,
} from '../../core/analysis/analysis-examples.ts';

const task = toExampleTask();
const now = since + 5 * minute;
const tally = toTally([toBlock(0, toErrors(1, 100))], now);
const judged = judge(undefined, { ...look, now, answeredAt: now, tally });
const seen = { ...judged, task, openSince: since, askedAt: now, answeredAt: now };
const toAnalysis = (name: string) => toLiveAnalysis({ name, namespace: 'models' }, seen);

function* toAnalyses(count: number) {
  for (let i = 0; i < count; i++) yield toAnalysis(`m${i}`);
}

/** So many models; `others` are not judged. */
async function serve(t: ExecutionContext, models: number, others: Readonly<Record<string, UnjudgedCode>> = {}) {
  const analyses: LiveAnalyses = {
    find: (namespace, name) =>
      others[name] ?? (namespace === 'models' && /^m\d$/.test(name) ? toAnalysis(name) : 'unknown-model'),
    list: () => toAnalyses(models),
  };
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle: 'the branch was not read yet' }),
    metrics: { contentType: 'text/plain', text: async () => '' },
    more: [toAnalysisPages(analyses)],
  });
  t.teardown(close);
  /** The path as it is: fetch would tidy it up. */
  const open = async (path: string, method = 'GET'): Promise<IncomingMessage> => {
    const [host, port] = address.split(':');
    const sent = request({ host, port, path, method, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  };
  const get = async (path: string, method = 'GET') => {
    const response = await open(path, method);
    return { status: response.statusCode, type: response.headers['content-type'], text: await text(response) };
  };
  return { open, get };
}

test('one model is one document, which a command can read', async (t) => {
  const { get } = await serve(t, 3);
  const { status, type, text: page } = await get('/analysis/models/m1?pretty');
  t.is(status, 200);
  t.is(type, 'application/json; charset=utf-8');
  t.like(readLiveAnalysis(JSON.parse(page)), { code: 'found', analysis: { metadata: { name: 'm1' } } });
});

test('what is not judged is named with its reason', async (t) => {
  const codes: Readonly<Record<UnjudgedCode, number>> = {
    'unknown-model': 404,
    'not-judged': 404,
    'not-looked': 503,
    'not-ready': 503,
  };
  for (const [why, expected] of Object.entries(codes)) {
    const { get } = await serve(t, 1, { other: why as UnjudgedCode });
    const { status, text: page } = await get('/analysis/models/other');
    t.is(status, expected);
    t.deepEqual(readLiveAnalysis(JSON.parse(page)), { code: 'unjudged', why });
  }
});

test('all models are one line each, however many there are', async (t) => {
  const { get } = await serve(t, 10_000);
  const { status, type, text: page } = await get('/analysis');
  t.is(status, 200);
  t.is(type, 'application/x-ndjson; charset=utf-8');
  const lines = page.trimEnd().split('\n');
  t.is(lines.length, 10_000);
  t.like(readLiveAnalysis(JSON.parse(lines.at(-1) ?? '')), { analysis: { metadata: { name: 'm9999' } } });
  t.is((await (await serve(t, 0)).get('/analysis')).text, '');
});

test('who reads slowly, or goes away, keeps nobody else from an answer for long', async (t) => {
  // No buffer takes all of it.
  const { open, get } = await serve(t, Number.POSITIVE_INFINITY);
  const slow = [await open('/analysis'), await open('/analysis')];
  t.is((await get('/analysis')).status, 503);
  t.is((await get('/healthz')).text, 'alive\n');
  t.is((await get('/analysis/models/m1')).status, 200);
  for (const one of slow) one.destroy();
  let status: number | undefined;
  while (status !== 200) {
    const response = await open('/analysis');
    status = response.statusCode;
    response.destroy();
  }
  t.is(status, 200);
});

test('other paths and methods are refused', async (t) => {
  const { get } = await serve(t, 1);
  for (const path of [
    '/analysis/models/../m0',
    '/analysis/models/..%2fm0',
    '/analysis/models/%6d0',
    '/analysis/models/M0',
    '/analysis/models/m0%00',
    '/analysis/models/__proto__',
    `/analysis/models/${'m'.repeat(64)}`,
    `/analysis/models/${'m'.repeat(10_000)}`,
    '/analysis/models/',
    '/analysis//m0',
    '/analysis/mod els/m0'.replace(' ', '+'),
  ]) {
    const { status, text: page } = await get(path);
    t.true(status === 400 || status === 404, path);
    t.true(page.length < 300, path);
    t.false(page.includes('"verdict"'), path);
  }
  for (const path of [
    '/analysis/',
    '/analysis/models',
    '/analysis/models/m0/',
    '/analysis/models/m0/x',
    '//analysis',
    '/Analysis',
  ])
    t.is((await get(path)).status, 404, path);
  t.regex((await get('/analyses')).text, /^there are .*\/analysis and \/analysis\/NAMESPACE\/MODEL$/m);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) t.is((await get('/analysis/models/m0', method)).status, 405);
  for (const path of ['/analysis', '/analysis/models/m0']) {
    const { status, text: page } = await get(path, 'HEAD');
    t.is(status, 200);
    t.is(page, '');
  }
});

test('an error in one answer is not the end of the server', async (t) => {
  const broken = () => {
    throw new Error('a bug');
  };
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle: undefined }),
    metrics: { contentType: 'text/plain', text: async () => '' },
    more: [toAnalysisPages({ find: broken, list: broken })],
  });
  t.teardown(close);
  const headers = { connection: 'close' };
  t.is((await fetch(`http://${address}/analysis/models/m0`, { headers })).status, 500);
  await t.throwsAsync(fetch(`http://${address}/analysis`, { headers }).then((response) => response.text()));
  t.is((await fetch(`http://${address}/healthz`, { headers })).status, 200);
});
