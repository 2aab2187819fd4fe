import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { git as runGit } from '../../../src/demo/fakes/git.ts';
import type { TreeEntry } from '../../../src/io/git/objects.ts';
import { editTree, parseTree, toCommit, toObjectId } from '../../../src/io/git/objects.ts';
import type { PackObject } from '../../../src/io/git/pack.ts';
import { writePack } from '../../../src/io/git/pack.ts';
import { testThoroughly, times } from '../../thorough.ts';

const person = { name: 'Ada', email: 'ada@example.com', date: 1_700_000_000 };
const oid = fc.integer({ min: 1, max: 255 }).map((n) => n.toString(16).padStart(2, '0').repeat(20));
const mode = fc.constantFrom('100644', '100755', '40000', '120000');
// Names that are beginnings of one another, where a folder sorts otherwise than a file.
const name = fc
  .oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', '0', 'z', '\u00e4', '\u00ff'), minLength: 1, maxLength: 5 }),
    fc.constantFrom('a', 'a.b', 'a0', 'a-', 'ab'),
  )
  .filter((text) => text !== '.' && text !== '..');
const entry: fc.Arbitrary<TreeEntry> = fc.record({ mode, name, oid });
const entries = fc.uniqueArray(entry, { selector: (one) => one.name, maxLength: 12 });
const changes = fc.array(fc.tuple(name, fc.option(fc.record({ mode, oid }), { nil: undefined })), { maxLength: 8 });

test('a tree has its entries in git’s order', (t) => {
  fc.assert(
    fc.property(entries, (all) => {
      const raw = toTree(all);
      t.deepEqual(toTree(parseTree(raw)), raw);
      t.is(parseTree(raw).length, all.length);
    }),
  );
});

test('an edited tree equals one made from scratch', (t) => {
  fc.assert(
    fc.property(entries, changes, (all, list) => {
      const edits = new Map(list);
      const edited = new Map(all.map((one) => [one.name, one]));
      for (const [key, value] of edits) {
        if (value === undefined) edited.delete(key);
        else edited.set(key, { name: key, ...value });
      }
      t.deepEqual(editTree(toTree(all), edits).content, toTree([...edited.values()]));
    }),
    { numRuns: times(500, 30) },
  );
});

test('a tree that is cut off is not read as a complete one', (t) => {
  const raw = toTree([
    { mode: '40000', name: 'a', oid: '11'.repeat(20) },
    { mode: '100644', name: 'b', oid: '22'.repeat(20) },
  ]);
  const first = parseTree(raw.subarray(0, 28));
  t.deepEqual(first, [{ mode: '40000', name: 'a', oid: '11'.repeat(20) }]);
  for (let length = 1; length < raw.length; length++)
    if (length !== 28) {
      t.throws(() => parseTree(raw.subarray(0, length)), { message: /cut off/ });
      t.throws(() => editTree(raw.subarray(0, length), new Map()), { message: /cut off/ });
    }
});

