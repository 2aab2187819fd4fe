/** A commit of one file, looked at by git itself. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isFault } from '../../src/io/fault.ts';
import type { CommitWish } from '../../src/io/git-work-tree.ts';
import { commitFile } from '../../src/io/git-work-tree.ts';
import { git } from '../../src/stand-in/git-server.ts';

const file = 'models/wisdom/model.yaml';
/** What the machine says of all its users is no matter here. */
const machine = { GIT_CONFIG_NOSYSTEM: '1' };
const people = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' };
const wish: CommitWish = {
  message: 'wisdom: try v2',
  branch: undefined,
  environment: { ...machine, ...people, GIT_COMMITTER_NAME: 'Bob', GIT_COMMITTER_EMAIL: 'bob@example.com' },
};

interface Scene {
  readonly folder: string;
  readonly git: (...words: string[]) => Promise<string>;
  readonly put: (path: string, text: string) => void;
  /** Changes the file, and commits it. */
  readonly commit: (more?: Partial<CommitWish>, path?: string) => Promise<string | undefined>;
}

async function setUp(
  t: ExecutionContext,
  files: Readonly<Record<string, string>> = { [file]: 'a: 1\n' },
): Promise<Scene> {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-work-tree-')));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, 'deployments');
  mkdirSync(folder);
  await git(folder, ['init', '--quiet', '--initial-branch=main']);
  const scene = toScene(folder);
  for (const [path, text] of Object.entries(files)) scene.put(path, text);
  await scene.git('add', '--all');
  await scene.git('commit', '--quiet', '--message', 'start');
  return scene;
}

function toScene(folder: string): Scene {
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  return {
    folder,
    git: (...words) => git(folder, words),
    put,
    commit: async (more = {}, path = file) => {
      const before = existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined;
      const after = `${before ?? ''}b: 2${before?.includes('\r') ? '\r' : ''}\n`;
      return (await commitFile(folder, { path, before, after }, { ...wish, ...more }, () => put(path, after))).id;
    },
  };
}

/** What a refused commit says; it must have left everything as it was. */
async function toRefusal(t: ExecutionContext, scene: Scene, more: Partial<CommitWish> = {}): Promise<string> {
  const look = async () => [
    await scene.git('status', '--porcelain'),
    await scene.git('for-each-ref'),
    existsSync(join(scene.folder, file)) ? readFileSync(join(scene.folder, file), 'utf8') : '',
  ];
  const before = await look();
  const error = await t.throwsAsync(scene.commit(more));
  t.true(isFault(error), error?.stack);
  t.deepEqual(await look(), before);
  return error?.message ?? '';
}

test('the commit holds this file alone, and leaves what else is changed or staged as it is', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', 'other.yaml': '1\n', 'staged.yaml': '1\n', 'models/b.yaml': '1\n' });
  scene.put('other.yaml', '2\n');
  scene.put('staged.yaml', '2\n');
  scene.put('new.yaml', '2\n');
  await scene.git('add', 'staged.yaml');
  await scene.git('rm', '--quiet', 'models/b.yaml');
  const before = await scene.git('status', '--porcelain');
  const id = await scene.commit();
  t.is((await scene.git('rev-parse', 'main')).trim(), id ?? '');
  t.is(await scene.git('diff', '--name-status', 'HEAD~1', 'HEAD'), `M\t${file}\n`);
  t.is(await scene.git('show', `HEAD:${file}`), 'a: 1\nb: 2\n');
  t.is(await scene.git('status', '--porcelain'), before);
  t.is(
    await scene.git('log', '-1', '--format=%an %ae %cn %ce %s'),
    'Ada ada@example.com Bob bob@example.com wisdom: try v2\n',
  );
  await scene.git('fsck', '--strict');
  t.false(existsSync(join(scene.folder, '.git/index.lock')));
});

