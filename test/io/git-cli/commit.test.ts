/** A commit of one file by the user's git, with all that may refuse or change it; looked at by git itself. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isFault } from '../../../src/core/diagnostics/fault.ts';
import type { CommitWish, MadeCommit } from '../../../src/core/ports/clone.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { commitFile } from '../../../src/io/git-cli/commit.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { pick, testThoroughly } from '../../thorough.ts';

const file = 'models/wisdom/model.yaml';
/** What the machine and the user say is no matter here. */
const machine = {
  PATH: process.env['PATH'] ?? '',
  GIT_CONFIG_NOSYSTEM: '1',
  // No commit starts another process that looks for garbage.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'maintenance.auto',
  GIT_CONFIG_VALUE_0: 'false',
  GIT_CONFIG_GLOBAL: devNull,
  HOME: '/nowhere',
};
const people = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Bob',
  GIT_COMMITTER_EMAIL: 'bob@example.com',
};

type Variables = Readonly<Record<string, string>>;

interface Scene {
  readonly folder: string;
  readonly git: (...words: string[]) => Promise<string>;
  readonly put: (path: string, text: string) => void;
  readonly read: (path: string) => string | undefined;
  /** A hook of git that is a shell script. */
  readonly hook: (name: string, ...lines: string[]) => void;
  /** Changes the file, and commits it. */
  readonly commit: (more?: Partial<CommitWish>, path?: string, variables?: Variables) => Promise<MadeCommit>;
}

const root = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-commit-')));
test.after.always(() => rmSync(root, { recursive: true, force: true }));
/** By their files: repositories to copy. */
const templates = new Map<string, Promise<string>>();

async function setUp(
  t: ExecutionContext,
  files: Readonly<Record<string, string>> = { [file]: 'a: 1\n' },
): Promise<Scene> {
  const key = JSON.stringify(files);
  const template = templates.get(key) ?? makeTemplate(files);
  templates.set(key, template);
  const parent = mkdtempSync(join(root, 'case-'));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, 'deployments');
  cpSync(await template, folder, { recursive: true });
  return toScene(folder);
}

async function makeTemplate(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(root, 'template-'));
  await git(folder, ['init', '--quiet', '--initial-branch=main', '--template=']);
  const scene = toScene(folder);
  for (const [path, text] of Object.entries(files)) scene.put(path, text);
  await scene.git('add', '--all');
  await scene.git('commit', '--quiet', '--message', 'start');
  return folder;
}

function toScene(folder: string): Scene {
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const read = (path: string) =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined;
  return {
    folder,
    git: (...words) => git(folder, words),
    put,
    read,
    hook: (name, ...lines) => {
      put(`.git/hooks/${name}`, `#!/bin/sh\n${lines.join('\n')}\n`);
      chmodSync(join(folder, '.git/hooks', name), 0o755);
    },
    commit: async (more = {}, path = file, variables = people) => {
      const before = read(path);
      const after = `${before ?? ''}b: 2${before?.includes('\r') ? '\r' : ''}\n`;
      const wish = { message: 'wisdom: try v2', branch: undefined, ...more };
      const own = new Git(folder, { environment: { ...machine, ...variables } });
      return commitFile(own, { path, before, after }, wish, () => put(path, after));
    },
  };
}

/** Everything that a commit could have changed. */
async function look({ git, read }: Scene, path = file): Promise<unknown[]> {
  return [
    await git('status', '--porcelain', '--ignored'),
    await git('for-each-ref'),
    await git('rev-parse', '--symbolic-full-name', 'HEAD'),
    await git('reflog', 'HEAD'),
    await git('ls-files', '-v', '--stage'),
    await git('config', '--list', '--local'),
    read(path),
  ];
}

/** What a refused commit says; it must have left everything as it was. */
async function toRefusal(
  t: ExecutionContext,
  scene: Scene,
  more: Partial<CommitWish> = {},
  { path = file, variables = people }: { readonly path?: string; readonly variables?: Variables } = {},
): Promise<string> {
  const before = await look(scene, path);
  const error = await t.throwsAsync(scene.commit(more, path, variables));
  t.true(isFault(error), error?.stack);
  t.deepEqual(await look(scene, path), before);
  return error?.message ?? '';
}

