/**
 * A git server on loopback for tests and the demo: git's own `git http-backend` behind node:http, and
 * faults on order.
 *
 * Invariants: what it answers is git's own work; no git configuration of the machine or the user has a
 * say; no process outlives `close`.
 *
 * The environment of the CGI: git-http-backend(1), RFC 3875.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { access, appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { endGit, spawnGit } from '../../io/git-cli/spawn.ts';

/** `info/refs` opens both a fetch and a push. */
export type GitService = 'info/refs' | 'git-upload-pack' | 'git-receive-pack';

export type GitFault =
  /** Takes the request in and never answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Breaks the connection after so many bytes of the answer's body, at its end at the latest. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Does what is asked and breaks the connection in place of the answer. */
  | { readonly kind: 'answer-lost' }
  | { readonly kind: 'delay'; readonly ms: number };

export interface FaultScope {
  /** Absent: every service. */
  readonly service?: GitService;
  /** For so many requests; absent: until `heal`. */
  readonly times?: number;
}

export interface GitServerOptions {
  /** The repositories lie below. Absent: a new temporary folder, removed by `close`. */
  readonly root?: string;
  /** Absent: everybody may read and push. */
  readonly authorization?: { readonly username: string; readonly password: string };
}

export interface Traffic {
  /** With those that met a fault or a wrong password. */
  readonly requests: number;
  /** Of the requests' bodies, as sent. */
  readonly bytes: number;
}

export interface GitCommandOptions {
  readonly input?: string | Uint8Array;
}

interface Order {
  readonly fault: GitFault;
  readonly service: GitService | undefined;
  left: number;
}

interface Answer {
  readonly status: number;
  readonly headers: [name: string, value: string][];
  /** What came with the headers already. */
  readonly start: Buffer;
}

const host = '127.0.0.1';
const services: readonly GitService[] = ['info/refs', 'git-upload-pack', 'git-receive-pack'];

/**
 * Listens on a free port of 127.0.0.1.
 *
 * @throws Fault when git or its http-backend is not installed.
 */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  await assertBackend();
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'model-mirror-git-')));
  const server = new GitServer(root, options);
  await server.accept();
  return server;
}

/** A running server; `startGitServer` makes one. */
export class GitServer {
  readonly #root: string;
  readonly #isTemporary: boolean;
  readonly #username: string | undefined;
  #password: string | undefined;
  readonly #server: Server;
  #port = 0;
  readonly #children = new Set<ChildProcessWithoutNullStreams>();
  readonly #work = new Set<Promise<void>>();
  readonly #end = new AbortController();
  #orders: Order[] = [];
  #traffic = toNoTraffic();

