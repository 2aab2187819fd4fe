/** What hosts really answer, as far as it was seen or is documented; served on loopback. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { safe } from '../../../../src/core/diagnostics/safe-text.ts';
import type { GitSession } from '../../../../src/core/ports/git-transport.ts';
import { BranchTrouble } from '../../../../src/core/ports/watch.ts';
import { git } from '../../../../src/demo/fakes/git.ts';
import { startGitServer } from '../../../../src/demo/fakes/git-server.ts';
import { openTransport } from '../../../../src/io/git/transports.ts';
import { toRetryAfterMs } from '../../../../src/io/process/retry-after.ts';
import { openWholeBranch } from '../whole-branch.ts';

const never = new AbortController().signal;

async function serve(
  t: ExecutionContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Answer {
  readonly status: number;
  readonly text?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function openAt(address: string): Promise<GitSession> {
  return openTransport({ address, credentials: undefined, environment: {} }).open('git-upload-pack', never);
}

/** What reading a branch of such a host fails with. */
async function fail(
  t: ExecutionContext,
  { status, text = '', type = 'text/plain; charset=utf-8', headers = {} }: Answer,
  hasCredentials = true,
): Promise<BranchTrouble> {
  const url = await serve(t, (_, response) => {
    response.writeHead(status, { 'content-type': type, ...headers }).end(text);
  });
  const branch = openWholeBranch(
    openTransport({
      address: `${url}/team/repo.git`,
      credentials: undefined,
      environment: hasCredentials ? { MODEL_MIRROR_GIT_TOKEN: 'token' } : {},
    }),
  );
  const trouble = await t.throwsAsync<BranchTrouble>(branch.fetch(never), { instanceOf: BranchTrouble });
  return trouble as BranchTrouble;
}

const page = '<!DOCTYPE html>\n<html><head><title>\n  Sign in · Example\n</title></head><body>…</body></html>';

for (const [title, answer, code, message] of [
  [
    'Azure DevOps, a wrong token',
    { status: 203, text: page, type: 'text/html' },
    'denied',
    /HTTP 203.*: Sign in · Example$/,
  ],
  [
    'a sign-on proxy',
    { status: 200, text: page, type: 'text/html; charset=utf-8' },
    'denied',
    /there may be a sign-in page in front: Sign in · Example$/,
  ],
  [
    'a page without a title',
    { status: 200, text: '<html>', type: 'text/html' },
    'denied',
    /there may be a sign-in page in front$/,
  ],
  ['400', { status: 400, text: 'Bad credentials format\nmore' }, 'denied', /HTTP 400\): Bad credentials format$/],
  [
    '401',
    { status: 401, text: 'Token expired on 2026-01-01' },
    'denied',
    /credentials \(HTTP 401\): Token expired on 2026-01-01$/,
  ],
  [
    '403, GitHub',
    { status: 403, text: "\nThe 'ml' organization has enabled or enforced SAML SSO.\nVisit …" },
    'denied',
    /HTTP 403\): The 'ml' organization has enabled or enforced SAML SSO\.$/,
  ],
  [
    '403, JSON',
    { status: 403, text: '{"message":"Forbidden by policy"}', type: 'application/json' },
    'denied',
    /: Forbidden by policy$/,
  ],
  [
    '404, Gitea',
    { status: 404, text: 'Push to create is not enabled for organizations.' },
    'denied',
    /HTTP 404\): Push to create is not enabled/,
  ],
  ['407', { status: 407, text: 'Proxy login required' }, 'denied', /HTTP 407\): Proxy login required$/],
  ['429', { status: 429, text: 'slow down' }, 'throttled', /HTTP 429\): slow down$/],
  [
    'a secondary limit',
    { status: 403, text: 'You have exceeded a secondary rate limit', headers: { 'retry-after': '60' } },
    'throttled',
    /HTTP 403\): You have exceeded/,
  ],
  [
    'no requests left',
    { status: 403, text: 'API rate limit exceeded', headers: { 'x-ratelimit-remaining': '0' } },
    'throttled',
    /rate limit/,
  ],
  ['503', { status: 503, text: 'upstream connect error' }, 'unavailable', /HTTP 503: upstream connect error$/],
  [
    'a credential in the text',
    { status: 403, text: 'clone https://ada:pa55word@host/x failed' },
    'denied',
    /clone https:\/\/…@host\/x failed$/,
  ],
] as const)
  test(`what the host says is passed on: ${title}`, async (t) => {
    const trouble = await fail(t, answer);
    t.is(trouble.code, code);
    t.regex(trouble.message, message);
  });