test('a new file, in a new folder', async (t) => {
  const scene = await setUp(t);
  await scene.commit({}, 'models/new/deep/policy.yaml');
  t.is(await scene.git('diff', '--name-status', 'HEAD~1', 'HEAD'), 'A\tmodels/new/deep/policy.yaml\n');
  t.is(await scene.git('status', '--porcelain'), '');
  await scene.git('fsck', '--strict');
});

test('on a new branch, which is checked out from then on', async (t) => {
  const scene = await setUp(t);
  const id = await scene.commit({ branch: 'ada/try-v2' });
  t.is((await scene.git('symbolic-ref', 'HEAD')).trim(), 'refs/heads/ada/try-v2');
  t.is((await scene.git('rev-parse', 'HEAD')).trim(), id ?? '');
  t.is((await scene.git('rev-parse', 'main')).trim(), (await scene.git('rev-parse', 'HEAD~1')).trim());
  t.is(await scene.git('status', '--porcelain'), '');
});

test('modes, packed branches and objects, and names of all kinds', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', 'a-b/x': '1', 'a/x': '1', 'a.b': '1', 'ü/x y': '1' });
  await scene.git('update-index', '--chmod=+x', file);
  await scene.git('config', 'core.fileMode', 'false');
  await scene.git('commit', '--quiet', '--message', 'executable');
  await scene.git('gc', '--quiet', '--prune=now');
  await scene.commit();
  t.regex(await scene.git('ls-tree', 'HEAD', file), /^100755 /);
  t.is(await scene.git('status', '--porcelain'), '');
  t.is(await scene.git('diff', '--name-only', 'HEAD~1', 'HEAD'), `${file}\n`);
  await scene.git('fsck', '--strict');
});

test('in a linked work tree', async (t) => {
  const { folder, git: main } = await setUp(t);
  await main('worktree', 'add', '--quiet', '-b', 'side', '../side');
  const side = toScene(join(folder, '../side'));
  const id = await side.commit();
  t.is((await main('rev-parse', 'side')).trim(), id ?? '');
  t.is(await side.git('status', '--porcelain'), '');
  await side.commit({ branch: 'further' });
  t.is((await side.git('symbolic-ref', 'HEAD')).trim(), 'refs/heads/further');
  t.is((await main('symbolic-ref', 'HEAD')).trim(), 'refs/heads/main');
  t.is(await main('status', '--porcelain'), '');
  await main('fsck', '--strict');
});

test('CRLF in the work tree alone is LF in git', async (t) => {
  const scene = await setUp(t);
  await scene.git('config', 'core.autocrlf', 'true');
  scene.put(file, 'a: 1\r\n');
  await scene.commit();
  t.is(await scene.git('show', `HEAD:${file}`), 'a: 1\nb: 2\n');
  t.is(readFileSync(join(scene.folder, file), 'utf8'), 'a: 1\r\nb: 2\r\n');
  t.is(await scene.git('status', '--porcelain'), '');
});

test('CRLF that is in git stays there', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\r\n' });
  await scene.commit();
  t.is(await scene.git('show', `HEAD:${file}`), 'a: 1\r\nb: 2\r\n');
});

/** A user's folder beside the repository, with files in it. */
function makeHome(scene: Scene, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) scene.put(`../home/${path}`, text);
  return join(scene.folder, '../home');
}

for (const [title, more] of [
  ['by git', {}],
  ['without git', { PATH: '/nowhere' }],
] as const)
  test(`who commits is read from the repository, or from what the user has set for all: ${title}`, async (t) => {
    const scene = await setUp(t);
    t.is(await toRefusal(t, scene, { environment: { ...machine, ...more } }), 'git has no author identity');
    const home = makeHome(scene, { '.config/git/config': '[user]\n\tname = Xenia\n\temail = x@example.com\n' });
    const environment = { ...machine, ...more, HOME: home };
    await scene.commit({ environment });
    makeHome(scene, { '.gitconfig': '[user]\n\tname = Grace\n' });
    await scene.commit({ environment });
    await scene.git('config', 'user.name', 'Lin');
    await scene.commit({ environment });
    t.is(
      await scene.git('log', '-3', '--format=%an %ae'),
      'Lin x@example.com\nGrace x@example.com\nXenia x@example.com\n',
    );
    for (const value of ['gpgSign = true', 'gpgsign = True', 'gpgsign = 1', 'gpgsign'])
      if (title === 'by git' || value !== 'gpgsign') {
        makeHome(scene, { '.gitconfig': `[commit]\n\t${value}\n` });
        t.is(await toRefusal(t, scene, { environment }), 'commits must be signed here (commit.gpgsign)', value);
      }
  });

