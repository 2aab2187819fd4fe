/** A clone whose files are taken from a folder of its work tree: paths count from there, and git gets its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { GitClone } from '../../../src/io/git-cli/clone.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { personal } from '../../cli/in-process.ts';

const policy = (percentage: number) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: a}\nspec: {mirrorPercentage: ${percentage}}\n`;
const own = 'models/a/policy.yaml';

test('paths count from the repository as the command takes it', async (t) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-clone-')));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const repository = join(root, 'part of it');
  const git = (...words: string[]) => execFileSync('git', ['-C', root, ...words], { encoding: 'utf8', env: personal });
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  };
  git('init', '--quiet', '--initial-branch=main');
  put(own, policy(20));
  put('../policy.yaml', policy(50));
  git('add', '--all');
  git('commit', '--quiet', '--message', 'start');
  const places = { repository, repositoryPath: '.', folder: repository, root: repository };
  const clone = new GitClone(new Git(root, { environment: personal }), places);

  put(own, policy(30));
  put('../policy.yaml', policy(60));
  put('models/a/new.policy.yaml', policy(1));
  put('../.git/info/exclude', 'new.policy.yaml\n');
  const state = await clone.readState('models/a', [own, 'models/a/new.policy.yaml']);
  if (state?.head === undefined) return t.fail();
  t.deepEqual([...state.uncommitted].sort(), ['models/a/new.policy.yaml', own]);
  t.deepEqual([state.branch, state.destination, state.unpushed.size], ['main', undefined, 0]);
  t.deepEqual([state.isTracked(own), state.isTracked('models/a/new.policy.yaml')], [true, false]);

  const tree = await clone.readCommit(state.head, 'models/a');
  t.is(tree?.folder, 'models/a');
  t.deepEqual(
    tree?.files.map(({ path }) => path),
    [own],
  );
  const [file] = tree?.files ?? [];
  t.deepEqual(file && tree?.read(file), { path: own, text: policy(20) });

  const steps = await clone.readStepState(state, ['models/a/new.policy.yaml', own]);
  t.deepEqual(steps, {
    unfinished: undefined,
    conflicts: [],
    ignored: new Set(['models/a/new.policy.yaml']),
    branches: [],
    isBehind: false,
  });

  const change = { path: own, before: policy(30), after: policy(5) };
  const made = await clone.commitFile(change, { message: 'five', branch: 'topic' }, () => put(own, policy(5)));
  t.is(git('show', '--format=%s', '--name-only', 'HEAD'), `five\n\npart of it/${own}\n`);
  t.is(made.branch, 'topic');
  t.deepEqual(
    (await clone.listBranches()).filter((name) => name !== ''),
    ['main', 'topic'],
  );

  // The other side has the same line otherwise.
  git('reset', '--quiet', '--hard');
  git('switch', '--quiet', 'main');
  put(own, policy(7));
  git('commit', '--quiet', '--all', '--message', 'seven');
  t.throws(() => git('merge', '--quiet', 'topic'));
  const merging = await clone.readState('models/a', [own]);
  if (merging === undefined) return t.fail();
  t.like(await clone.readStepState(merging, [own]), { unfinished: 'merge', conflicts: [own] });
});

test('what git cannot read is left to git', async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-clone-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const places = { repository: folder, repositoryPath: '.', folder, root: folder };
  const clone = new GitClone(new Git(folder, { environment: personal }), places);
  t.is(await clone.readState('.', []), undefined);
  t.is(await clone.readCommit('1234567890123456789012345678901234567890', '.'), undefined);
  t.is(await clone.findDestination('main'), undefined);
});