test('the commit has this file alone, and other changes, staged or not, stay as they are', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', 'other.yaml': '1\n', 'staged.yaml': '1\n', 'models/b.yaml': '1\n' });
  scene.put('other.yaml', '2\n');
  scene.put('staged.yaml', '2\n');
  scene.put('new.yaml', '2\n');
  await scene.git('add', 'staged.yaml');
  await scene.git('rm', '--quiet', 'models/b.yaml');
  const before = await scene.git('status', '--porcelain');
  const { id, branch, remarks } = await scene.commit();
  t.is((await scene.git('rev-parse', 'main')).trim(), id ?? '');
  t.is(branch, 'main');
  t.deepEqual(remarks, []);
  t.is(await scene.git('diff', '--name-status', 'HEAD~1', 'HEAD'), `M\t${file}\n`);
  t.is(await scene.git('show', `HEAD:${file}`), 'a: 1\nb: 2\n');
  t.is(await scene.git('status', '--porcelain'), before);
  t.is(
    await scene.git('log', '-1', '--format=%an %ae %cn %ce %s'),
    'Ada ada@example.com Bob bob@example.com wisdom: try v2\n',
  );
  await scene.git('fsck', '--strict');
});

test.serial('without a place for temporary files, nothing is changed', async (t) => {
  const scene = await setUp(t);
  const before = process.env['TMPDIR'];
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
  process.env['TMPDIR'] = '/nowhere';
  t.regex(await toRefusal(t, scene), /^no temporary folder can be made: /);
});

test('a refused commit is reported as refused even if a hook has moved HEAD meanwhile', async (t) => {
  const scene = await setUp(t);
  scene.hook(
    'pre-commit',
    'git update-ref HEAD $(git commit-tree HEAD^{tree} -p HEAD -m other)',
    'echo no >&2; exit 1',
  );
  const error = await t.throwsAsync(scene.commit());
  t.is(error?.message, 'git refuses the commit: no');
  t.is(await scene.git('log', '-1', '--format=%s'), 'other\n');
  t.is(await scene.git('status', '--porcelain'), '');
  t.is(scene.read(file), 'a: 1\n');
});

test('a new file in a new folder is committed even if it is ignored', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', '.gitignore': 'deep\n' });
  await scene.commit({}, 'models/new/deep/policy.yaml');
  t.is(await scene.git('diff', '--name-status', 'HEAD~1', 'HEAD'), 'A\tmodels/new/deep/policy.yaml\n');
  t.is(await scene.git('status', '--porcelain'), '');
  await scene.git('fsck', '--strict');
});

testThoroughly('no character in a name has a special meaning', async (t) => {
  const odd = [
    '-m/--all/model.yaml',
    ':(top)x/model.yaml',
    'a*[b]?/model.yaml',
    'it\'s "$HOME"\n/ü model.yaml',
    '#/a\\b',
  ];
  const scene = await setUp(t, {
    'ax[b]y/model.yaml': '1\n',
    ...Object.fromEntries(odd.map((path) => [path, 'a: 1\n'])),
  });
  scene.put('ax[b]y/model.yaml', '2\n');
  for (const path of [...odd, '-new/model.yaml', ':new/model.yaml', 'n*/model.yaml']) {
    await scene.commit({ message: `-- ${path}` }, path);
    t.is(await scene.git('diff', '-z', '--name-only', 'HEAD~1', 'HEAD'), `${path}\0`);
  }
  t.is(await scene.git('diff', '--name-only'), 'ax[b]y/model.yaml\n');
});

test('a new branch is created and checked out, and has no upstream', async (t) => {
  const scene = await setUp(t);
  await scene.git('config', 'branch.autoSetupMerge', 'always');
  const { id, branch } = await scene.commit({ branch: 'ada/try-v2' });
  t.is(branch, 'ada/try-v2');
  t.is((await scene.git('symbolic-ref', 'HEAD')).trim(), 'refs/heads/ada/try-v2');
  t.is((await scene.git('rev-parse', 'HEAD')).trim(), id ?? '');
  t.is((await scene.git('rev-parse', 'main')).trim(), (await scene.git('rev-parse', 'HEAD~1')).trim());
  t.is(await scene.git('for-each-ref', '--format=%(upstream)', 'refs/heads/ada'), '\n');
  t.is(await scene.git('status', '--porcelain'), '');
  await scene.git('checkout', '--quiet', '--detach');
  t.is(await toRefusal(t, scene), 'no branch is checked out');
  t.is((await scene.commit({ branch: 'from-detached' })).branch, 'from-detached');
});