  constructor(root: string, { root: given, authorization }: GitServerOptions) {
    this.#root = root;
    this.#isTemporary = given === undefined;
    this.#username = authorization?.username;
    this.#password = authorization?.password;
    this.#server = createServer((request, response) => {
      const work = this.#serve(request, response)
        .catch(() => void response.destroy())
        .finally(() => this.#work.delete(work));
      this.#work.add(work);
    });
  }

  /** Without credentials. */
  url(name: string): string {
    return `http://${host}:${this.#port}/${name}`;
  }

  /** The bare repository itself. */
  folder(name: string): string {
    return join(this.#root, name);
  }

  /** An empty bare repository that can be fetched from and pushed to. */
  async createRepository(name: string, { branch = 'main' }: { readonly branch?: string } = {}): Promise<void> {
    const folder = this.folder(name);
    await git(this.#root, ['init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, folder]);
    // A push would leave a tidying process behind, in a folder that may be gone by then.
    await appendFile(join(folder, 'config'), '[http]\n\treceivepack = true\n[receive]\n\tautogc = false\n');
    await mkdir(join(folder, 'hooks'));
  }

  /** From now on this password is the right one. */
  setPassword(password: string): void {
    this.#password = password;
  }

  /** Faults wait in line; a request meets the first that is meant for its service. */
  disturb(fault: GitFault, { service, times = Number.POSITIVE_INFINITY }: FaultScope = {}): void {
    this.#orders.push({ fault, service, left: times });
  }

  /** No more faults; what hangs already goes on hanging. */
  heal(): void {
    this.#orders = [];
  }

  /** Breaks all connections and refuses new ones until `accept`. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens again, on the same port. */
  async accept(): Promise<void> {
    this.#server.listen(this.#port, host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Since the start or the last `resetTraffic`. */
  traffic(service: GitService): Traffic {
    return { ...this.#traffic[service] };
  }

  resetTraffic(): void {
    this.#traffic = toNoTraffic();
  }

  /** Ends at once whatever is under way, with its processes. */
  async close(): Promise<void> {
    this.#end.abort();
    if (this.#server.listening) await this.refuse();
    for (const child of this.#children) endGit(child, true, 'SIGKILL');
    await Promise.all(this.#work);
    if (this.#isTemporary) await rm(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The client may go away at any time.
    response.on('error', () => {});
    const { pathname, search } = new URL(request.url ?? '/', `http://${host}`);
    const path = toPath(pathname);
    const service = services.find((name) => path?.endsWith(`/${name}`));
    if (path === undefined || service === undefined)
      return void response.writeHead(404).end('not a request of git’s smart protocol\n');
    const traffic = this.#traffic[service];
    traffic.requests++;
    request.on('data', (chunk: Buffer) => {
      traffic.bytes += chunk.length;
    });
    // Listening made it flow.
    request.pause();
    const fault = this.#takeFault(service);
    if (fault?.kind === 'hang') {
      request.resume();
      await ended(response);
      return;
    }
    if (fault?.kind === 'delay') await sleep(fault.ms, undefined, { signal: this.#end.signal });
    if (fault?.kind === 'status') return answerStatus(request, response, fault);
    const user = this.#toUser(request.headers);
    if (user === undefined) {
      const challenge = { 'www-authenticate': 'Basic realm="git"' };
      request.resume();
      return void response.writeHead(401, challenge).end('wrong name or password\n');
    }
    await this.#run(request, response, toVariables(request, path, search.slice(1), user), fault);
  }

  #takeFault(service: GitService): GitFault | undefined {
    const order = this.#orders.find((one) => one.left > 0 && (one.service ?? service) === service);
    if (order !== undefined) order.left--;
    return order?.fault;
  }

  /** Undefined: nobody we know. Empty: nobody in particular, where everybody is let in. */
  #toUser({ authorization = '' }: IncomingHttpHeaders): string | undefined {
    if (this.#username === undefined) return '';
    const pair = Buffer.from(authorization.replace(/^Basic /i, ''), 'base64').toString('utf8');
    return pair === `${this.#username}:${this.#password}` ? this.#username : undefined;
  }

  async #run(
    request: IncomingMessage,
    response: ServerResponse,
    variables: Readonly<Record<string, string>>,
    fault: GitFault | undefined,
  ): Promise<void> {
    const child = spawnGit(['http-backend'], {
      environment: { ...toEnvironment(), ...variables, GIT_PROJECT_ROOT: this.#root, GIT_HTTP_EXPORT_ALL: '1' },
      // It has children, hooks among them, that must end with it.
      isApart: true,
    });
    this.#children.add(child);
    const closed = new Promise((resolve) => child.once('close', resolve));
    // It closes after that too.
    child.on('error', () => {});
    if (this.#end.signal.aborted) endGit(child, true, 'SIGKILL');
    feed(request, child.stdin);
    const complaint = collect(child.stderr);
    if (fault?.kind === 'answer-lost') {
      child.stdout.resume();
      await closed;
      response.destroy();
    } else await answer(child.stdout, response, complaint, fault?.kind === 'cut' ? fault.afterBytes : undefined);
    await closed;
    this.#children.delete(child);
  }
}

/**
 * Runs the installed git with an identity and an environment of its own; returns what it prints.
 *
 * @param folder where it runs.
 * @throws Error with git's complaint when it ends with another status than 0; Fault when there is no git.
 */
export async function git(folder: string, words: readonly string[], options: GitCommandOptions = {}): Promise<string> {
  const child = spawnGit(words, { folder, environment: toEnvironment() });
  const failed = new Promise<never>((_, reject) => child.once('error', (error) => reject(toStartFault(error))));
  child.stdin.end(options.input ?? '');
  const [output, complaint, [code, signal]] = await Promise.race([
    Promise.all([collect(child.stdout), collect(child.stderr), once(child, 'close')]),
    failed,
  ]);
  if (code === 0) return output.toString('utf8');
  throw new Error(`git ${words.join(' ')} ended with ${code ?? signal}: ${complaint.toString('utf8').trim()}`);
}

async function assertBackend(): Promise<void> {
  const folder = (await git(tmpdir(), ['--exec-path'])).trim();
  const found = ['git-http-backend', 'git-http-backend.exe'].map((name) => access(join(folder, name)));
  try {
    await Promise.any(found);
  } catch {
    throw new Fault(
      'environment',
      safe`git is installed without its http-backend: there is no git-http-backend in ${mask(folder)}`,
      safe`install the whole of git; on Alpine it is the package git-daemon`,
    );
  }
}

function toStartFault(error: Error): Fault {
  return new Fault('environment', safe`git cannot be started: ${mask(error.message)}`, safe`install git`, {
    cause: error,
  });
}

/** Nothing of what is set around this process but where programs are. */
function toEnvironment(): Record<string, string> {
  const person = { NAME: 'Tester', EMAIL: 'tester@model-mirror.invalid' };
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: tmpdir(),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: person.NAME,
    GIT_AUTHOR_EMAIL: person.EMAIL,
    GIT_COMMITTER_NAME: person.NAME,
    GIT_COMMITTER_EMAIL: person.EMAIL,
  };
}

function toVariables(
  { method = 'GET', headers, socket }: IncomingMessage,
  path: string,
  query: string,
  user: string,
): Record<string, string> {
  const given = {
    REQUEST_METHOD: method,
    PATH_INFO: path,
    QUERY_STRING: query,
    REMOTE_ADDR: socket.remoteAddress,
    REMOTE_USER: user,
    CONTENT_TYPE: headers['content-type'],
    // Absent with a chunked body: it is then read to its end.
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    GIT_PROTOCOL: headers['git-protocol'],
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      typeof value === 'string' && value !== '' ? [[name, value] as const] : [],
    ),
  );
}

/** Undefined: not a path. */
function toPath(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

function answerStatus(
  request: IncomingMessage,
  response: ServerResponse,
  { status, retryAfterSeconds }: GitFault & { kind: 'status' },
): void {
  request.resume();
  response
    .writeHead(status, retryAfterSeconds === undefined ? {} : { 'retry-after': `${retryAfterSeconds}` })
    .end(`answered ${status} on order\n`);
}

/** Ends the CGI's input where the request ends or the client goes away. */
function feed(request: IncomingMessage, input: Writable): void {
  // The program may have seen enough before it has read all; the client must be able to send the rest.
  input.on('error', () => request.unpipe(input).resume());
  request.on('close', () => {
    if (!request.complete) input.destroy();
  });
  request.pipe(input);
}

/** Hands the CGI's answer on as it comes; `cutAfter` bytes of it at most, when given. */
async function answer(
  output: Readable,
  response: ServerResponse,
  complaint: Promise<Buffer>,
  cutAfter = Number.POSITIVE_INFINITY,
): Promise<void> {
  const chunks = output[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const head = await readHeaders(chunks);
  if (head === undefined) {
    response.writeHead(500).end(`git http-backend gave no answer: ${await complaint}\n`);
    return;
  }
  response.writeHead(head.status, head.headers.flat());
  let left = cutAfter;
  // It is read to its end in any case: a push goes on when nobody waits for its answer any more.
  for (let chunk: Buffer | undefined = head.start; chunk !== undefined; chunk = (await chunks.next()).value) {
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (part.length > 0 && !response.destroyed) await send(response, part);
    if (left === 0) response.destroy();
  }
  if (cutAfter === Number.POSITIVE_INFINITY) response.end();
  else response.destroy();
}

/** Undefined: it ended before its headers did. */
async function readHeaders(chunks: AsyncIterator<Buffer>): Promise<Answer | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const { value, done } = await chunks.next();
    if (done) return undefined;
    bytes = Buffer.concat([bytes, value]);
    end = bytes.indexOf('\r\n\r\n');
  }
  const lines = bytes.toString('latin1', 0, end).split('\r\n');
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const status = fields.find(([name]) => name.toLowerCase() === 'status')?.[1];
  return {
    status: status === undefined ? 200 : Number.parseInt(status, 10),
    headers: fields.filter(([name]) => name.toLowerCase() !== 'status'),
    start: bytes.subarray(end + 4),
  };
}

/** Done when the bytes have left, or never will. */
function send(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}

async function ended(response: ServerResponse): Promise<void> {
  if (!response.closed) await once(response, 'close');
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function toNoTraffic(): Record<GitService, { requests: number; bytes: number }> {
  const none = () => ({ requests: 0, bytes: 0 });
  return { 'info/refs': none(), 'git-upload-pack': none(), 'git-receive-pack': none() };
}
