import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import type { FolderTree } from '../../src/input/folder-tree.ts';
import { safe } from '../../src/input/safe-text.ts';
import { Fault } from '../../src/io/fault.ts';
import { openFolderTree } from '../../src/io/folder-tree.ts';
import { LatestRevision } from '../../src/io/git-latest.ts';
import { GitRevisions } from '../../src/io/git-revision.ts';
import { git } from '../../src/stand-in/git-server.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-revision-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** A repository with the files; each call is one of its own. */
async function makeRepository(files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(folder, `r${count++}`);
  mkdirSync(root);
  await git(root, ['init', '--quiet', '--initial-branch', 'main']);
  await commit(root, files, 'first');
  return root;
}

async function commit(root: string, files: Readonly<Record<string, string>>, message: string): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  await git(root, ['add', '--all']);
  await git(root, ['commit', '--quiet', '--allow-empty', '--message', message]);
  return (await git(root, ['rev-parse', 'HEAD'])).trim();
}

function toSeen(tree: FolderTree): unknown {
  const files = [...tree.files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const problems = tree.problems.map(({ file, code }) => `${file} ${code}`).sort();
  return { folder: tree.folder, files: files.map((file) => ({ file, source: tree.read(file) })), problems };
}

const files = {
  'policy.yaml': 'outermost',
  'models/policy.yml': 'misnamed, above',
  'models/policy.yaml': 'above',
  'models/model.yaml': 'beside: not below the folder that is rendered',
  'models/wisdom/model.yaml': 'näme: 1\r\n',
  'models/wisdom/status.yaml': 'seen',
  'models/wisdom/notes.txt': 'not ours',
  'models/wisdom/eu/a.model.yaml': 'one',
  'models/wisdom/eu/a.status.eu.yaml': 'two',
  'models/wisdom/.hidden/model.yaml': 'left out',
  'models/wisdom/node_modules/x/model.yaml': 'left out',
  'models/wisdom/größe/model.yaml': 'a name beyond ASCII',
};

test('a commit is read as its work tree is', async (t) => {
  const root = await makeRepository(files);
  for (const [inner, outer] of [
    ['models/wisdom', '.'],
    ['models/wisdom', 'models'],
    ['models/wisdom', 'models/wisdom'],
    ['.', '.'],
  ] as const) {
    const commit = await new GitRevisions(root).resolve('HEAD');
    const read = await new GitRevisions(root).readTree(commit, { folder: inner, root: outer });
    const there = openFolderTree({
      repository: root,
      repositoryPath: '.',
      folder: join(root, inner),
      root: join(root, outer),
    });
    t.deepEqual(toSeen(read), toSeen(there));
    t.true(read.files.length > 3);
  }
});

test('links, and files that are no text, are read or refused as in the work tree', async (t) => {
  const root = await makeRepository({
    'models/a/model.yaml': 'a',
    'elsewhere/model.yaml': 'out of it',
    'models/binary/model.yaml': 'to be overwritten',
  });
  writeFileSync(join(root, 'models/binary/model.yaml'), Buffer.from([0x80, 0xff]));
  writeFileSync(join(root, 'models/a/policy.yaml'), 'x'.repeat(1024 * 1024 + 1));
  symlinkSync('a/model.yaml', join(root, 'models/x.model.yaml'));
  symlinkSync('../elsewhere/model.yaml', join(root, 'models/elsewhere.model.yaml'));
  symlinkSync('../../elsewhere/model.yaml', join(root, 'models/out.model.yaml'));
  symlinkSync('nowhere', join(root, 'models/gone.model.yaml'));
  symlinkSync('../elsewhere/model.yaml', join(root, 'models/status.yaml'));
  symlinkSync('a', join(root, 'models/folder'));
  const commitId = await commit(root, {}, 'links');
  const read = await new GitRevisions(root).readTree(commitId, { folder: 'models', root: '.' });
  const there = openFolderTree({ repository: root, repositoryPath: '.', folder: join(root, 'models'), root });
  const short = (tree: FolderTree) => ({
    files: tree.files.map(({ path }) => path).sort(),
    problems: tree.problems.map(({ file, code }) => `${file} ${code}`).sort(),
    codes: tree.files
      .map((file) => tree.read(file))
      .map((one) => ('code' in one ? one.code : one.text))
      .sort(),
  });
  t.deepEqual(short(read), short(there));
  t.deepEqual(short(read).problems, [
    'models/gone.model.yaml file-unreadable',
    'models/out.model.yaml link-leaves-repository',
  ]);
  t.true(short(read).codes.includes('out of it'));
});

test('what a link leads to belongs to the model, in its history too', async (t) => {
  const root = await makeRepository({ 'base/wisdom.yaml': 'one', 'models/policy.yaml': 'rules' });
  mkdirSync(join(root, 'models/wisdom'));
  symlinkSync('../../base/wisdom.yaml', join(root, 'models/wisdom/model.yaml'));
  symlinkSync('../policy.yaml', join(root, 'models/wisdom/policy.yaml'));
  const ids = [await commit(root, {}, 'links')];
  ids.push(await commit(root, { 'README.md': 'not ours' }, 'something else'));
  ids.push(await commit(root, { 'base/wisdom.yaml': 'two' }, 'its target'));
  const revisions = new GitRevisions(root);
  const seen = [];
  for (const id of ids) {
    const { tree } = await revisions.readCommit(id);
    const paths = { model: 'models/wisdom/model.yaml', status: 'models/wisdom/status.yaml' };
    const found = await revisions.findModelFiles(tree, paths, '.');
    const files = await found?.read();
    seen.push({
      key: found?.key,
      texts: files?.files.map((file) => files.read(file)).map((one) => 'text' in one && one.text),
    });
  }
  t.deepEqual(
    seen.map(({ texts }) => texts),
    [
      ['rules', 'one', 'rules'],
      ['rules', 'one', 'rules'],
      ['rules', 'two', 'rules'],
    ],
  );
  t.is(seen[0]?.key, seen[1]?.key);
  t.not(seen[1]?.key, seen[2]?.key);
});

test('revisions are named as git names them', async (t) => {
  const root = await makeRepository({ 'model.yaml': '1' });
  await git(root, ['tag', '--annotate', 'v1', '--message', 'one']);
  await commit(root, { 'model.yaml': '2' }, 'second');
  await git(root, ['checkout', '--quiet', '-b', 'feature/x', 'HEAD~1']);
  await commit(root, { 'other.yaml': '3' }, 'third');
  await git(root, ['merge', '--quiet', '--no-ff', 'main', '--message', 'merged']);
  const revisions = new GitRevisions(root);
  for (const name of [
    'HEAD',
    '@',
    'main',
    'v1',
    'HEAD^',
    'HEAD^2',
    'HEAD~2',
    'HEAD^2~1',
    'feature/x',
    '@~',
    'HEAD^0',
  ]) {
    const oid = (await git(root, ['rev-parse', `${name}^{commit}`])).trim();
    t.is(await revisions.resolve(name), oid, name);
    t.is(await revisions.resolve(oid.slice(0, 9)), oid);
  }
  const base = (await git(root, ['merge-base', 'HEAD~1', 'main'])).trim();
  t.is(await revisions.findMergeBase(await revisions.resolve('HEAD~1'), await revisions.resolve('main')), base);
  const tree = (await git(root, ['rev-parse', 'HEAD^{tree}'])).trim();
  for (const [name, message] of [
    ['mian', 'there is no revision "mian" in this clone'],
    ['HEAD~9', '"HEAD~9" goes further back than the history'],
    [tree, 'is a tree, not a commit'],
  ] as const) {
    const fault = await t.throwsAsync(revisions.resolve(name), { instanceOf: Fault });
    t.true(fault?.message.includes(message), fault?.message);
  }
  t.is((await t.throwsAsync<Fault>(revisions.resolve('mian')))?.hint, safe`did you mean "main"?`);
  t.is(
    (await t.throwsAsync<Fault>(revisions.resolve('release')))?.hint,
    safe`there is: main, feature/x; or fetch it first`,
  );
});

test('a repository with SHA-256 ids is named as such', async (t) => {
  const root = join(folder, 'sha256');
  await git(folder, ['init', '--quiet', '--object-format=sha256', '--initial-branch=main', root]);
  await git(root, ['commit', '--quiet', '--allow-empty', '--message', 'first']);
  for (const name of ['HEAD', 'main', 'HEAD~1'])
    await t.throwsAsync(new GitRevisions(root).resolve(name), {
      instanceOf: Fault,
      message: 'revisions of SHA-256 repositories are not supported',
    });
});

test('a branch that is followed for days: the same tree until it moves, and of earlier commits nothing is kept', async (t) => {
  const root = await makeRepository({ 'a/model.yaml': '0' });
  const readers: WeakRef<GitRevisions>[] = [];
  const latest = new LatestRevision(root, { folder: '.', root: '.' }, () => {
    const reader = new GitRevisions(root);
    readers.push(new WeakRef(reader));
    return reader;
  });
  for (let i = 1; i <= 8; i++) {
    const oid = await commit(root, { 'a/model.yaml': String(i) }, `edit ${i}`);
    const read = await latest.read('main');
    t.is(read.commit, oid);
    const [file] = read.tree.files;
    const source = file && read.tree.read(file);
    t.is(source !== undefined && 'text' in source ? source.text : undefined, String(i));
    t.is(await latest.read('main'), read);
  }
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What a WeakRef was asked for in a turn lives to its end.
  await nextTurn();
  collect();
  t.is(readers.length, 8);
  t.is(readers.filter((reader) => reader.deref() !== undefined).length, 1);
});

test('bare clones, packed ones and linked work trees are read too', async (t) => {
  const root = await makeRepository(files);
  const oid = (await git(root, ['rev-parse', 'HEAD'])).trim();
  const bare = join(folder, 'bare.git');
  await git(folder, ['clone', '--quiet', '--bare', root, bare]);
  await git(bare, ['gc', '--quiet']);
  const linked = join(folder, 'linked');
  await git(root, ['worktree', 'add', '--quiet', '-b', 'aside', linked]);
  const part = { folder: 'models/wisdom', root: '.' };
  const expected = toSeen(await new GitRevisions(root).readTree(oid, part));
  for (const place of [bare, linked]) {
    const revisions = new GitRevisions(place);
    t.is(await revisions.resolve('HEAD'), oid);
    t.deepEqual(toSeen(await revisions.readTree(oid, part)), expected);
    t.is(await revisions.findDefaultBranch(), 'main');
    t.false(revisions.isShallow());
  }
});

test('a shallow clone says how to get what it lacks', async (t) => {
  const root = await makeRepository({ 'model.yaml': '1' });
  const first = await new GitRevisions(root).resolve('HEAD');
  await git(root, ['checkout', '--quiet', '-b', 'feature']);
  await commit(root, { 'model.yaml': '2' }, 'second');
  await git(root, ['checkout', '--quiet', 'main']);
  await commit(root, { 'model.yaml': '3' }, 'third');
  const shallow = join(folder, 'shallow');
  await git(folder, ['clone', '--quiet', '--depth', '1', '--no-single-branch', `file://${root}`, shallow]);
  const revisions = new GitRevisions(shallow);
  t.true(revisions.isShallow());
  t.is(await revisions.findDefaultBranch(), 'origin/main');
  const [main, feature] = [await revisions.resolve('main'), await revisions.resolve('feature')];
  t.is(feature, (await git(shallow, ['rev-parse', 'origin/feature'])).trim());
  t.is((await revisions.readTree(main, { folder: '.', root: '.' })).files.length, 1);
  for (const work of [
    () => revisions.findMergeBase(main, feature),
    () => revisions.resolve(first),
    () => revisions.resolve('HEAD~1'),
  ]) {
    const fault = await t.throwsAsync(work, { instanceOf: Fault });
    t.regex((fault as Fault).hint, /^the clone is shallow: run git fetch --unshallow/);
  }
});