test('the identity is read where git reads it, and without one nothing is changed', async (t) => {
  const scene = await setUp(t);
  await scene.git('config', 'user.useConfigOnly', 'true');
  for (const wish of [{}, { branch: 'new' }])
    t.regex(await toRefusal(t, scene, wish, { variables: {} }), /^git refuses the commit: (.|\n)*user\.email/);
  const home = join(scene.folder, '../home');
  mkdirSync(home);
  writeFileSync(join(home, '.gitconfig'), '[include]\n\tpath = work\n');
  writeFileSync(join(home, 'work'), '[user]\n\tname = Grace\n\temail = at@work\n');
  await scene.commit({}, file, { HOME: home, GIT_CONFIG_GLOBAL: join(home, '.gitconfig'), GIT_DIR: '/nowhere' });
  t.is(await scene.git('log', '-1', '--format=%an %ae'), 'Grace at@work\n');
});

test('the file is committed as a whole, as git commit --only does', async (t) => {
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
    'no more in HEAD, but to be added': async ({ git }) => {
      await git('rm', '--quiet', '--cached', file);
      await git('commit', '--quiet', '--message', 'gone');
      await git('add', '--intent-to-add', file);
    },
    'executable now': ({ folder }) => chmodSync(join(folder, file), 0o755),
  };
  for (const [state, prepare] of pick(Object.entries(states), 3)) {
    const [ours, gits, refused] = [await make(), await make(), await make()];
    for (const scene of [ours, gits, refused]) {
      await prepare(scene);
      scene.put('other.yaml', '2\n');
      await scene.git('add', 'other.yaml');
    }
    const { id, remarks } = await ours.commit();
    t.truthy(id, state);
    t.deepEqual(remarks, [], state);
    gits.put(file, ours.read(file) ?? '');
    // An untracked file must be added first.
    await gits.git('add', '--intent-to-add', file);
    await gits.git('commit', '--quiet', '--message', 'wisdom: try v2', '--only', file);
    const lookAt = async ({ git }: Scene) => [await git('ls-tree', '-r', 'HEAD'), await git('ls-files', '--stage')];
    t.deepEqual(await lookAt(ours), await lookAt(gits), state);
    t.is(await ours.git('status', '--porcelain'), 'M  other.yaml\n', state);
    await ours.git('fsck', '--strict');
    refused.hook('pre-commit', 'exit 1');
    await toRefusal(t, refused);
    await toRefusal(t, refused, { branch: 'new' });
  }
});

test('content that HEAD already has makes no commit, and replaces what was staged', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\nb: 2\n' });
  scene.put(file, 'a: 1\n');
  await scene.git('add', file);
  scene.hook('pre-commit', 'exit 1');
  const before = await scene.git('rev-parse', 'HEAD');
  t.is((await scene.commit({ branch: 'new' })).id, undefined);
  t.is(await scene.git('rev-parse', 'HEAD'), before);
  t.is(await scene.git('status', '--porcelain'), '');
  t.is(await scene.git('branch', '--format=%(refname:short)'), 'main\n');
});

test('staged content that exists nowhere else any more is reported', async (t) => {
  const scene = await setUp(t);
  scene.put(file, 'staged: 1\n');
  await scene.git('add', file);
  scene.put(file, 'a: 3\n');
  const { unstaged } = await scene.commit();
  t.is(await scene.git('cat-file', 'blob', unstaged ?? ''), 'staged: 1\n');
  scene.put(file, 'a: 4\n');
  await scene.git('add', file);
  t.is((await scene.commit()).unstaged, undefined, 'the work tree had it');
});

