/** Comments through the REST APIs of GitHub, Gitea and GitLab, against fakes of them. */
import test, { type ExecutionContext } from 'ava';
import { keepComment } from '../../../src/commands/comment.ts';
import { Fault } from '../../../src/core/diagnostics/fault.ts';
import type { ReviewComments } from '../../../src/core/ports/review-comments.ts';
import { GithubComments } from '../../../src/io/review/github-comments.ts';
import { GitlabNotes } from '../../../src/io/review/gitlab-notes.ts';
import { startEndless } from '../process/endless.ts';
import { ReviewHost, somebody } from './review-host.ts';

const marker = '<!-- report -->';

async function startHost(t: ExecutionContext): Promise<ReviewHost> {
  const host = await ReviewHost.start();
  t.teardown(() => host.close());
  return host;
}

const onGithub = ({ url }: Pick<ReviewHost, 'url'>, token = 'job-token') =>
  new GithubComments({ api: url, repository: 'ml/deployments', number: '12', token });

const onGitea = ({ url }: ReviewHost, token = 'robot-token') =>
  new GithubComments({ api: `${url}/api/v1`, repository: 'ml/deployments', number: '12', token });

const onGitlab = ({ url }: ReviewHost, token = 'robot-token') =>
  new GitlabNotes({
    api: `${url}/api/v4`,
    project: '7',
    number: '12',
    page: 'https://gitlab.example.com/ml/deployments/-/merge_requests/12',
    token,
  });

function report(comments: ReviewComments, text: string): ReturnType<typeof keepComment> {
  return keepComment({ text: `${marker}\n${text}`, marker, isWithoutChanges: false }, comments);
}

for (const [name, open, address] of [
  ['GitHub', onGithub, 'https://github.example.com/ml/deployments/pull/12#issuecomment-'],
  ['Gitea', onGitea, 'https://gitea.example.com/ml/deployments/pulls/12#issuecomment-'],
  ['GitLab', onGitlab, 'https://gitlab.example.com/ml/deployments/-/merge_requests/12#note_'],
] as const) {
  test(`${name}: one comment is created and then replaced, among several pages of others`, async (t) => {
    const host = await startHost(t);
    for (let i = 0; i < 150; i++) host.add(somebody, `comment ${i}`);
    host.add(somebody, `${marker}\nnot ours`);
    t.deepEqual(await report(open(host), 'one „✓“'), { code: 'written', address: `${address}1151` });
    for (let i = 0; i < 120; i++) host.add(somebody, `later ${i}`);
    const before = host.comments.map(({ body }) => body);
    t.deepEqual(await report(open(host), 'two'), { code: 'written', address: `${address}1151` });
    t.deepEqual(
      host.comments.map(({ body }) => body),
      before.with(151, `${marker}\ntwo`),
    );
  });

  test(`${name}: a token that may only read comments`, async (t) => {
    const host = await startHost(t);
    const token = { GitHub: 'fork-token', Gitea: 'repository-token', GitLab: 'reader-token' }[name];
    const result = await report(open(host, token), 'one');
    t.is(result.code, 'not-allowed');
    // The host's words tell a missing scope from a fork.
    const words =
      name === 'Gitea' ? /required=\[read:issue\], token scope=write:repository$/ : /Resource not accessible/;
    t.regex(result.code === 'not-allowed' ? result.reason : '', words);
    t.is(host.comments.length, 0);
  });

  test(`${name}: a wrong token is a fault that does not show it`, async (t) => {
    const host = await startHost(t);
    const fault = await t.throwsAsync(report(open(host, 'not-the-token'), 'one'), { instanceOf: Fault });
    t.regex(fault.hint, /MODEL_MIRROR_TOKEN/);
    t.false(`${fault.message}${fault.hint}`.includes('not-the-token'));
  });
}

test("GitHub: a person's token finds its own comment again", async (t) => {
  const host = await startHost(t);
  host.add({ id: 9, login: 'other[bot]', type: 'Bot' }, `${marker}\nof another bot`);
  await report(onGithub(host, 'robot-token'), 'one');
  await report(onGithub(host, 'robot-token'), 'two');
  t.deepEqual(
    host.comments.map(({ body }) => body),
    [`${marker}\nof another bot`, `${marker}\ntwo`],
  );
});

