import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { mask, safe } from '../../../../src/core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../src/core/ports/watch.ts';
import { git } from '../../../../src/demo/fakes/git.ts';
import { startGitServer } from '../../../../src/demo/fakes/git-server.ts';
import { GitBranch } from '../../../../src/io/git/branch.ts';
import { Credentials } from '../../../../src/io/git/transports/https/credentials.ts';
import { toApi } from '../../../../src/io/git/transports/https/github-app.ts';
import { openTransport } from '../../../../src/io/git/transports.ts';
import { systemClock } from '../../../../src/io/process/clock.ts';
import { ManualClock } from '../../../watch/manual-clock.ts';
import { startEndless } from '../../process/endless.ts';
import { FakeGithub } from './fake-github.ts';

const never = new AbortController().signal;
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const strangers = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();
const minute = 60_000;

class Scene {
  readonly clock = new ManualClock();
  readonly github = new FakeGithub(publicKey, this.clock.date);
  readonly folder: string;
  #credentials: Credentials | undefined;

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  }

  static async start(t: ExecutionContext, files: Readonly<Record<string, string>> = {}): Promise<Scene> {
    const scene = new Scene();
    t.teardown(() => rmSync(scene.folder, { recursive: true }));
    await scene.github.listen(t);
    scene.write({ 'app-id': '1234', 'installation-id': '77', 'private-key': pkcs1, ...files });
    return scene;
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
  }

  get credentials(): Credentials {
    this.#credentials ??= new Credentials(`${this.github.url}/ml/deployments.git`, this.folder, {}, this.clock);
    return this.#credentials;
  }

  /** The token that a request would be made with. */
  async token(): Promise<string> {
    return toToken((await this.credentials.read(never)).headers);
  }

  /** What reading fails with; no secret is in any part of it. */
  async fail(t: ExecutionContext): Promise<BranchTrouble> {
    const trouble = await t.throwsAsync<BranchTrouble>(this.credentials.read(never), { instanceOf: BranchTrouble });
    const all = inspect(trouble, { depth: 10 });
    for (const secret of [...this.github.jwts, ...this.github.tokens, pkcs1, pkcs1.split('\n')[1] ?? ''])
      t.false(all.includes(secret));
    return trouble as BranchTrouble;
  }
}

function toToken(headers: Readonly<Record<string, string>>): string {
  const [scheme, pair = ''] = headers['Authorization']?.split(' ') ?? [];
  const [user, token = ''] = Buffer.from(pair, 'base64').toString().split(':');
  return scheme === 'Basic' && user === 'x-access-token' ? token : '';
}

for (const [title, files] of [
  ['a key in PKCS#1, and an id', {}],
  ['a key in PKCS#8, and a client id', { 'app-id': 'Iv23liExample\n', 'private-key': `\n${pkcs8}\n` }],
] as const)
  test(`an App gets a token for one repository: ${title}`, async (t) => {
    const scene = await Scene.start(t, files);
    t.is(await scene.token(), scene.github.token);
    const trouble = mask(`the token ${scene.github.token}, and ${scene.github.jwts[0]}`);
    t.is(String(trouble), 'the token …, and …');
  });

test('a token is kept until five minutes before its end', async (t) => {
  const scene = await Scene.start(t);
  const first = await scene.token();
  await scene.clock.advance(54 * minute);
  t.is(await scene.token(), first);
  t.is(scene.github.requests, 1);
  await scene.clock.advance(2 * minute);
  t.is(await scene.token(), scene.github.token);
  t.is(scene.github.requests, 2);
});

test('readers at the same time share one request', async (t) => {
  const scene = await Scene.start(t);
  t.is(new Set(await Promise.all([scene.token(), scene.token(), scene.token()])).size, 1);
  t.is(scene.github.requests, 1);
});