test('200 characters of a long response are shown, on one line', async (t) => {
  const { message } = await fail(t, { status: 400, text: `${'x'.repeat(1_000_000)}\n` });
  t.regex(message, /: x{200}$/);
  t.notRegex((await fail(t, { status: 400, text: 'a\u001b[31mred\u0007' })).message, /\p{Cc}/u);
});

test('missing credentials are reported as missing', async (t) => {
  const { code, message } = await fail(t, { status: 401 }, false);
  t.is(code, 'denied');
  t.regex(message, /none were given \(HTTP 401\): pass --git-credentials or MODEL_MIRROR_GIT_TOKEN$/);
});

test('nothing is asked of another host: a sign-in page there is named, and a repository too', async (t) => {
  const asked: string[] = [];
  const away = await serve(t, (request, response) => {
    asked.push(`${request.url}`);
    response.end();
  });
  const { host } = new URL(away);
  for (const [location, message] of [
    [`${away}/login?next=/team/repo.git/info/refs`, `redirects to ${host} in place of answering (HTTP 302)`],
    [`${away.replace('//', '//ada:pa55word@')}/x`, `redirects to ${host} in place`],
    [`${away}/new.git/info/refs?service=git-upload-pack`, `has moved to ${away}/new.git: name it with --repo`],
    [`${away.replace('//', '//ada:pa55word@')}/new.git/info/refs`, `has moved to ${away}/new.git: name`],
    ['ftp://files.example.com/info/refs', 'redirects to files.example.com'],
    ['javascript:alert(1)', 'redirects to no valid address'],
    ['file:///etc/passwd', 'redirects to no valid address'],
    ['https://', 'redirects to no valid address'],
  ] as const) {
    const { code, message: found } = await fail(t, { status: 302, headers: { location } });
    t.is(code, 'denied', location);
    t.true(found.includes(message), found);
    t.notRegex(found, /pa55word/);
  }
  t.deepEqual(asked, []);
});

test('a redirect without an address is a page in place of git', async (t) => {
  t.regex((await fail(t, { status: 302, text: 'go away' })).message, /with a page .*\(HTTP 302\).*: go away$/);
});

test('an endless redirect is reported as denied', async (t) => {
  let requests = 0;
  const url: string = await serve(t, (request, response) => {
    response.writeHead(302, { location: `${url}${request.url}&${requests++}` }).end();
  });
  const trouble = await t.throwsAsync<BranchTrouble>(openAt(`${url}/repo.git`), { instanceOf: BranchTrouble });
  t.is(trouble?.code, 'denied');
  t.regex(trouble?.message ?? '', /keeps redirecting/);
  t.is(requests, 11);
});

/** Repositories at some addresses, and redirects; notes what was asked, with the credentials. */
async function serveMoved(
  t: ExecutionContext,
  answers: Readonly<Record<string, { readonly status: number; readonly to?: string }>>,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const url = await serve(t, (request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://x');
    const [name = ''] = pathname.split('/').slice(1);
    asked.push(`${name} ${request.headers.authorization === undefined ? 'without' : 'with'}`);
    const { status, to } = answers[name] ?? { status: 404 };
    const [, rest = ''] = pathname.split(name);
    if (status !== 200) return void response.writeHead(status, { location: `${to}${rest}${search}` }).end();
    const type = 'application/x-git-upload-pack-advertisement';
    response.writeHead(200, { 'content-type': type }).end('001e# service=git-upload-pack\n00000000');
  });
  return { url, asked };
}

function openMoved(url: string): { readonly look: () => Promise<GitSession>; readonly reported: string[] } {
  const reported: string[] = [];
  const transport = openTransport({
    address: `${url}/old.git`,
    credentials: undefined,
    environment: { MODEL_MIRROR_GIT_TOKEN: 'token-of-git' },
    onMoved: (address) => reported.push(address),
  });
  return { look: () => transport.open('git-upload-pack', never), reported };
}

test('a repository that was renamed is named once, and asked directly while it is there', async (t) => {
  const answers: Record<string, { status: number; to?: string }> = {
    'old.git': { status: 301, to: '/new.git' },
    'new.git': { status: 200 },
  };
  const { url, asked } = await serveMoved(t, answers);
  const { look, reported } = openMoved(url);
  await look();
  await look();
  t.deepEqual(asked.splice(0), ['old.git with', 'new.git with', 'new.git with']);
  t.deepEqual(reported, [`${url}/new.git`]);

  // Gone there: the old address is asked again, and the same place is no news.
  answers['new.git'] = { status: 404 };
  await t.throwsAsync(look(), { instanceOf: BranchTrouble });
  answers['new.git'] = { status: 200 };
  await look();
  t.deepEqual(asked.splice(0), ['new.git with', 'old.git with', 'new.git with']);
  t.is(reported.length, 1);

  // Renamed once more, and then back.
  answers['new.git'] = { status: 308, to: `${url.replace('//', '//ada:pa55word@')}/newer.git` };
  answers['newer.git'] = { status: 200 };
  await look();
  t.deepEqual(reported, [`${url}/new.git`, `${url}/newer.git`]);
  answers['newer.git'] = { status: 301, to: '/old.git' };
  answers['old.git'] = { status: 200 };
  await look();
  asked.splice(0);
  await look();
  t.deepEqual(asked, ['old.git with']);
  t.is(reported.length, 2);
});

