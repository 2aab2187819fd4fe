/** Credentials that other programs renew while they are used, in files as these programs write them. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { isFault } from '../../../../src/core/diagnostics/fault.ts';
import { BranchTrouble } from '../../../../src/core/ports/watch.ts';
import { Credentials } from '../../../../src/io/git/transports/https/credentials.ts';
import { openTransport, toCredentialsTitle } from '../../../../src/io/git/transports.ts';
import { ManualClock } from '../../../watch/manual-clock.ts';

const never = new AbortController().signal;
const address = 'https://git.example.com/ml/deployments';

function toFolder(t: ExecutionContext, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function toBasic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

for (const [title, files, sent, shown] of [
  ['a token', { token: 'secret-1\n' }, toBasic('x-token-auth:secret-1'), 'a token'],
  ['a token of a user', { token: 'secret-1', username: 'ada' }, toBasic('ada:secret-1'), 'a token'],
  ['a password', { username: 'ada\n', password: ' secret-1\n' }, toBasic('ada:secret-1'), 'a password'],
  ['a Bearer token', { 'bearer-token': 'secret-1\n' }, 'Bearer secret-1', 'a Bearer token'],
] as const)
  test(`credentials can come from a folder: ${title}`, async (t) => {
    const credentials = new Credentials(address, toFolder(t, files), {});
    t.is(String(credentials.toTitle()), shown);
    t.deepEqual((await credentials.read(never)).headers, { Authorization: sent });
  });

for (const [title, environment, sent, shown] of [
  ['none', {}, undefined, 'none'],
  ['empty ones', { MODEL_MIRROR_GIT_TOKEN: '' }, undefined, 'none'],
  ['a token', { MODEL_MIRROR_GIT_TOKEN: 'secret-1' }, toBasic('x-token-auth:secret-1'), 'a token'],
  ['a password', { MODEL_MIRROR_GIT_USERNAME: 'u', MODEL_MIRROR_GIT_PASSWORD: 'p' }, toBasic('u:p'), 'a password'],
  ['a Bearer token', { MODEL_MIRROR_GIT_BEARER_TOKEN: 'secret-1' }, 'Bearer secret-1', 'a Bearer token'],
] as const)
  test(`credentials can come from the environment: ${title}`, async (t) => {
    const options = { address, credentials: undefined, environment };
    t.is(String(toCredentialsTitle(options)), shown);
    const { headers } = await new Credentials(address, undefined, environment).read(never);
    t.is(headers['Authorization'], sent);
  });

const pem = '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n';
for (const [title, text] of [
  ['a private key', pem],
  ['a private key on one line', pem.replaceAll('\n', ' ')],
  ['a private key with line ends of Windows', pem.replaceAll('\n', '\r\n')],
  ['a key of PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nc2VjcmV0\n'],
  ['a file of several credentials', 'https://ada:secret-1@git.example.com\nhttps://ada:secret-2@other.example.com\n'],
] as const)
  test(`what is not a token is never sent as one: ${title}`, async (t) => {
    const folder = toFolder(t, { token: text, id: text });
    const password = toFolder(t, { username: 'ada', password: text });
    for (const place of [join(folder, 'id'), folder, password]) {
      const read = new Credentials(address, place, {}).read(never);
      const trouble = await t.throwsAsync<BranchTrouble>(read, { instanceOf: BranchTrouble });
      t.is(trouble?.code, 'denied');
      t.regex(
        trouble?.message ?? '',
        /^the token or password has several lines, or is a private key, so it is not sent/,
      );
      t.notRegex(trouble?.message ?? '', /c2VjcmV0|secret-/);
    }
  });

test('a transport without credentials has no title for them', (t) => {
  t.is(toCredentialsTitle({ address: 'file:///srv/x', credentials: undefined, environment: {} }), undefined);
});

test('credentials of two kinds are refused by name, at the start and later', async (t) => {
  const app = { 'app-id': '1234', 'installation-id': '77', 'private-key': 'secret-1' };
  const folder = toFolder(t, { token: 'secret-2', ...app });
  const credentials = new Credentials(address, folder, {});
  const message = `${folder} has git credentials of two kinds: a token (token) and GitHub App 1234 (app-id)`;
  const error = t.throws(() => credentials.toTitle(), { message });
  t.true(isFault(error) && error.code === 'usage');
  await t.throwsAsync(credentials.read(never), {
    instanceOf: BranchTrouble,
    message: `${message}: remove those that are not meant`,
  });
  const environment = { MODEL_MIRROR_GIT_PASSWORD: 'secret-1', MODEL_MIRROR_GIT_BEARER_TOKEN: 'secret-2' };
  t.throws(() => new Credentials(address, undefined, environment).toTitle(), {
    message:
      'the environment has git credentials of two kinds: a password (MODEL_MIRROR_GIT_PASSWORD) and a Bearer token (MODEL_MIRROR_GIT_BEARER_TOKEN)',
  });
});

for (const [title, files, message] of [
  ['nothing', {}, /^there is no file token, password, bearer-token or app-id in /],
  ['a user name alone', { username: 'ada' }, /^there is no file token/],
  [
    'half an App',
    { 'app-id': '1234', 'private-key': ' \n' },
    /^installation-id and private-key are missing or empty in /,
  ],
  ['an App without its id', { 'installation-id': '77', 'private-key': 'x' }, /^app-id is missing or empty in /],
  ['two tokens', { 'bearer-token': 'secret-1\nsecret-2' }, /^the Bearer token has characters that cannot be in one/],
] as const)
  test(`a folder that is not filled yet is not used: ${title}`, async (t) => {
    const folder = toFolder(t, files);
    const credentials = new Credentials(address, folder, {});
    if (!('bearer-token' in files)) t.is(String(credentials.toTitle()), `none yet in ${folder}`);
    const trouble = await t.throwsAsync<BranchTrouble>(credentials.read(never), { instanceOf: BranchTrouble, message });
    t.is(trouble?.code, 'denied');
    t.notRegex(trouble?.message ?? '', /secret/);
  });

test('an empty file is reported as empty', async (t) => {
  const file = join(toFolder(t, { token: '\n' }), 'token');
  const message = `the file with the git credentials is empty: ${file}`;
  await t.throwsAsync(new Credentials(address, file, {}).read(never), { instanceOf: BranchTrouble, message });
});

/** A repository without refs, for those who have the right token. */
class Host {
  accepts = toBasic('x-token-auth:secret-1');
  /** Called before each request is answered. */
  before: (method: string) => void = () => {};
  readonly seen: string[] = [];
  url = '';

