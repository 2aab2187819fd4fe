/** A branch that is protected from pushes, and what the watcher makes of it. */
import type { Scene, Story } from './story.ts';

export const protection: readonly Story[] = [
  { title: 'a protected branch', play: playProtected },
  { title: 'an account that may only read', play: playReader },
];

/** How long the watcher waits at least once a push was refused, in milliseconds. */
const refusedPauseMs = 30_000;

async function playProtected({ gitea, repository, bot, watched, check, subjects }: Scene): Promise<void> {
  const rule = { rule_name: 'main', enable_push: true, enable_push_whitelist: true };
  await gitea.api('POST', `/repos/${repository}/branch_protections`, { ...rule, push_whitelist_usernames: [] });
  watched.watch(gitea.url(repository), [], { MODEL_MIRROR_GIT_TOKEN: await gitea.addToken(bot, 'watcher') });
  const refused = await watched.line(/"level":"error"/);
  check('the words', refused.message, /Not allowed to push to protected branch main/);
  check('why', refused['cause'], 'refused');
  check('the next push is half a minute away', Number(refused['retryInSeconds']) * 1000 >= refusedPauseMs, true);
  // The branch can be read, and the cluster's state is known.
  check(
    '/readyz',
    await watched.page('/readyz'),
    /^ready\nbut pushes fail, 1 in a row, .*Not allowed to push to protected branch main/,
  );
  check('the metric of pushes that failed', await watched.page('/metrics'), /^model_mirror_push_failures 1$/m);
  await watched.set('Ready');
  await gitea.api('PATCH', `/repos/${repository}/branch_protections/main`, { push_whitelist_usernames: [bot] });
  await watched.recorded('Ready');
  const accepted = await watched.line(/pushes are accepted again/);
  const pauseMs = Date.parse(String(accepted['time'])) - Date.parse(String(refused['time']));
  check('once the bot may push, the next push is accepted', accepted['after'], 1);
  check('and it comes no earlier', pauseMs >= refusedPauseMs, true);
  // Gitea writes its log a little later than it answers.
  await watched.until('Gitea logs the push that it took', () => gitea.count(repository, 'push') > 1);
  check('there were two pushes in all', gitea.count(repository, 'push'), 2);
  check('the branch has one commit for what happened meanwhile', (await subjects()).slice(1), [
    'status(wisdom): candidate v2 is Ready; its mirror may open',
  ]);
}

async function playReader({ gitea, repository, watched, check }: Scene): Promise<void> {
  const reader = await gitea.addUser(`${repository.split('/')[1]}-reader`);
  await gitea.allow(repository, reader, 'read');
  watched.watch(gitea.url(repository), [], { MODEL_MIRROR_GIT_TOKEN: await gitea.addToken(reader, 'watcher') });
  check('the words', (await watched.line(/"level":"error"/)).message, /User permission denied for writing/);
}
