/** What is fetched of real servers that allow more or less: git's own, over HTTP and on this machine. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { GitTransport } from '../../../src/core/ports/git-transport.ts';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { startGitServer } from '../../../src/demo/fakes/git-server.ts';
import { toFetchLimit } from '../../../src/io/git/fetch-limit.ts';
import { FetchedObjects } from '../../../src/io/git/fetched-objects.ts';
import { toPacket } from '../../../src/io/git/packets.ts';
import { openTransport } from '../../../src/io/git/transports.ts';

const never = new AbortController().signal;
const mebibyte = 2 ** 20;
const main = ['refs/heads/main'];
let date = 1_700_000_000;

async function startScene(t: ExecutionContext, settings: readonly string[] = []) {
  const root = mkdtempSync(join(tmpdir(), 'model-mirror-fetch-'));
  const server = await startGitServer({ root });
  t.teardown(async () => {
    await server.close();
    rmSync(root, { recursive: true, force: true });
  });
  await server.createRepository('repo.git');
  const bare = server.folder('repo.git');
  const run = async (...words: string[]) => (await git(bare, words)).trim();
  for (const name of settings) await run('config', `uploadpack.${name}`, 'true');
  const commit = async (files: Readonly<Record<string, Buffer>>, branch = 'main') => {
    const tip = await run('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`);
    const head = `commit refs/heads/${branch}\ncommitter Ada <ada@example.com> ${date++} +0000\ndata 4\nedit\n`;
    const parts = [Buffer.from(head), Buffer.from(tip === '' ? '' : `from ${tip}\n`)];
    for (const [path, content] of Object.entries(files))
      parts.push(
        Buffer.from(`M 100644 inline ${path}\ndata ${content.length}\n`),
        Buffer.from(content),
        Buffer.from('\n'),
      );
    await git(bare, ['fast-import', '--quiet'], { input: Buffer.concat(parts) });
    return run('rev-parse', branch);
  };
  /** The bodies of the requests, as text. */
  const requests: string[] = [];
  const connect = (address = server.url('repo.git')): GitTransport => {
    const transport = openTransport({
      address,
      credentials: undefined,
      environment: { PATH: process.env['PATH'] },
    });
    return {
      open: async (service, signal) => {
        const session = await transport.open(service, signal);
        return {
          ...session,
          request: (body) => {
            requests.push(Buffer.from(body).toString('latin1'));
            return session.request(body);
          },
        };
      },
    };
  };
  const open = (transport = connect()) => new FetchedObjects(transport, toFetchLimit(64 * mebibyte));
  return { server, bare, run, commit, connect, open, requests };
}

const filter = ['allowFilter', 'allowReachableSHA1InWant'];
const files = {
  'models/a/model.yaml': Buffer.from('model a'),
  'models/b/model.yaml': Buffer.from('model b'),
  empty: Buffer.alloc(0),
  'weights.bin': randomBytes(2 * mebibyte),
};

for (const allowed of ['allowReachableSHA1InWant', 'allowAnySHA1InWant'])
  test(`a host that allows it leaves files out, and returns those that are asked for: ${allowed}`, async (t) => {
    const { commit, open, requests, run } = await startScene(t, ['allowFilter', allowed]);
    const tip = await commit(files);
    const objects = open();
    const [fetched] = await objects.fetch(main, never);
    t.is(fetched?.commit, tip);
    t.is(fetched?.tree, await run('rev-parse', `${tip}^{tree}`));
    t.deepEqual(fetched?.head, {
      author: 'Ada',
      time: Number(await run('show', '-s', '--format=%ct', tip)),
      subject: 'edit',
      carried: undefined,
    });
    objects.keep(fetched === undefined ? [] : [fetched.content]);
    const ids = await Promise.all(
      ['models/a/model.yaml', 'empty', 'weights.bin'].map((path) => run('rev-parse', `main:${path}`)),
    );
    const [model = '', empty = '', weights = ''] = ids;
    t.false(objects.has(model));
    await objects.load(ids, never);
    t.is(objects.read(model)?.toString(), 'model a');
    t.is(objects.read(empty)?.length, 0);
    t.is(objects.read(weights), undefined);
    t.is(requests.length, 2);
    t.regex(requests[0] ?? '', /filter blob:none/);
    t.false(objects.has(await run('rev-parse', 'main:models/b/model.yaml')));
    // Whoever may read larger files asks for it again.
    await objects.load([weights], never, { maxBytes: 4 * mebibyte });
    t.true(objects.read(weights)?.equals(files['weights.bin']));
    // What is here is not asked for.
    await objects.load(ids, never);
    t.is(requests.length, 3);
  });

