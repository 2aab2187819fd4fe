/** Keys are what ssh-keygen makes; signatures are checked by the description of their form. `npm run test:hosts` has git verify them. */
import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { isFault } from '../../../../src/core/diagnostics/fault.ts';
import { safe } from '../../../../src/core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../src/core/ports/watch.ts';
import { git } from '../../../../src/demo/fakes/git.ts';
import { startGitServer } from '../../../../src/demo/fakes/git-server.ts';
import { GitBranch } from '../../../../src/io/git/branch.ts';
import { CommitSigner } from '../../../../src/io/git/signing/commit-signer.ts';
import { toKeyObject } from '../../../../src/io/git/signing/key-object.ts';
import { toSshSignature } from '../../../../src/io/git/signing/ssh-signature.ts';
import { openTransport } from '../../../../src/io/git/transports.ts';
import { times } from '../../../thorough.ts';
import { ManualClock } from '../../../watch/manual-clock.ts';
import { readSignature, splitCommit } from './read-signature.ts';

const never = new AbortController().signal;
const keys = join(import.meta.dirname, 'keys');
const readKey = (name: string) => readFileSync(join(keys, name), 'utf8');
const readBlob = (name: string) => Buffer.from(readKey(`${name}.pub`).split(' ')[1] ?? '', 'base64');
const names = ['ed25519', 'ecdsa-256', 'ecdsa-384', 'ecdsa-521', 'rsa'];
const clock = new ManualClock();

function toFolder(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const commit = Buffer.from(
  'tree 4b82\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nstatus: ready\n\nmore: gpgsig\n',
);

/** A commit that is signed, split as git splits it. */
function signWith(signer: CommitSigner) {
  const { signature, content } = splitCommit(signer.sign(commit).toString());
  return { content, ...readSignature(signature, Buffer.from(content)) };
}

test('every kind of key is among those that are tried', (t) => {
  const private_ = readdirSync(keys).filter((name) => !name.endsWith('.pub') && !name.startsWith('passphrase'));
  t.deepEqual(private_.sort(), [...names].sort());
});

for (const name of names) {
  test(`commits are signed with a key in OpenSSH’s form: ${name}`, (t) => {
    const found = signWith(new CommitSigner(join(keys, name), clock));
    t.is(found.content, commit.toString());
    t.deepEqual(found.publicKey, readBlob(name));
    t.is(found.namespace, 'git');
    t.is(found.hash, 'sha512');
    t.is(found.kind, name === 'rsa' ? 'rsa-sha2-512' : (readKey(`${name}.pub`).split(' ')[0] ?? ''));
    t.true(found.isGood);
  });

  test(`commits are signed with a key in PEM, from a folder: ${name}`, (t) => {
    const key = toKeyObject(readKey(name));
    const text = key.export({ type: 'pkcs8', format: 'pem' }).toString().replaceAll('\n', '\r\n');
    const found = signWith(new CommitSigner(toFolder(t, { 'ssh-privatekey': `\n${text}\n` }), clock));
    t.deepEqual(found.publicKey, readBlob(name));
    t.true(found.isGood);
  });
}

test('signatures of different contents and keys are not good for each other', (t) => {
  const armoured = toSshSignature(commit, toKeyObject(readKey('ed25519'))).trimEnd();
  t.true(readSignature(armoured, commit).isGood);
  t.false(readSignature(armoured, Buffer.from(`${commit.toString()} `)).isGood);
});

/** OpenSSH's form, as its description has it (PROTOCOL.key), of keys that ssh-keygen would make once in many times. */
function toOpenSsh(key: KeyObject): string {
  const { crv = '', x = '', y = '', d = '' } = key.export({ format: 'jwk' });
  const bytes = (text: string) => Buffer.from(text, 'base64url');
  const field = (content: Buffer | string) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(Buffer.from(content as string).length);
    return Buffer.concat([size, Buffer.from(content as string)]);
  };
  const curve = crv.replace('P-', 'nistp');
  const number = BigInt(`0x${bytes(d).toString('hex')}`).toString(16);
  const padded = number.length % 2 === 0 ? (/^[89a-f]/.test(number) ? `00${number}` : number) : `0${number}`;
  const parts =
    crv === 'Ed25519'
      ? [field('ssh-ed25519'), field(bytes(x)), field(Buffer.concat([bytes(d), bytes(x)]))]
      : [
          field(`ecdsa-sha2-${curve}`),
          field(curve),
          field(Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)])),
          field(Buffer.from(padded, 'hex')),
        ];
  const publicHalf = field(Buffer.concat(parts.slice(0, -1)));
  const secret = Buffer.concat([
    Buffer.from('checkchk').fill('chek'),
    ...parts,
    field('a comment'),
    Buffer.from([1, 2, 3]),
  ]);
  const magic = Buffer.from('openssh-key-v1\0');
  const all = [magic, field('none'), field('none'), field(''), Buffer.from([0, 0, 0, 1]), publicHalf, field(secret)];
  const body = Buffer.concat(all).toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