testThoroughly('CRLF becomes LF where git is configured to convert it, and stays where it is committed', async (t) => {
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
    t.is(scene.read(file), 'a: 3\r\nb: 2\r\n');
    t.is(await scene.git('status', '--porcelain', file), '');
  }
  const plain = await setUp(t, { [file]: 'a: 1\r\n' });
  await plain.git('config', 'core.autocrlf', 'true');
  await plain.commit();
  t.is(await plain.git('show', `HEAD:${file}`), 'a: 1\r\nb: 2\r\n');
  await plain.git('commit', '--quiet', '--allow-empty', '--message', 'empty');
  // The same bytes again: nothing to commit.
  plain.put(file, 'a: 1\r\n');
  t.is((await plain.commit()).id, undefined);
});

testThoroughly('a filter of the repository runs, and refuses the file when it fails', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', '.gitattributes': '*.yaml filter=upper\n' });
  await scene.git('config', 'filter.upper.clean', 'tr a-z A-Z');
  await scene.commit();
  t.is(await scene.git('show', `HEAD:${file}`), 'A: 1\nB: 2\n');
  const strict = await setUp(t, { [file]: 'a: 1\n', '.gitattributes': '*.yaml filter=strict\n' });
  await strict.git('config', 'filter.strict.clean', "awk '/b:/ {exit 1} {print}'");
  await strict.git('config', 'filter.strict.required', 'true');
  t.regex(await toRefusal(t, strict), /^git refuses the file: (.|\n)*clean filter 'strict' failed/);
});

testThoroughly('a commit is made in a linked work tree', async (t) => {
  const { folder, git: main } = await setUp(t);
  await main('worktree', 'add', '--quiet', '-b', 'side', '../side');
  const side = toScene(join(folder, '../side'));
  t.is((await main('rev-parse', 'side')).trim().length, 40);
  const { id } = await side.commit();
  t.is((await main('rev-parse', 'side')).trim(), id ?? '');
  await side.commit({ branch: 'further' });
  t.is((await side.git('symbolic-ref', 'HEAD')).trim(), 'refs/heads/further');
  t.is((await main('symbolic-ref', 'HEAD')).trim(), 'refs/heads/main');
  t.is(await main('status', '--porcelain'), '');
});

test('branches that exist already, or have an invalid name, are refused', async (t) => {
  const scene = await setUp(t);
  await scene.git('branch', 'taken');
  t.regex(await toRefusal(t, scene, { branch: 'taken' }), /^git refuses the branch: .*'taken' already exists/);
  for (const bad of ['a b', '../../config', 'HEAD', '-x', '@', '@{-1}', 'a..b', 'x.lock', ''])
    t.is(await toRefusal(t, scene, { branch: bad }), `${bad} is not a name for a branch`);
  await scene.git('branch', 'feat/x');
  await scene.git('pack-refs', '--all');
  for (const beside of ['taken/too', 'feat'])
    t.regex(await toRefusal(t, scene, { branch: beside }), /^git refuses the branch: (.|\n)*exists; cannot create/);
});

test('a merge, rebase or lock in progress is not disturbed', async (t) => {
  const scene = await setUp(t);
  for (const [sign, what] of [
    ['MERGE_HEAD', 'merge'],
    ['CHERRY_PICK_HEAD', 'cherry-pick'],
    ['REVERT_HEAD', 'revert'],
    ['rebase-merge/done', 'rebase'],
    ['rebase-apply/next', 'rebase'],
  ] as const) {
    scene.put(`.git/${sign}`, await scene.git('rev-parse', 'HEAD'));
    t.is((await t.throwsAsync(scene.commit()))?.message, `a ${what} is not finished here (${sign.split('/')[0]})`);
    t.is(scene.read(file), 'a: 1\n');
    rmSync(join(scene.folder, '.git', sign.split('/')[0] ?? ''), { recursive: true });
  }
  scene.put('.git/index.lock', '');
  t.regex((await t.throwsAsync(scene.commit()))?.message ?? '', /^git refuses the commit: (.|\n)*index\.lock/);
  t.is(scene.read(file), 'a: 1\n');
  rmSync(join(scene.folder, '.git/index.lock'));
  scene.put('.git/refs/heads/main.lock', '');
  t.regex((await t.throwsAsync(scene.commit()))?.message ?? '', /main\.lock/);
  rmSync(join(scene.folder, '.git/refs/heads/main.lock'));
  t.is(await scene.git('status', '--porcelain'), '');
});

