/** The command that comments, as a process, against stand-ins for GitHub and GitLab. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isWithoutChanges, marker, toPullRequestMarkdown } from '../../src/output/pull-request-markdown.ts';
import { ReviewHost, somebody } from './review-host.ts';

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
] as const) {
  test(`${name}: one comment, begun and then replaced, among many of others`, async (t) => {
    const host = await startHost(t);
    for (let i = 0; i < 150; i++) host.add(somebody, `comment ${i}`);
    // Whoever edits it would change what we say.
    host.add(somebody, `${marker}\nnot ours`);
    t.is(await comment(report, toEnvironment(host)), `0\n${address}1151\n`);
    for (let i = 0; i < 120; i++) host.add(somebody, `later ${i}`);
    const before = host.comments.map(({ body }) => body);
    t.is(await comment(`${report}anew\n`, toEnvironment(host)), `0\n${address}1151\n`);
    t.deepEqual(
      host.comments.map(({ body }) => body),
      before.with(151, `${report}anew\n`),
    );
  });

  test(`${name}: where nothing changes no comment is begun, but an earlier one is brought up to date`, async (t) => {
    const host = await startHost(t);
    t.is(await comment(nothing, toEnvironment(host)), '0\nNothing changes, so no comment is begun.\n');
    t.is(host.comments.length, 0);
    await comment(report, toEnvironment(host));
    await comment(nothing, toEnvironment(host));
    t.deepEqual(
      host.comments.map(({ body }) => body),
      [nothing],
    );
  });

  test(`${name}: a token that may not write is told, and is no error`, async (t) => {
    const host = await startHost(t);
    const token = name === 'GitHub' ? 'fork-token' : 'reader-token';
    t.regex(await comment(report, toEnvironment(host, token)), /^0\nNot commented: the token may not do so \(403\)/);
    t.is(host.comments.length, 0);
  });

  test(`${name}: a wrong token is an error, and is not shown`, async (t) => {
    const host = await startHost(t);
    const said = await comment(report, toEnvironment(host, 'not-the-token'));
    t.regex(said, /^3\nmodel-mirror: GET \/user was answered with 401 .*\n {4}MODEL_MIRROR_TOKEN is wrong/);
    t.false(said.includes('not-the-token'));
  });
}

test("GitHub: a person's token finds its own comment again", async (t) => {
  const host = await startHost(t);
  host.add({ id: 9, login: 'other[bot]', type: 'Bot' }, `${marker}\nof another bot`);
  await comment(report, onGithub(host, 'robot-token'));
  await comment(`${report}anew\n`, onGithub(host, 'robot-token'));
  t.deepEqual(
    host.comments.map(({ body }) => body),
    [`${marker}\nof another bot`, `${report}anew\n`],
  );
});

test('what fails in passing is tried again, except for what would begin a second comment', async (t) => {
  const host = await startHost(t);
  host.troubles.push({ status: 502 });
  t.regex(await comment(report, onGithub(host)), /^0\nhttps:/);
  t.is(host.comments.length, 1);
  host.comments.length = 0;
  host.troubles.push(undefined, undefined, { status: 502 });
  t.regex(await comment(report, onGithub(host)), /^3\nmodel-mirror: POST \/repos\/ml\/deployments\/.* 502 "trouble"\n/);
  t.is(host.asked.filter((request) => request.startsWith('POST')).length, 2);
});

test('a limit of requests is an error and no missing right', async (t) => {
  const host = await startHost(t);
  host.troubles.push(undefined, { status: 403, headers: { 'x-ratelimit-remaining': '0' } });
  t.regex(await comment(report, onGithub(host)), /^3\n.*403.*\n {4}there were too many requests: try again later\n/);
});

test('the token is not taken to another address', async (t) => {
  const host = await startHost(t);
  const other = await startHost(t);
  host.troubles.push({ status: 307, headers: { location: `${other.url}/user` } });
  t.regex(await comment(report, onGithub(host)), /^3\nmodel-mirror: GET \/user was answered with 307/);
  t.deepEqual(other.asked, []);
});

test('no host that answers is the environment', async (t) => {
  const host = await ReviewHost.start();
  const environment = onGithub(host);
  host.close();
  t.regex(await comment(report, environment), /^3\nmodel-mirror: GET \/user failed: .*ECONNREFUSED.*\n {4}try again/);
});

test('what is missing is said before anything is asked', async (t) => {
  const host = await startHost(t);
  const { GITHUB_REF: _, ...push } = onGithub(host);
  const { CI_MERGE_REQUEST_IID: _iid, ...branch } = onGitlab(host);
  const { MODEL_MIRROR_TOKEN: _token, ...bare } = onGithub(host);
  t.regex(await comment(report, {}), /^2\nmodel-mirror: this is not a GitHub or GitLab job\n/);
  t.regex(await comment(report, push), /^2\nmodel-mirror: this is not a job for a pull request\n/);
  t.regex(await comment(report, branch), /^2\nmodel-mirror: CI_MERGE_REQUEST_IID is not set\n/);
  t.regex(await comment(report, bare), /^2\nmodel-mirror: MODEL_MIRROR_TOKEN is not set\n {4}on GitHub, set it to/);
  t.regex(await comment('hello\n', onGithub(host)), /^2\nmodel-mirror: the text to post is not a report of model-mi/);
  t.deepEqual(host.asked, []);
});

test('a report without changes is known by its text', (t) => {
  t.true(isWithoutChanges(nothing));
  t.false(isWithoutChanges(report));
});
