/** The watcher's pages over real sockets, and what they show while something is away. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { BranchTrouble } from '../../src/core/ports/watch.ts';
import { listen } from '../../src/io/process/listen.ts';
import { toHtmlPages } from '../../src/watch/html-pages.ts';
import { toStatus } from '../core/observe/live-objects.ts';
import { toModelText } from '../core/render/memory-tree.ts';
import { goldenPages, identity, PagesScene, toGoldenPages } from './pages-scene.ts';

async function serve(t: ExecutionContext, scene: PagesScene) {
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle: undefined }),
    metrics: { contentType: 'text/plain', text: async () => '' },
    more: [scene.pages],
  });
  t.teardown(close);
  /** The path as it is: fetch would tidy it up. */
  return async (path: string, method = 'GET') => {
    const [host, port] = address.split(':');
    const sent = request({ host, port, path, method, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, text: await text(response) };
  };
}

async function start(t: ExecutionContext): Promise<PagesScene> {
  const scene = await PagesScene.start();
  t.teardown(() => scene.end());
  return scene;
}

test('golden pages', async (t) => {
  for (const [name, page] of await toGoldenPages()) t.is(page, readFileSync(join(goldenPages, name), 'utf8'), name);
});

test('pages have no script, and nobody keeps, embeds or extends them', async (t) => {
  const get = await serve(t, await start(t));
  for (const path of ['/', '/models/wisdom', '/models/nobody']) {
    const { headers, status } = await get(path);
    t.is(status, path === '/models/nobody' ? 404 : 200);
    t.is(headers['content-type'], 'text/html; charset=utf-8');
    t.is(headers['cache-control'], 'no-store');
    t.is(headers['x-content-type-options'], 'nosniff');
    t.is(headers['referrer-policy'], 'no-referrer');
    t.regex(
      String(headers['content-security-policy']),
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
  }
  t.is((await get('/healthz')).headers['x-content-type-options'], 'nosniff');
});

test('only GET and HEAD are answered', async (t) => {
  const get = await serve(t, await start(t));
  for (const path of ['/', '/models/wisdom']) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])
      t.is((await get(path, method)).status, 405, method);
    const { status, text: page } = await get(path, 'HEAD');
    t.deepEqual([status, page], [200, '']);
  }
});

test('hostile addresses lead nowhere', async (t) => {
  const get = await serve(t, await start(t));
  for (const path of [
    '/models/../models/wisdom',
    '/models/..%2fwisdom',
    '/models%2fwisdom',
    '/models/%77isdom',
    '/models/wisdom/',
    '/models/wisdom/x',
    '//models/wisdom',
    '/models//wisdom',
    '/Models/wisdom',
    '/models/__proto__',
    '/models/wisdom%00',
    '/models/%3Cscript%3E',
    '/models/wisdom;x',
    `/models/${'w'.repeat(64)}`,
    `/models/${'w'.repeat(10_000)}`,
    '/.',
    '/..',
    '/index.html',
    '*',
  ]) {
    const { status, text: page, headers } = await get(path);
    t.is(status, 404, path);
    t.is(headers['content-type'], 'text/plain; charset=utf-8', path);
    t.is(page, 'there are /healthz, /readyz, /metrics, / and /NAMESPACE/MODEL\n');
  }
  t.is((await get('/constructor/prototype')).status, 404);
  for (const query of [
    '?page=0',
    '?page=-1',
    '?page=1e9',
    '?page=999999',
    '?state=__proto__',
    '?state=constructor',
    '?q=%',
    '?q=%FF%00',
    `?q=${'w'.repeat(7000)}`,
    '?q=wisdom&q=x',
    `?${'&'.repeat(2000)}`,
  ])
    t.is((await get(`/${query}`)).status, 200, query);
});

test('pages are there while git and the cluster are away, and say since when', async (t) => {
  const scene = await start(t);
  await scene.reach('1 % at 0');
  const get = await serve(t, scene);
  const { branch, watcher } = scene.first;
  const away = () => new BranchTrouble('unreachable', 'the repository cannot be read: connect ECONNREFUSED');
  branch.troubles.push(...Array.from({ length: 1000 }, away));
  watcher.trouble('watch InferenceService', 'the API does not answer' as never);
  await scene.clock.advance(600_000);
  for (const path of ['/', '/models/wisdom']) {
    const { status, text: page } = await get(path);
    t.is(status, 200);
    t.regex(
      page,
      /The branch cannot be read since 2023-11-14 22:\d\d:\d\d UTC \((?:9|10) min(?: \d+ s)?\): the repository cannot be read: connect ECONNREFUSED\. This page shows what was read last\./,
    );
    t.regex(page, /The Kubernetes API cannot be read completely since .* \(10 min\): the API does not answer\./);
    t.regex(page, /the branch was looked at (9|10) min( \d+ s)? ago/);
    t.regex(page, /v2<\/b>|v2 <span class="tag ready">/);
  }
});

test('before anything is read, the page says so', async (t) => {
  const scene = new PagesScene();
  t.teardown(() => scene.end());
  t.regex(await scene.read('/'), /The watcher has not read the branch yet: models are missing\./);
});

