/** A rollback in clones with all that branches go through: each is made by git itself. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import type { Repository } from './clone.ts';
import { clone, model } from './clone.ts';
import { personal, runInProcess } from './in-process.ts';

const v1 = (repository: Repository, path = model) => {
  const text = repository.read(path);
  return text.slice(0, text.indexOf('  candidate:'));
};

const promote = (repository: Repository) => repository.run('promote', 'wisdom', '--force', '--commit', '--push');

test('what promote has pushed, rollback takes back, to the byte', async (t) => {
  const repository = clone(t);
  const before = v1(repository);
  t.is((await promote(repository)).code, 0);
  const { code, out } = await repository.run('rollback', 'wisdom', '--commit', '--push');
  t.is(code, 0);
  t.is(repository.read(model), before);
  t.is(repository.git('log', '--format=%s', '-2'), 'wisdom: roll back to v1\nwisdom: promote v2\n');
  t.is(repository.git('rev-parse', 'HEAD'), repository.git('rev-parse', 'origin/main'));
  t.regex(out, /candidate set wisdom --version v2 --storage-uri s3:\/\/models\/wisdom-2/);
  const again = await repository.run('rollback', 'wisdom', '--commit', '--push');
  t.is(again.code, 1);
  t.regex(again.err, /\[no-promotion\]/);
  t.is(repository.read(model), before);
});

test('a second rollback goes on, also with a commit of something else that is not pushed', async (t) => {
  const repository = clone(t);
  await promote(repository);
  const v3 = ['--version', 'v3', '--storage-uri', 's3://models/wisdom-3'];
  await repository.run('candidate', 'set', 'wisdom', ...v3, '--commit', '--push');
  await promote(repository);
  await repository.run('rollback', 'wisdom', '--commit', '--push');
  repository.put(model, `# mine\n${repository.read(model)}`);
  repository.git('commit', '--quiet', '--all', '--message', 'mine');
  t.is((await repository.run('rollback', 'wisdom', '--commit', '--push')).code, 0);
  t.is(
    repository.git('log', '--format=%s', '-3', 'origin/main'),
    'wisdom: roll back to v1\nmine\nwisdom: roll back to v2\n',
  );
});

test('a dry run writes nothing, and a branch of its own is pushed', async (t) => {
  const repository = clone(t);
  const before = v1(repository);
  await promote(repository);
  const promoted = repository.read(model);
  t.is((await repository.run('rollback', 'wisdom', '--dry-run')).code, 0);
  t.is(repository.read(model), promoted);
  t.is((await repository.run('rollback', 'wisdom', '--branch', 'back', '--push')).code, 0);
  t.is(repository.git('show', `origin/back:${model}`), before);
  t.is(repository.git('show', `origin/main:${model}`), promoted);
});

test('a promotion that is only in the work tree is in the way', async (t) => {
  const repository = clone(t);
  await repository.run('promote', 'wisdom', '--force');
  const { code, err } = await repository.run('rollback', 'wisdom', '--commit');
  t.is(code, 1);
  t.regex(err, /\[edit-refused\]/);
  t.regex(err, /To restore the file: git checkout HEAD -- models\/wisdom\/model.yaml\n/);
  t.regex(repository.read(model), /version: v2/);
});

/** The promotion gets to main in some way; then the folder is moved. */
const ways: Record<string, (repository: Repository) => void> = {
  'a merge': ({ git }) => {
    git('checkout', '--quiet', 'main');
    git('merge', '--quiet', '--no-ff', '--no-edit', 'promotion');
  },
  'a squash': ({ git }) => {
    git('checkout', '--quiet', 'main');
    git('merge', '--quiet', '--squash', 'promotion');
    git('commit', '--quiet', '--message', 'squashed', 'models');
  },
  'a fast-forward': ({ git }) => {
    git('checkout', '--quiet', 'main');
    git('merge', '--quiet', '--ff-only', 'promotion');
  },
};

for (const [way, bring] of Object.entries(ways))
  test(`${way} with a promotion is undone, also after the folder has moved`, async (t) => {
    const repository = clone(t);
    const { git, run } = repository;
    const before = v1(repository);
    git('commit', '--quiet', '--all', '--message', 'what was staged');
    // Others are at work on main and on the branch: neither is a promotion.
    git('checkout', '--quiet', '-b', 'promotion');
    t.is((await run('mirror', 'wisdom', '40', '--commit')).code, 0);
    t.is((await run('promote', 'wisdom', '--force', '--commit')).code, 0);
    bring(repository);
    git('mv', 'models/wisdom', 'models/sage');
    git('commit', '--quiet', '--message', 'move', 'models');
    const { code, err } = await run('rollback', 'wisdom', '--commit');
    t.is(code, 0, err);
    t.is(repository.read('models/sage/model.yaml'), before);
  });

test('a clone without the promotion says what to fetch, and finds it then', async (t) => {
  const repository = clone(t);
  const before = v1(repository);
  await promote(repository);
  await repository.run('mirror', 'wisdom', '30', '--commit', '--push');
  const shallow = join(repository.folder, '../shallow');
  const git = (...words: string[]) =>
    execFileSync('git', words, {
      env: personal,
      stdio: 'pipe',
      encoding: 'utf8',
    });
  git(
    'clone',
    '--quiet',
    '--depth',
    '1',
    '--branch',
    'main',
    `file://${join(repository.folder, '../remote')}`,
    shallow,
  );
  const refused = await runInProcess(shallow, personal, ['rollback', 'wisdom', '--commit']);
  t.is(refused.code, 1);
  t.regex(refused.err, /\[no-promotion\]\n +run git fetch --unshallow\n/);
  git('-C', shallow, 'fetch', '--quiet', '--unshallow');
  const found = await runInProcess(shallow, personal, ['rollback', 'wisdom', '--commit']);
  t.is(found.code, 0, found.err);
  t.is(git('-C', shallow, 'show', `HEAD:${model}`), before);
});
