/** Main is for people, deploy for the bot: the watcher carries the one to the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { statusFile } from '../watched.ts';
import { addSigningKey, makeKey } from './keys.ts';
import { openPullRequest } from './pull-request.ts';
import type { Gitea } from './server.ts';
import { admin } from './server.ts';
import type { Scene, Story } from './story.ts';

export const deploy: readonly Story[] = [{ title: 'a deploy branch', branch: 'deploy', play }];

async function play({ gitea, repository, bot, watched, check, subjects }: Scene): Promise<void> {
  await protect(gitea, repository, 'main', [admin]);
  await protect(gitea, repository, 'deploy', [bot], { require_signed_commits: true });
  const key = watched.path('signing-key');
  makeKey(key);
  await addSigningKey(gitea, bot, key);
  const identity = ['--signing-key', key, '--author', `${bot} <${bot}@example.com>`];
  watched.watch(gitea.url(repository), ['--source-branch', 'main', '--branch', 'deploy', ...identity], {
    MODEL_MIRROR_GIT_TOKEN: await gitea.addToken(bot, 'watcher'),
  });
  await watched.recorded('Loading');
  await merge(gitea, repository);
  const refused = await watched.line(/main is not carried to deploy/);
  check(
    'rules that require signatures refuse a carry of unsigned commits',
    refused.message,
    /pre-receive hook declined.*; hint: are signed commits required\?/,
  );
  await watched.set('Ready');
  await watched.recorded('Ready');
  check('status commits go on meanwhile', await gitea.show(repository, 'note.md', 'deploy'), '');
  await gitea.api('PATCH', `/repos/${repository}/branch_protections/deploy`, { require_signed_commits: false });
  await watched.until('the merge is on deploy', async () => (await gitea.show(repository, 'note.md', 'deploy')) !== '');
  const bots = await gitea.git(repository, 'log', '--reverse', `--committer=${bot}`, '--format=%s', 'deploy');
  check(
    'deploy has what the bot did',
    bots
      .replaceAll(/^carry \w{8}/gm, 'carry')
      .trim()
      .split('\n'),
    [
      'carry: wisdom: try v2',
      'status(wisdom): candidate v2 is loading',
      'status(wisdom): candidate v2 is Ready; its mirror may open',
      "carry: Merge pull request 'a note' (＃1) from proposal into main",
    ],
  );
  check('main has nothing of the bot', await gitea.git(repository, 'log', `--committer=${bot}`, 'main'), '');
  check('main has what people did', await subjects(), [
    'wisdom: try v2',
    'a note',
    "Merge pull request 'a note' (#1) from proposal into main",
  ]);
  check(
    'they differ by the status file',
    await gitea.git(repository, 'diff', '--name-only', 'main', 'deploy'),
    `${statusFile}\n`,
  );
  check('the branches are whole', await gitea.git(repository, 'fsck', '--strict', '--full', '--no-dangling'), '');
}

function protect(gitea: Gitea, repository: string, branch: string, users: readonly string[], more: object = {}) {
  const rule = { rule_name: branch, enable_push: true, enable_push_whitelist: true, push_whitelist_usernames: users };
  return gitea.api('POST', `/repos/${repository}/branch_protections`, { ...rule, ...more });
}

/** A person merges a pull request into main. */
async function merge(gitea: Gitea, repository: string): Promise<void> {
  const pull = `/repos/${repository}/pulls/${await openPullRequest(gitea, repository)}`;
  // Gitea looks for conflicts first, in the background.
  while (!(await gitea.api<{ mergeable: boolean }>('GET', pull)).mergeable) await sleep(100);
  await gitea.api('POST', `${pull}/merge`, { Do: 'merge' });
}