test('refused pushes are shown', async (t) => {
  const scene = await start(t);
  scene.first.branch.refusal = new BranchTrouble('refused', 'the git server refuses the push: protected branch');
  scene.add('intent', toStatus({}));
  await scene.pass(2);
  t.regex(
    await scene.read('/'),
    /Status files cannot be pushed since .* in a row: .*protected branch\. Mirrors open and close by what git has\./,
  );
});

const hostile = `<script>alert(1)</script>"'\u0007\u0085\u202e\u200b& token=s3cr3t-value`;

test('texts from the cluster and from git are texts, without secrets and without what cannot be seen', async (t) => {
  const scene = await start(t);
  const failure = { reason: 'ModelLoadFailed', message: `${hostile} aws_secret_access_key=AKIAs3cr3t` };
  scene.add('fraud', toStatus({ transition: 'UpToDate', active: 'FailedToLoad', failure }));
  scene.edit({
    'fraud/model.yaml': toModelText('fraud', 'models').replace(
      's3://models/v2',
      'https://ada:s3cr3t-pass@store.example.com/<img src=x onerror=alert(2)>',
    ),
  });
  await scene.pass(2);
  // What cannot be rendered keeps the scene's Argo CD from applying anything.
  const broken = [['odd/<svg onload=alert(3)>/model.yaml', 'kind: Model\n'] as const];
  scene.repository.apply(new Map(broken), `Eve ${hostile}`, `fix ${hostile}`);
  await scene.clock.advance(60_000);
  for (const path of ['/', '/models/fraud', '/models/wisdom', '/?q=%3Cscript%3E%22%27']) {
    const page = await scene.read(path);
    t.notRegex(page, /<(script|img|svg onload)/i, path);
    t.notRegex(page, /s3cr3t/, path);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    t.notRegex(page.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/, path);
    const main = page.slice(page.indexOf('<main>'));
    t.notRegex(main, / on\w+=(?!alert\(\d\)&gt;)/, path);
  }
  t.regex(await scene.read('/models/fraud'), /&lt;img src=x/);
  t.regex(await scene.read('/'), /odd\/&lt;svg onload=alert\(3\)&gt;\/model\.yaml:1:1/);
});

test('a file that cannot be rendered is explained, with what runs', async (t) => {
  const scene = await start(t);
  const policy = scene.repository.files.get('wisdom/policy.yaml') ?? '';
  scene.repository.edit({ 'wisdom/policy.yaml': `${policy}  mirrorPercentage: 101\n` });
  await scene.clock.advance(60_000);
  const page = await scene.read('/models/wisdom');
  t.regex(page, /wisdom\/policy\.yaml:\d+:\d+: .*mirrorPercentage/);
  t.regex(page, /Until then nothing changes in the cluster\./);
  t.regex(page, /cannot be rendered, so nothing changes in the cluster/);
  t.regex(await scene.read('/'), /spec\.mirrorPercentage: a percentage is at most 100/);
});

test('the timeline has what this watcher read and made, and begins with what it found', async (t) => {
  const scene = await start(t);
  await scene.reach('5 % at 1');
  const model = scene.repository.files.get('wisdom/model.yaml') ?? '';
  scene.repository.apply(new Map([['wisdom/model.yaml', model.replace(/v2/g, 'v3')]]), 'Grace', 'try v3');
  await scene.pass(2);
  const page = await scene.read('/models/wisdom');
  const [, changes = ''] = page.split('<h2>Changes</h2>');
  t.deepEqual(
    [...changes.matchAll(/<b>([^<]+)<\/b> <code>c\d+<\/code>(?: <q>([^<]+)<\/q>)?/g)].map(([, who, what]) => [
      who,
      what,
    ]),
    [
      ['or earlier', undefined],
      ['model-mirror watcher', undefined],
      ['model-mirror watcher', undefined],
      ['Grace', 'try v3'],
      ['model-mirror watcher', undefined],
    ],
  );
  t.regex(changes, /the mirror goes to step 2 of 3: 5 %.*candidate v2 → v3.*candidate v3 is Ready/s);
});

test('all pages of many readers are made one after the other, and too many are asked to come again', async (t) => {
  const get = await serve(t, await start(t));
  const statuses = (await Promise.all(Array.from({ length: 60 }, () => get('/')))).map(({ status }) => status);
  t.true(statuses.filter((status) => status === 200).length >= 20);
  t.deepEqual(
    [...new Set(statuses)].filter((status) => status !== 200 && status !== 503),
    [],
  );
  t.is((await get('/models/wisdom')).status, 200);
});

test('however long a model takes, the loop gets its turn after each', async (t) => {
  const scene = await start(t);
  for (const name of ['a', 'b', 'c', 'd']) scene.add(name, undefined);
  await scene.pass(1);
  let now = 0;
  let pauses = 0;
  const pages = toHtmlPages(scene.first.watcher.models, identity, {
    date: scene.clock.date,
    // Whatever is done takes a second.
    now: () => {
      now += 1000;
      return now;
    },
    sleep: async () => {
      pauses++;
    },
  });
  await pages.answer('/', new URLSearchParams());
  t.is(pauses, 5);
  await pages.answer('/models/wisdom', new URLSearchParams());
  t.true(pauses > 6);
});
