import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Fault } from '../../../src/core/diagnostics/fault.ts';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import type { FolderTree } from '../../../src/core/input/folder-tree.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { openFolderTree } from '../../../src/io/files/folder-tree.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { LatestRevision } from '../../../src/io/git-cli/latest-revision.ts';
import { GitRevisions } from '../../../src/io/git-cli/revisions.ts';

const environment = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-revision-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

function open(t: ExecutionContext, root: string): GitRevisions {
  const revisions = new GitRevisions(new Git(root, { environment }));
  t.teardown(() => revisions[Symbol.dispose]());
  return revisions;
}

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

test('a commit is read like its work tree', async (t) => {
  const root = await makeRepository(files);
  for (const [inner, outer] of [
    ['models/wisdom', '.'],
    ['models/wisdom', 'models'],
    ['models/wisdom', 'models/wisdom'],
    ['.', '.'],
  ] as const) {
    const commit = await open(t, root).names.resolve('HEAD');
    const read = await open(t, root).readTree(commit, { folder: inner, root: outer });
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

test('links, and files that are not text, are read or refused as in the work tree', async (t) => {
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
  const read = await open(t, root).readTree(commitId, { folder: 'models', root: '.' });
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

test('the target of a link belongs to the model, also in its history', async (t) => {
  const root = await makeRepository({ 'base/wisdom.yaml': 'one', 'models/policy.yaml': 'rules' });
  mkdirSync(join(root, 'models/wisdom'));
  symlinkSync('../../base/wisdom.yaml', join(root, 'models/wisdom/model.yaml'));
  symlinkSync('../policy.yaml', join(root, 'models/wisdom/policy.yaml'));
  const ids = [await commit(root, {}, 'links')];
  ids.push(await commit(root, { 'README.md': 'not ours' }, 'something else'));
  ids.push(await commit(root, { 'base/wisdom.yaml': 'two' }, 'its target'));
  const revisions = open(t, root);
  const seen = [];
  for (const id of ids) {
    const { tree } = await revisions.readCommit(id);
    const paths = { model: 'models/wisdom/model.yaml', status: 'models/wisdom/status.yaml' };
    const found = await revisions.models.find(tree, paths, '.');
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

test('revisions may have every form of name that git accepts', async (t) => {
  const root = await makeRepository({ 'model.yaml': '1' });
  await git(root, ['tag', '--annotate', 'v1', '--message', 'one']);
  await commit(root, { 'model.yaml': '2' }, 'second');
  await git(root, ['checkout', '--quiet', '-b', 'feature/x', 'HEAD~1']);
  await commit(root, { 'other.yaml': '3' }, 'third');
  await git(root, ['merge', '--quiet', '--no-ff', 'main', '--message', 'merged']);
  const revisions = open(t, root);
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
    'HEAD^{/second}',
  ]) {
    const oid = (await git(root, ['rev-parse', `${name}^{commit}`])).trim();
    t.is(await revisions.names.resolve(name), oid, name);
    t.is(await revisions.names.resolve(oid.slice(0, 9)), oid);
  }
  t.is(await revisions.names.resolve(':/second'), (await git(root, ['rev-parse', ':/second'])).trim());
  const base = (await git(root, ['merge-base', 'HEAD~1', 'main'])).trim();
  t.is(
    await revisions.names.findMergeBase(await revisions.names.resolve('HEAD~1'), await revisions.names.resolve('main')),
    base,
  );
  const tree = (await git(root, ['rev-parse', 'HEAD^{tree}'])).trim();
  for (const [name, message] of [
    ['mian', 'there is no revision "mian" in this clone'],
    ['HEAD~9', '"HEAD~9" goes further back than the history'],
    [tree, 'is a tree, not a commit'],
    // All commits but those of main.
    ['^main', 'there is no revision "^main" in this clone'],
    ['-h', 'there is no revision "-h" in this clone'],
    [':/nothing like it', 'there is no revision ":/nothing like it" in this clone'],
    ['f'.repeat(40), 'there is no revision "ffff'],
  ] as const) {
    const fault = await t.throwsAsync(revisions.names.resolve(name), { instanceOf: Fault });
    t.true(fault?.message.includes(message), fault?.message);
  }
  t.is((await t.throwsAsync<Fault>(revisions.names.resolve('mian')))?.hint, safe`did you mean "main"?`);
  t.is(
    (await t.throwsAsync<Fault>(revisions.names.resolve('release')))?.hint,
    safe`there is: main, feature/x; or fetch it first`,
  );
});

test('an ambiguous abbreviated id is reported with all candidates', async (t) => {
  const root = await makeRepository({ 'model.yaml': '1' });
  const ids = [];
  for (let i = 0; i < 1000; i++) ids.push(`blob\ndata ${String(i).length}\n${i}\n`);
  await git(root, ['fast-import', '--quiet'], { input: ids.join('') });
  const all = (await git(root, ['cat-file', '--batch-all-objects', '--batch-check=%(objectname)'])).trim().split('\n');
  const starts = all.map((id) => id.slice(0, 4));
  const start = starts.find((one, i) => starts.indexOf(one) !== i);
  t.truthy(start, 'of 1,000 ids two begin alike, as birthdays do');
  const fault = await t.throwsAsync(open(t, root).names.resolve(start ?? ''), { instanceOf: Fault });
  for (const id of all.filter((one) => one.startsWith(start ?? ''))) t.true(fault?.message.includes(id.slice(0, 5)));
});

test('a ref to a commit that does not exist is not reported as unknown', async (t) => {
  const root = await makeRepository({ 'model.yaml': '1' });
  const id = (await git(root, ['rev-parse', 'HEAD'])).trim();
  rmSync(join(root, '.git/objects', id.slice(0, 2), id.slice(2)));
  for (const name of ['HEAD', 'main']) {
    const fault = await t.throwsAsync(open(t, root).names.resolve(name), { instanceOf: Fault });
    t.is(fault?.code, 'environment');
    t.regex(fault?.message ?? '', new RegExp(`"${name}" is ${id.slice(0, 7)}, which cannot be read`));
  }
});

test('messages in other encodings are read, whatever encoding git is configured to print', async (t) => {
  const root = await makeRepository({ 'model.yaml': '1' });
  const first = (await git(root, ['rev-parse', 'HEAD'])).trim();
  const head = await git(root, ['cat-file', 'commit', 'HEAD']);
  const put = async (encoding: string, author: Buffer) => {
    const [before = '', after = ''] = `parent ${first}\n${head.slice(head.indexOf('author'))}`.split('Tester');
    const tree = head.slice(0, head.indexOf('\n') + 1);
    const rest = head.slice(head.indexOf('committer')).replace('\n\n', `\nencoding ${encoding}\n\n`);
    const own = after.slice(0, after.indexOf('\n') + 1);
    const input = Buffer.concat([Buffer.from(tree + before), author, Buffer.from(own + rest)]);
    return (await git(root, ['hash-object', '-t', 'commit', '-w', '--stdin'], { input })).trim();
  };
  await git(root, ['config', 'i18n.logOutputEncoding', 'UTF-16']);
  for (const [encoding, bytes] of [
    ['ISO-8859-1', Buffer.from('Grüße', 'latin1')],
    ['UTF-8', Buffer.from('Grüße')],
    ['no-such-encoding', Buffer.from('Grüße')],
  ] as const) {
    const revisions = open(t, root);
    const id = await put(encoding, bytes);
    t.is((await revisions.readCommit(id)).author.name, 'Grüße', encoding);
    t.deepEqual(await revisions.listSteps(id), [
      { id, parent: first },
      { id: first, parent: undefined },
    ]);
  }
});

test('a partial clone whose remote is gone is reported', async (t) => {
  const root = await makeRepository({ 'model.yaml': '1' });
  await git(root, ['config', 'uploadpack.allowFilter', 'true']);
  const clone = `${root}-partial`;
  await git(folder, ['clone', '--quiet', '--bare', '--filter', 'blob:none', `file://${root}`, clone]);
  rmSync(root, { recursive: true });
  const revisions = open(t, clone);
  const commit = await revisions.names.resolve('HEAD');
  const fault = await t.throwsAsync<Fault>(revisions.readTree(commit, { folder: '.', root: '.' }));
  t.regex(fault?.message ?? '', /does not appear to be a git repository/);
  t.regex(fault?.hint ?? '', /partial clone: check that git fetch works/);
});

test('a repository with SHA-256 ids', async (t) => {
  const root = join(folder, 'sha256');
  await git(folder, ['init', '--quiet', '--object-format=sha256', '--initial-branch=main', root]);
  await commit(root, files, 'first');
  await commit(root, { 'policy.yaml': 'changed' }, 'second');
  const revisions = open(t, root);
  const part = { folder: 'models/wisdom', root: '.' };
  const there = openFolderTree({ repository: root, repositoryPath: '.', folder: join(root, part.folder), root });
  t.deepEqual(toSeen(await revisions.readTree(await revisions.names.resolve('HEAD'), part)), toSeen(there));
  t.is(await revisions.names.resolve('main~1'), (await git(root, ['rev-parse', 'HEAD~1'])).trim());
});

test('a followed branch returns the same tree until it moves', async (t) => {
  const root = await makeRepository({ 'a/model.yaml': '0' });
  const latest = new LatestRevision(new Git(root, { environment }), { folder: '.', root: '.' });
  for (let i = 1; i <= 3; i++) {
    const oid = await commit(root, { 'a/model.yaml': String(i) }, `edit ${i}`);
    const read = await latest.read('main');
    t.is(read.commit, oid);
    const [file] = read.tree.files;
    const source = file && read.tree.read(file);
    t.is(source !== undefined && 'text' in source ? source.text : undefined, String(i));
    t.is((await latest.read('main')).tree, read.tree);
  }
});

test('a partial clone fetches its missing objects together', async (t) => {
  const texts = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`models/m${i}/model.yaml`, `old ${i}`]));
  const root = await makeRepository(texts);
  await commit(root, Object.fromEntries(Object.keys(texts).map((path) => [path, `new ${path}`])), 'second');
  await git(root, ['config', 'uploadpack.allowFilter', 'true']);
  await git(root, ['config', 'uploadpack.allowAnySHA1InWant', 'true']);
  for (const filter of ['blob:none', 'tree:0']) {
    const partial = join(folder, filter.replace(':', '-'));
    await git(folder, ['clone', '--quiet', '--no-checkout', `--filter=${filter}`, `file://${root}`, partial]);
    const trace = join(folder, `${filter.replace(':', '-')}.trace`);
    using revisions = new GitRevisions(new Git(partial, { environment: { ...environment, GIT_TRACE: trace } }));
    const old = await revisions.readTree(await revisions.names.resolve('HEAD~1'), { folder: 'models', root: '.' });
    t.deepEqual(
      old.files
        .map((file) => old.read(file))
        .map((one) => ('text' in one ? one.text : one.code))
        .sort(),
      Object.values(texts).sort(),
    );
    // Of trees a clone without any fetches all of a commit's at once, when the first of them is read.
    const fetches = readFileSync(trace, 'utf8').match(/built-in: git fetch /g) ?? [];
    t.is(fetches.length, filter === 'tree:0' ? 2 : 1);
  }
});

test('bare and packed clones and linked work trees are read', async (t) => {
  const root = await makeRepository(files);
  const oid = (await git(root, ['rev-parse', 'HEAD'])).trim();
  const bare = join(folder, 'bare.git');
  await git(folder, ['clone', '--quiet', '--bare', root, bare]);
  await git(bare, ['gc', '--quiet']);
  const linked = join(folder, 'linked');
  await git(root, ['worktree', 'add', '--quiet', '-b', 'aside', linked]);
  const part = { folder: 'models/wisdom', root: '.' };
  const expected = toSeen(await open(t, root).readTree(oid, part));
  for (const place of [bare, linked]) {
    const revisions = open(t, place);
    t.is(await revisions.names.resolve('HEAD'), oid);
    t.deepEqual(toSeen(await revisions.readTree(oid, part)), expected);
    t.is(await revisions.names.findDefaultBranch(), 'main');
    t.false(await revisions.names.isShallow());
  }
});

test('a shallow clone is reported with a hint how to get the rest', async (t) => {
  const root = await makeRepository({ 'model.yaml': '1' });
  const first = await open(t, root).names.resolve('HEAD');
  await git(root, ['checkout', '--quiet', '-b', 'feature']);
  await commit(root, { 'model.yaml': '2' }, 'second');
  await git(root, ['checkout', '--quiet', 'main']);
  await commit(root, { 'model.yaml': '3' }, 'third');
  const shallow = join(folder, 'shallow');
  await git(folder, ['clone', '--quiet', '--depth', '1', '--no-single-branch', `file://${root}`, shallow]);
  const revisions = open(t, shallow);
  t.true(await revisions.names.isShallow());
  t.is(await revisions.names.findDefaultBranch(), 'origin/main');
  const [main, feature] = [await revisions.names.resolve('main'), await revisions.names.resolve('feature')];
  t.is(feature, (await git(shallow, ['rev-parse', 'origin/feature'])).trim());
  t.is((await revisions.readTree(main, { folder: '.', root: '.' })).files.length, 1);
  for (const work of [
    () => revisions.names.findMergeBase(main, feature),
    () => revisions.names.resolve(first),
    () => revisions.names.resolve('HEAD~1'),
  ]) {
    const fault = await t.throwsAsync(work, { instanceOf: Fault });
    t.regex((fault as Fault).hint, /^the clone is shallow: run git fetch --unshallow/);
  }
});
