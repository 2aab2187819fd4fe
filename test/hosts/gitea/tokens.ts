/** Tokens as the password: good ones and all that is wrong with others, in the words of the log. */
import type { Scene, Story } from './story.ts';

const push = ['write:repository'];

export const tokens: readonly Story[] = [
  { title: 'a token as the password', play: playToken },
  { title: 'a token that is deleted, and another one in the file', play: playDeleted },
  { title: 'credentials that may not push', play: playDenied },
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

/** Each with what it has, and the first line of the log that is not good news. */
async function playDenied({ gitea, repository, bot, watched, check }: Scene): Promise<void> {
  const readOnly = await gitea.addToken(bot, 'reader', ['read:repository']);
  const writer = await gitea.addToken(bot, 'writer', push);
  const expected: readonly (readonly [title: string, place: string, token: string, words: RegExp])[] = [
    ['a wrong token', repository, `${writer}x`, /^the git server does not accept the credentials \(HTTP 401\)/],
    ['no token', repository, '', /and none were given \(HTTP 401\): pass --git-credentials or MODEL_MIRROR_GIT_TOKEN/],
    ['a token that may only read', repository, readOnly, /\(HTTP 403\): Forbidden$/],
    [
      'a repository that is not there',
      `${repository}-not`,
      writer,
      /\(HTTP 403\): Push to create is not enabled for users\.$/,
    ],
  ];
  for (const [title, place, token, words] of expected) {
    watched.watch(gitea.url(place), [], { MODEL_MIRROR_GIT_TOKEN: token });
    const { message } = await watched.line(/"level":"(error|warn)"/);
    check(title, message, words);
    check(`${title}: the token is not shown`, token !== '' && watched.output.includes(token), false);
    await watched.stop();
  }
  await gitea.api('PATCH', `/repos/${repository}`, { archived: true });
  watched.watch(gitea.url(repository), [], { MODEL_MIRROR_GIT_TOKEN: writer });
  check(
    'an archived repository',
    (await watched.line(/"level":"(error|warn)"/)).message,
    /\(HTTP 403\): This repo is archived/,
  );
}