test('Gitea: a token that may not ask who it is keeps one comment, and leaves those of others alone', async (t) => {
  const host = await startHost(t);
  const open = () => onGitea(host, 'issue-token');
  host.add(somebody, `${marker}\nnot ours`);
  for (const text of ['one', 'two', 'three']) t.is((await report(open(), text)).code, 'written');
  // After ours: the newest that may be changed is taken.
  host.add(somebody, `${marker}\nnot ours either`);
  t.deepEqual(await report(open(), 'four'), {
    code: 'written',
    address: 'https://gitea.example.com/ml/deployments/pulls/12#issuecomment-1001',
  });
  t.deepEqual(
    host.comments.map(({ body }) => body.split('\n')[1]),
    ['not ours', 'four', 'not ours either'],
  );
  for (let i = 0; i < 500; i++) host.add(somebody, `${marker}\nflood`);
  host.asked.length = 0;
  t.is((await report(open(), 'five')).code, 'written');
  t.is(host.asked.filter((request) => request.startsWith('PATCH')).length, 10);
  t.is(host.comments.at(-1)?.body, `${marker}\nfive`);
});

test('a passing failure is retried, except where that could add a second comment', async (t) => {
  const host = await startHost(t);
  host.troubles.push({ status: 502 });
  t.is((await report(onGithub(host), 'one')).code, 'written');
  t.is(host.comments.length, 1);
  host.comments.length = 0;
  host.troubles.push(undefined, undefined, { status: 502 });
  await t.throwsAsync(report(onGithub(host), 'one'), { instanceOf: Fault, message: /^POST .* 502 "trouble"$/ });
  t.is(host.asked.filter((request) => request.startsWith('POST')).length, 2);
});

test('a rate limit is not a missing right', async (t) => {
  const host = await startHost(t);
  host.troubles.push(undefined, { status: 403, headers: { 'x-ratelimit-remaining': '0' } });
  const fault = await t.throwsAsync(report(onGithub(host), 'one'), { instanceOf: Fault });
  t.regex(fault.message, /403/);
});

test('an answer that breaks off is no answer of the wrong kind', async (t) => {
  const host = await startHost(t);
  host.troubles.push({ status: 200, breaksOff: true });
  const fault = await t.throwsAsync(report(onGithub(host), 'one'), {
    instanceOf: Fault,
    message: /^GET \/user failed: /,
  });
  t.regex(fault?.hint ?? '', /^try again/);
});

test('an answer without an end is given up, by its length or where it is slow by its time', async (t) => {
  const { server, ended } = await startEndless(t);
  await t.throwsAsync(report(onGithub({ url: server }), 'one'), {
    instanceOf: Fault,
    message: /more than 128 MiB$|^GET \/user failed: .*timeout/,
  });
  await ended;
});

test('a token that the host repeats is hidden, also where its words are cut', async (t) => {
  const host = await startHost(t);
  const token = 'of-no-known-format';
  for (const length of [0, 108, 290]) {
    const text = `${'x'.repeat(length)} ${token} has expired`;
    host.troubles.push({ status: 401, text });
    const fault = await t.throwsAsync(report(onGithub(host, token), 'one'), {
      instanceOf: Fault,
    });
    host.troubles.push(undefined, undefined, {
      status: 403,
      text: JSON.stringify({ message: text }),
    });
    const refused = await report(onGithub(host, 'job-token'), 'one');
    const shown = `${fault?.message} ${refused.code === 'not-allowed' && refused.reason}`;
    t.regex(shown, / 401 "x* ?….* x* ?…/);
    t.false(shown.includes(token.slice(0, 4)), shown);
  }
});

test('the token is not taken along to another address', async (t) => {
  const host = await startHost(t);
  const other = await startHost(t);
  host.troubles.push({ status: 307, headers: { location: `${other.url}/user` } });
  await t.throwsAsync(report(onGithub(host), 'one'), { instanceOf: Fault, message: /307/ });
  t.deepEqual(other.asked, []);
});

test('a host that does not answer is a fault', async (t) => {
  const host = await ReviewHost.start();
  const comments = onGithub(host);
  host.close();
  await t.throwsAsync(report(comments, 'one'), { instanceOf: Fault, message: /^GET \/user failed: .*ECONNREFUSED/ });
});
