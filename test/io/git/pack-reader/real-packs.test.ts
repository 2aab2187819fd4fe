/** Packs that git itself makes, in every shape, against what `git cat-file` prints of the same objects. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { gitEnvironment, readAll, git as runGit } from '../../../../src/demo/fakes/git.ts';
import { spawnGit } from '../../../../src/io/git-cli/spawn.ts';
import { pick } from '../../../thorough.ts';
import { listObjects, makeStore, readBytes } from './read-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-packs-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes, as a pack is none of UTF-8. */
async function run(words: readonly string[], input = ''): Promise<Buffer> {
  const child = spawnGit(words, { folder, environment: gitEnvironment() });
  child.stdin.end(input);
  return readAll(child.stdout);
}

/** Ten versions of a long text, a folder of thousands of entries, files that are empty or do not compress, and tags. */
function writeHistory(): Buffer {
  const parts: Buffer[] = [];
  const say = (text: string) => parts.push(Buffer.from(`${text}\n`));
  const write = (path: string, content: Buffer) => {
    say(`M 100644 inline ${path}\ndata ${content.length}`);
    parts.push(content, Buffer.from('\n'));
  };
  const lines = Array.from({ length: 400 }, (_, i) => `line ${i} of a text that changes a little`);
  for (let version = 0; version < 12; version++) {
    say(`commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_700_000_000 + version} +0000\ndata 7\nversion`);
    lines[version * 30] = `changed in version ${version}`;
    write('long.txt', Buffer.from(lines.join('\n')));
    write(`many/${version}`, Buffer.from(`${version}`));
    write('large.txt', Buffer.from(`${lines.join('\n').repeat(40)}${version}`));
    if (version > 0) continue;
    write('empty', Buffer.alloc(0));
    write('random', Buffer.from(randomBytes(70_000)));
    for (let i = 0; i < 3000; i++) write(`many/file-${i}`, Buffer.from(i % 2 === 0 ? 'the same' : `other ${i}`));
  }
  say('tag v1\nfrom refs/heads/main\ntagger Ada <ada@example.com> 1700000000 +0000\ndata 3\ntag');
  return Buffer.concat(parts);
}

let all: readonly string[] = [];
let printed: ReadonlyMap<string, string> = new Map();

test.before(async () => {
  await runGit(folder, ['init', '--quiet', '--bare', '.']);
  await runGit(folder, ['fast-import', '--quiet'], { input: writeHistory() });
  await runGit(folder, ['fsck', '--strict']);
  const batch = await run(['cat-file', '--batch-all-objects', '--batch']);
  const found = new Map<string, string>();
  for (let at = 0; at < batch.length; ) {
    const end = batch.indexOf('\n', at);
    const [id = '', type, size] = batch.toString('latin1', at, end).split(' ');
    at = end + 1 + Number(size);
    found.set(id, `${type} ${batch.toString('latin1', end + 1, at)}`);
    at++;
  }
  all = [...found.keys()];
  printed = found;
});

/** The ids whose objects are not the same. */
function differ(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): string[] {
  return [...new Set([...found.keys(), ...expected.keys()])].filter((id) => found.get(id) !== expected.get(id));
}

const pack = (flags: readonly string[], ids = all) => run(['pack-objects', '--stdout', '-q', ...flags], ids.join('\n'));

const shapes = [
  ['--window=0'],
  ['--delta-base-offset', '--window=20', '--depth=50'],
  ['--window=20', '--depth=50'],
  ['--delta-base-offset', '--window=50', '--depth=2', '--compression=0'],
  ['--window=10', '--compression=9'],
];

for (const flags of shapes)
  test(`git pack-objects ${flags.join(' ')}: every object is what git prints`, async (t) => {
    const bytes = await pack(flags);
    t.true(all.length > 1500);
    for (const piece of pick([65_515, 4096, 100_000_000, 7], 3))
      t.deepEqual(differ(listObjects(await readBytes(bytes, { piece })), printed), []);
    // The same where nothing is kept inflated.
    t.deepEqual(differ(listObjects(await readBytes(bytes, { inflated: 0 })), printed), []);
  });

/** As git itself reads it: id of a delta → id of its base. */
async function readBases(bytes: Buffer): Promise<ReadonlyMap<string, string>> {
  const file = join(folder, 'one.pack');
  writeFileSync(file, bytes);
  await runGit(folder, ['index-pack', file]);
  const lines = (await runGit(folder, ['verify-pack', '-v', file])).split('\n');
  rmSync(file, { force: true });
  rmSync(join(folder, 'one.idx'), { force: true });
  return new Map(
    lines.flatMap((line) => {
      const [id = '', , , , , depth, base] = line.split(/ +/);
      return depth === undefined || base === undefined ? [] : [[id, base] as const];
    }),
  );
}

test.serial('large files are left out with their sizes, and so is what is a delta on them', async (t) => {
  const large = new Set(
    [...printed].filter(([, text]) => text.startsWith('blob ') && text.length > 100_000).map(([id]) => id),
  );
  t.is(large.size, 12);
  for (const flags of shapes) {
    const bytes = await pack(flags);
    const bases = await readBases(bytes);
    const isLeftOut = (id: string): boolean => large.has(id) || (bases.has(id) && isLeftOut(bases.get(id) ?? ''));
    const store = await readBytes(bytes, { maxFileBytes: 90_000 });
    const expected = new Map([...printed].filter(([id]) => !isLeftOut(id)));
    t.deepEqual(differ(listObjects(store), expected), [], `${flags}`);
    for (const id of large)
      t.is(
        store.sizeOfTooLarge(id),
        bases.has(id) ? undefined : (printed.get(id)?.length ?? 0) - 'blob '.length,
        `${flags}`,
      );
  }
});

test('a thin pack needs what it is made of', async (t) => {
  const [tip = '', before = ''] = (await runGit(folder, ['rev-list', 'main', '-2'])).trim().split('\n');
  const thin = await run(['pack-objects', '--stdout', '-q', '--thin', '--revs'], `${tip}\n^${before}\n`);
  const alone = listObjects(await readBytes(thin));
  for (const [id, text] of alone) t.is(text, printed.get(id) ?? '');
  t.false(alone.has((await runGit(folder, ['rev-parse', `${tip}:large.txt`])).trim()));
  const known = makeStore();
  await readBytes(await pack(['--window=10']), {}, known);
  await readBytes(thin, {}, known);
  t.deepEqual(differ(listObjects(known.store), printed), []);
});

test('what is retained can be read, and counts with what it is made of', async (t) => {
  const known = makeStore({ inflated: 0 });
  await readBytes(await pack(['--window=20', '--depth=50']), {}, known);
  const whole = known.budget.held;
  const kept = new Set(all.filter((_, i) => i % 40 === 0));
  known.store.retain(kept);
  t.deepEqual(differ(listObjects(known.store), new Map([...printed].filter(([id]) => kept.has(id)))), []);
  t.true(known.budget.held > 0 && known.budget.held < whole / 2);
  known.store.retain(new Set());
  t.is(known.budget.held, 0);
  t.is(listObjects(known.store).size, 0);
});
