/** The watcher against a real OpenSSH, and `ssh-keygen` as the oracle for what known_hosts means. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import { git } from '../../src/demo/fakes/git.ts';
import type { GitBranch } from '../../src/io/git/branch.ts';
import { findKnownHost } from '../../src/io/git/transports/ssh/known-hosts.ts';
import { openTransport } from '../../src/io/git/transports.ts';
import { check, checkThat } from '../checks.ts';
import { openWholeBranch } from '../io/git/whole-branch.ts';
import type { Sshd } from './openssh/server.ts';
import { run, startSshd, types } from './openssh/server.ts';
import { files, statusFile, Watched } from './watched.ts';

const never = new AbortController().signal;
const models = 10_000;

export async function checkOpenSsh(folder: string): Promise<void> {
  const sshd = await startSshd(folder);
  try {
    const repository = join(folder, 'repo.git');
    await createRepository(repository, Object.entries(files));
    await checkThat('OpenSSH: every kind of user key, in every form, reads and pushes', () =>
      tryKeys(sshd, repository),
    );
    await checkThat('OpenSSH: every kind of host key, hashed and with a port', () => tryHostKeys(sshd, repository));
    await checkThat('OpenSSH: what known_hosts means, as ssh-keygen -F finds it', () => compareKnownHosts(folder));
    await checkThat('OpenSSH: what known_hosts means, as ssh itself connects or not', () =>
      compareWithSsh(sshd, repository),
    );
    await checkThat('OpenSSH: the watcher commits what the cluster does', () => watch(sshd, folder, repository));
    await checkThat(`OpenSSH: ${models} models, beside git ls-remote over ssh`, () => measure(sshd, folder));
  } finally {
    await sshd.stop();
  }
}

async function createRepository(folder: string, its: Iterable<readonly [string, string]>): Promise<void> {
  mkdirSync(folder);
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main']);
  const lines = ['commit refs/heads/main', 'committer Ada <ada@example.com> 1700000000 +0000', 'data 4', 'edit'];
  for (const [path, text] of its) lines.push(`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text);
  await git(folder, ['fast-import', '--quiet'], { input: `${lines.join('\n')}\n` });
}

function openBranch(sshd: Sshd, repository: string, credentials: string): GitBranch {
  return openWholeBranch(openTransport({ address: sshd.address(repository), credentials, environment: {} }));
}

async function tryKeys(sshd: Sshd, repository: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const type of types)
    for (const form of ['RFC4716', 'PEM', 'PKCS8']) {
      const credentials = await sshd.addUserKey(type, form);
      const branch = openBranch(sshd, repository, credentials);
      const text = `${type} ${form}`;
      await branch.fetch(never);
      await branch.push({ changes: new Map([['note', text]]), message: safe`a note\n` }, never);
      const found = await git(repository, ['show', 'main:note']);
      if (found !== text) wrong.push(`${text}: ${found} was pushed`);
    }
  return wrong;
}

async function tryHostKeys(sshd: Sshd, repository: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const type of types) {
    const credentials = await sshd.addUserKey('ed25519', 'RFC4716');
    const file = join(credentials, 'known_hosts');
    writeFileSync(file, `${sshd.name} ${sshd.hostKeys[type]}\n`);
    await run('ssh-keygen', ['-H', '-f', file]);
    if ((await readFile(file, 'utf8')).includes('127.0.0.1')) wrong.push(`${type}: the name is not hashed`);
    await openBranch(sshd, repository, credentials).fetch(never);
    // Another key of the same kind stands there: both fingerprints are shown, as ssh-keygen shows them.
    const other = join(credentials, 'other');
    await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', other]);
    writeFileSync(file, `${sshd.name} ${await readFile(`${other}.pub`, 'utf8')}`);
    const message = await openBranch(sshd, repository, credentials)
      .fetch(never)
      .then(
        () => 'it is trusted',
        (error: Error) => error.message,
      );
    for (const key of [`${other}.pub`, sshd.hostKeyFile(type)]) {
      const [, fingerprint = 'none'] = (await run('ssh-keygen', ['-l', '-f', key])).split(' ');
      if (!message.includes(fingerprint)) wrong.push(`${type}: ${fingerprint} is not in: ${message}`);
    }
  }
  return wrong;
}

const names = ['git.example.com', '[git.example.com]:2222', '2001:db8::1', '[2001:db8::1]:22', 'a', '10.1.2.3'];
const patterns = [
  ...[...names, 'GIT.Example.com', '*', '*.example.com', 'git.*', '?it.example.com', 'git.example.com?', '[*]:2222'],
  ...['*,!git.example.com', '!a,*', '!git.example.com', 'a,b,git.example.com', '*.example.com,!git.*', '[*.com]:22??'],
  ...['10.1.2.*', '10.1.2.?', '!10.*,*', '*a*', '**', '', ',', '!', '#a', '|1|', '|1||', '|2|AAAA|AAAA'],
];

/** Each name in each line, plain and hashed. */
async function compareKnownHosts(folder: string): Promise<string[]> {
  const wrong: string[] = [];
  const file = join(folder, 'known_hosts');
  const key = (await readFile(join(folder, 'host-ed25519.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
  for (const pattern of patterns)
    for (const isHashed of names.includes(pattern) ? [false, true] : [false]) {
      writeFileSync(file, `${pattern} ${key}\n`);
      if (isHashed) await run('ssh-keygen', ['-H', '-f', file]);
      const text = await readFile(file, 'utf8');
      for (const name of names) {
        const expected = await run('ssh-keygen', ['-F', name, '-f', file]).then(
          (found) => found.includes(key),
          () => false,
        );
        const [, host = name, port = '22'] = /^\[(.*)\]:(\d+)$/.exec(name) ?? [];
        // ssh itself never looks for a name with the port 22.
        if (name !== host && port === '22') continue;
        const found = findKnownHost(text, host, Number(port)).keys.length > 0;
        if (found !== expected) wrong.push(`${name} in ${text.trim()}: ${found}, and ssh-keygen finds ${expected}`);
      }
    }
  return wrong;
}

/** ssh takes a line without the port for a server on any; here that is another server. */
const stricter = ['without the port', 'but not this one'];

/** Lines about this server, right and wrong. */
async function compareWithSsh(sshd: Sshd, repository: string): Promise<string[]> {
  const { ed25519, rsa, ecdsa } = sshd.hostKeys;
  const [, port = ''] = sshd.name.split(']:');
  const files: Readonly<Record<string, string>> = {
    nothing: '',
    'a comment': `# ${sshd.name} ${ed25519}\n`,
    'all keys': [ed25519, rsa, ecdsa].map((key) => `${sshd.name} ${key}\n`).join(''),
    'one key': `${sshd.name} ${rsa}\n`,
    'without a line end': `${sshd.name} ${ed25519}`,
    'line ends of Windows': `${sshd.name} ${ed25519}\r\n`,
    'blanks around': ` \t${sshd.name}\t ${ed25519}  a comment\n`,
    'without the port': `127.0.0.1 ${ed25519}\n`,
    'another port': `[127.0.0.1]:1 ${ed25519}\n`,
    'any port': `[127.0.0.1]:* ${ed25519}\n`,
    'another host': `[git.example.com]:${port} ${ed25519}\n`,
    'among other names': `a,${sshd.name},b ${ed25519}\n`,
    'but not this one': `*,!${sshd.name} ${ed25519}\n`,
    'the key of another type': `${sshd.name} ssh-rsa ${ed25519.split(' ')[1]}\n`,
    'half a key': `${sshd.name} ${ed25519.slice(0, -20)}\n`,
    'a type alone': `${sshd.name} ssh-ed25519\n`,
    'revoked, and known before': `${sshd.name} ${ed25519}\n@revoked ${sshd.name} ${ed25519}\n`,
    'revoked, and known afterwards': `@revoked ${sshd.name} ${ed25519}\n${sshd.name} ${ed25519}\n`,
    'revoked for all': `@revoked * ${ed25519}\n${sshd.name} ${ed25519}\n`,
    'revoked for another host': `@revoked git.example.com ${ed25519}\n${sshd.name} ${ed25519}\n`,
    'another key is revoked': `@revoked ${sshd.name} ${rsa}\n${sshd.name} ${ed25519}\n`,
    'a marker of no kind': `@unknown ${sshd.name} ${ed25519}\n`,
    'an authority': `@cert-authority ${sshd.name} ${ed25519}\n`,
    'two keys of a type, the right one last': `${sshd.name} ${await otherKey(sshd)}\n${sshd.name} ${ed25519}\n`,
    'the wrong key of a type, and the right one of another': `${sshd.name} ${await otherKey(sshd)}\n${sshd.name} ${rsa}\n`,
  };
  const wrong: string[] = [];
  for (const [title, text] of Object.entries(files)) {
    const credentials = await sshd.addUserKey('ed25519', 'RFC4716');
    writeFileSync(join(credentials, 'known_hosts'), text);
    const isTaken = await isDone(sshd.git(credentials, ['ls-remote', sshd.address(repository)]));
    const expected = isTaken && !stricter.includes(title);
    const found = await isDone(openBranch(sshd, repository, credentials).fetch(never));
    if (found !== expected) wrong.push(`${title}: ${found}, and ssh ${isTaken}`);
  }
  return wrong;
}

/** Of a server that is not this one. */
async function otherKey(sshd: Sshd): Promise<string> {
  const folder = await sshd.addUserKey('ed25519', 'RFC4716');
  return (await readFile(join(folder, 'ssh-privatekey.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
}

function isDone(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

async function watch(sshd: Sshd, folder: string, repository: string): Promise<string[]> {
  const credentials = await sshd.addUserKey('ed25519', 'RFC4716');
  const watched = await Watched.start(folder, () => git(repository, ['show', `main:${statusFile}`]).catch(() => ''));
  try {
    watched.watch(sshd.address(repository), ['--git-credentials', credentials]);
    await watched.recorded('Loading');
    await watched.set('Ready');
    await watched.recorded('Ready');
    await watched.stop();
    await watched.set('Loading');
    watched.watch(sshd.address(repository), ['--git-credentials', credentials, '--once']);
    await watched.recorded('Loading');
  } finally {
    await watched.end();
  }
  return [];
}

async function measure(sshd: Sshd, folder: string): Promise<string[]> {
  const repository = join(folder, 'many.git');
  await createRepository(repository, listFiles());
  const credentials = await sshd.addUserKey('ed25519', 'RFC4716');
  const branch = openBranch(sshd, repository, credentials);
  const first = await time(async () => {
    const { files: found } = await branch.fetch(never);
    check('OpenSSH: all files are found', found.size, models * 3);
    await branch.read(new Set(found.values()));
  });
  const looks: number[] = [];
  const listings: number[] = [];
  for (let i = 0; i < 11; i++) {
    looks.push(await time(() => branch.fetch(never)));
    listings.push(await time(() => sshd.git(credentials, ['ls-remote', sshd.address(repository), 'refs/heads/main'])));
  }
  const [look = 0, listing = 0] = [looks, listings].map((one) => one.sort((a, b) => a - b)[5]);
  process.stdout.write(
    `    first look, all files read: ${first.toFixed(2)} s; next looks: ${look.toFixed(3)} s; git ls-remote: ${listing.toFixed(3)} s\n` +
      `    as ratios to git ls-remote: ${(first / listing).toFixed(1)}, ${(look / listing).toFixed(2)}\n`,
  );
  // A kept connection saves the key exchange and the process.
  return look < listing ? [] : ['a look on a kept connection takes longer than git ls-remote'];
}

function* listFiles(): Generator<readonly [string, string]> {
  for (let i = 0; i < models; i++)
    for (const name of ['model', 'policy', 'status'])
      yield [
        `models/${i % 100}/m${i}/${name}.yaml`,
        `kind: ${name}\nmetadata: {name: m${i}}\n${'# text\n'.repeat(40)}`,
      ];
}

/** @returns seconds. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
