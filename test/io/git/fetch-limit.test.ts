import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { startGitServer } from '../../../src/demo/fakes/git-server.ts';
import { GitBranch } from '../../../src/io/git/branch.ts';
import type { FetchLimit } from '../../../src/io/git/fetch-limit.ts';
import { toFetchLimit } from '../../../src/io/git/fetch-limit.ts';
import { openTransport } from '../../../src/io/git/transports.ts';

const never = new AbortController().signal;
const person = { name: 'model-mirror watcher', email: 'watcher@example.com' };
const mebibyte = 2 ** 20;
const limit: FetchLimit = { bytes: mebibyte, memory: 200 * mebibyte };

async function startScene(t: ExecutionContext) {
  const root = mkdtempSync(join(tmpdir(), 'model-mirror-size-'));
  const server = await startGitServer({ root });
  t.teardown(async () => {
    await server.close();
    rmSync(root, { recursive: true, force: true });
  });
  await server.createRepository('repo.git');
  let date = 1_700_000_000;
  const commit = async (files: Readonly<Record<string, Buffer | undefined>>) => {
    const tip = (await git(server.folder('repo.git'), ['for-each-ref', '--format=%(objectname)'])).trim();
    const head = ['commit refs/heads/main', `committer Ada <ada@example.com> ${date++} +0000`, 'data 4', 'edit'];
    const parts: Buffer[] = [Buffer.from(`${[...head, ...(tip === '' ? [] : [`from ${tip}`])].join('\n')}\n`)];
    for (const [path, content] of Object.entries(files)) {
      if (content === undefined) parts.push(Buffer.from(`D ${path}\n`));
      else parts.push(Buffer.from(`M 100644 inline ${path}\ndata ${content.length}\n`), content, Buffer.from('\n'));
    }
    await git(server.folder('repo.git'), ['fast-import', '--quiet'], { input: Buffer.concat(parts) });
  };
  const open = (fetchLimit: FetchLimit = limit) =>
    new GitBranch({
      transport: openTransport({ address: server.url('repo.git'), credentials: undefined, environment: {} }),
      branch: 'main',
      path: '.',
      isWanted: (_, name) => name === 'model.yaml',
      author: person,
      committer: person,
      clock: { date: () => date },
      fetchLimit,
    });
  return { server, commit, open, model: Buffer.from('kind: Model\n') };
}

/** Small enough to be read, and together more than the limit. */
const clutter = Object.fromEntries(
  Array.from({ length: 4 }, (_, i) => [`notes/${i}`, randomBytes(mebibyte / 2)] as const),
);
const noClutter = Object.fromEntries(Object.keys(clutter).map((path) => [path, undefined]));

test('the bytes of what passes by are reported, as it arrives and inflated', async (t) => {
  const { commit, open, model } = await startScene(t);
  await commit({ 'models/a/model.yaml': model, 'weights.bin': randomBytes(8 * mebibyte) });
  const passed: number[] = [];
  const branch = open({ ...limit, onWork: (bytes) => void passed.push(bytes) });
  await branch.fetch(never);
  const all = passed.reduce((sum, bytes) => sum + bytes, 0);
  t.true(all > 16 * mebibyte, `${all}`);
  t.true(Math.max(...passed) < 4 * mebibyte, 'not only at the end');
});

test('a tip that does not fit into memory is refused with its size and advice, and not fetched again', async (t) => {
  const { server, commit, open, model } = await startScene(t);
  await commit({ 'models/a/model.yaml': model, ...clutter });
  const branch = open();
  const look = () => t.throwsAsync<BranchTrouble>(branch.fetch(never), { instanceOf: BranchTrouble });
  const trouble = await look();
  t.is(trouble?.code, 'too-large');
  t.regex(
    trouble?.message ?? '',
    /^the branch is too large to be read: its folders and small files take about \d MiB, and 1 MiB fit beside the rest into the 200 MiB of memory .*; raise the memory limit to \d+ MiB, keep other files elsewhere/,
  );
  const fetches = () => server.traffic('git-upload-pack').requests;
  const before = fetches();
  t.is((await look())?.message, trouble?.message);
  t.is(fetches(), before, 'the same tip is not asked for again');
  await commit(noClutter);
  t.deepEqual([...(await branch.fetch(never)).files.keys()], ['models/a/model.yaml']);
});

test('after a successful read, a tip that is too large is refused, and a later one is read again', async (t) => {
  const { commit, open, model } = await startScene(t);
  await commit({ 'models/a/model.yaml': model });
  const branch = open();
  await branch.fetch(never);
  await commit(clutter);
  const trouble = await t.throwsAsync<BranchTrouble>(branch.fetch(never), { instanceOf: BranchTrouble });
  t.is(trouble?.code, 'too-large');
  await commit({ ...noClutter, 'models/b/model.yaml': model });
  t.deepEqual([...(await branch.fetch(never)).files.keys()].sort(), ['models/a/model.yaml', 'models/b/model.yaml']);
});

test('large files pass by, and do not count', async (t) => {
  const { commit, open, model } = await startScene(t);
  await commit({
    'models/a/model.yaml': model,
    'weights.bin': randomBytes(5 * mebibyte),
    zeros: Buffer.alloc(60 * mebibyte),
  });
  const branch = open();
  const id = (await branch.fetch(never)).files.get('models/a/model.yaml') ?? '';
  t.is((await branch.read(new Set([id]))).get(id), model.toString());
});

test('the limit follows from the memory that the process may use, or from the option', async (t) => {
  const of = (mebibytes: number) => Math.floor(toFetchLimit(undefined, mebibytes * mebibyte).bytes / mebibyte);
  t.is(of(512), 106);
  t.is(of(1024), 277);
  t.is(of(64), 16);
  t.is(of(1 << 20), 4096);
  t.deepEqual(toFetchLimit(5), { bytes: 5, memory: undefined });
  const { commit, open } = await startScene(t);
  await commit(clutter);
  await t.throwsAsync(open(toFetchLimit(mebibyte)).fetch(never), { message: /--max-fetch allows 1 MiB; raise it, / });
  await t.notThrowsAsync(open(toFetchLimit(4 * mebibyte)).fetch(never));
});
