/** A branch that takes signed commits alone. */
import { addSigningKey, makeKey } from './keys.ts';
import type { Scene, Story } from './story.ts';

export const signing: readonly Story[] = [{ title: 'a branch that requires signed commits', play }];

interface Commit {
  readonly commit: { readonly verification: { readonly verified: boolean; readonly reason: string } };
}

async function play({ gitea, repository, bot, watched, check, subjects }: Scene): Promise<void> {
  const rule = { rule_name: 'main', enable_push: true, require_signed_commits: true };
  await gitea.api('POST', `/repos/${repository}/branch_protections`, rule);
  const token = { MODEL_MIRROR_GIT_TOKEN: await gitea.addToken(bot, 'watcher') };
  watched.watch(gitea.url(repository), [], token);
  const { message } = await watched.line(/"level":"error"/);
  // Gitea says no more than this to git; that the commit is not verified is in its own log alone.
  check('without a signature: the words', message, /pre-receive hook declined.*; hint: are signed commits required\?/);
  await watched.stop();
  const key = watched.path('signing-key');
  makeKey(key);
  await addSigningKey(gitea, bot, key);
  watched.watch(gitea.url(repository), ['--signing-key', key, '--author', `${bot} <${bot}@example.com>`], token);
  await watched.recorded('Loading');
  check('with one: it is taken', (await subjects()).at(-1), 'status(wisdom): candidate v2 is loading');
  const [newest] = await gitea.api<Commit[]>('GET', `/repos/${repository}/commits?sha=main&limit=1`);
  check('Gitea calls the commit verified', newest?.commit.verification.verified, true);
  check('by the account’s key', newest?.commit.verification.reason, new RegExp(`^${bot} / SHA256:`));
}
