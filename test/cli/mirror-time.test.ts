/** A policy that wants the mirror open for some time, in clones whose commits have their own times. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import type { Repository } from './clone.ts';
import { clone, model, policy, toPolicy } from './clone.ts';
import { personal, runInProcess } from './in-process.ts';

const limited = `${toPolicy(20)}  limits: {minMirrorTime: 24h}\n`;
const hour = 3600;
const now = Math.floor(Date.now() / 1000);

/** Commits what is in the work tree, as it would have been so many seconds ago. */
function commitAgo(repository: Repository, seconds: number, message: string): void {
  const date = `${now - seconds} +0000`;
  execFileSync('git', ['-C', repository.folder, 'commit', '--quiet', '--all', '--message', message], {
    env: { ...personal, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    stdio: 'ignore',
  });
}

/** The candidate is mirrored to since then; the policy has the limit. */
function openAgo(repository: Repository, seconds: number): void {
  repository.git('checkout', '--quiet', '--orphan', 'fresh');
  repository.put(policy, limited);
  commitAgo(repository, seconds, 'open');
  repository.git('branch', '--quiet', '--move', '--force', 'main');
}

const promoteByHand = ({ read, put }: Repository) => {
  const text = read(model);
  const [head = '', candidate = ''] = text.split('  candidate: # on trial\n');
  put(model, `${head.slice(0, head.indexOf('    version: v1'))}${candidate}`);
};

test('promote waits for the time that a policy wants', async (t) => {
  const repository = clone(t);
  openAgo(repository, 23 * hour);
  const { code, err } = await repository.run('promote', 'wisdom', '--force', '--commit');
  t.is(code, 1);
  t.regex(err, /\[mirrored-too-briefly\]/);
  openAgo(repository, 25 * hour);
  const promoted = await repository.run('promote', 'wisdom', '--commit');
  t.is(promoted.code, 0, promoted.err);
  t.regex(
    repository.git('log', '-1', '--format=%B'),
    /^wisdom: promote v2\n\nv2 was mirrored for 1 d 1 h, at 20 % last; /,
  );
  t.is((await repository.run('validate')).code, 0);
});

test('a limit that is only removed in the work tree counts for what is committed', async (t) => {
  const repository = clone(t);
  openAgo(repository, hour);
  repository.put(policy, toPolicy(20));
  for (const words of [['--commit'], ['--branch', 'mine'], ['--commit', '--force'], ['--commit', '--dry-run']]) {
    const { code, err } = await repository.run('promote', 'wisdom', ...words);
    t.is(code, 1, words.join(' '));
    t.regex(err, /models\/wisdom\/policy.yaml:6 wants 24h before a promotion \[mirrored-too-briefly\]/);
  }
  // It may be committed with the promotion.
  t.is((await repository.run('promote', 'wisdom', '--dry-run')).code, 0);
});

test('validate refuses a promotion that was made by hand too early, whenever it is run', async (t) => {
  const repository = clone(t);
  openAgo(repository, 48 * hour);
  promoteByHand(repository);
  // In the work tree alone it would be made now.
  t.is((await repository.run('validate')).code, 0);
  commitAgo(repository, 25 * hour, 'promote');
  for (const words of [['validate'], ['validate', '--revision', 'HEAD'], ['validate', 'models']]) {
    const { code, out } = await repository.run(...words);
    t.is(code, 1, words.join(' '));
    t.regex(out, /v2 was mirrored for 23h, and models\/wisdom\/policy.yaml:6 wants 24h .*\[mirrored-too-briefly\]/);
  }
  t.is((await repository.run('validate', '--revision', 'HEAD~1')).code, 0);
});

test('a clone that does not reach back says what to fetch', async (t) => {
  const repository = clone(t);
  openAgo(repository, 48 * hour);
  repository.put(policy, `# more\n${limited}`);
  commitAgo(repository, 3 * hour, 'a word');
  promoteByHand(repository);
  commitAgo(repository, hour, 'promote');
  const shallow = join(repository.folder, '../shallow');
  const git = (...words: string[]) => execFileSync('git', words, { env: personal, stdio: 'ignore' });
  git('clone', '--quiet', '--depth', '2', '--branch', 'main', `file://${repository.folder}`, shallow);
  const { code, out } = await runInProcess(shallow, personal, ['validate']);
  t.is(code, 1);
  t.regex(out, /mirrored for at least 2h, and .*\n +run git fetch --unshallow: /);
  git('-C', shallow, 'fetch', '--quiet', '--unshallow');
  t.is((await runInProcess(shallow, personal, ['validate'])).code, 0);
});

test('where git refuses the folder, its reason is in the problem', async (t) => {
  const repository = clone(t);
  openAgo(repository, 48 * hour);
  promoteByHand(repository);
  const foreign = { ...personal, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' };
  const { code, out } = await runInProcess(repository.folder, foreign, ['validate']);
  t.is(code, 1);
  t.regex(out, /for how long v2 was mirrored is not known here, and .*\n +.*dubious ownership/);
});
