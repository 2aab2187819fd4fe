/** Tokens as the password: good ones and all that is wrong with others, in the words of the log. */
import type { Scene, Story } from './story.ts';

const push = ['write:repository'];

export const tokens: readonly Story[] = [
  { title: 'a token as the password', play: playToken },
  { title: 'a token that is deleted, and another one in the file', play: playDeleted },
];

async function playToken({ gitea, repository, bot, watched, check, subjects }: Scene): Promise<void> {
  watched.watch(gitea.url(repository), [], { MODEL_MIRROR_GIT_TOKEN: await gitea.addToken(bot, 'watcher', push) });
  await watched.recorded('Loading');
  await watched.set('Ready');
  await watched.recorded('Ready');
  check('one commit for each change', await subjects(), [
    'wisdom: try v2',
    'status(wisdom): candidate v2 is loading',
    'status(wisdom): candidate v2 is Ready; its mirror may open',
  ]);
  check(
    'nothing but good news in the log',
    watched.lines.filter(({ level }) => level !== 'info'),
    [],
  );
  check('the branch is whole', await gitea.git(repository, 'fsck', '--strict', '--full', '--no-dangling'), '');
}

async function playDeleted({ gitea, repository, bot, watched, check, subjects }: Scene): Promise<void> {
  const file = watched.file('token', await gitea.addToken(bot, 'first', push));
  watched.watch(gitea.url(repository), ['--git-credentials', file]);
  await watched.recorded('Loading');
  await gitea.removeToken(bot, 'first');
  const { message, attempt } = await watched.line(/does not accept the credentials.*"attempt":4/);
  check('the words', message, /^the git server does not accept the credentials \(HTTP 401\)/);
  check('it is an error once, and a warning when it is repeated', levelsOf(watched.lines, message), [
    'error',
    ...Array.from({ length: Number(attempt) - 1 }, () => 'warn'),
  ]);
  const pauses = watched.lines.filter((line) => line.message === message).map((line) => Number(line['retryInSeconds']));
  check('the pauses grow', Math.max(...pauses) > 2 * Math.min(...pauses), true);
  check('/readyz says so', await watched.page('/readyz'), /does not accept the credentials \(HTTP 401\)/);
  await watched.set('Ready');
  watched.file('token', await gitea.addToken(bot, 'second', push));
  await watched.recorded('Ready');
  await watched.line(/git answers again/);
  check('it goes on', (await subjects()).at(-1), 'status(wisdom): candidate v2 is Ready; its mirror may open');
  check('/readyz is fine again', await watched.page('/readyz'), 'ready\n');
}

function levelsOf(lines: Scene['watched']['lines'], message: string): readonly string[] {
  return lines.filter((line) => line.message === message).map(({ level }) => level);
}