test('settings are those that git finds: included, of the environment, and of a work tree alone', async (t) => {
  const scene = await setUp(t);
  const home = makeHome(scene, {
    '.gitconfig': '[user]\n\tname = Grace\n\temail = at@home\n[include]\n\tpath = work\n',
    work: '[user]\n\temail = at@work\n',
    other: '[user]\n\tname = Olga\n\temail = o@example.com\n',
  });
  await scene.commit({ environment: { ...machine, HOME: home } });
  await scene.commit({ environment: { ...machine, GIT_CONFIG_GLOBAL: join(home, 'other'), GIT_DIR: '/nowhere' } });
  t.is(await scene.git('log', '-2', '--format=%an %ae'), 'Olga o@example.com\nGrace at@work\n');
  t.regex(
    await toRefusal(t, scene, { environment: { ...machine, HOME: home, PATH: '/nowhere' } }),
    /\.gitconfig includes other files, which only git can follow$/,
  );
  await scene.git('config', 'extensions.worktreeConfig', 'true');
  await scene.git('config', '--worktree', 'commit.gpgsign', 'true');
  t.is(await toRefusal(t, scene), 'commits must be signed here (commit.gpgsign)');
});

test('git finds its way back: reflogs are written where git writes them', async (t) => {
  const scene = await setUp(t);
  const first = (await scene.git('rev-parse', 'HEAD')).trim();
  await scene.commit();
  t.is((await scene.git('rev-parse', 'HEAD@{1}')).trim(), first);
  t.is((await scene.git('rev-parse', 'main@{1}')).trim(), first);
  await scene.commit({ branch: 'ada/new' });
  t.is(await scene.git('reflog', '--format=%gs', 'ada/new'), 'commit: wisdom: try v2\nbranch: Created from HEAD\n');
  await scene.git('checkout', '--quiet', '-');
  t.is((await scene.git('symbolic-ref', 'HEAD')).trim(), 'refs/heads/main');
  await scene.git('fsck', '--strict');
});

test('of the file the whole is committed, as git commit --only does it', async (t) => {
  const make = () => setUp(t, { [file]: 'a: 1\n', 'other.yaml': '1\n' });
  const states: Record<string, (scene: Scene) => Promise<unknown> | unknown> = {
    changed: ({ put }) => put(file, 'a: 2\n'),
    staged: async ({ put, git }) => {
      put(file, 'a: 2\n');
      await git('add', file);
    },
    'staged, and changed again': async ({ put, git }) => {
      put(file, 'a: 2\n');
      await git('add', file);
      put(file, 'a: 3\n');
    },
    'staged, and changed back': async ({ put, git }) => {
      put(file, 'a: 2\n');
      await git('add', file);
      put(file, 'a: 1\n');
    },
    'staged as removed': ({ git }) => git('rm', '--quiet', '--cached', file),
    removed: async ({ git, put }) => {
      await git('rm', '--quiet', file);
      put(file, '');
    },
    'no more in HEAD': async ({ git }) => {
      await git('rm', '--quiet', '--cached', file);
      await git('commit', '--quiet', '--message', 'gone');
    },
    'executable now': ({ folder }) => chmodSync(join(folder, file), 0o755),
  };
  for (const [state, prepare] of Object.entries(states)) {
    const [ours, gits] = [await make(), await make()];
    for (const scene of [ours, gits]) {
      await prepare(scene);
      scene.put('other.yaml', '2\n');
      await scene.git('add', 'other.yaml');
    }
    t.truthy(await ours.commit(), state);
    gits.put(file, readFileSync(join(ours.folder, file), 'utf8'));
    // What git does not know it must be told of first.
    await gits.git('add', '--intent-to-add', file);
    await gits.git('commit', '--quiet', '--message', 'wisdom: try v2', '--only', file);
    const look = async ({ git }: Scene) => [await git('ls-tree', '-r', 'HEAD'), await git('ls-files', '--stage')];
    t.deepEqual(await look(ours), await look(gits), state);
    t.is(await ours.git('status', '--porcelain'), 'M  other.yaml\n', state);
    await ours.git('fsck', '--strict');
  }
});