test('conflicts and submodules are reported as such', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', 'other.yaml': '1\n' });
  const conflict = async (path: string) => {
    scene.put(path, '2\n');
    await scene.git('stash', '--quiet');
    scene.put(path, '3\n');
    await scene.git('commit', '--quiet', '--all', '--message', 'other');
    await t.throwsAsync(scene.git('stash', 'pop', '--quiet'));
  };
  await conflict('other.yaml');
  const unmerged = await scene.git('ls-files', '--unmerged');
  t.truthy(unmerged);
  t.truthy((await scene.commit()).id);
  t.truthy((await scene.commit({ branch: 'new' })).id);
  t.is(await scene.git('ls-files', '--unmerged'), unmerged);
  await scene.git('reset', '--quiet', '--hard');
  await conflict(file);
  t.is(await toRefusal(t, scene), `there are unresolved conflicts in ${file}`);
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
  const before = await look(scene);
  const own = new Git(scene.folder, { environment: { ...machine, ...people } });
  const error = await t.throwsAsync(
    commitFile(own, change, { message: 'a', branch: 'new' }, () => {
      throw new Error('disk full');
    }),
  );
  t.is(error?.message, 'disk full');
  t.deepEqual(await look(scene), before);
});

test('a repository without a commit is refused, and a missing git is reported', async (t) => {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-commit-')));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  await git(parent, ['init', '--quiet']);
  const scene = toScene(parent);
  scene.put(file, 'a: 1\n');
  t.regex((await t.throwsAsync(scene.commit()))?.message ?? '', /^there is no commit yet/);
  t.is(scene.read(file), 'a: 1\n');
  const error = await t.throwsAsync(scene.commit({}, file, { PATH: '/nowhere' }));
  t.is(error?.message, 'git is not installed, or not in PATH');
});

testThoroughly('the index flags of a file survive its commit and its refusal', async (t) => {
  const odd = await setUp(t, { '-x/model.yaml': 'a: 1\n' });
  await odd.git('update-index', '--skip-worktree', '--', '-x/model.yaml');
  await odd.commit({}, '-x/model.yaml');
  t.is(await odd.git('ls-files', '-v'), 'S -x/model.yaml\n');
  odd.hook('pre-commit', 'exit 1');
  await toRefusal(t, odd, {}, { path: '-x/model.yaml' });
  const scene = await setUp(t);
  await scene.git('update-index', '--skip-worktree', file);
  const { id } = await scene.commit();
  t.truthy(id);
  t.is(await scene.git('show', `HEAD:${file}`), 'a: 1\nb: 2\n');
  t.regex(await scene.git('ls-files', '-v', file), /^S /);
  scene.hook('pre-commit', 'exit 1');
  await toRefusal(t, scene);
  await scene.git('update-index', '--no-skip-worktree', '--assume-unchanged', file);
  await toRefusal(t, scene);
  rmSync(join(scene.folder, '.git/hooks/pre-commit'));
  await scene.commit();
  t.is(await scene.git('show', `HEAD:${file}`), 'a: 1\nb: 2\nb: 2\n');
});

const refusing: Record<string, readonly string[]> = {
  'pre-commit': ['echo checked; echo no good >&2; exit 1'],
  'prepare-commit-msg': ['echo checked; echo no good >&2; exit 1'],
  'commit-msg': ['echo checked; echo no good >&2; exit 1'],
  'reference-transaction': ['test "$1" = prepared || exit 0; echo checked; echo no good >&2; exit 1'],
};

for (const [name, lines] of Object.entries(refusing))
  test(`a hook that refuses says why, and leaves all as it was: ${name}`, async (t) => {
    const scene = await setUp(t, { [file]: 'a: 1\n', 'other.yaml': '1\n', '.gitignore': 'hidden\n' });
    scene.put('other.yaml', '2\n');
    await scene.git('add', 'other.yaml');
    scene.hook(name, ...lines);
    for (const more of [{}, { branch: 'new' }])
      for (const path of [file, 'models/new.yaml', 'hidden/model.yaml']) {
        if (name === 'reference-transaction' && 'branch' in more) continue;
        mkdirSync(join(scene.folder, dirname(path)), { recursive: true });
        t.regex(await toRefusal(t, scene, more, { path }), /^git refuses the commit: \n {4}checked\n {4}no good/);
      }
  });

