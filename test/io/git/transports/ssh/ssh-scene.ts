/** A repository behind an SSH server, a folder of credentials as a Secret is mounted, and the branch as the watcher has it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { safe } from '../../../../../src/core/diagnostics/safe-text.ts';
import type { GitService, GitTransport } from '../../../../../src/core/ports/git-transport.ts';
import { BranchTrouble } from '../../../../../src/core/ports/watch.ts';
import { git } from '../../../../../src/demo/fakes/git.ts';
import type { GitBranch } from '../../../../../src/io/git/branch.ts';
import { openTransport } from '../../../../../src/io/git/transports.ts';
import { openWholeBranch } from '../../whole-branch.ts';
import type { SshServer, SshServerOptions } from './ssh-server.ts';
import { makeKey, startSshServer } from './ssh-server.ts';

export const never = new AbortController().signal;
let date = 1_700_000_000;

/** Made once: an RSA key takes seconds. */
export const hostKey = makeKey();
export const userKey = makeKey();

export class SshScene {
  readonly home: string;
  readonly credentials: string;
  server!: SshServer;
  #options!: SshServerOptions;

  private constructor(root: string) {
    this.home = join(root, 'home');
    this.credentials = join(root, 'credentials');
  }

  static async start(
    t: ExecutionContext,
    options: Partial<SshServerOptions> = {},
    repository = 'repo.git',
  ): Promise<SshScene> {
    const root = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
    const scene = new SshScene(root);
    mkdirSync(join(scene.home, repository), { recursive: true });
    mkdirSync(scene.credentials);
    t.teardown(async () => {
      await scene.server.close();
      rmSync(root, { recursive: true, force: true });
    });
    await git(join(scene.home, repository), ['init', '--quiet', '--bare', '--initial-branch=main']);
    scene.#options = {
      home: scene.home,
      hostKeys: [hostKey.secret],
      accepts: (key) => key === userKey.open,
      ...options,
    };
    scene.server = await startSshServer(scene.#options);
    scene.write('ssh-privatekey', userKey.secret);
    scene.know(hostKey.open);
    return scene;
  }

  get bare(): string {
    return join(this.home, 'repo.git');
  }

  get address(): string {
    return `ssh://git@127.0.0.1:${this.server.port}${this.bare}`;
  }

  /** Another server at the same port. */
  async restart(options: Partial<SshServerOptions> = {}): Promise<void> {
    const { port } = this.server;
    await this.server.close();
    this.server = await startSshServer({ ...this.#options, ...options }, port);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.credentials, name), text);
  }

  know(...keys: string[]): void {
    this.write('known_hosts', keys.map((key) => `[127.0.0.1]:${this.server.port} ${key}\n`).join(''));
  }

  transport(address = this.address, silenceMs = 30_000, credentials = this.credentials): GitTransport {
    return openTransport({ address, credentials, environment: {}, silenceMs });
  }

  branch(transport: GitTransport = this.transport()): GitBranch {
    return openWholeBranch(transport, { date: () => date++ });
  }

  /** A commit of a person, in the repository itself. */
  async commit(file: string, text = 'text'): Promise<void> {
    const tip = (await git(this.bare, ['for-each-ref', '--format=%(objectname)', 'refs/heads/main'])).trim();
    const lines = ['commit refs/heads/main', `committer Ada <ada@example.com> ${date++} +0000`, 'data 4', 'edit'];
    lines.push(
      ...(tip === '' ? [] : [`from ${tip}`]),
      `M 100644 inline ${file}`,
      `data ${Buffer.byteLength(text)}`,
      text,
    );
    await git(this.bare, ['fast-import', '--quiet'], { input: `${lines.join('\n')}\n` });
  }

  git(...words: string[]): Promise<string> {
    return git(this.bare, words);
  }
}

export function write(file: string, text: string) {
  return { changes: new Map([[file, text]]), message: safe`status: test\n` };
}

/** A look at the repository: opens a service, and does not use it. @returns the refs. */
export async function look(transport: GitTransport, service: GitService = 'git-receive-pack', signal = never) {
  await using session = await transport.open(service, signal);
  return Buffer.from(session.advertisement).toString('latin1');
}

/** What a look fails with. */
export async function fail(
  t: ExecutionContext,
  transport: GitTransport,
  service: GitService = 'git-receive-pack',
): Promise<BranchTrouble> {
  return (await t.throwsAsync<BranchTrouble>(look(transport, service), { instanceOf: BranchTrouble })) as BranchTrouble;
}

/** Waits for something to become true: the file's own timeout ends it. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}
