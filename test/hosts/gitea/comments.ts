/** `model-mirror comment` with the variables that Gitea's runner sets, for tokens of every kind of scope. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { marker } from '../../../src/output/pull-request-markdown.ts';
import { openPullRequest } from './pull-request.ts';
import type { Gitea } from './server.ts';
import type { Scene, Story } from './story.ts';

const program = join(import.meta.dirname, '../../../dist/model-mirror.cjs');

export const comments: readonly Story[] = [{ title: 'comment on a pull request', play: playComments }];

async function playComments({ gitea, repository, bot, check }: Scene): Promise<void> {
  const number = await openPullRequest(gitea, repository);
  const bodies = async () =>
    (await gitea.api<{ body: string }[]>('GET', `/repos/${repository}/issues/${number}/comments`)).map(
      ({ body }) => body.split('\n')[1],
    );
  await gitea.api('POST', `/repos/${repository}/issues/${number}/comments`, { body: `${marker}\nnot ours` });
  for (const [name, scopes] of [
    ['knows itself', ['write:issue', 'read:user']],
    ['does not know itself', ['write:issue']],
  ] as const) {
    const token = await gitea.addToken(bot, name, scopes);
    for (const text of ['one', 'two'])
      check(
        `a token that ${name} writes`,
        await comment(gitea, repository, number, token, text),
        new RegExp(`^0 http://127\\.0\\.0\\.1:${gitea.port}/${repository}/pulls/${number}#issuecomment-\\d+\\n$`),
      );
    check(`a token that ${name} keeps one comment`, await bodies(), ['not ours', 'two']);
  }
  const repositoryOnly = await gitea.addToken(bot, 'repository', ['write:repository']);
  check(
    'a token without the scope',
    await comment(gitea, repository, number, repositoryOnly, 'three'),
    /^0 Not commented: the token has no right to \(403: token does not have at least one of required scope/,
  );
}

/** @returns the exit code, and what it printed. */
function comment(gitea: Gitea, repository: string, number: number, token: string, text: string): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: `http://127.0.0.1:${gitea.port}/api/v1`,
    GITHUB_REPOSITORY: repository,
    GITHUB_REF: `refs/pull/${number}/head`,
    MODEL_MIRROR_TOKEN: token,
  };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, 'comment'], { env }, (error, stdout, stderr) =>
      resolve(`${error?.code ?? 0} ${stdout}${stderr}`),
    );
    child.stdin?.end(`${marker}\n${text}\n`);
  });
}