test('keys and signatures with zeros in front are read and written', (t) => {
  for (let i = 0; i < times(2000, 40); i++) {
    const { privateKey } =
      i % 2 === 0 ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = toKeyObject(toOpenSsh(privateKey));
    t.true(key.equals(privateKey), toOpenSsh(privateKey));
    t.true(readSignature(toSshSignature(commit, key).trimEnd(), commit).isGood, toOpenSsh(privateKey));
  }
});

for (const [title, text, message, hint] of [
  ['a passphrase', readKey('passphrase'), /has a passphrase/, /ssh-keygen -p /],
  ['a passphrase, in PEM', readKey('passphrase-pem'), /has a passphrase/, /ssh-keygen -p /],
  ['the public half', readKey('ed25519.pub'), /public half/, /without \.pub/],
  ['no key', 'token', /does not hold a private key/, /ssh-keygen -y/],
  ['nothing', '', /does not hold a private key/, /ssh-keygen -y/],
  [
    'a curve that git does not know',
    generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    /of the kind "ed448", which is not supported/,
    /ssh-keygen -t ed25519/,
  ],
  [
    'half a key',
    readKey('ed25519').replace(/\n[^\n]*\n[^\n]*\n-----END/, '\n-----END'),
    /is cut off or damaged|does not hold/,
    /BEGIN/,
  ],
] as const)
  test(`a signing key that cannot sign is refused at the start: ${title}`, (t) => {
    const folder = toFolder(t, { 'ssh-privatekey': text });
    const error = t.throws(() => new CommitSigner(folder, clock), { message });
    if (!isFault(error)) return t.fail();
    t.is(error.code, 'usage');
    t.regex(error.hint, hint);
    for (const line of text.split('\n')) if (line.length > 20) t.false(`${error.message}${error.hint}`.includes(line));
  });

test('a place without a signing key is refused at the start', (t) => {
  const folder = toFolder(t, { token: 'x' });
  for (const place of [folder, join(folder, 'none')])
    t.throws(() => new CommitSigner(place, clock), {
      message: /^the signing key cannot be read: no such file or directory: /,
    });
});

test('a key that rotates signs the next commit; one that is gone does so for five minutes', async (t) => {
  const time = new ManualClock();
  const folder = toFolder(t, { 'ssh-privatekey': readKey('ed25519') });
  const file = join(folder, 'ssh-privatekey');
  const signer = new CommitSigner(folder, time);
  t.regex(signer.title, /^ed25519 SHA256:[\w+/]{43}$/);
  await time.advance(3_600_000);
  t.deepEqual(signWith(signer).publicKey, readBlob('ed25519'));
  writeFileSync(file, readKey('ecdsa-256'));
  t.deepEqual(signWith(signer).publicKey, readBlob('ecdsa-256'));
  for (const spoil of [() => writeFileSync(file, ''), () => rmSync(file)]) {
    spoil();
    await time.advance(150_000);
    t.deepEqual(signWith(signer).publicKey, readBlob('ecdsa-256'));
  }
  await time.advance(1000);
  const error = t.throws(() => signer.sign(commit), {
    instanceOf: BranchTrouble,
    message: /^commits cannot be signed: /,
  });
  t.is(error.code, 'refused');
  writeFileSync(file, readKey('rsa'));
  t.deepEqual(signWith(signer).publicKey, readBlob('rsa'));
});

test('what is pushed is signed, and well-formed for git', async (t) => {
  const server = await startGitServer();
  t.teardown(() => server.close());
  await server.createRepository('repo.git');
  const bare = server.folder('repo.git');
  const first = ['commit refs/heads/main', 'committer Ada <ada@example.com> 1700000000 +0000', 'data 5', 'first'];
  await git(bare, ['fast-import', '--quiet'], {
    input: `${[...first, 'M 100644 inline a', 'data 1', 'a'].join('\n')}\n`,
  });
  const person = { name: 'model-mirror watcher', email: 'watcher@example.com' };
  const branch = new GitBranch({
    transport: openTransport({ address: server.url('repo.git'), credentials: undefined, environment: {} }),
    branch: 'main',
    path: '.',
    isWanted: () => true,
    author: person,
    committer: person,
    clock,
    sign: new CommitSigner(join(keys, 'ed25519'), clock).sign,
  });
  await branch.fetch(never);
  for (const text of ['b', 'c'])
    t.not(await branch.push({ changes: new Map([['b', text]]), message: safe`status: test\n` }, never), 'moved');
  t.is((await git(bare, ['fsck', '--strict', '--no-dangling'])).trim(), '');
  for (const revision of ['main', 'main~1']) {
    const { signature, content } = splitCommit(await git(bare, ['cat-file', 'commit', revision]));
    const found = readSignature(signature, Buffer.from(content));
    t.true(found.isGood);
    t.deepEqual(found.publicKey, readBlob('ed25519'));
    t.is((await git(bare, ['log', '-1', '--format=%B', revision])).trim(), 'status: test');
  }
  // A watcher that starts, and reads a signed tip.
  await branch.fetch(never);
});
