import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { Fault } from '../../../src/core/diagnostics/fault.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import type { GitServer, GitServerOptions } from '../../../src/demo/fakes/git-server.ts';
import { startGitServer } from '../../../src/demo/fakes/git-server.ts';

interface Scene {
  readonly server: GitServer;
  /** For clones. */
  readonly folder: string;
  readonly url: string;
}

async function start(t: ExecutionContext, options: GitServerOptions = {}): Promise<Scene> {
  const server = await startGitServer(options);
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  t.teardown(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await server.createRepository('team/repo.git');
  return { server, folder, url: server.url('team/repo.git') };
}

/** The folder of a new clone. */
async function clone({ folder, url }: Scene, name: string): Promise<string> {
  await git(folder, ['clone', '--quiet', url, name]);
  return join(folder, name);
}

async function commit(work: string, file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(join(work, file), content);
  await git(work, ['add', file]);
  await git(work, ['commit', '--quiet', '-m', `write ${basename(file)}`]);
}

const push = (work: string) => git(work, ['push', '--quiet', 'origin', 'HEAD:main']);
const tip = async ({ server }: Scene) =>
  (await git(server.folder('team/repo.git'), ['for-each-ref', '--format=%(subject)'])).trim();

async function hook({ server }: Scene, name: string, script: string): Promise<void> {
  const file = join(server.folder('team/repo.git'), 'hooks', name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

test.serial('an incomplete or missing git is a fault', async (t) => {
  const { PATH } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  try {
    process.env['PATH'] = folder;
    await t.throwsAsync(startGitServer(), { instanceOf: Fault, message: /^git cannot be started/ });
    await writeFile(join(folder, 'git'), `#!/bin/sh\necho ${folder}\n`);
    await chmod(join(folder, 'git'), 0o755);
    await t.throwsAsync(startGitServer(), { instanceOf: Fault, message: /^git is installed without its http-backend/ });
  } finally {
    process.env['PATH'] = PATH;
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a pushed commit can be cloned, fetched and built upon', async (t) => {
  const scene = await start(t);
  const ada = await clone(scene, 'ada');
  await commit(ada, 'a.txt', 'from ada\n');
  await push(ada);
  const bob = await clone(scene, 'bob');
  t.is(await git(bob, ['show', 'origin/main:a.txt']), 'from ada\n');
  t.is(await git(bob, ['log', '-1', '--format=%an <%ae>']), 'Tester <tester@model-mirror.invalid>\n');
  await commit(bob, 'b.txt', 'from bob\n');
  await push(bob);
  await git(ada, ['pull', '--quiet', '--ff-only', 'origin', 'main']);
  t.is(await git(ada, ['show', 'HEAD:b.txt']), 'from bob\n');
  t.is(await git(scene.server.folder('team/repo.git'), ['fsck', '--strict', '--full']), '');
});

test('both versions of the protocol, and a shallow clone', async (t) => {
  const scene = await start(t);
  const ada = await clone(scene, 'ada');
  for (const text of ['one', 'two', 'three']) await commit(ada, 'a.txt', text);
  await push(ada);
  for (const version of ['0', '2']) {
    const folder = join(scene.folder, `v${version}`);
    const words = ['-c', `protocol.version=${version}`, 'clone', '--quiet', '--depth=1', scene.url, folder];
    await git(scene.folder, words);
    t.is((await git(folder, ['rev-list', '--count', 'HEAD'])).trim(), '1');
  }
});

test('whatever changes the refs or the settings, past the server too, the next answer has it', async (t) => {
  const scene = await start(t);
  const bare = scene.server.folder('team/repo.git');
  const ada = await clone(scene, 'ada');
  await commit(ada, 'a.txt', 'one');
  await push(ada);
  await commit(ada, 'a.txt', 'two');
  await git(ada, ['push', '--quiet', 'origin', 'HEAD:next']);
  const [first, second] = await Promise.all(
    ['main', 'next'].map(async (name) => (await git(bare, ['rev-parse', name])).trim()),
  );
  t.not(first, second);
  const changes: readonly (readonly string[])[] = [
    ['update-ref', 'refs/heads/main', `${second}`],
    ['update-ref', 'refs/tags/v1', `${first}`],
    ['pack-refs', '--all'],
    ['update-ref', 'refs/heads/main', `${first}`],
    ['update-ref', '-d', 'refs/heads/next'],
    ['symbolic-ref', 'HEAD', 'refs/tags/v1'],
    ['symbolic-ref', 'HEAD', 'refs/heads/main'],
    ['config', 'transfer.hideRefs', 'refs/tags'],
  ];
  const seen: string[] = [];
  for (const change of [[], ...changes]) {
    if (change.length > 0) await git(bare, change);
    for (const version of ['0', '2', '0', '2']) {
      const list = ['-c', `protocol.version=${version}`, 'ls-remote'];
      const known = await git(scene.folder, [...list, bare]);
      t.is(await git(scene.folder, [...list, scene.url]), known, `${change} ${version}`);
      seen.push(known);
    }
    // A push begins with the refs, too.
    await git(ada, ['push', '--quiet', '--dry-run', '--force', 'origin', `${first}:refs/heads/main`]);
  }
  t.true(new Set(seen).size >= changes.length - 2);
  await git(bare, ['config', 'http.receivepack', 'false']);
  await t.throwsAsync(git(ada, ['push', '--quiet', 'origin', 'HEAD:other']), { message: /403/ });
});

test('another first branch', async (t) => {
  const { server, folder } = await start(t);
  await server.createRepository('other.git', { branch: 'trunk' });
  t.is(await git(server.folder('other.git'), ['symbolic-ref', 'HEAD']), 'refs/heads/trunk\n');
  await t.throwsAsync(git(folder, ['clone', server.url('absent.git')]), { message: /not found/ });
});

test('a large push in chunks arrives as a whole', async (t) => {
  const scene = await start(t);
  const work = await clone(scene, 'ada');
  // Does not compress, and is more than git sends in one piece.
  const noise = Uint32Array.from({ length: 600_000 }, (_, i) => Math.imul(i + 1, 2_654_435_761) ^ (i << 7));
  const bytes = new Uint8Array(noise.buffer).map((byte, i) => byte ^ (i >> 3));
  await commit(work, 'large.bin', bytes);
  await git(work, ['-c', 'http.postBuffer=65536', 'push', '--quiet', 'origin', 'HEAD:main']);
  t.is(
    await git(scene.server.folder('team/repo.git'), ['rev-parse', 'main:large.bin']),
    await git(work, ['hash-object', 'large.bin']),
  );
  const { requests, bytes: received } = scene.server.traffic('git-receive-pack');
  t.true(requests >= 1 && received > 65_536, `${requests} requests with ${received} bytes`);
});

test('a request can be compressed with gzip', async (t) => {
  const scene = await start(t);
  const work = await clone(scene, 'ada');
  await commit(work, 'a.txt', 'a');
  await push(work);
  const response = await fetch(`${scene.url}/git-upload-pack`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-git-upload-pack-request',
      'content-encoding': 'gzip',
      'git-protocol': 'version=2',
    },
    body: gzipSync('0014command=ls-refs\n0000'),
  });
  t.is(response.status, 200);
  t.is(response.headers.get('content-type'), 'application/x-git-upload-pack-result');
  t.regex(await response.text(), /^003d[0-9a-f]{40} refs\/heads\/main\n|^00[0-9a-f]{2}[0-9a-f]{40} HEAD\n/);
});

test('the slower of two pushes is rejected until it has fetched', async (t) => {
  const scene = await start(t);
  const ada = await clone(scene, 'ada');
  await commit(ada, 'a.txt', 'first');
  await push(ada);
  const bob = await clone(scene, 'bob');
  await commit(ada, 'a.txt', 'second');
  await commit(bob, 'b.txt', 'also second');
  await push(ada);
  await t.throwsAsync(push(bob), { message: /rejected/ });
  await git(bob, ['pull', '--quiet', '--rebase', 'origin', 'main']);
  await push(bob);
  t.is((await git(bob, ['rev-list', '--count', 'HEAD'])).trim(), '3');
});

test('one of two simultaneous pushes wins', async (t) => {
  const scene = await start(t);
  const works = await Promise.all(['ada', 'bob'].map((name) => clone(scene, name)));
  for (const [i, work] of works.entries()) await commit(work, `${i}.txt`, `${i}`);
  // Neither is done before both have seen the empty branch.
  await hook(
    scene,
    'pre-receive',
    'touch "$GIT_DIR/seen.$$"; while [ "$(ls "$GIT_DIR"/seen.* | wc -l)" -lt 2 ]; do sleep 0.05; done',
  );
  const results = await Promise.allSettled(works.map(push));
  t.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('a hook can refuse a push', async (t) => {
  const scene = await start(t);
  const work = await clone(scene, 'ada');
  await commit(work, 'a.txt', 'a');
  await hook(scene, 'pre-receive', 'echo "not on a Sunday" >&2; exit 1');
  await t.throwsAsync(push(work), { message: /not on a Sunday.*pre-receive hook declined/s });
  t.is(await tip(scene), '');
});

test('only the right password is accepted, also after a change', async (t) => {
  const scene = await start(t, { authorization: { username: 'ada', password: 'first' } });
  const list = (pair: string) => git(scene.folder, ['ls-remote', scene.url.replace('//', `//${pair}@`)]);
  await list('ada:first');
  for (const pair of ['ada:wrong', 'bob:first']) await t.throwsAsync(list(pair), { message: /Authentication failed/ });
  await t.throwsAsync(git(scene.folder, ['ls-remote', scene.url]), { message: /could not read Username/ });
  const refused = await fetch(`${scene.url}/info/refs?service=git-receive-pack`);
  t.is(refused.status, 401);
  t.is(refused.headers.get('www-authenticate'), 'Basic realm="git"');
  scene.server.setPassword('second');
  await t.throwsAsync(list('ada:first'), { message: /Authentication failed/ });
  await list('ada:second');
});

test('it answers a given number of requests to a service with a status', async (t) => {
  const { server, url, folder } = await start(t);
  server.disturb({ kind: 'status', status: 429, retryAfterSeconds: 3 }, { times: 2, service: 'info/refs' });
  const look = () => fetch(`${url}/info/refs?service=git-upload-pack`);
  for (let i = 0; i < 2; i++) {
    const response = await look();
    t.is(response.status, 429);
    t.is(response.headers.get('retry-after'), '3');
  }
  t.is((await look()).status, 200);
  server.disturb({ kind: 'status', status: 503 });
  await t.throwsAsync(git(folder, ['ls-remote', url]), { message: /503/ });
  server.heal();
  t.is(await git(folder, ['ls-remote', url]), '');
  t.is(server.traffic('info/refs').requests, 5);
  t.is(server.traffic('git-receive-pack').requests, 0);
  server.resetTraffic();
  t.deepEqual(server.traffic('info/refs'), { requests: 0, bytes: 0 });
});

test('a server that hangs does not answer before the client gives up', async (t) => {
  const { server, url } = await start(t);
  server.disturb({ kind: 'hang' }, { times: 1 });
  const stop = new AbortController();
  const hung = fetch(`${url}/info/refs?service=git-upload-pack`, { signal: stop.signal });
  await until(() => server.traffic('info/refs').requests === 1);
  t.is((await fetch(`${url}/info/refs?service=git-upload-pack`)).status, 200);
  stop.abort();
  await t.throwsAsync(hung, { name: 'AbortError' });
});

test('a delay ends', async (t) => {
  const { server, url, folder } = await start(t);
  server.disturb({ kind: 'delay', ms: 20 });
  t.is(await git(folder, ['ls-remote', url]), '');
});

test('a response that breaks off is an error for the client', async (t) => {
  const scene = await start(t);
  const work = await clone(scene, 'ada');
  await commit(work, 'a.txt', 'a');
  await push(work);
  scene.server.disturb({ kind: 'cut', afterBytes: 20 });
  const response = await fetch(`${scene.url}/info/refs?service=git-upload-pack`);
  t.is(response.status, 200);
  await t.throwsAsync(response.text());
  await t.throwsAsync(clone(scene, 'bob'));
  scene.server.heal();
  scene.server.disturb({ kind: 'cut', afterBytes: 40 }, { service: 'git-upload-pack' });
  await t.throwsAsync(clone(scene, 'bob'));
  scene.server.heal();
  t.is(await git(await clone(scene, 'bob'), ['show', 'HEAD:a.txt']), 'a');
});

test('a push whose response is lost has taken effect', async (t) => {
  const scene = await start(t);
  const work = await clone(scene, 'ada');
  await commit(work, 'a.txt', 'a');
  scene.server.disturb({ kind: 'answer-lost' }, { service: 'git-receive-pack', times: 1 });
  await t.throwsAsync(push(work));
  t.is(await tip(scene), 'write a.txt');
});

test('a push that breaks off has no effect', async (t) => {
  const scene = await start(t);
  const error = await new Promise<Error>((resolve) => {
    const { pathname, port } = new URL(scene.url);
    const half = request({
      port,
      path: `${pathname}/git-receive-pack`,
      method: 'POST',
      headers: { 'content-type': 'application/x-git-receive-pack-request' },
    });
    half.once('error', resolve);
    half.write('00a0');
    void until(() => scene.server.traffic('git-receive-pack').bytes === 4).then(() => half.destroy(new Error('away')));
  });
  t.is(error.message, 'away');
  t.is(await tip(scene), '');
});

test('it can refuse connections, and return on the same port', async (t) => {
  const { server, url, folder } = await start(t);
  await server.refuse();
  await t.throwsAsync(git(folder, ['ls-remote', url]), { message: /Failed to connect|Couldn't connect/ });
  await server.accept();
  t.is(server.url('team/repo.git'), url);
  t.is(await git(folder, ['ls-remote', url]), '');
});

test('closing ends requests in progress, and leaves nothing behind', async (t) => {
  const server = await startGitServer();
  await server.createRepository('repo.git');
  const work = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  await git(work, ['clone', '--quiet', server.url('repo.git'), '.']);
  await commit(work, 'a.txt', 'a');
  const hooked = join(server.folder('repo.git'), 'hooks', 'pre-receive');
  await writeFile(hooked, '#!/bin/sh\ntouch "$GIT_DIR/began"\nexec sleep 600\n');
  await chmod(hooked, 0o755);
  const pushing = t.throwsAsync(push(work));
  await until(() => existsSync(join(server.folder('repo.git'), 'began')));
  server.disturb({ kind: 'hang' });
  server.resetTraffic();
  const hung = t.throwsAsync(fetch(`${server.url('repo.git')}/info/refs?service=git-upload-pack`));
  await until(() => server.traffic('info/refs').requests === 1);
  await server.close();
  await Promise.all([pushing, hung]);
  t.false(existsSync(server.folder('')));
  rmSync(work, { recursive: true, force: true });
});

test('other requests are not found, and nothing outside of the root is served', async (t) => {
  const { server } = await start(t);
  t.is((await fetch(server.url('team/repo.git/config'))).status, 404);
  t.is((await fetch(server.url('%ff/info/refs'))).status, 404);
  t.not((await fetch(server.url('..%2f..%2f/info/refs?service=git-upload-pack'))).status, 200);
});

test('an error has the output of git', async (t) => {
  const { folder } = await start(t);
  t.is(
    await git(folder, ['hash-object', '--stdin'], { input: 'what is up, doc?' }),
    'bd9dbf5aae1a3862dd1526723246b20206e5fc37\n',
  );
  await t.throwsAsync(git(folder, ['rev-parse', '--verify', 'absent']), { message: /ended with 128: fatal:/ });
});
