import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { parseCommit, toCommit } from '../../src/io/git-objects.ts';
import { GitPacks } from '../../src/io/git-packs.ts';
import { GitRevisions } from '../../src/io/git-revision.ts';
import { git } from '../../src/stand-in/git-server.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-packs-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** Long chains of differences, large files, empty ones, and some that do not compress. */
async function makeHistory(name: string): Promise<string> {
  const root = join(folder, name);
  mkdirSync(join(root, 'models'), { recursive: true });
  await git(root, ['init', '--quiet', '--initial-branch', 'main']);
  const lines = Array.from({ length: 4000 }, (_, i) => `line ${i}: ${(i * 7919) % 104_729}`);
  const noise = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * i * 31 + (i >> 3) * 17) & 0xff));
  writeFileSync(join(root, 'noise'), noise);
  writeFileSync(join(root, 'empty'), '');
  for (let i = 0; i < 6; i++) {
    lines[i * 100] = `changed by ${i}`;
    writeFileSync(join(root, 'models/large.txt'), lines.join('\n'));
    writeFileSync(join(root, `models/${i}.txt`), `${i}`);
    await git(root, ['add', '--all']);
    await git(root, ['commit', '--quiet', '--message', `commit ${i}`]);
  }
  return root;
}

const origin = makeHistory('origin');

/** The history in one pack, in a repository of its own. */
async function makePacked(name: string, ...options: string[]): Promise<string> {
  const root = join(folder, name);
  cpSync(await origin, root, { recursive: true });
  await git(root, [...options, 'repack', '-a', '-d', '-f', '--quiet', '--depth=50']);
  return root;
}

/** What git itself reads, by the ids. */
function readWithGit(root: string): Map<string, Buffer> {
  const options = { cwd: root, maxBuffer: 1 << 26 };
  const all = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch'], options);
  const found = new Map<string, Buffer>();
  for (let at = 0; at < all.length; ) {
    const end = all.indexOf('\n', at);
    const [oid = '', , length] = all.toString('latin1', at, end).split(' ');
    found.set(oid, all.subarray(end + 1, end + 1 + Number(length)));
    at = end + 1 + Number(length) + 1;
  }
  return found;
}

function findFile(root: string, ending: string): string {
  const place = join(root, '.git/objects/pack');
  return join(place, readdirSync(place).find((name) => name.endsWith(ending)) ?? '');
}

function checkAll(t: ExecutionContext, root: string): void {
  const packs = new GitPacks(join(root, '.git'));
  const objects = readWithGit(root);
  t.true(objects.size > 20);
  for (const [oid, content] of objects) t.true(packs.read(oid)?.equals(content), oid);
  t.is(packs.read('0'.repeat(40)), undefined);
  t.is(packs.read('f'.repeat(40)), undefined);
}

test('every object of a pack is what git reads', async (t) => {
  checkAll(t, await makePacked('offsets'));
});

test('differences may name what they are from', async (t) => {
  checkAll(t, await makePacked('ids', '-c', 'repack.useDeltaBaseOffset=false'));
});

test('places beyond 2 GiB are in a table of their own', async (t) => {
  const root = await makePacked('far');
  const index = findFile(root, '.idx');
  const before = readFileSync(index).length;
  rmSync(index);
  // As git tests it: everything from there on is taken to be far away.
  await git(root, ['index-pack', '--index-version=2,0x40', '-o', index, findFile(root, '.pack')]);
  t.true(readFileSync(index).length > before + 100);
  checkAll(t, root);
});

test('what is wrong with a pack is nothing that is found there', async (t) => {
  const root = await makePacked('broken');
  const expected = readWithGit(root);
  for (const ending of ['.pack', '.idx']) {
    const file = findFile(root, ending);
    const whole = readFileSync(file);
    rmSync(file);
    for (const length of [0, 4, 1000, Math.floor(whole.length / 2)]) {
      writeFileSync(file, whole.subarray(0, length));
      const packs = new GitPacks(join(root, '.git'));
      for (const [oid, content] of expected) {
        const read = packs.read(oid);
        t.true(read === undefined || read.equals(content), `${ending} ${length} ${oid}`);
      }
    }
    writeFileSync(file, whole);
  }
  t.is(new GitPacks(join(folder, 'nothing')).read('0'.repeat(40)), undefined);
});

test('packed or not, a commit is the same', async (t) => {
  const root = join(folder, 'same');
  cpSync(await origin, root, { recursive: true });
  const tip = (await git(root, ['rev-parse', 'HEAD'])).trim();
  const loose = await new GitRevisions(root).readCommit(tip);
  await git(root, ['repack', '-a', '-d', '--quiet']);
  t.deepEqual(await new GitRevisions(root).readCommit(tip), loose);
  t.is(loose.message, 'commit 5\n');
});

test('a commit is what it was made of, whatever else stands in its header', (t) => {
  const commit = {
    tree: 'a'.repeat(40),
    parents: ['b'.repeat(40), 'c'.repeat(40)],
    author: { name: 'Ada Ä', email: 'ada@example.com', date: 1_700_000_000 },
    committer: { name: 'x', email: '', date: 1_700_000_001 },
    message: 'subject\n\ntree of nothing\nparent none\n',
  };
  const raw = toCommit(commit).toString();
  t.deepEqual(parseCommit(Buffer.from(raw)), commit);
  const signed = raw.replace('\n\n', '\ngpgsig -----BEGIN-----\n tree inside\n author of it\n -----END-----\n\n');
  t.deepEqual(parseCommit(Buffer.from(signed)), commit);
  t.is(parseCommit(Buffer.from(raw.replaceAll('Ada Ä <', '<'))).author.name, '');
  t.throws(() => parseCommit(Buffer.from('nothing\n\n')), { message: /without a tree/ });
  t.throws(() => parseCommit(Buffer.from(`tree ${commit.tree}\n\n`)), { message: /without an author/ });
});