  async listen(t: ExecutionContext): Promise<void> {
    const server = createServer((request, response) => {
      const { method = '', headers } = request;
      this.before(method);
      const sent = headers.authorization ?? 'none';
      this.seen.push(
        Buffer.from(sent.replace(/^Basic /, ''), 'base64')
          .toString()
          .replace('x-token-auth:', ''),
      );
      request.resume();
      if (sent !== this.accepts) return void response.writeHead(401).end('no');
      const type = method === 'GET' ? 'advertisement' : 'result';
      response.writeHead(200, { 'content-type': `application/x-git-upload-pack-${type}` });
      response.end(method === 'GET' ? '001e# service=git-upload-pack\n00000000' : 'pack');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      server.close();
      server.closeAllConnections();
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/repo.git`;
  }

  /** The credentials of the requests since the last call. */
  take(): string[] {
    return this.seen.splice(0);
  }
}

/** One session with one request. */
async function use(place: string, host: Host, transport = toTransport(place, host)): Promise<string> {
  await using session = await transport.open('git-upload-pack', never);
  const chunks: Uint8Array[] = [];
  for await (const chunk of session.request(Buffer.from('want'))) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function toTransport(place: string, host: Host): ReturnType<typeof openTransport> {
  return openTransport({ address: host.url, credentials: place, environment: {} });
}

test('a token that is replaced between reading and use is read again at once', async (t) => {
  const host = new Host();
  await host.listen(t);
  const folder = toFolder(t, { token: 'secret-1' });
  for (const method of ['GET', 'POST']) {
    host.before = (one) => {
      if (one !== method) return;
      host.before = () => {};
      const next = `secret-${method}`;
      host.accepts = toBasic(`x-token-auth:${next}`);
      writeFileSync(join(folder, 'token'), next);
    };
    t.is(await use(folder, host), 'pack');
  }
  t.deepEqual(host.take(), ['secret-1', 'secret-GET', 'secret-GET', 'secret-GET', 'secret-GET', 'secret-POST']);
});

test('a token that is refused and not replaced is reported after one request', async (t) => {
  const host = new Host();
  await host.listen(t);
  const folder = toFolder(t, { token: 'wrong' });
  const trouble = await t.throwsAsync<BranchTrouble>(use(folder, host), { instanceOf: BranchTrouble });
  t.is(trouble?.code, 'denied');
  t.deepEqual(host.take(), ['wrong']);
});

test('a token that is replaced all the time is not tried for ever', async (t) => {
  const host = new Host();
  await host.listen(t);
  const folder = toFolder(t, { token: 'wrong-0' });
  let count = 0;
  host.before = () => writeFileSync(join(folder, 'token'), `wrong-${++count}`);
  await t.throwsAsync(use(folder, host), { instanceOf: BranchTrouble, message: /HTTP 401/ });
  t.deepEqual(host.take(), ['wrong-0', 'wrong-1', 'wrong-2']);
});

test('what kubelet replaces by a link is read whole, with the user name of its password', async (t) => {
  const host = new Host();
  await host.listen(t);
  const folder = toFolder(t);
  const put = (user: string, password: string) => {
    mkdirSync(join(folder, `..${password}`));
    writeFileSync(join(folder, `..${password}/username`), user);
    writeFileSync(join(folder, `..${password}/password`), password);
    symlinkSync(`..${password}`, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  put('ada', 'secret-1');
  for (const name of ['username', 'password']) symlinkSync(`..data/${name}`, join(folder, name));
  const transport = toTransport(folder, host);
  host.accepts = toBasic('ada:secret-1');
  t.is(await use(folder, host, transport), 'pack');
  host.before = () => {
    host.before = () => {};
    put('bob', 'secret-2');
    rmSync(join(folder, '..secret-1'), { recursive: true });
    host.accepts = toBasic('bob:secret-2');
  };
  t.is(await use(folder, host, transport), 'pack');
  t.deepEqual(host.take(), ['ada:secret-1', 'ada:secret-1', 'ada:secret-1', 'bob:secret-2', 'bob:secret-2']);
});

for (const [title, spoil, requests] of [
  ['empty', (file: string) => writeFileSync(file, ''), ['secret-1', 'secret-1']],
  ['gone', (file: string) => rmSync(file), ['secret-1', 'secret-1']],
  ['half-written', (file: string) => writeFileSync(file, 'sec'), ['sec', 'secret-1', 'secret-1']],
] as const)
  test(`a token file that is ${title} for a moment does not end the connection`, async (t) => {
    const host = new Host();
    await host.listen(t);
    const folder = toFolder(t, { token: 'secret-1' });
    for (const place of [folder, join(folder, 'token')]) {
      writeFileSync(join(folder, 'token'), 'secret-1');
      const transport = toTransport(place, host);
      await use(place, host, transport);
      host.take();
      spoil(join(folder, 'token'));
      t.is(await use(place, host, transport), 'pack');
      t.deepEqual(host.take(), requests);
    }
  });

test('credentials that cannot be read any more are used for five minutes after they were accepted last', async (t) => {
  const clock = new ManualClock();
  const folder = toFolder(t, { token: 'secret-1' });
  const credentials = new Credentials(address, folder, {}, clock);
  const sent = async () => (await credentials.read(never)).headers['Authorization'];
  await sent();
  writeFileSync(join(folder, 'token'), '');
  await t.throwsAsync(sent(), { message: /^there is no file token/ }, 'they were never accepted');
  writeFileSync(join(folder, 'token'), 'secret-1');
  (await credentials.read(never)).accept();
  writeFileSync(join(folder, 'token'), '');
  for (let minute = 0; minute < 5; minute++) {
    await clock.advance(60_000);
    const kept = await credentials.read(never);
    t.is(kept.headers['Authorization'], toBasic('x-token-auth:secret-1'));
    kept.accept();
  }
  await clock.advance(1000);
  await t.throwsAsync(sent(), { message: /^there is no file token/ });
});

test('kept credentials that are refused are not used again', async (t) => {
  const folder = toFolder(t, { token: 'secret-1' });
  const credentials = new Credentials(address, folder, {});
  (await credentials.read(never)).accept();
  rmSync(join(folder, 'token'));
  t.is(await (await credentials.read(never)).refuse(never), undefined);
  await t.throwsAsync(credentials.read(never), { message: /^there is no file token/ });
});