for (const where of ['http', 'file'] as const)
  test(`where nothing is allowed, everything passes by, and what is missing is fetched again: ${where}`, async (t) => {
    const { bare, commit, connect, open, requests, run } = await startScene(t);
    const tip = await commit(files);
    const objects = open(connect(where === 'file' ? `file://${bare}` : undefined));
    const [fetched] = await objects.fetch(main, never);
    t.is(fetched?.commit, tip);
    objects.keep(fetched === undefined ? [] : [fetched.content]);
    const id = await run('rev-parse', 'main:models/b/model.yaml');
    t.is(objects.read(id)?.toString(), 'model b');
    objects.retain(new Set());
    t.throws(() => objects.read(id), { message: /is missing/ });
    await objects.load([id], never);
    t.is(objects.read(id)?.toString(), 'model b');
    t.false(requests.some((body) => body.includes('filter')));
    await t.throwsAsync(objects.load(['f'.repeat(40)], never));
  });

test('a folder comes without what is in it, where the host leaves folders out', async (t) => {
  for (const isAllowed of [true, false]) {
    const { commit, open, run, requests } = await startScene(t, filter);
    await commit(files);
    if (!isAllowed) await run('config', 'uploadpackfilter.tree.allow', 'false');
    const objects = open();
    const [fetched] = await objects.fetch(main, never);
    objects.keep(fetched === undefined ? [] : [fetched.content]);
    objects.retain(new Set());
    const [root, models, a] = await Promise.all(
      ['', 'models', 'models/a'].map((path) => run('rev-parse', `main:${path}`)),
    );
    for (const id of [root ?? '', models ?? '']) {
      await objects.load([id], never, { hasFolders: true });
      t.true(objects.readFolder(id).length > 0);
    }
    t.is(objects.has(a ?? ''), !isAllowed);
    const alone = requests.filter((body) => body.includes('filter tree:0'));
    t.is(alone.length, isAllowed ? 2 : 1, 'one that refuses it is asked once');
  }
});

test('a host that refuses what it offers is asked once, and then in another way', async (t) => {
  const { commit, connect, open, run } = await startScene(t, filter);
  await commit(files);
  const id = await run('rev-parse', 'main:models/b/model.yaml');
  for (const isRefused of [
    (body: string) => body.includes('filter blob:none'),
    (body: string) => !body.includes('deepen'),
  ]) {
    const transport = connect();
    let refusals = 0;
    let requests = 0;
    const objects = open({
      open: async (service, signal) => {
        const session = await transport.open(service, signal);
        return {
          ...session,
          request: (body) => {
            requests++;
            if (!isRefused(Buffer.from(body).toString('latin1'))) return session.request(body);
            refusals++;
            return answer(toPacket('ERR upload-pack: not our ref'));
          },
        };
      },
    });
    for (let i = 0; i < 2; i++) {
      objects.forget();
      const [fetched] = await objects.fetch(main, never);
      objects.keep(fetched === undefined ? [] : [fetched.content]);
      await objects.load([id], never);
      t.is(objects.read(id)?.toString(), 'model b');
    }
    t.is(refusals, 1);
    t.true(requests <= 4);
  }
});

/** A proxy in front of a host, which does not take larger requests, as nginx does not; 0: any size. */
async function startProxy(t: ExecutionContext, host: string) {
  const limit = { bytes: 0, refused: 0 };
  const proxy = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    if (limit.bytes > 0 && body.length > limit.bytes) {
      limit.refused++;
      response.writeHead(413, { 'content-type': 'text/html' }).end('<title>413 Request Entity Too Large</title>');
      return;
    }
    const { method = '', url = '', headers } = request;
    const passed = { 'content-type': headers['content-type'] ?? '' };
    const answered = await fetch(`${host}${url}`, { method, headers: passed, ...(method === 'POST' ? { body } : {}) });
    response.writeHead(answered.status, { 'content-type': answered.headers.get('content-type') ?? '' });
    response.end(Buffer.from(await answered.arrayBuffer()));
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return { limit, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

test('a host that refuses long requests is asked for fewer objects at once, and from then on', async (t) => {
  const { server, commit, connect, open, requests, run } = await startScene(t, filter);
  const { limit, url } = await startProxy(t, server.url('repo.git').replace('/repo.git', ''));
  await commit(Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, Buffer.from(`file ${i}`)])));
  const ids = (await run('ls-tree', '--format=%(objectname)', 'main')).split('\n');
  const objects = open(connect(`${url}/repo.git`));
  const [fetched] = await objects.fetch(main, never);
  objects.keep(fetched === undefined ? [] : [fetched.content]);
  const load = async () => {
    requests.length = 0;
    limit.refused = 0;
    objects.retain(new Set());
    await objects.load(ids, never);
    t.true(ids.every((id) => objects.has(id)));
    const isWhole = requests.some((body) => body.includes(fetched?.commit ?? ''));
    return { requests: requests.length, refused: limit.refused, isWhole };
  };
  t.deepEqual(await load(), { requests: 1, refused: 0, isWhole: false });
  // About 200 ids.
  limit.bytes = 10_000;
  t.deepEqual(await load(), { requests: 5, refused: 1, isWhole: false });
  t.deepEqual(await load(), { requests: 4, refused: 0, isWhole: false });
  // Too few to go on: everything comes again.
  limit.bytes = 1000;
  t.deepEqual(await load(), { requests: 3, refused: 2, isWhole: true });
  t.deepEqual(await load(), { requests: 1, refused: 0, isWhole: true });
  limit.bytes = 1;
  const trouble = await t.throwsAsync<BranchTrouble>(load(), { instanceOf: BranchTrouble, code: 'refused' });
  t.regex(trouble?.message ?? '', /HTTP 413/);
  t.notRegex(trouble?.message ?? '', /push/);
});