test('a redirect for now is followed each time and not reported', async (t) => {
  const { url, asked } = await serveMoved(t, {
    'old.git': { status: 301, to: '/balanced.git' },
    'balanced.git': { status: 307, to: '/b.git' },
    'b.git': { status: 200 },
  });
  const { look, reported } = openMoved(url);
  await look();
  await look();
  t.is(asked.filter((one) => one.startsWith('old')).length, 2);
  t.deepEqual(reported, []);
});

test('413 and 503 for a push are troubles of the push, not of the look', async (t) => {
  const server = await startGitServer();
  t.teardown(() => server.close());
  await server.createRepository('repo.git');
  const branch = openWholeBranch(
    openTransport({ address: server.url('repo.git'), credentials: undefined, environment: {} }),
  );
  const lines = ['commit refs/heads/main', 'committer Ada <ada@example.com> 1700000000 +0000', 'data 5', 'first'];
  await git(server.folder('repo.git'), ['fast-import', '--quiet'], {
    input: `${[...lines, 'M 100644 inline a', 'data 1', 'a'].join('\n')}\n`,
  });
  await branch.fetch(never);
  const push = () => branch.push({ changes: new Map([['b', 'b']]), message: safe`status: test\n` }, never);
  for (const [status, code] of [
    [413, 'refused'],
    [503, 'unavailable'],
  ] as const) {
    server.disturb({ kind: 'status', status }, { service: 'git-receive-pack', times: 1 });
    const trouble = await t.throwsAsync<BranchTrouble>(push(), { instanceOf: BranchTrouble });
    t.is(trouble?.code, code);
    t.is(trouble?.isOfLook, false);
  }
  server.disturb({ kind: 'status', status: 503 }, { service: 'info/refs', times: 1 });
  t.true((await t.throwsAsync<BranchTrouble>(push(), { instanceOf: BranchTrouble }))?.isOfLook);
});

test('Retry-After is seconds or a date, up to an hour for git hosts and five minutes for others', (t) => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);
  const read = (value: string, longestMs?: number) =>
    toRetryAfterMs(new Headers({ 'retry-after': value }), now, longestMs);
  t.is(read('7'), 7000);
  t.is(read('Thu, 01 Jan 2026 12:00:30 GMT'), 30_000);
  t.is(read('Thursday, 01-Jan-26 12:00:30 GMT'), 30_000);
  t.is(read('Thu, 01 Jan 2026 11:00:00 GMT'), undefined);
  for (const long of ['Thu, 01 Jan 2026 18:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT', '86400', '9'.repeat(400)]) {
    t.is(read(long), 300_000, long);
    t.is(read(long, 3_600_000), 3_600_000, long);
  }
  for (const nonsense of ['', '-1', 'soon', '0', '1e9', '0x10', 'Thu, 99 Jan 2026', 'Infinity', 'NaN'])
    t.is(read(nonsense), undefined, nonsense);
  t.is(toRetryAfterMs(new Headers(), now), undefined);
});

test('a git host is left alone for as long as it asks, up to an hour', async (t) => {
  for (const [value, expected] of [
    ['1800', 1_800_000],
    ['99999999999999', 3_600_000],
    ['-1', undefined],
  ] as const)
    t.is((await fail(t, { status: 429, headers: { 'retry-after': value } })).retryAfterMs, expected);
});

test('a slow reader is not taken for a silent server', async (t) => {
  const line = '# service=git-upload-pack';
  const url = await serve(t, (request, response) => {
    const isLook = request.method === 'GET';
    response.writeHead(200, { 'content-type': `application/x-git-upload-pack-${isLook ? 'advertisement' : 'result'}` });
    response.end(isLook ? `001d${line}00000000` : Buffer.alloc(2 ** 20));
  });
  // A busy machine takes a second to answer.
  const silenceMs = 5000;
  const transport = openTransport({ address: url, credentials: undefined, environment: {}, silenceMs });
  await using session = await transport.open('git-upload-pack', never);
  let length = 0;
  for await (const chunk of session.request(Buffer.alloc(0))) {
    if (length === 0) await new Promise((resolve) => setTimeout(resolve, silenceMs + 1000));
    length += chunk.length;
  }
  t.is(length, 2 ** 20);
});
