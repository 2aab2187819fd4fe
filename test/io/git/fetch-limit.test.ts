import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { startGitServer } from '../../../src/demo/fakes/git-server.ts';
import { GitBranch } from '../../../src/io/git/branch.ts';
import type { FetchLimit } from '../../../src/io/git/fetch-limit.ts';
import { checkPack, toFetchLimit } from '../../../src/io/git/fetch-limit.ts';
import { writePack } from '../../../src/io/git/pack.ts';
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

test('a tip that does not fit into memory is refused with its size and advice, and not fetched again', async (t) => {
  const { server, commit, open, model } = await startScene(t);
  await commit({ 'models/a/model.yaml': model, 'weights.bin': randomBytes(3 * mebibyte) });
  const branch = open();
  const look = () => t.throwsAsync<BranchTrouble>(branch.fetch(never), { instanceOf: BranchTrouble });
  const trouble = await look();
  t.is(trouble?.code, 'too-large');
  t.regex(
    trouble?.message ?? '',
    /^the branch is too large to be read: it is packed in 4 MiB, and 1 MiB fit beside the rest into the 200 MiB of memory .*; raise the memory limit to \d+ MiB, keep large files elsewhere/,
  );
  const fetches = () => server.traffic('git-upload-pack').requests;
  const before = fetches();
  t.is((await look())?.message, trouble?.message);
  t.is(fetches(), before, 'the same tip is not asked for again');
  // Another tip that is too large: its whole size is not worth the bytes once more.
  await commit({ 'more.bin': randomBytes(2 * mebibyte) });
  t.regex((await look())?.message ?? '', /packed in more than 2 MiB/);
  await commit({ 'weights.bin': undefined, 'more.bin': undefined });
  t.deepEqual([...(await branch.fetch(never)).files.keys()], ['models/a/model.yaml']);
});

test('few bytes that become many are refused before they are unpacked', async (t) => {
  const { commit, open, model } = await startScene(t);
  await commit({ 'models/a/model.yaml': model, zeros: Buffer.alloc(20 * mebibyte) });
  await t.throwsAsync(open().fetch(never), { instanceOf: BranchTrouble, message: /a file in it is 20 MiB/ });
  await commit({ zeros: undefined });
  for (let i = 0; i < 10; i++) await commit({ [`zeros${i}`]: Buffer.alloc(mebibyte - 10, i) });
  await t.throwsAsync(open().fetch(never), { message: /its files are more than \d+ MiB when they are unpacked/ });
});

test('after a successful read, a tip that is too large is refused, and a later one is read again', async (t) => {
  const { commit, open, model } = await startScene(t);
  await commit({ 'models/a/model.yaml': model });
  const branch = open();
  await branch.fetch(never);
  await commit({ 'weights.bin': randomBytes(2 * mebibyte) });
  const trouble = await t.throwsAsync<BranchTrouble>(branch.fetch(never), { instanceOf: BranchTrouble });
  t.is(trouble?.code, 'too-large');
  await commit({ 'weights.bin': undefined, 'models/b/model.yaml': model });
  t.deepEqual([...(await branch.fetch(never)).files.keys()].sort(), ['models/a/model.yaml', 'models/b/model.yaml']);
});

test('the limit follows from the memory that the process may use, or from the option', async (t) => {
  const of = (mebibytes: number) => Math.floor(toFetchLimit(undefined, mebibytes * mebibyte).bytes / mebibyte);
  t.is(of(512), 49);
  t.is(of(1024), 128);
  t.is(of(64), 8);
  t.is(of(1 << 20), 1024);
  t.deepEqual(toFetchLimit(5), { bytes: 5, memory: undefined });
  const { commit, open } = await startScene(t);
  await commit({ 'weights.bin': randomBytes(3 * mebibyte) });
  await t.throwsAsync(open(toFetchLimit(mebibyte)).fetch(never), { message: /--max-fetch allows 1 MiB; raise it, / });
  await t.notThrowsAsync(open(toFetchLimit(4 * mebibyte)).fetch(never));
});

/** A pack with one object, of these packed bytes. */
function toPack(type: number, size: number, reference: Buffer, packed: Buffer): Buffer {
  const start = Buffer.from('5041434b0000000200000001', 'hex');
  const header = [(type << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    header.push(rest & 127);
    header[header.length - 2] = (header.at(-2) ?? 0) | 128;
  }
  return Buffer.concat([start, Buffer.from(header), reference, packed, Buffer.alloc(20)]);
}

test('a delta with a large result is refused, and so is an object that is longer than its header says', (t) => {
  // From 10 bytes to 256 MiB; then what to copy.
  const delta = Buffer.from([10, 0x80, 0x80, 0x80, 0x80, 0x01, 0x90, 10]);
  for (const [type, reference] of [
    [7, Buffer.alloc(20)],
    [6, Buffer.from([0x81, 0x00])],
  ] as const)
    t.throws(() => checkPack(toPack(type, delta.length, reference, deflateSync(delta)), limit), {
      message: /a file in it is 256 MiB/,
    });
  const bomb = toPack(3, 10, Buffer.alloc(0), deflateSync(Buffer.alloc(50 * mebibyte)));
  t.throws(() => checkPack(bomb, limit), { message: /longer than the server says/ });
  t.throws(() => checkPack(toPack(3, 2 ** 40, Buffer.alloc(0), deflateSync('x')), limit), { message: /1024 GiB/ });
  t.notThrows(() => checkPack(Buffer.from('no pack at all, of more than thirty-two bytes'), limit));
  const small = ['a', 'b', 'c'].map((text) => ({ type: 'blob' as const, content: Buffer.from(text.repeat(9)) }));
  t.notThrows(() => checkPack(writePack([...small, { type: 'blob', content: Buffer.alloc(0) }]), limit));
});
