import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';
import { git as runGit } from '../../../src/demo/fakes/git.ts';
import type { GitServer } from '../../../src/demo/fakes/git-server.ts';
import { startGitServer } from '../../../src/demo/fakes/git-server.ts';
import type { BranchOptions } from '../../../src/io/git/branch.ts';
import { GitBranch } from '../../../src/io/git/branch.ts';
import { openTransport } from '../../../src/io/git/transports.ts';

const never = new AbortController().signal;
const person = { name: 'model-mirror watcher', email: 'watcher@example.com' };
let date = 1_700_000_000;

/** A server with one repository, which people fill, and the branch as the watcher has it. */
class Scene {
  readonly root: string;
  readonly server: GitServer;

  private constructor(root: string, server: GitServer) {
    this.root = root;
    this.server = server;
  }

  static async start(
    t: ExecutionContext,
    files: Readonly<Record<string, string>> = start,
    password?: string,
  ): Promise<Scene> {
    const root = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
    const server = await startGitServer({
      root,
      ...(password === undefined ? {} : { authorization: { username: 'x-token-auth', password } }),
    });
    const scene = new Scene(root, server);
    t.teardown(() => scene.#end());
    await server.createRepository('repo.git');
    await scene.commit(files, 'the beginning');
    return scene;
  }

  get bare(): string {
    return this.server.folder('repo.git');
  }

  open({
    url = this.server.url('repo.git'),
    credentials,
    token,
    silenceMs,
    ...options
  }: Partial<BranchOptions> & {
    readonly url?: string;
    readonly credentials?: string;
    readonly token?: string;
    readonly silenceMs?: number;
  } = {}): GitBranch {
    const environment = { PATH: process.env['PATH'], MODEL_MIRROR_GIT_TOKEN: token };
    return new GitBranch({
      transport: openTransport({ address: url, credentials, environment, silenceMs }),
      branch: 'main',
      path: '.',
      isWanted: (_, name) => /^(status|model)\.yaml$|^STATUS\.md$/.test(name),
      author: person,
      committer: person,
      clock: { date: () => date++ },
      ...options,
    });
  }

  /** A person's commit, made in the bare repository itself by git's own fast-import; `-> target` is a link. */
  async commit(files: Readonly<Record<string, string | undefined>>, message: string, branch = 'main'): Promise<string> {
    const tip = (await runGit(this.bare, ['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`])).trim();
    const lines = [`commit refs/heads/${branch}`, `committer Ada <ada@example.com> ${date++} +0000`];
    lines.push(`data ${Buffer.byteLength(message)}`, message, ...(tip === '' ? [] : [`from ${tip}`]));
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) lines.push(`D ${path}`);
      else if (text.startsWith('-> ')) lines.push(`M 120000 inline ${path}`, `data ${text.length - 3}`, text.slice(3));
      else lines.push(`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text);
    }
    await runGit(this.bare, ['fast-import', '--quiet', '--force'], { input: `${lines.join('\n')}\n` });
    return (await runGit(this.bare, ['rev-parse', branch])).trim();
  }

  git(...words: string[]): Promise<string> {
    return runGit(this.bare, words);
  }

  hook(name: string, script: string): void {
    mkdirSync(join(this.bare, 'hooks'), { recursive: true });
    const file = join(this.bare, 'hooks', name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  async #end(): Promise<void> {
    await this.server.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

const start = {
  'README.md': 'not ours',
  'models/a/model.yaml': 'model a',
  'models/a/status.yaml': 'old a',
  'models/b/model.yaml': 'model b',
  'models/b/notes.txt': 'of a person',
  'other/c/model.yaml': 'model c',
};

const write = (changes: Readonly<Record<string, string | undefined>>, message = safe`status: test\n`) => ({
  changes: new Map(Object.entries(changes)),
  message,
});

test('wanted files are read, and changes are committed', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  const first = await branch.fetch(never);
  t.deepEqual([...first.files.keys()].sort(), [
    'models/a/model.yaml',
    'models/a/status.yaml',
    'models/b/model.yaml',
    'other/c/model.yaml',
  ]);
  const id = first.files.get('models/a/status.yaml') ?? '';
  t.deepEqual(await branch.read(new Set([id])), new Map([[id, 'old a']]));
  const changes = { 'models/a/status.yaml': 'new a', 'models/b/status.yaml': 'new b', 'STATUS.md': 'page' };
  const after = await branch.push(write(changes, safe`status: a is ready\n\nbody\n`), never);
  t.not(after, 'moved');
  t.is(
    (await scene.git('log', '-1', '--format=%an <%ae> %s%n%b')).trim(),
    `${person.name} <${person.email}> status: a is ready\nbody`,
  );
  t.is(
    await scene.git('diff', '--name-status', 'main~1', 'main'),
    'A\tSTATUS.md\nM\tmodels/a/status.yaml\nA\tmodels/b/status.yaml\n',
  );
  t.is(await scene.git('fsck', '--strict', '--full'), '');
  // What it pushed itself it does not read again, and goes on from.
  t.is<unknown, unknown>(await branch.fetch(never), after);
  await branch.push(write({ 'models/a/status.yaml': undefined, 'STATUS.md': undefined }), never);
  t.is(await scene.git('diff', '--name-status', 'main~1', 'main'), 'D\tSTATUS.md\nD\tmodels/a/status.yaml\n');
  t.is(await scene.git('fsck', '--strict', '--full'), '');
});

test('a path that the branch does not have is reported, with a similar folder', async (t) => {
  const scene = await Scene.start(t, { ...start, 'deep/models/x/model.yaml': 'x', file: 'no folder' });
  const missing = async (path: string) => (await scene.open({ path }).fetch(never)).missing;
  t.is(await missing('.'), undefined);
  t.is(await missing('models/a'), undefined);
  t.deepEqual(await missing('Models'), { path: 'Models', similar: 'models' });
  t.deepEqual(await missing('deep/Models/x'), { path: 'deep/Models', similar: 'deep/models' });
  t.deepEqual(await missing('deep/modles'), { path: 'deep/modles', similar: 'deep/models' });
  t.deepEqual(await missing('file/x'), { path: 'file', similar: undefined });
  const branch = scene.open({ path: 'later' });
  t.deepEqual((await branch.fetch(never)).missing, { path: 'later', similar: undefined });
  await scene.commit({ 'later/model.yaml': 'now' }, 'later');
  t.is((await branch.fetch(never)).missing, undefined);
});

test('a folder that becomes empty disappears, and can come back', async (t) => {
  const scene = await Scene.start(t, { 'a/b/status.yaml': 'orphan', 'c/model.yaml': 'c' });
  const branch = scene.open();
  await branch.fetch(never);
  await branch.push(write({ 'a/b/status.yaml': undefined }), never);
  t.is(await scene.git('ls-tree', '-r', '--name-only', 'main'), 'c/model.yaml\n');
  await scene.commit({ 'a/b/model.yaml': 'again' }, 'again');
  t.true((await branch.fetch(never)).files.has('a/b/model.yaml'));
  await branch.push(write({ 'a/b/status.yaml': 'again' }), never);
  t.is(await scene.git('ls-tree', '-r', '--name-only', 'main'), 'a/b/model.yaml\na/b/status.yaml\nc/model.yaml\n');
  t.is(await scene.git('fsck', '--strict', '--full'), '');
});

test('with a path, only what is below it is read, and the rest stays', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open({ path: 'models' });
  t.deepEqual([...(await branch.fetch(never)).files.keys()].sort(), [
    'models/a/model.yaml',
    'models/a/status.yaml',
    'models/b/model.yaml',
  ]);
  await branch.push(write({ 'models/STATUS.md': 'page', 'models/a/status.yaml': 'new' }), never);
  t.is(await scene.git('diff', '--name-status', 'main~1', 'main'), 'A\tmodels/STATUS.md\nM\tmodels/a/status.yaml\n');
});

test('policies of the folders above the path are read, since they apply below it', async (t) => {
  const scene = await Scene.start(t, {
    'policy.yaml': 'outermost',
    'model.yaml': 'not below the path',
    'team/x.policy.yaml': 'around',
    'team/models/a/model.yaml': 'model a',
    'other/policy.yaml': 'beside',
  });
  const branch = scene.open({ path: 'team/models', isWanted: (_, name) => /(model|policy|status)\.yaml$/.test(name) });
  t.deepEqual([...(await branch.fetch(never)).files.keys()].sort(), [
    'policy.yaml',
    'team/models/a/model.yaml',
    'team/x.policy.yaml',
  ]);
  await branch.push(write({ 'team/models/a/status.yaml': 'new' }), never);
  t.is(await scene.git('diff', '--name-status', 'main~1', 'main'), 'A\tteam/models/a/status.yaml\n');
});

test('hidden folders and node_modules are not read', async (t) => {
  const scene = await Scene.start(t, {
    ...start,
    '.archive/wisdom/status.yaml': 'of an old model',
    'models/.trash/model.yaml': 'model',
    'node_modules/x/model.yaml': 'model',
    'models/node_modules/x/status.yaml': 'status',
  });
  const { files, problems } = await scene.open().fetch(never);
  t.deepEqual([...files.keys()].sort(), [
    'models/a/model.yaml',
    'models/a/status.yaml',
    'models/b/model.yaml',
    'other/c/model.yaml',
  ]);
  t.deepEqual(problems, []);
});

test('links within the repository are followed, from commit to commit', async (t) => {
  const scene = await Scene.start(t, {
    'models/a/model.yaml': '-> ../../base/current/model.yaml',
    'base/current': '-> one',
    'base/one/model.yaml': 'one',
    'base/two/model.yaml': 'two',
    'README.md': 'not ours',
  });
  const branch = scene.open({ path: 'models' });
  const read = async () => {
    const { files, problems } = await branch.fetch(never);
    const texts = await branch.read(new Set(files.values()));
    const named = [...files].map(([path, id]) => [path, texts.get(id)]);
    return { ...Object.fromEntries(named), problems: problems.map(({ file, code }) => `${file} ${code}`).sort() };
  };
  t.deepEqual(await read(), { 'models/a/model.yaml': 'one', problems: [] });
  await scene.commit({ 'README.md': 'edited' }, 'something else');
  t.is((await branch.fetch(never)).files.size, 1);
  // The link stays as it is, and so do all folders of the path.
  await scene.commit({ 'base/one/model.yaml': 'one, edited' }, 'its target');
  t.deepEqual(await read(), { 'models/a/model.yaml': 'one, edited', problems: [] });
  // Where it leads now was there before, and is not fetched with this commit.
  await scene.commit({ 'base/current': '-> two' }, 'a link on the way');
  t.deepEqual(await read(), { 'models/a/model.yaml': 'two', problems: [] });
  await branch.push(write({ 'models/a/status.yaml': 'new' }), never);
  t.is((await branch.fetch(never)).files.size, 2);
  await scene.commit({ 'base/current': '-> ../../elsewhere', 'models/b': '-> ../base/one' }, 'out of it');
  t.deepEqual(await read(), {
    'models/a/status.yaml': 'new',
    problems: ['models/a/model.yaml link-leaves-repository', 'models/b link-not-followed'],
  });
  // A status file that is a link is replaced, not what it leads to.
  await scene.commit({ 'models/a/status.yaml': '-> ../../base/two/model.yaml', 'base/current': '-> two' }, 'a link');
  await branch.fetch(never);
  await branch.push(write({ 'models/a/status.yaml': 'written' }), never);
  t.is(await scene.git('diff', '--name-status', 'main~1', 'main'), 'T\tmodels/a/status.yaml\n');
  t.is(await scene.git('show', 'main:models/a/status.yaml'), 'written');
  // What another link leads to may be written as well.
  await scene.commit({ 'models/a/x.status.yaml': '-> status.yaml' }, 'a link to a status file');
  const wide = scene.open({ isWanted: (_, name) => /(model|status)\.yaml$/.test(name) });
  await wide.fetch(never);
  const after = await wide.push(write({ 'models/a/status.yaml': 'written again' }), never);
  t.true(after !== 'moved' && after.files.get('models/a/x.status.yaml') === after.files.get('models/a/status.yaml'));
  t.is(await scene.git('fsck', '--strict', '--full'), '');
});

test('a file that is too large is not read as text, and does not affect others', async (t) => {
  const scene = await Scene.start(t, start);
  const branch = scene.open();
  await branch.fetch(never);
  await scene.commit({ 'models/b/model.yaml': `k: [${'1,'.repeat(4 * 1024 * 1024)}2]` }, 'eight megabytes');
  const { files } = await branch.fetch(never);
  const large = files.get('models/b/model.yaml') ?? '';
  t.like((await branch.read(new Set([large]))).get(large), { code: 'file-too-large' });
  t.is(files.size, 4);
  // A watcher's own page may be larger than what people write.
  const page = (await branch.read(new Set([large]), 16 * 1024 * 1024)).get(large);
  t.is(typeof page, 'string');
});

test('a branch that moved is not overwritten; after a fetch, the push succeeds', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  await branch.fetch(never);
  for (let i = 0; i < 5; i++) {
    await scene.commit({ [`models/p${i}/model.yaml`]: `by a person ${i}`, 'README.md': `edit ${i}` }, `person ${i}`);
    t.is(await branch.push(write({ 'models/a/status.yaml': `new ${i}` }), never), 'moved');
    const { files } = await branch.fetch(never);
    t.true(files.has(`models/p${i}/model.yaml`));
    t.not(await branch.push(write({ 'models/a/status.yaml': `new ${i}` }), never), 'moved');
  }
  t.is(await scene.git('show', 'main:README.md'), 'edit 4');
  t.is(
    (await scene.git('log', '--format=%s', 'main')).split('\n').filter((line) => line.startsWith('person')).length,
    5,
  );
  t.is(await scene.git('fsck', '--strict', '--full'), '');
});

test('a person who pushes between the look and the push wins', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  await branch.fetch(never);
  // The server itself moves the branch while it checks the push.
  scene.hook(
    'pre-receive',
    'unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main $(git commit-tree -p main -m quick main^{tree})',
  );
  t.is(await branch.push(write({ 'models/a/status.yaml': 'late' }), never), 'moved');
  rmSync(join(scene.bare, 'hooks/pre-receive'));
  await branch.fetch(never);
  t.not(await branch.push(write({ 'models/a/status.yaml': 'late' }), never), 'moved');
  t.is((await scene.git('log', '--format=%s', '-2', 'main')).trim(), 'status: test\nquick');
});

test('a branch that was force-pushed is followed', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  await branch.fetch(never);
  await branch.push(write({ 'models/a/status.yaml': 'new' }), never);
  const old = (await scene.git('rev-parse', 'main~1')).trim();
  await scene.git('update-ref', 'refs/heads/main', old);
  const { files, commit } = await branch.fetch(never);
  t.is(commit, old);
  const id = files.get('models/a/status.yaml') ?? '';
  t.is((await branch.read(new Set([id]))).get(id), 'old a');
  t.not(await branch.push(write({ 'models/a/status.yaml': 'new' }), never), 'moved');
});

test('a revert of what was pushed from here is read correctly', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  await branch.fetch(never);
  for (const text of ['one', 'two', 'three']) await branch.push(write({ 'models/a/status.yaml': text }), never);
  // Trees and blobs that only this program's own earlier pushes brought.
  const tree = (await scene.git('rev-parse', 'main~2^{tree}')).trim();
  const commit = (await scene.git('commit-tree', tree, '-p', 'main', '-m', 'revert')).trim();
  await scene.git('update-ref', 'refs/heads/main', commit);
  const id = (await branch.fetch(never)).files.get('models/a/status.yaml') ?? '';
  const texts = await branch.read(new Set([id])).catch(async () => {
    await branch.fetch(never);
    return branch.read(new Set([id]));
  });
  t.is(texts.get(id), 'one');
  t.not(await branch.push(write({ 'models/a/status.yaml': 'four' }), never), 'moved');
  t.is(await scene.git('fsck', '--strict', '--full'), '');
});

test('a branch or repository that is not there is waited for', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open({ branch: 'later' });
  for (const name of ['a', 'b', 'c', 'd', 'master']) await scene.git('branch', name, 'main');
  await t.throwsAsync(branch.fetch(never), {
    instanceOf: BranchTrouble,
    code: 'no-branch',
    message: 'the repository has no branch later: waiting for it; there is: main, master, a, b, c, …',
  });
  await scene.git('branch', 'later', 'main');
  t.is((await branch.fetch(never)).files.size, 4);
  await scene.git('branch', '-D', 'later');
  await t.throwsAsync(branch.push(write({ 'models/a/status.yaml': 'x' }), never), { message: /no branch later/ });
  t.is(await scene.git('branch', '--list', 'later'), '', 'it is not created again');
  const absent = scene.open({ url: scene.server.url('absent.git') });
  await t.throwsAsync(absent.fetch(never), { instanceOf: BranchTrouble, message: /no such repository.*404/ });
  await scene.server.createRepository('empty.git');
  const empty = scene.open({ url: scene.server.url('empty.git') });
  await t.throwsAsync(empty.fetch(never), {
    message: 'the repository has no branch main: waiting for it; there is no branch yet',
  });
});

test('a server without its default branch is read like others', async (t) => {
  const scene = await Scene.start(t);
  await scene.git('symbolic-ref', 'HEAD', 'refs/heads/gone');
  for (const url of [scene.server.url('repo.git'), `file://${scene.bare}`]) {
    const branch = scene.open({ url });
    t.is((await branch.fetch(never)).files.size, 4);
    await scene.commit({ 'models/a/status.yaml': `by a person, ${url}` }, 'another');
    const { files } = await branch.fetch(never);
    const id = files.get('models/a/status.yaml') ?? '';
    t.is((await branch.read(new Set([id]))).get(id), `by a person, ${url}`);
    t.not(await branch.push(write({ 'models/a/status.yaml': `new, ${url}` }), never), 'moved');
  }
});

test('an error of the server in place of a pack, or in the middle of one, is reported', async (t) => {
  const packet = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;
  const id = 'a'.repeat(40);
  const refs = `${packet(`${id} HEAD\0shallow side-band-64k\n`)}${packet(`${id} refs/heads/main\n`)}0000`;
  const start = `${packet(`shallow ${id}\n`)}0000${packet('NAK\n')}`;
  let answer = '';
  const host = createServer((request, response) => {
    const [, service = ''] = /service=([a-z-]+)/.exec(request.url ?? '') ?? [];
    const isLook = service !== '';
    response.writeHead(200, { 'content-type': `application/x-git-${isLook ? 'advertisement' : 'result'}` });
    if (isLook) response.end(`${packet(`# service=${service}\n`)}0000${refs}`);
    // In pieces: a packet may come in several.
    else for (const piece of answer.match(/[\s\S]{1,7}/g) ?? []) response.write(piece);
    response.end();
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  t.teardown(() => host.close());
  const branch = new GitBranch({
    transport: openTransport({
      address: `http://127.0.0.1:${(host.address() as AddressInfo).port}/repo.git`,
      credentials: undefined,
      environment: {},
    }),
    branch: 'main',
    path: '.',
    isWanted: () => true,
    author: person,
    committer: person,
    clock: { date: () => date++ },
  });
  for (const said of [
    packet('ERR storage is read-only, password=hunter2\n'),
    `${start}${packet('\x01PACK')}${packet('\x02counting\n')}${packet('\x03storage is read-only, password=hunter2')}0000`,
  ]) {
    answer = said;
    await t.throwsAsync(branch.fetch(never), {
      instanceOf: BranchTrouble,
      message: 'the git server returned no data: storage is read-only, password=…',
    });
  }
});

test('a repository with SHA-256 ids is reported as unsupported, empty or not', async (t) => {
  const scene = await Scene.start(t);
  for (const name of ['empty', 'filled']) {
    await runGit(scene.root, ['init', '--quiet', '--bare', '--object-format=sha256', '--initial-branch=main', name]);
    const folder = join(scene.root, name);
    if (name === 'filled') {
      const tree = (await runGit(folder, ['mktree'], { input: '' })).trim();
      const commit = (await runGit(folder, ['commit-tree', '-m', 'first', tree])).trim();
      await runGit(folder, ['update-ref', 'refs/heads/main', commit]);
    }
    await t.throwsAsync(scene.open({ url: `file://${folder}` }).fetch(never), {
      instanceOf: BranchTrouble,
      code: 'unsupported',
      message: /^the watcher does not support SHA-256 repositories/,
    });
  }
});

test('the server’s own message is reported when a hook, a protected branch or a size limit refuses a push', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  await branch.fetch(never);
  const push = () => branch.push(write({ 'models/a/status.yaml': 'new' }), never);
  scene.hook('pre-receive', 'echo "only pull requests, please" >&2; exit 1');
  await t.throwsAsync(push(), {
    instanceOf: BranchTrouble,
    message: /pre-receive hook declined.*only pull requests, please/,
  });
  scene.hook('update', 'echo "GH006: Protected branch update failed" >&2; exit 1');
  rmSync(join(scene.bare, 'hooks/pre-receive'));
  await t.throwsAsync(push(), { message: /hook declined.*GH006: Protected branch/ });
  rmSync(join(scene.bare, 'hooks/update'));
  // What git says when it cannot write a pack to the end, brought about by its own limit.
  await scene.git('config', 'receive.maxInputSize', '10');
  await t.throwsAsync(push(), { instanceOf: BranchTrouble, message: /refuses the push: .*unpack/ });
  await scene.git('config', '--unset', 'receive.maxInputSize');
  t.not(await push(), 'moved');
});

test('wrong credentials are reported, rotated ones are used, and none is ever shown', async (t) => {
  const scene = await Scene.start(t, start, 'first-secret');
  const file = join(scene.root, 'token');
  writeFileSync(file, 'wrong-secret\n');
  const branch = scene.open({ credentials: file });
  const error = await t.throwsAsync(branch.fetch(never), {
    instanceOf: BranchTrouble,
    message: /credentials \(HTTP 401\)/,
  });
  t.notRegex(`${error?.message}${error?.stack}`, /wrong-secret/);
  writeFileSync(file, 'first-secret\n');
  await branch.fetch(never);
  scene.server.setPassword('second-secret');
  await t.throwsAsync(branch.push(write({ 'models/a/status.yaml': 'new' }), never), { message: /HTTP 401/ });
  writeFileSync(file, 'second-secret');
  t.not(await branch.push(write({ 'models/a/status.yaml': 'new' }), never), 'moved');
  t.is((await scene.git('log', '--format=%B%an%cn', 'main')).includes('secret'), false);
});

test('credentials that a server repeats are not shown', async (t) => {
  const host = createServer((request, response) => {
    const [, pair = ''] = (request.headers.authorization ?? '').split(' ');
    const [, token] = Buffer.from(pair, 'base64').toString('utf8').split(':');
    response.writeHead(401, { 'content-type': 'text/plain' }).end(`the token ${token} of ${pair} has expired`);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  t.teardown(() => host.close());
  const scene = await Scene.start(t);
  const branch = scene.open({
    url: `http://127.0.0.1:${(host.address() as AddressInfo).port}/repo.git`,
    token: 'correct horse',
  });
  await t.throwsAsync(branch.fetch(never), {
    instanceOf: BranchTrouble,
    message: /\(HTTP 401\): the token … of … has expired$/,
  });
});

test('a server that hangs, breaks off or fails is given up, and tried again', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  // On a busy machine a server that is well can be silent for as long: this client is for those that hang.
  const impatient = scene.open({ silenceMs: 1500 });
  const { server } = scene;
  const untilFetched = async (): Promise<void> => {
    for (;;)
      try {
        await impatient.fetch(never);
        return;
      } catch (error) {
        if (!(error instanceof BranchTrouble && /silent/.test(error.message))) throw error;
      }
  };
  const faults = [{ kind: 'hang' }, { kind: 'cut', afterBytes: 30 }] as const;
  for (const on of ['info/refs', 'git-upload-pack'] as const) {
    for (const fault of faults) {
      server.disturb(fault, { service: on });
      await t.throwsAsync(impatient.fetch(never), { instanceOf: BranchTrouble }, `${on} ${fault.kind}`);
    }
  }
  server.heal();
  for (const fault of faults) {
    await untilFetched();
    server.disturb(fault, { service: 'git-receive-pack', times: 1 });
    await t.throwsAsync(impatient.push(write({ 'models/a/status.yaml': fault.kind }), never), {
      instanceOf: BranchTrouble,
    });
    // On a busy machine it may have failed before it got so far.
    server.heal();
  }
  await branch.fetch(never);
  server.disturb({ kind: 'status', status: 429, retryAfterSeconds: 7 }, { times: 1 });
  const throttled = await t.throwsAsync<BranchTrouble>(branch.fetch(never), { message: /429/ });
  t.is(throttled?.retryAfterMs, 7000);
  server.disturb({ kind: 'status', status: 503 }, { times: 1 });
  await t.throwsAsync(branch.fetch(never), { message: /HTTP 503/ });
  await branch.fetch(never);
  t.not(await branch.push(write({ 'models/a/status.yaml': 'well' }), never), 'moved');
  t.is(await scene.git('show', 'main:models/a/status.yaml'), 'well');
  t.is(await scene.git('fsck', '--strict', '--full'), '');
});

test('a push whose response was lost is found in the branch', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  await branch.fetch(never);
  scene.server.disturb({ kind: 'answer-lost' }, { service: 'git-receive-pack', times: 1 });
  await t.throwsAsync(branch.push(write({ 'models/a/status.yaml': 'lost' }), never), { instanceOf: BranchTrouble });
  const { files } = await branch.fetch(never);
  const id = files.get('models/a/status.yaml') ?? '';
  t.is((await branch.read(new Set([id]))).get(id), 'lost');
});

test('a server that cannot be reached is reported', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  await branch.fetch(never);
  await scene.server.refuse();
  await t.throwsAsync(branch.fetch(never), { instanceOf: BranchTrouble, message: /^the repository cannot be read: / });
  await scene.server.accept();
  await branch.fetch(never);
});

test('aborted work ends at once', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  scene.server.disturb({ kind: 'hang' });
  const stop = new AbortController();
  const fetching = branch.fetch(stop.signal);
  setTimeout(() => stop.abort(), 50);
  await t.throwsAsync(fetching, { instanceOf: BranchTrouble });
});

test('a repository on this machine needs no server', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open({ url: `file://${scene.bare}` });
  t.is((await branch.fetch(never)).files.size, 4);
  await branch.push(write({ 'models/a/status.yaml': 'new' }), never);
  await scene.commit({ 'models/a/model.yaml': 'newer' }, 'person');
  t.is(await branch.push(write({ 'models/a/status.yaml': 'newer' }), never), 'moved');
  await branch.fetch(never);
  await branch.push(write({ 'models/a/status.yaml': 'newer' }), never);
  t.is(await scene.git('show', 'main:models/a/status.yaml'), 'newer');
  const absent = scene.open({ url: `file://${scene.bare}-absent` });
  await t.throwsAsync(absent.fetch(never), {
    instanceOf: BranchTrouble,
    message: /does not appear to be a git repository/,
  });
});

test('a renamed folder is read again although the server does not send it', async (t) => {
  const scene = await Scene.start(t);
  const branch = scene.open();
  await branch.fetch(never);
  for (let i = 0; i < 3; i++) {
    await branch.push(write({ 'models/a/status.yaml': `new ${i}` }), never);
    await scene.commit({ 'models/b/model.yaml': `edit ${i}` }, 'person');
    await branch.fetch(never);
  }
  const content = { 'moved/model.yaml': 'model a', 'moved/status.yaml': 'new 2' };
  await scene.commit({ ...content, 'models/a/model.yaml': undefined, 'models/a/status.yaml': undefined }, 'moved');
  const { files } = await branch.fetch(never);
  const ids = new Set(['moved/model.yaml', 'moved/status.yaml'].map((path) => files.get(path) ?? ''));
  const texts = await branch.read(ids).catch(async () => {
    await branch.fetch(never);
    return branch.read(ids);
  });
  t.deepEqual([...texts.values()].sort(), ['model a', 'new 2']);
  t.not(await branch.push(write({ 'moved/status.yaml': 'newer' }), never), 'moved');
  t.is(await scene.git('fsck', '--strict', '--full'), '');
});

test('a repository that was renamed is followed on its host, and no further', async (t) => {
  const scene = await Scene.start(t);
  const host = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/old.git/'))
      response.writeHead(301, { location: path.replace('/old.git/', '/repo.git/') }).end();
    else if (path.startsWith('/away.git/'))
      response.writeHead(302, { location: scene.server.url('repo.git') + path.slice(9) }).end();
    else {
      const body: Buffer[] = [];
      for await (const chunk of request) body.push(chunk as Buffer);
      const type = request.headers['content-type'];
      const passed = await fetch(scene.server.url('repo.git') + path.slice(9), {
        method: request.method ?? 'GET',
        headers: type === undefined ? {} : { 'content-type': type },
        ...(body.length === 0 ? {} : { body: Buffer.concat(body) }),
      });
      response.writeHead(passed.status, { 'content-type': passed.headers.get('content-type') ?? '' });
      response.end(Buffer.from(await passed.arrayBuffer()));
    }
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  t.teardown(() => host.close());
  const base = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  const branch = scene.open({ url: `${base}/old.git` });
  t.is((await branch.fetch(never)).files.size, 4);
  t.not(await branch.push(write({ 'models/a/status.yaml': 'new' }), never), 'moved');
  t.is(await scene.git('show', 'main:models/a/status.yaml'), 'new');
  const away = scene.open({ url: `${base}/away.git` });
  await t.throwsAsync(away.fetch(never), {
    instanceOf: BranchTrouble,
    message: /has moved to http.*name it with --repo/,
  });
});

test('names in any encoding stay unchanged', async (t) => {
  const scene = await Scene.start(t, { 'models/a/model.yaml': 'a', 'models/a/\u00fcber \u2028 \u6f22': 'x', zz: 'y' });
  const branch = scene.open();
  await branch.fetch(never);
  await branch.push(write({ 'models/a/status.yaml': 'new' }), never);
  t.is(await scene.git('diff', '--name-status', 'main~1', 'main'), 'A\tmodels/a/status.yaml\n');
});