test('git makes the same tree', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  try {
    await runGit(folder, ['init', '--quiet', '--bare']);
    const files = fc.sample(fc.uniqueArray(entry, { selector: (one) => one.name, minLength: 8, maxLength: 30 }), 5);
    for (const all of files) {
      const type = (one: TreeEntry) => (one.mode === '40000' ? 'tree' : 'blob');
      const lines = all.map((one) =>
        Buffer.from(`${one.mode.padStart(6, '0')} ${type(one)} ${one.oid}\t${one.name}\0`, 'latin1'),
      );
      const made = await runGit(folder, ['mktree', '-z', '--missing'], { input: Buffer.concat(lines) });
      t.is(toObjectId('tree', toTree(all)), made.trim());
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** As the server has it, then edited: the pack, and what git made of it. */
async function send(
  folder: string,
  before: Buffer,
  changes: Parameters<typeof editTree>[1],
): Promise<{ readonly pack: Buffer; readonly content: Buffer; readonly found: string }> {
  const oid = toObjectId('tree', before);
  await runGit(folder, ['index-pack', '--stdin'], { input: writePack([{ type: 'tree', content: before }]) });
  const { content, parts } = editTree(before, changes);
  const pack = writePack([{ type: 'tree', content, base: { oid, length: before.length, parts } }]);
  await runGit(folder, ['index-pack', '--stdin', '--fix-thin'], { input: pack });
  return { pack, content, found: (await runGit(folder, ['cat-file', '-t', toObjectId('tree', content)])).trim() };
}

test('a change in a large tree is a small pack, wherever it is; many changes are a whole tree', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await runGit(folder, ['init', '--quiet', '--bare']);
  const all = toLargeTree(10_000);
  const base = toTree(all);
  const changed = { mode: '40000', oid: 'ff'.repeat(20) };
  const names = all.map((one) => one.name);
  const cases: readonly (readonly [changes: Parameters<typeof editTree>[1], most: number])[] = [
    ...[0, 1, 5000, 9999].map((at) => [new Map([[names[at] ?? '', changed]]), 200] as const),
    [new Map([['model-05000x', changed]]), 200],
    [new Map(names.slice(3000, 5000).map((one) => [one, undefined])), 200],
    [new Map(names.map((one) => [`${one}x`, changed])), 800_000],
    [new Map(names.map((one) => [one, changed])), 400_000],
  ];
  for (const [changes, most] of cases) {
    const { pack, content, found } = await send(folder, base, changes);
    t.is(found, 'tree');
    t.true(pack.length < Math.min(most, content.length + 100), `${pack.length} bytes`);
  }
});

testThoroughly('a change in a tree that is longer than one copy can hold, 24 bits, is a small pack', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await runGit(folder, ['init', '--quiet', '--bare']);
  const huge = toTree(toLargeTree(440_000));
  t.true(huge.length > 0xff_ffff);
  const { pack, found } = await send(folder, huge, new Map([['zz', { mode: '40000', oid: 'ff'.repeat(20) }]]));
  t.is(found, 'tree');
  t.true(pack.length < 200);
});

test('git accepts the packs, also thin ones, and fsck finds no problem', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  const git = (...words: string[]) => runGit(folder, words);
  try {
    await git('init', '--quiet', '--bare');
    // What is written as a change of the base is of no use where the base is not.
    const other = join(folder, 'other');
    await git('init', '--quiet', '--bare', other);
    let parents: string[] = [];
    let before: { oid: string; content: Buffer } | undefined;
    for (let round = 0; round < 4; round++) {
      const blob = Buffer.from(`round ${round}\n`);
      const blobId = toObjectId('blob', blob);
      const edits = new Map(
        Array.from({ length: 300 }, (_, i) => [`file-${i}`, { mode: '100644', oid: blobId }] as const).filter(
          (_, i) => round === 0 || i % (round * 50) === 0,
        ),
      );
      const { content, parts } = editTree(before?.content ?? Buffer.alloc(0), edits);
      const base = before && { oid: before.oid, length: before.content.length, parts };
      const tree = toObjectId('tree', content);
      const commit = toCommit({ tree, parents, author: person, committer: person, message: `round ${round}` });
      const objects: PackObject[] = [
        { type: 'commit', content: commit },
        { type: 'tree', content, ...(base === undefined ? {} : { base }) },
        { type: 'blob', content: blob },
      ];
      const pack = writePack(objects);
      await runGit(folder, ['index-pack', '--stdin', '--fix-thin', '--strict'], { input: pack });
      if (round > 0) await t.throwsAsync(runGit(other, ['index-pack', '--stdin', '--fix-thin'], { input: pack }));
      const id = toObjectId('commit', commit);
      await git('update-ref', 'refs/heads/main', id);
      parents = [id];
      before = { oid: tree, content };
      const shown = await git('show', `main:file-0`);
      t.is(shown, `round ${round}\n`);
      if (round > 0)
        t.deepEqual(
          (await git('diff-tree', '-r', '--name-only', 'main~1', 'main')).trim().split('\n').sort(),
          [...edits.keys()].sort(),
        );
    }
    t.regex(await git('log', '-1', '--format=%an <%ae> %at %s', 'main'), /^Ada <ada@example.com> 1700000000 round 3$/m);
    t.is(await git('fsck', '--strict', '--full'), '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('objects of every length are sent', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  try {
    await runGit(folder, ['init', '--quiet', '--bare']);
    const lengths = [0, 1, 15, 16, 127, 128, 2047, 2048, 70_000, 300_000];
    const blobs = lengths.map((length) => Buffer.alloc(length, 'model mirror'));
    const pack = writePack(blobs.map((content) => ({ type: 'blob', content })));
    await runGit(folder, ['index-pack', '--stdin', '--strict'], { input: pack });
    const ids = blobs.map((content) => toObjectId('blob', content));
    const seen = await runGit(folder, ['cat-file', '--batch-check'], { input: `${ids.join('\n')}\n` });
    t.deepEqual(
      seen.trim().split('\n'),
      ids.map((id, i) => `${id} blob ${lengths[i]}`),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a file can become a folder, and vice versa, beside names that are not UTF-8', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  const git = (...words: string[]) => runGit(folder, words);
  try {
    await git('init', '--quiet', '--bare');
    const paths = ['a', 'a.b', 'a0', 'b/in', 'b.c', 'b0', '\xff\xfe', '\xe4/in'];
    const files = paths.flatMap((path) => [`M 100644 inline "${toOctal(path)}"`, 'data 4', 'text']);
    const lines = ['commit refs/heads/main', 'committer Ada <a@b> 0 +0000', 'data 1', '-', ...files, ''];
    await runGit(folder, ['fast-import', '--quiet'], { input: lines.join('\n') });
    const [tip = '', root = ''] = (await git('rev-parse', 'main', 'main^{tree}')).split('\n');
    const blob = toObjectId('blob', Buffer.from('text'));
    const inner = toTree([{ mode: '100644', name: 'in', oid: blob }]);
    const before = toTree(
      paths.map((path) => {
        const [name = '', isFolder] = path.split('/');
        return isFolder === undefined
          ? { mode: '100644', name, oid: blob }
          : { mode: '40000', name, oid: toObjectId('tree', inner) };
      }),
    );
    t.is(toObjectId('tree', before), root, 'git made the same tree of these files');
    const { content, parts } = editTree(
      before,
      new Map([
        ['a', { mode: '40000', oid: toObjectId('tree', inner) }],
        ['b', { mode: '100644', oid: blob }],
      ]),
    );
    const commit = toCommit({
      tree: toObjectId('tree', content),
      parents: [tip],
      author: { ...person, name: 'A <d>\na', email: '<a>\n@b' },
      committer: person,
      message: 'turn',
    });
    const pack = writePack([
      { type: 'commit', content: commit },
      { type: 'tree', content, base: { oid: root, length: before.length, parts } },
    ]);
    await runGit(folder, ['index-pack', '--stdin', '--fix-thin', '--strict'], { input: pack });
    await git('update-ref', 'refs/heads/main', toObjectId('commit', commit));
    const changed = await git('diff-tree', '-r', '--no-renames', '--name-status', 'main~1', 'main');
    t.deepEqual(changed.trim().split('\n').sort(), ['A\ta/in', 'A\tb', 'D\ta', 'D\tb/in']);
    t.is(await git('log', '-1', '--format=%an <%ae>', 'main'), 'A da <a@b>\n');
    t.is(await git('fsck', '--strict', '--full'), '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** As fast-import reads a path that is not plain. */
function toOctal(path: string): string {
  return [...Buffer.from(path, 'latin1')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** A tree of these entries alone, in whatever order they come. */
function toTree(entries: readonly TreeEntry[]): Buffer {
  return editTree(Buffer.alloc(0), new Map(entries.map((entry) => [entry.name, entry]))).content;
}

function toLargeTree(count: number): TreeEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    mode: '40000',
    name: `model-${String(i).padStart(5, '0')}`,
    oid: toObjectId('blob', Buffer.from(String(i))),
  }));
}
