/** What is fetched of a repository most of whose changes have nothing to do with the models: git's own server counts. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import type { GitTransport } from '../../../src/core/ports/git-transport.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { startGitServer } from '../../../src/demo/fakes/git-server.ts';
import { GitBranch } from '../../../src/io/git/branch.ts';
import { writePack } from '../../../src/io/git/pack.ts';
import { flushPacket, toPacket } from '../../../src/io/git/packets.ts';
import { openTransport } from '../../../src/io/git/transports.ts';

const never = new AbortController().signal;
const person = { name: 'model-mirror watcher', email: 'watcher@example.com' };
let date = 1_700_000_000;

/** Undefined: the file or folder is removed. */
type Files = Readonly<Record<string, string | Buffer | undefined>>;

/** A monorepo: services of the same shape, whose folders are large enough that git sends them as differences. */
function toMonorepo(): Files {
  const files: Record<string, string | Buffer> = {
    'models/a/model.yaml': 'model a',
    'models/b/model.yaml': 'model b',
    'docs/guide/start.md': 'start',
    'weights.bin': randomBytes(2 ** 20),
  };
  for (let service = 0; service < 40; service++)
    for (const folder of ['src', 'src/lib', 'test'])
      for (let file = 0; file < 20; file++)
        files[`services/s${service}/${folder}/f${file}.ts`] = `${service} ${folder} ${file}`;
  return files;
}

async function startScene(t: ExecutionContext, settings: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'model-mirror-monorepo-'));
  const server = await startGitServer({ root });
  t.teardown(async () => {
    await server.close();
    rmSync(root, { recursive: true, force: true });
  });
  await server.createRepository('repo.git');
  const bare = server.folder('repo.git');
  for (const name of settings) await git(bare, ['config', `uploadpack.${name}`, 'true']);
  const commit = async (files: Files) => {
    const tip = (await git(bare, ['for-each-ref', '--format=%(objectname)', 'refs/heads/main'])).trim();
    const head = `commit refs/heads/main\ncommitter Ada <ada@example.com> ${date++} +0000\ndata 4\nedit\n`;
    const parts = [Buffer.from(head), Buffer.from(tip === '' ? '' : `from ${tip}\n`)];
    for (const [path, text] of Object.entries(files)) {
      const content = Buffer.from(text ?? '');
      if (text === undefined) parts.push(Buffer.from(`D ${path}\n`));
      else parts.push(Buffer.from(`M 100644 inline ${path}\ndata ${content.length}\n`), content, Buffer.from('\n'));
    }
    await git(bare, ['fast-import', '--quiet'], { input: Buffer.concat(parts) });
  };
  const transport = openTransport({
    address: server.url('repo.git'),
    credentials: undefined,
    environment: { PATH: process.env['PATH'] },
  });
  const traffic = { requests: 0, bytes: 0 };
  /** In place of the host's. */
  let answer: (() => Promise<Buffer>) | undefined;
  const counted: GitTransport = {
    open: async (service, signal) => {
      const session = await transport.open(service, signal);
      return {
        ...session,
        request: async function* (body) {
          if (service === 'git-upload-pack') traffic.requests++;
          const made = answer?.();
          answer = undefined;
          if (made !== undefined) {
            yield await made;
            return;
          }
          for await (const chunk of session.request(body)) {
            traffic.bytes += chunk.length;
            yield chunk;
          }
        },
      };
    },
  };
  const branch = new GitBranch({
    transport: counted,
    branch: 'main',
    path: '.',
    isWanted: (_, name) => /^(status|model)\.yaml$/.test(name),
    author: person,
    committer: person,
    clock: { date: () => date++ },
  });
  /** @returns what the fetch after a commit took. */
  const fetchAfter = async (files: Files) => {
    await commit(files);
    traffic.requests = 0;
    traffic.bytes = 0;
    const { files: read } = await branch.fetch(never);
    return { ...traffic, paths: [...read.keys()].sort() };
  };
  const answerNext = (make: () => Promise<Buffer>) => {
    answer = make;
  };
  return { bare, branch, fetchAfter, answerNext };
}

