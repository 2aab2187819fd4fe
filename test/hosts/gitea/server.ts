/**
 * A real Gitea on loopback: one process, SQLite, and all of its files in one folder. Its settings are of Gitea 1.26
 * (custom/conf/app.example.ini); its API is what /api/swagger of it describes.
 *
 * Invariant: nothing but 127.0.0.1 is reached or listened on.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../../../src/demo/fakes/git.ts';
import { Program } from '../../e2e/program.ts';
import { sourcesOf, stackFolder } from '../../stack/build.ts';
import { findFreePorts } from '../../stack/kube-apiserver.ts';
import { run } from '../../stack/run-command.ts';

const host = '127.0.0.1';
const program = join(stackFolder, 'gitea');
/** Of whoever sets everything up. */
export const admin = 'owner';
const password = 'the-password-of-all';

/** The ends of the paths that git asks for, as Gitea's log has them. It leads to a renamed repository without `.git`. */
const gitRequests = {
  look: (repository: string) => new RegExp(`completed GET /${repository}(\\.git)?/info/refs\\?service=`),
  push: (repository: string) => new RegExp(`completed POST /${repository}(\\.git)?/git-receive-pack`),
};

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export class Gitea {
  readonly #folder: string;
  readonly #process: Program;
  readonly port: number;
  readonly sshPort: number;

  private constructor(folder: string, port: number, sshPort: number) {
    this.#folder = folder;
    this.port = port;
    this.sshPort = sshPort;
    mkdirSync(join(folder, 'home'), { recursive: true });
    writeFileSync(join(folder, 'app.ini'), toSettings(folder, port, sshPort));
    run(program, ['migrate', ...this.#words], { env: this.#environment });
    const mail = ['--email', `${admin}@example.com`, '--must-change-password=false'];
    const account = ['--admin', '--username', admin, '--password', password, ...mail];
    run(program, ['admin', 'user', 'create', ...account, ...this.#words], { env: this.#environment });
    this.#process = new Program({
      name: 'gitea',
      command: program,
      words: ['web', ...this.#words],
      environment: this.#environment,
      folder,
      logs: folder,
    });
  }

  /** @param folder for all of its files. */
  static async start(folder: string): Promise<Gitea> {
    const [port = 0, sshPort = 0] = await findFreePorts(2);
    const gitea = new Gitea(folder, port, sshPort);
    await gitea.#answers();
    return gitea;
  }

  get #words(): readonly string[] {
    return ['--config', join(this.#folder, 'app.ini')];
  }

  get #environment(): Readonly<Record<string, string>> {
    // In CI everything is root, and Gitea would refuse to start.
    return { HOME: join(this.#folder, 'home'), GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT: 'true' };
  }

  url(repository: string): string {
    return `${this.pageUrl(repository)}.git`;
  }

  /** For people. */
  pageUrl(repository: string): string {
    return `http://${host}:${this.port}/${repository}`;
  }

  get apiUrl(): string {
    return `http://${host}:${this.port}/api/v1`;
  }

  sshUrl(repository: string): string {
    return `ssh://git@${host}:${this.sshPort}/${repository}.git`;
  }

  /** Git's own folder of a repository. */
  bare(repository: string): string {
    return join(this.#folder, 'repositories', `${repository}.git`);
  }

  git(repository: string, ...words: string[]): Promise<string> {
    return git(this.bare(repository), words);
  }

  /** The text of a file at the tip of a branch; empty when it is not there. */
  show(repository: string, path: string, branch = 'main'): Promise<string> {
    return this.git(repository, 'cat-file', 'blob', `${branch}:${path}`).catch(() => '');
  }

  /** What it wrote to its log since the start. */
  get log(): string {
    return readFileSync(this.#process.logFile, 'utf8');
  }

  /** How many of these requests it has answered, whatever the answer was. */
  count(repository: string, request: keyof typeof gitRequests): number {
    const isOne = gitRequests[request](repository);
    return this.log.split('\n').filter((line) => isOne.test(line)).length;
  }

  /** @throws Error with its answer, when it refuses. */
  async api<T>(method: string, path: string, body?: unknown, user: string = admin): Promise<T> {
    const { status, body: answer } = await this.ask(method, path, body, toBasic(user));
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer as T;
  }

  async ask(method: string, path: string, body: unknown, authorization: string): Promise<Answer> {
    const response = await fetch(`${this.apiUrl}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }

  /** A form of its pages, by somebody who signs in for it. @throws Error when it is not accepted. */
  async submit(user: string, path: string, fields: Readonly<Record<string, string>>): Promise<void> {
    const post = async (to: string, body: Readonly<Record<string, string>>, leadsTo: string, cookie: string) => {
      const response = await fetch(`http://${host}:${this.port}${to}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie },
        body: new URLSearchParams(body),
      });
      const place = response.headers.get('location');
      if (place !== leadsTo) throw new Error(`${to}: ${response.status} ${place} ${await response.text()}`);
      // Of one that is set twice, the last counts.
      const cookies = new Map(response.headers.getSetCookie().map((line) => [line.replace(/=.*/, ''), line]));
      return [...cookies.values()].map((line) => line.replace(/;.*/, '')).join('; ');
    };
    const cookies = await post('/user/login', { user_name: user, password }, '/', '');
    await post(path, fields, path, cookies);
  }

  /** @returns an account's name, which has the password of all. */
  async addUser(name: string): Promise<string> {
    const email = `${name}@example.com`;
    await this.api('POST', '/admin/users', { username: name, email, password, must_change_password: false });
    return name;
  }

  async addToken(user: string, name: string, scopes: readonly string[] = ['write:repository']): Promise<string> {
    const { sha1 } = await this.api<{ sha1: string }>('POST', `/users/${user}/tokens`, { name, scopes }, user);
    return sha1;
  }

  async removeToken(user: string, name: string): Promise<void> {
    await this.api('DELETE', `/users/${user}/tokens/${name}`, undefined, user);
  }

  /** An empty private repository of the administrator's. @returns its whole name. */
  async addRepository(name: string): Promise<string> {
    await this.api('POST', '/user/repos', { name, private: true, default_branch: 'main' });
    return `${admin}/${name}`;
  }

  async allow(repository: string, user: string, permission: 'read' | 'write'): Promise<void> {
    await this.api('PUT', `/repos/${repository}/collaborators/${user}`, { permission });
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async restart(): Promise<void> {
    this.#process.start();
    await this.#answers();
  }

  async #answers(): Promise<void> {
    await this.#process.until('Gitea answers', async () => {
      const response = await fetch(`http://${host}:${this.port}/api/healthz`);
      return response.ok;
    });
  }
}

export function toBasic(user: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function toSettings(folder: string, port: number, sshPort: number): string {
  return `APP_NAME = Gitea
RUN_MODE = prod
WORK_PATH = ${folder}
[server]
PROTOCOL = http
HTTP_ADDR = ${host}
HTTP_PORT = ${port}
ROOT_URL = http://${host}:${port}/
STATIC_ROOT_PATH = ${sourcesOf('gitea')}
APP_DATA_PATH = ${join(folder, 'data')}
OFFLINE_MODE = true
START_SSH_SERVER = true
SSH_LISTEN_HOST = ${host}
SSH_LISTEN_PORT = ${sshPort}
SSH_PORT = ${sshPort}
BUILTIN_SSH_SERVER_USER = git
[database]
DB_TYPE = sqlite3
PATH = ${join(folder, 'gitea.db')}
SQLITE_TIMEOUT = 60000
SQLITE_JOURNAL_MODE = WAL
[repository]
ROOT = ${join(folder, 'repositories')}
[security]
INSTALL_LOCK = true
SECRET_KEY = ${randomBytes(32).toString('hex')}
PASSWORD_HASH_ALGO = pbkdf2$1000$50
[service]
DISABLE_REGISTRATION = true
[log]
MODE = console
LEVEL = Info
[cron]
ENABLED = false
[cron.update_checker]
ENABLED = false
[indexer]
REPO_INDEXER_ENABLED = false
[actions]
ENABLED = false
[picture]
DISABLE_GRAVATAR = true
`;
}