test('what HEAD holds already is no commit, and what was staged over it goes', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\nb: 2\n' });
  scene.put(file, 'a: 1\n');
  await scene.git('add', file);
  scene.put(file, 'a: 1\n');
  const before = await scene.git('rev-parse', 'HEAD');
  t.is(await scene.commit({ branch: 'new' }), undefined);
  t.is(await scene.git('rev-parse', 'HEAD'), before);
  t.is(await scene.git('status', '--porcelain'), '');
  t.is(await scene.git('branch', '--format=%(refname:short)'), 'main\n');
});

test('what was staged and is nowhere else any more is named', async (t) => {
  const scene = await setUp(t);
  scene.put(file, 'staged: 1\n');
  await scene.git('add', file);
  scene.put(file, 'a: 1\n');
  const change = { path: file, before: 'a: 1\n', after: 'a: 2\n' };
  const { unstaged } = await commitFile(scene.folder, change, wish, () => scene.put(file, 'a: 2\n'));
  t.is(await scene.git('cat-file', 'blob', unstaged ?? ''), 'staged: 1\n');
});

test('CRLF is taken for LF where git is configured so, whatever else was changed', async (t) => {
  const configure: Record<string, (scene: Scene) => Promise<unknown> | unknown> = {
    autocrlf: ({ git }) => git('config', 'core.autocrlf', 'true'),
    attributes: ({ put }) => put('models/.gitattributes', '*.yaml text\n'),
  };
  for (const [title, prepare] of Object.entries(configure)) {
    const scene = await setUp(t);
    await prepare(scene);
    scene.put(file, 'a: 3\r\n');
    await scene.commit();
    t.is(await scene.git('show', `HEAD:${file}`), 'a: 3\nb: 2\n', title);
  }
  const plain = await setUp(t);
  plain.put(file, 'a: 3\r\n');
  await plain.commit();
  t.is(await plain.git('show', `HEAD:${file}`), 'a: 3\r\nb: 2\r\n');
});

test('branches that are there, or cannot be, are refused', async (t) => {
  const scene = await setUp(t);
  await scene.git('branch', 'taken');
  t.is(await toRefusal(t, scene, { branch: 'taken' }), 'there is a branch taken already');
  t.is(await toRefusal(t, scene, { branch: 'a b' }), 'a b is not a name for a branch');
  t.is(await toRefusal(t, scene, { branch: '../../config' }), '../../config is not a name for a branch');
  for (const bad of ['HEAD', '-x', '@'])
    t.is(await toRefusal(t, scene, { branch: bad }), `${bad} is not a name for a branch`);
  const beside = (one: string, other: string) => `there is a branch ${one}, beside which none can be called ${other}`;
  t.is(await toRefusal(t, scene, { branch: 'taken/too' }), beside('taken', 'taken/too'));
  await scene.git('branch', 'feat/x');
  await scene.git('pack-refs', '--all');
  t.is(await toRefusal(t, scene, { branch: 'taken/too' }), beside('taken', 'taken/too'));
  t.is(await toRefusal(t, scene, { branch: 'feat' }), beside('feat/x', 'feat'));
  await scene.git('checkout', '--quiet', '--detach');
  t.is(await toRefusal(t, scene), 'no branch is checked out');
  await scene.commit({ branch: 'from-detached' });
});