const models = ['models/a/model.yaml', 'models/b/model.yaml'];
/** Much less than all folders, or all files. */
const few = 8192;

for (const [title, settings] of [
  ['nothing', []],
  ['the filter', ['allowFilter', 'allowReachableSHA1InWant']],
] as const)
  test(`changes beside the models are fetched in one small request where the host allows ${title}`, async (t) => {
    const { bare, branch, fetchAfter } = await startScene(t, settings);
    const first = await fetchAfter(toMonorepo());
    t.deepEqual(first.paths, models);
    t.true(first.bytes > 2 * few);
    const changes: readonly (readonly [string, Files])[] = [
      ['a file, deep down', { 'services/s7/src/lib/f3.ts': 'edited' }],
      ['another folder, while all services stay', { 'docs/guide/start.md': 'edited' }],
      ['a service whose neighbours have stayed', { 'services/s9/test/f1.ts': 'edited' }],
      ['the same once more', { 'services/s9/test/f1.ts': 'edited again' }],
      ['what it was before', { 'services/s9/test/f1.ts': 'edited' }],
      ['a new folder', { 'services/new/src/f1.ts': 'new' }],
      [
        'many folders',
        Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`services/s${i}/src/f0.ts`, 'edited'])),
      ],
      ['a folder that goes', { 'services/new': undefined }],
    ];
    for (const [change, files] of changes) {
      const { requests, bytes, paths } = await fetchAfter(files);
      t.is(requests, 1, change);
      t.true(bytes < few, `${change}: ${bytes} bytes`);
      t.deepEqual(paths, models, change);
    }
    // A model among them is found, and what was pushed from here changes nothing of this.
    const added = await fetchAfter({ 'services/s3/test/model.yaml': 'model c' });
    t.deepEqual(added.paths, [...models, 'services/s3/test/model.yaml']);
    t.true(added.bytes < few);
    const changed = new Map([['services/s3/test/status.yaml', 'status']]);
    await branch.push({ changes: changed, message: safe`status\n` }, never);
    const after = await fetchAfter({ 'services/s4/test/f1.ts': 'edited', 'services/s3/src/f1.ts': 'edited' });
    t.is(after.requests, 1);
    t.true(after.bytes < few);
    t.is(await git(bare, ['fsck', '--strict', '--full']), '');
  });

test('a folder that is moved as it is, is fetched in one small request', async (t) => {
  const { bare, fetchAfter } = await startScene(t, []);
  await fetchAfter(toMonorepo());
  const listed = await git(bare, ['ls-tree', '-r', 'main', 'services/s5']);
  const texts: Record<string, string | undefined> = { 'services/s5': undefined };
  for (const path of listed
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[1] ?? ''))
    texts[path.replace('services/s5', 'moved')] = await git(bare, ['show', `main:${path}`]);
  const { requests, bytes } = await fetchAfter(texts);
  t.is(requests, 1);
  t.true(bytes < few, `${bytes} bytes`);
});

test('a host that sends less than has changed is asked for everything', async (t) => {
  const { bare, fetchAfter, answerNext } = await startScene(t, []);
  await fetchAfter(toMonorepo());
  answerNext(async () => {
    const content = Buffer.from(await git(bare, ['cat-file', 'commit', 'main']));
    const pack = writePack([{ type: 'commit', content }]);
    // In the first band.
    const start = Buffer.from(`${(pack.length + 5).toString(16).padStart(4, '0')}\u0001`);
    return Buffer.concat([toPacket('NAK\n'), start, pack, flushPacket]);
  });
  const { requests, paths } = await fetchAfter({ 'models/c/model.yaml': 'model c' });
  t.is(requests, 2);
  t.deepEqual(paths, [...models, 'models/c/model.yaml']);
});