test('a reader that is cancelled does not take the token from others', async (t) => {
  const scene = await Scene.start(t);
  scene.github.held = [];
  const stop = new AbortController();
  const cancelled = t.throwsAsync(scene.credentials.read(stop.signal), { instanceOf: BranchTrouble });
  const other = scene.token();
  while (scene.github.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
  scene.github.held = undefined;
  stop.abort();
  await cancelled;
  t.is(await other, scene.github.token);
});

test('while GitHub is down the old token is used until its end, with a request a minute', async (t) => {
  const scene = await Scene.start(t);
  const first = await scene.token();
  scene.github.fails = { status: 503, message: 'Service Unavailable' };
  await scene.clock.advance(56 * minute);
  for (let i = 0; i < 3; i++) t.is(await scene.token(), first);
  t.is(scene.github.requests, 2);
  await scene.clock.advance(3 * minute);
  t.is(await scene.token(), first);
  t.is(scene.github.requests, 3);
  await scene.clock.advance(minute);
  const trouble = await scene.fail(t);
  t.is(trouble.code, 'unavailable');
  t.regex(trouble.message, /^GitHub's API at 127\.0\.0\.1:\d+ fails \(HTTP 503: Service Unavailable\)$/);
  scene.github.fails = undefined;
  t.is(await scene.token(), scene.github.token);
});

test('a GitHub that asks for fewer requests gets fewer', async (t) => {
  const scene = await Scene.start(t);
  const headers = { 'retry-after': '240' };
  scene.github.fails = { status: 403, message: 'You have exceeded a secondary rate limit', headers };
  const { code, retryAfterMs } = await scene.fail(t);
  t.deepEqual([code, retryAfterMs], ['throttled', 240_000]);
  scene.github.fails = undefined;
  const first = await scene.token();
  scene.github.fails = { status: 429, message: 'slow down', headers };
  await scene.clock.advance(55 * minute);
  t.is(await scene.token(), first);
  await scene.clock.advance(3 * minute);
  t.is(await scene.token(), first);
  t.is(scene.github.requests, 3);
});

test('a GitHub that cannot be reached is reported as unreachable', async (t) => {
  const scene = await Scene.start(t, { 'api-url': 'http://127.0.0.1:2/' });
  const trouble = await scene.fail(t);
  t.is(trouble.code, 'unreachable');
  t.regex(trouble.message, /^GitHub's API at 127\.0\.0\.1:2 cannot be reached: .*ECONNREFUSED/);
});

test('a token that is seconds old and refused is tried once more, then forgotten', async (t) => {
  const scene = await Scene.start(t);
  const first = await scene.credentials.read(never);
  const waiting = first.refuse(never);
  await scene.clock.advance(1000);
  const again = await waiting;
  t.is(toToken(again?.headers ?? {}), scene.github.token);
  const renewed = await again?.refuse(never);
  t.is(toToken(renewed?.headers ?? {}), scene.github.token);
  t.is(scene.github.requests, 2);
});

test('an older token that is refused is replaced at once', async (t) => {
  const scene = await Scene.start(t);
  const first = await scene.credentials.read(never);
  first.accept();
  await scene.clock.advance(10 * minute);
  const renewed = await first.refuse(never);
  t.is(toToken(renewed?.headers ?? {}), scene.github.token);
  t.is(await scene.token(), scene.github.token);
  t.is(scene.github.requests, 2);
});

test('a rotated key does not end a token, another installation does', async (t) => {
  const scene = await Scene.start(t);
  const first = await scene.token();
  scene.write({ 'private-key': pkcs8 });
  t.is(await scene.token(), first);
  scene.write({ 'installation-id': '78' });
  t.regex((await scene.fail(t)).message, /^there is no installation 78 /);
});

for (const [title, { files = {}, change = () => {} }, message] of [
  [
    'no such App',
    { files: { 'app-id': '999' } },
    /^GitHub has no App 999: copy .* \(HTTP 404: Integration not found\)$/,
  ],
  [
    'another App’s key',
    { files: { 'private-key': strangers } },
    /^GitHub does not accept private-key for App 1234: check .* \(HTTP 401: A JSON web token could not be decoded\)$/,
  ],
  [
    'no such installation',
    { files: { 'installation-id': '78' } },
    /^there is no installation 78 of GitHub App 1234: copy .* \(HTTP 404: Not Found\)$/,
  ],
  [
    'an installation that is no number',
    { files: { 'installation-id': '../x' } },
    /^installation-id is not a number: copy/,
  ],
  [
    'a suspended installation',
    {
      change: (github) => {
        github.fails = { status: 403, message: 'This installation has been suspended' };
      },
    },
    /^installation 77 of GitHub App 1234 is suspended: an owner .* \(HTTP 403: This installation/,
  ],
  [
    'a repository that is not included',
    {
      change: (github) => {
        github.repositories = ['other'];
      },
    },
    /^installation 77 of GitHub App 1234 does not include the repository "deployments": add it .* \(HTTP 422: /,
  ],
  [
    'a right that is missing',
    {
      change: (github) => {
        github.permissions = { contents: 'read', metadata: 'read' };
      },
    },
    /^installation 77 of GitHub App 1234 has no right to write: give .* \(HTTP 422: /,
  ],
  [
    'a clock that is behind',
    {
      change: (github) => {
        github.ahead = 3600;
      },
    },
    /^the clock here is 3600 s behind GitHub's, .*: set the clock \(HTTP 401: 'Expiration time' claim/,
  ],
  [
    'a clock that is ahead',
    {
      change: (github) => {
        github.ahead = -600;
      },
    },
    /^the clock here is 600 s ahead of GitHub's, .*: set the clock \(HTTP 401: 'Issued at' claim/,
  ],
  [
    'a key that is none',
    { files: { 'private-key': 'MIIEpAIB' } },
    /^private-key of the GitHub App is no RSA key: store/,
  ],
  [
    'a key of another kind',
    {
      files: {
        'private-key': generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
    },
    /^private-key of the GitHub App is no RSA key: store/,
  ],
  [
    'an API without TLS',
    { files: { 'api-url': 'http://git.example.com' } },
    /^api-url is not an address that begins with https/,
  ],
  [
    'another service',
    {
      change: (github) => {
        github.fails = { status: 200, message: 'hello' };
      },
    },
    /answers without a token: check the address, and api-url/,
  ],
  [
    'a redirect',
    {
      change: (github) => {
        github.fails = { status: 302, message: 'sign in', headers: { location: '/login' } };
      },
    },
    /^GitHub gives installation 77 of GitHub App 1234 no token: check .* \(HTTP 302: sign in\)$/,
  ],
] satisfies readonly (readonly [
  string,
  { readonly files?: Readonly<Record<string, string>>; readonly change?: (github: FakeGithub) => void },
  RegExp,
])[])
  test(`what is wrong with an App is reported: ${title}`, async (t) => {
    const scene = await Scene.start(t, files);
    change(scene.github);
    const trouble = await scene.fail(t);
    t.is(trouble.code, 'denied');
    t.regex(trouble.message, message);
  });

test('an answer without an end is given up', async (t) => {
  const { server, ended } = await startEndless(t);
  const scene = await Scene.start(t, { 'api-url': server });
  t.regex((await scene.fail(t)).message, /answers without a token/);
  await ended;
});

test('clocks may differ by a minute', async (t) => {
  const scene = await Scene.start(t);
  scene.github.ahead = 59;
  await scene.token();
  scene.write({ 'api-url': `${scene.github.url}/api/v3/` });
  scene.github.ahead = -59;
  await scene.token();
  t.is(scene.github.tokens.length, 2);
});

test('the API is found by the host of the repository', (t) => {
  const api = (address: string, given?: string) => toApi(given, new URL(address));
  t.is(api('https://github.com/ml/deployments'), 'https://api.github.com');
  t.is(api('https://acme.ghe.com/ml/deployments'), 'https://api.acme.ghe.com');
  t.is(api('https://github.example.com/ml/deployments'), 'https://github.example.com/api/v3');
  t.is(api('https://git.example.com:8443/ml/deployments'), 'https://git.example.com:8443/api/v3');
  t.is(api('https://git.example.com/ml/x', 'https://api.example.com/'), 'https://api.example.com');
});

test('a branch is read and pushed to with the tokens of an App, of which one is revoked', async (t) => {
  const github = new FakeGithub(publicKey, systemClock.date);
  await github.listen(t);
  const server = await startGitServer({
    authorization: { username: 'x-access-token', password: github.tokenOf(0) },
  });
  t.teardown(() => server.close());
  await server.createRepository('deployments.git');
  const commit = ['commit refs/heads/main', 'committer Ada <ada@example.com> 1700000000 +0000', 'data 5', 'first'];
  const input = `${[...commit, 'M 100644 inline a', 'data 1', 'a'].join('\n')}\n`;
  await git(server.folder('deployments.git'), ['fast-import', '--quiet'], { input });
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const files = { 'app-id': '1234', 'installation-id': '77', 'private-key': pkcs1, 'api-url': `${github.url}/api/v3` };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const person = { name: 'model-mirror watcher', email: 'watcher@example.com' };
  const branch = new GitBranch({
    transport: openTransport({ address: server.url('deployments.git'), credentials: folder, environment: {} }),
    branch: 'main',
    path: '.',
    isWanted: () => true,
    author: person,
    committer: person,
    clock: systemClock,
  });
  t.is((await branch.fetch(never)).files.size, 1);
  server.setPassword(github.tokenOf(1));
  t.not(await branch.push({ changes: new Map([['b', 'b']]), message: safe`status: test\n` }, never), 'moved');
  t.deepEqual(github.tokens, [github.tokenOf(0), github.tokenOf(1)]);
});