test('a hook sees the file as it will be committed, and may change the message', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', 'other.yaml': '1\n' });
  scene.put('other.yaml', '2\n');
  await scene.git('add', 'other.yaml');
  scene.hook('pre-commit', 'git diff --cached --name-only >../seen', `git show :${file} >>../seen`, 'echo fine');
  scene.hook('commit-msg', 'echo "Ticket: 7" >>"$1"');
  const { remarks } = await scene.commit({ branch: 'new' });
  t.is(scene.read('../seen'), `${file}\na: 1\nb: 2\n`);
  t.is(await scene.git('log', '-1', '--format=%B'), 'wisdom: try v2\nTicket: 7\n\n');
  t.deepEqual([...remarks], ['git commit said: fine']);
});

test('changes by hooks are reported', async (t) => {
  const scene = await setUp(t, { [file]: 'a: 1\n', 'index.txt': '1\n' });
  scene.hook('pre-commit', `echo c: 3 >>${file}`, 'echo 2 >index.txt', `git add ${file} index.txt`);
  const made = await scene.commit();
  const id = (await scene.git('rev-parse', 'HEAD')).trim();
  t.is(made.id, id);
  t.is(await scene.git('show', `HEAD:${file}`), 'a: 1\nb: 2\nc: 3\n');
  t.deepEqual(
    [...made.remarks],
    ['a hook has added to the commit: index.txt', `a hook has changed what is committed of ${file}`],
  );
});

test('what a hook wrote to the file stays when the hook refuses the commit', async (t) => {
  const scene = await setUp(t);
  scene.hook('pre-commit', `echo c: 3 >>${file}`, 'echo formatted, add it; exit 1');
  const error = await t.throwsAsync(scene.commit({ branch: 'new' }));
  t.is(
    error?.message,
    `git refuses the commit: formatted, add it\na hook has changed ${file} meanwhile: it stays as it is`,
  );
  t.is(scene.read(file), 'a: 1\nb: 2\nc: 3\n');
  t.is(await scene.git('for-each-ref', '--format=%(refname)'), 'refs/heads/main\n');
});

test('hooks after the commit cannot undo it, and the actual HEAD is reported', async (t) => {
  const scene = await setUp(t);
  scene.hook('post-commit', 'echo could not notify >&2; exit 1');
  const first = await scene.commit();
  t.is((await scene.git('rev-parse', 'HEAD')).trim(), first.id ?? '');
  t.deepEqual([...first.remarks], ['git commit said: could not notify']);
  scene.hook('post-commit', 'rm .git/hooks/post-commit', 'git commit --quiet --amend --no-verify -m amended');
  const second = await scene.commit();
  t.is((await scene.git('rev-parse', 'HEAD')).trim(), second.id ?? '');
  t.is(await scene.git('log', '-2', '--format=%s'), 'amended\nwisdom: try v2\n');
  scene.hook('post-commit', 'git switch --quiet --create elsewhere');
  const third = await scene.commit();
  t.is(third.branch, 'elsewhere');
  t.deepEqual([...third.remarks], ['a hook has checked out elsewhere in place of main']);
  scene.hook('post-commit', 'git reset --quiet --soft HEAD~1');
  const error = await t.throwsAsync(scene.commit());
  t.regex(error?.message ?? '', /^a hook has moved HEAD back to [0-9a-f]{7} after the commit$/);
});

testThoroughly('a hook that fails after the branch is created cannot undo it', async (t) => {
  const scene = await setUp(t);
  scene.hook('post-checkout', 'echo no lock; exit 1');
  const { id, branch, remarks } = await scene.commit({ branch: 'new' });
  t.truthy(id);
  t.is(branch, 'new');
  t.deepEqual([...remarks], ['git switch said: no lock']);
  scene.hook('pre-commit', 'exit 1');
  await toRefusal(t, scene, { branch: 'newer' });
});

test('the configured hooks run', async (t) => {
  const scene = await setUp(t);
  scene.put('../hooks/pre-commit', '#!/bin/sh\nexit 1\n');
  chmodSync(join(scene.folder, '../hooks/pre-commit'), 0o755);
  await scene.git('config', 'core.hooksPath', '../hooks');
  t.is(await toRefusal(t, scene), 'git refuses the commit: it ended with 1');
});