test('what git is in the middle of is not disturbed', async (t) => {
  const scene = await setUp(t);
  scene.put('.git/index.lock', '');
  t.regex((await t.throwsAsync(scene.commit()))?.message ?? '', /^git is at work in /);
  t.true(existsSync(join(scene.folder, '.git/index.lock')));
  rmSync(join(scene.folder, '.git/index.lock'));
  scene.put('.git/refs/heads/main.lock', '');
  t.regex((await t.throwsAsync(scene.commit()))?.message ?? '', /^git is at work on main: /);
  rmSync(join(scene.folder, '.git/refs/heads/main.lock'));
  scene.put('.git/MERGE_HEAD', '');
  t.regex((await t.throwsAsync(scene.commit()))?.message ?? '', /merge or rebase is not finished/);
  rmSync(join(scene.folder, '.git/MERGE_HEAD'));
  await scene.commit();
});

test('formats that the library does not know are left to git', async (t) => {
  const scene = await setUp(t);
  await scene.git('update-index', '--split-index');
  t.is(await toRefusal(t, scene), "git's index is split or sparse here");
  await scene.git('update-index', '--no-split-index');
  for (const name of readdirSync(join(scene.folder, '.git')))
    if (name.startsWith('sharedindex.')) rmSync(join(scene.folder, '.git', name));
  await scene.git('update-index', '--index-version', '4');
  t.is(await toRefusal(t, scene), 'the commit cannot be made: Unsupported dircache version: 4');
  const other = await setUp(t);
  await git(other.folder, ['init', '--quiet', '--object-format=sha256', 'sha256']);
  const sha256 = toScene(join(other.folder, 'sha256'));
  sha256.put(file, 'a: 1\n');
  await sha256.git('add', '--all');
  await sha256.git('commit', '--quiet', '--message', 'start');
  t.is(await toRefusal(t, sha256), 'commits in SHA-256 repositories are not supported');
});

test('conflicts and submodules are told as such', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', 'other.yaml': '1\n' });
  scene.put('other.yaml', '2\n');
  await scene.git('stash', '--quiet');
  scene.put('other.yaml', '3\n');
  await scene.git('commit', '--quiet', '--all', '--message', 'other');
  await t.throwsAsync(scene.git('stash', 'pop', '--quiet'));
  t.is(await toRefusal(t, scene), 'the commit cannot be made: there are unresolved conflicts');
  const inner = await setUp(t);
  const outer = await setUp(t, { 'a.yaml': '1\n' });
  await outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.folder, 'models');
  await outer.git('commit', '--quiet', '--message', 'submodule');
  const error = await t.throwsAsync(outer.commit({}, 'models/models/wisdom/model.yaml'));
  t.is(error?.message, 'models/models/wisdom/model.yaml is in the submodule models');
});

test('a file that cannot be written leaves no branch and no commit', async (t) => {
  const scene = await setUp(t);
  const change = { path: file, before: 'a: 1\n', after: 'a: 2\n' };
  const error = await t.throwsAsync(
    commitFile(scene.folder, change, { ...wish, branch: 'new' }, () => {
      throw new Error('disk full');
    }),
  );
  t.regex(error?.message ?? '', /disk full/);
  t.is(await scene.git('for-each-ref', '--format=%(refname)'), 'refs/heads/main\n');
  t.is(await scene.git('status', '--porcelain'), '');
});

test('a repository without a commit is left to git', async (t) => {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-work-tree-')));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  await git(parent, ['init', '--quiet']);
  const scene = toScene(parent);
  scene.put(file, 'a: 1\n');
  t.regex(await toRefusal(t, scene), /^there is no commit yet/);
});
