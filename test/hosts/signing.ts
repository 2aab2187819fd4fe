/** Commits that the watcher signs, as git and OpenSSH verify them. Needs ssh-keygen. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { git } from '../../src/demo/fakes/git.ts';
import { startGitServer } from '../../src/demo/fakes/git-server.ts';
import { CommitSigner } from '../../src/io/git/signing/commit-signer.ts';
import { systemClock } from '../../src/io/process/clock.ts';
import { check, checkThat } from '../checks.ts';
import { splitCommit } from '../io/git/signing/read-signature.ts';
import { files, statusFile, Watched } from './watched.ts';

const run = promisify(execFile);
const email = 'watcher@model-mirror.dev';
const kinds = [
  ['ed25519', 'ED25519'],
  ['ecdsa -b 256', 'ECDSA'],
  ['ecdsa -b 384', 'ECDSA'],
  ['ecdsa -b 521', 'ECDSA'],
  ['rsa -b 3072', 'RSA'],
  ['rsa -b 2048 -m PEM', 'RSA'],
  ['ecdsa -b 256 -m PKCS8', 'ECDSA'],
] as const;

export async function checkSigning(folder: string): Promise<void> {
  for (const [i, [kind, shown]] of kinds.entries())
    await checkThat(`git and ssh-keygen verify a commit that a new key has signed: ${kind}`, async () => {
      const key = await Key.make(join(folder, `key-${i}`), kind);
      const found = await key.verifyNew(folder, i);
      const good = `Good "git" signature for ${email} with ${shown} key SHA256:`;
      return found.startsWith(good) ? [] : [found];
    });
  await checkWatcher(folder, 'main');
  await checkWatcher(folder, 'deploy');
}

/** From an event in the cluster to commits that git verifies on the server, those that carry main to deploy too. */
async function checkWatcher(folder: string, branch: 'main' | 'deploy'): Promise<void> {
  const server = await startGitServer();
  await server.createRepository('repo.git');
  const bare = server.folder('repo.git');
  const head = ['commit refs/heads/main', 'committer Ada <ada@example.com> 1700000000 +0000', 'data 5', 'first'];
  const contents = Object.entries(files).flatMap(([path, text]) => [
    `M 100644 inline ${path}`,
    `data ${Buffer.byteLength(text)}`,
    text,
  ]);
  await git(bare, ['fast-import', '--quiet'], { input: `${[...head, ...contents].join('\n')}\n` });
  const key = await Key.make(join(folder, `watcher-key-${branch}`), 'ed25519');
  const show = async () => git(bare, ['show', `${branch}:${statusFile}`]).catch(() => '');
  const watched = await Watched.start(folder, show);
  try {
    const words = branch === 'deploy' ? ['--source-branch', 'main', '--branch', branch] : [];
    watched.watch(server.url('repo.git'), ['--signing-key', key.file, ...words]);
    await watched.recorded('Loading');
    await watched.set('Ready');
    await watched.recorded('Ready');
    const commits = (await git(bare, ['log', '--reverse', '--format=%H %s', branch])).trim().split('\n');
    for (const line of commits.slice(1)) {
      const [commit = '', what = ''] = line.split(' ');
      check(
        `git verifies what the watcher has pushed to ${branch}: ${what}`,
        await key.verify(bare, commit),
        /^Good "git" signature for watcher@/m,
      );
    }
    const [first = ''] = commits[0]?.split(' ') ?? [];
    check('the first commit, which is not the watcher’s, is not signed', await key.verify(bare, first), '');
    check('git finds nothing wrong', (await git(bare, ['fsck', '--strict', '--no-dangling'])).trim(), '');
  } finally {
    await watched.end();
    await server.close();
  }
}

/** A key as ssh-keygen makes it, and those who may sign with it. */
class Key {
  readonly file: string;
  readonly #signers: string;

  private constructor(file: string, signers: string) {
    this.file = file;
    this.#signers = signers;
  }

  static async make(file: string, kind: string): Promise<Key> {
    await run('ssh-keygen', ['-q', '-t', ...kind.split(' '), '-N', '', '-C', '', '-f', file]);
    const [type = '', blob = ''] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
    const signers = `${file}.signers`;
    await writeFile(signers, `${email} namespaces="git" ${type} ${blob.trim()}\n`);
    return new Key(file, signers);
  }

  /** What git and ssh-keygen say of a new commit. @throws Error when ssh-keygen does not verify it. */
  async verifyNew(folder: string, i: number): Promise<string> {
    const repository = join(folder, `repository-${i}`);
    await run('git', ['init', '--quiet', repository]);
    const tree = (await git(repository, ['hash-object', '-t', 'tree', '-w', '--stdin'], { input: '' })).trim();
    const person = `model-mirror watcher <${email}> 1700000000 +0000`;
    const content = Buffer.from(`tree ${tree}\nauthor ${person}\ncommitter ${person}\n\nstatus: ${i} ✓\n`);
    const signed = new CommitSigner(this.file, systemClock).sign(content).toString();
    const commit = (await git(repository, ['hash-object', '-t', 'commit', '-w', '--stdin'], { input: signed })).trim();
    const { signature } = splitCommit(signed);
    await writeFile(`${this.file}.sig`, `${signature}\n`);
    await writeFile(`${this.file}.content`, content);
    const words = ['-Y', 'verify', '-f', this.#signers, '-I', email, '-n', 'git', '-s', `${this.file}.sig`];
    const shell = 'content=$1; shift; exec ssh-keygen "$@" <"$content"';
    const verified = await run('sh', ['-c', shell, 'sh', `${this.file}.content`, ...words]);
    return `${await this.verify(repository, commit)}${verified.stdout}`;
  }

  /** What `git verify-commit` says; empty: nothing, as of a commit without a signature. */
  async verify(repository: string, commit: string): Promise<string> {
    const settings = ['-c', 'gpg.format=ssh', '-c', `gpg.ssh.allowedSignersFile=${this.#signers}`];
    const ended = run('git', ['-C', repository, ...settings, 'verify-commit', commit]);
    const { stdout, stderr } = await ended.catch((error: Error & { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  }
}
