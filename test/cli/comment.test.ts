/** The command as a process, against fakes of GitHub and GitLab; test/io/review has the APIs in detail. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isWithoutChanges, marker, toPullRequestMarkdown } from '../../src/output/pull-request-markdown.ts';
import { ReviewHost } from '../io/review/review-host.ts';

const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');
const nothing = toPullRequestMarkdown(
  { models: [], risks: [], objects: [], problemsBefore: [] },
  { base: 'main', head: 'HEAD' },
);
const report = `${marker}\n### model-mirror\n\n- **wisdom**: candidate v3 „✓“\n`;

async function startHost(t: ExecutionContext): Promise<ReviewHost> {
  const host = await ReviewHost.start();
  t.teardown(() => host.close());
  return host;
}

const onGithub = (host: ReviewHost, token = 'job-token') => ({
  GITHUB_ACTIONS: 'true',
  GITHUB_API_URL: host.url,
  GITHUB_REPOSITORY: 'ml/deployments',
  GITHUB_REF: 'refs/pull/12/merge',
  MODEL_MIRROR_TOKEN: token,
});

const onGitlab = (host: ReviewHost, token = 'robot-token') => ({
  GITLAB_CI: 'true',
  CI_API_V4_URL: `${host.url}/api/v4`,
  CI_MERGE_REQUEST_PROJECT_ID: '7',
  CI_MERGE_REQUEST_PROJECT_URL: 'https://gitlab.example.com/ml/deployments',
  CI_MERGE_REQUEST_IID: '12',
  MODEL_MIRROR_TOKEN: token,
});

/** @returns `code`, stdout and stderr on lines of their own. */
function comment(text: string, environment: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, 'comment'],
      { env: { PATH: process.env['PATH'], ...environment } },
      (error, stdout, stderr) => resolve(`${error?.code ?? 0}\n${stdout}${stderr}`),
    );
    child.stdin?.on('error', () => undefined).end(text);
  });
}

for (const [name, toEnvironment, address] of [
  ['GitHub', onGithub, 'https://github.example.com/ml/deployments/pull/12#issuecomment-'],
  ['GitLab', onGitlab, 'https://gitlab.example.com/ml/deployments/-/merge_requests/12#note_'],
] as const)
  test(`${name}: the report is read from stdin, and the address of the comment printed`, async (t) => {
    const host = await startHost(t);
    t.is(await comment(report, toEnvironment(host)), `0\n${address}1000\n`);
    t.deepEqual(
      host.comments.map(({ body }) => body),
      [report],
    );
  });

test('what keeps it from commenting goes to stderr', async (t) => {
  const host = await startHost(t);
  t.is(await comment(nothing, onGithub(host)), '0\nThere are no changes and no earlier comment, so none is written.\n');
  t.regex(
    await comment(report, onGithub(host, 'fork-token')),
    /^0\nNot commented: .*\(403: Resource not accessible by integration\)\. Tokens for pull requests from forks/,
  );
  const wrong = await comment(report, onGithub(host, 'not-the-token'));
  t.regex(wrong, /^3\nmodel-mirror: GET \/user was answered with 401 .*\n {4}MODEL_MIRROR_TOKEN is wrong/);
  t.false(wrong.includes('not-the-token'));
  t.is(host.comments.length, 0);
});

test('missing variables and other input are reported before any request', async (t) => {
  const host = await startHost(t);
  const { GITHUB_REF: _, ...push } = onGithub(host);
  const { CI_MERGE_REQUEST_IID: _iid, ...branch } = onGitlab(host);
  const { MODEL_MIRROR_TOKEN: _token, ...bare } = onGithub(host);
  t.regex(await comment(report, {}), /^2\nmodel-mirror: this is not a GitHub, Gitea or GitLab job\n/);
  t.regex(await comment(report, push), /^2\nmodel-mirror: this is not a job for a pull request\n/);
  t.regex(await comment(report, branch), /^2\nmodel-mirror: CI_MERGE_REQUEST_IID is not set\n/);
  t.regex(
    await comment(report, bare),
    /^2\nmodel-mirror: MODEL_MIRROR_TOKEN is not set\n {4}on GitHub and Gitea, set it to/,
  );
  t.regex(await comment('hello\n', onGithub(host)), /^2\nmodel-mirror: the input is not a report of model-mirror/);
  t.deepEqual(host.asked, []);
});

test('a report without changes is marked as such', (t) => {
  t.true(isWithoutChanges(nothing));
  t.false(isWithoutChanges(report));
});