test('a commit is signed by the configured program if git is configured to sign', async (t) => {
  const scene = await setUp(t);
  const gpg = join(scene.folder, '../gpg');
  // gpg(1): it signs its input, and reports that on the descriptor that --status-fd names (2).
  writeFileSync(
    gpg,
    '#!/bin/sh\necho "$@" >../asked\ncat >../signed\nprintf "\\n[GNUPG:] SIG_CREATED D 1 8 00 1 A\\n" >&2\nprintf -- "-----BEGIN PGP SIGNATURE-----\\n\\nmine\\n-----END PGP SIGNATURE-----\\n"\n',
  );
  chmodSync(gpg, 0o755);
  await scene.git('config', 'gpg.program', gpg);
  await scene.git('config', 'commit.gpgsign', 'true');
  await scene.git('config', 'user.signingkey', 'ADA');
  const { id, remarks } = await scene.commit();
  t.deepEqual(remarks, []);
  t.regex(await scene.git('cat-file', 'commit', id ?? ''), /^gpgsig -----BEGIN PGP SIGNATURE-----$/m);
  t.regex(scene.read('../asked') ?? '', /ADA/);
  t.regex(scene.read('../signed') ?? '', /\n\nwisdom: try v2\n$/);
  writeFileSync(gpg, '#!/bin/sh\necho "gpg: no secret key" >&2\nexit 2\n');
  t.regex(await toRefusal(t, scene, { branch: 'new' }), /^git refuses the commit: (.|\n)*gpg failed to sign/);
});

testThoroughly('commit.cleanup, commit.template and an editor do not change the message', async (t) => {
  const scene = await setUp(t);
  scene.put('../template', 'fill this in\n');
  await scene.git('config', 'commit.template', '../template');
  await scene.git('config', 'core.editor', 'false');
  await scene.git('config', 'commit.verbose', 'true');
  await scene.git('config', 'commit.cleanup', 'scissors');
  const { id } = await scene.commit({ message: '# wisdom: try v2' });
  t.is(await scene.git('log', '-1', '--format=%B', id ?? ''), '# wisdom: try v2\n\n');
});

testThoroughly('SHA-256, split and version 4 indexes and sparse clones are supported', async (t) => {
  const kinds: Record<string, (scene: Scene) => Promise<unknown>> = {
    split: ({ git }) => git('update-index', '--split-index'),
    'version 4': ({ git }) => git('update-index', '--index-version', '4'),
    'an untracked cache': ({ git }) => git('update-index', '--untracked-cache'),
    'many files': ({ git }) => git('config', 'feature.manyFiles', 'true'),
    sparse: ({ git }) => git('sparse-checkout', 'set', '--cone', 'models/wisdom'),
  };
  for (const [kind, prepare] of Object.entries(kinds)) {
    const scene = await setUp(t, { [file]: 'a: 1\n', 'others/a/b.yaml': '1\n' });
    await prepare(scene);
    const before = await scene.git('ls-files', '-v', 'others');
    await scene.commit();
    await scene.commit({ branch: 'new' }, 'outside/new/model.yaml');
    t.is(await scene.git('show', `HEAD~1:${file}`), 'a: 1\nb: 2\n', kind);
    t.is(await scene.git('diff', '--name-only', 'HEAD~2', 'HEAD'), `${file}\noutside/new/model.yaml\n`, kind);
    t.is(await scene.git('ls-files', '-v', 'others'), before);
    await scene.git('fsck', '--strict');
  }
  const other = await setUp(t);
  await git(other.folder, ['init', '--quiet', '--object-format=sha256', 'sha256']);
  const sha256 = toScene(join(other.folder, 'sha256'));
  sha256.put(file, 'a: 1\n');
  await sha256.git('add', '--all');
  await sha256.git('commit', '--quiet', '--message', 'start');
  t.is((await sha256.commit()).id?.length, 64);
  t.is(await sha256.git('show', `HEAD:${file}`), 'a: 1\nb: 2\n');
});

testThoroughly('a work tree may be reached through a link', async (t) => {
  const scene = await setUp(t);
  symlinkSync(scene.folder, join(scene.folder, '../link'));
  await toScene(join(scene.folder, '../link')).commit();
  t.is(await scene.git('show', `HEAD:${file}`), 'a: 1\nb: 2\n');
});