async function* answer(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes;
}

test('a file that is a difference from one that is too large is read all the same', async (t) => {
  for (const settings of [filter, []]) {
    const { commit, open, requests, run } = await startScene(t, settings);
    const text = randomBytes(mebibyte - 1000);
    // Git compares files of the same name first, the larger one with the smaller ones.
    const name = 'weights-of-a-model.bin';
    await commit({ [`x/${name}`]: Buffer.concat([text, randomBytes(2000)]), [`y/${name}`]: text });
    await run('repack', '-adfq', '--window=10');
    const id = await run('rev-parse', `main:y/${name}`);
    const base = await run('rev-parse', `main:x/${name}`);
    t.regex(
      await run('cat-file', '--batch-check=%(deltabase)', '--batch-all-objects'),
      new RegExp(base),
      'git made none',
    );
    const objects = open();
    const [fetched] = await objects.fetch(main, never);
    objects.keep(fetched === undefined ? [] : [fetched.content]);
    await objects.load([id, base], never);
    t.true(objects.read(id)?.equals(text));
    t.is(objects.read(base), undefined);
    t.true(requests.length <= 3);
  }
});

test('later fetches bring only what is new, from any number of commits', async (t) => {
  const { commit, open, requests, run } = await startScene(t);
  await commit(files);
  await commit({ 'other/model.yaml': Buffer.from('other') }, 'deploy');
  const objects = open();
  const both = ['refs/heads/main', 'refs/heads/deploy'];
  const first = await objects.fetch(both, never);
  t.deepEqual(
    first.map(({ commit: id }) => id),
    [await run('rev-parse', 'main'), await run('rev-parse', 'deploy')],
  );
  objects.keep(first.map(({ content }) => content));
  const tip = await commit({ 'models/a/model.yaml': Buffer.from('model a, edited') });
  const second = await objects.fetch([...both, tip], never);
  t.deepEqual(
    second.map(({ commit: id }) => id),
    [tip, first[1]?.commit, tip],
  );
  t.regex(requests.at(-1) ?? '', /shallow [\da-f]{40}\n.*deepen 1.*have [\da-f]{40}\n/s);
  const edited = await run('rev-parse', 'main:models/a/model.yaml');
  // It may be a difference from what is not kept.
  await objects.load([edited], never);
  t.is(objects.read(edited)?.toString(), 'model a, edited');
  t.false(objects.has(await run('rev-parse', 'main:models/b/model.yaml')));
  objects.keep(second.map(({ content }) => content));
  // Nothing has moved: nothing is asked for.
  const count = requests.length;
  t.is((await objects.fetch(both, never)).length, 2);
  t.is(requests.length, count);
  await t.throwsAsync(objects.fetch(['refs/heads/absent'], never), { instanceOf: BranchTrouble, code: 'no-branch' });
});

test('a server that has lost the commit that is known here sends everything', async (t) => {
  const { commit, open, run } = await startScene(t);
  await commit(files);
  const objects = open();
  const [old] = await objects.fetch(main, never);
  objects.keep(old === undefined ? [] : [old.content]);
  await run('update-ref', '-d', 'refs/heads/main');
  await run('reflog', 'expire', '--all', '--expire=now');
  await run('gc', '--quiet', '--prune=now');
  const tip = await commit({ 'models/b/model.yaml': Buffer.from('model b') });
  const [fetched] = await objects.fetch(main, never);
  t.is(fetched?.commit, tip);
  t.is(objects.read(await run('rev-parse', 'main:models/b/model.yaml'))?.toString(), 'model b');
});

test('a pack that breaks off leaves nothing behind, and is fetched again', async (t) => {
  const { server, commit, open, run } = await startScene(t);
  await commit(files);
  const objects = open();
  for (const afterBytes of [0, 40, 200, 1000, mebibyte, 2 * mebibyte]) {
    server.disturb({ kind: 'cut', afterBytes }, { service: 'git-upload-pack', times: 1 });
    await t.throwsAsync(objects.fetch(main, never), undefined, `${afterBytes}`);
    server.heal();
  }
  await objects.fetch(main, never);
  t.is(objects.read(await run('rev-parse', 'main:models/b/model.yaml'))?.toString(), 'model b');
});

test('a server that is too old is named', async (t) => {
  const id = 'a'.repeat(40);
  const refs = Buffer.concat([toPacket(`${id} refs/heads/main\0side-band-64k\n`), Buffer.from('0000')]);
  const objects = new FetchedObjects(
    {
      open: async () => ({
        advertisement: refs,
        request: () => answer(Buffer.alloc(0)),
        [Symbol.asyncDispose]: async () => {},
      }),
    },
    toFetchLimit(mebibyte),
  );
  await t.throwsAsync(objects.fetch(main, never), { code: 'unsupported', message: /too old.*shallow/ });
});
