/**
 * A git server on loopback for tests and the demo: `git http-backend` behind node:http, and faults on
 * demand.
 *
 * Invariants: git itself produces every answer, for each state of the refs once; no git configuration of the machine or the user has an effect; no
 * process outlives `close`.
 */
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { git, readAll } from './git.ts';
import type { BackendRequest, Delivery } from './git-backend.ts';
import { Backend, findBackend } from './git-backend.ts';
import type { GitAnswer } from './ref-answers.ts';
import { RefAnswers, readState, toRefQuestion } from './ref-answers.ts';

/** Both a fetch and a push begin with `info/refs`. */
export type GitService = 'info/refs' | 'git-upload-pack' | 'git-receive-pack';

export type GitFault =
  /** Reads the request and never answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Breaks the connection after this many bytes of the response body, or at its end. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Executes the request and breaks the connection instead of answering. */
  | { readonly kind: 'answer-lost' }
  | { readonly kind: 'delay'; readonly ms: number };

export interface FaultScope {
  /** Absent: every service. */
  readonly service?: GitService;
  /** The number of requests; absent: until `heal`. */
  readonly times?: number;
}

export interface GitServerOptions {
  /** The folder of the repositories. Absent: a new temporary folder, removed by `close`. */
  readonly root?: string;
  /** Absent: anonymous access. */
  readonly authorization?: { readonly username: string; readonly password: string };
}

export interface Traffic {
  /** Includes those with a fault or a wrong password. */
  readonly requests: number;
  /** The total size of the request bodies. */
  readonly bytes: number;
}

interface Order {
  readonly fault: GitFault;
  readonly service: GitService | undefined;
  left: number;
}

const host = '127.0.0.1';
/** In bytes: more than any question about refs. */
const shortBody = 1000;
const services: readonly GitService[] = ['info/refs', 'git-upload-pack', 'git-receive-pack'];

/**
 * Listens on a free port of 127.0.0.1.
 *
 * @throws Fault when git or its http-backend is not installed.
 */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const program = await findBackend();
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'model-mirror-git-')));
  const server = new GitServer(root, program, options);
  await server.accept();
  return server;
}

/** A running server; `startGitServer` creates it. */
export class GitServer {
  readonly #root: string;
  /** Git's http-backend. */
  readonly #program: string;
  readonly #isTemporary: boolean;
  readonly #username: string | undefined;
  #password: string | undefined;
  readonly #server: Server;
  #port = 0;
  readonly #backends = new Set<Backend>();
  readonly #work = new Set<Promise<void>>();
  readonly #answers = new RefAnswers();
  readonly #end = new AbortController();
  #orders: Order[] = [];
  #traffic = noTraffic();

  constructor(root: string, program: string, { root: given, authorization }: GitServerOptions) {
    this.#root = root;
    this.#program = program;
    this.#isTemporary = given === undefined;
    this.#username = authorization?.username;
    this.#password = authorization?.password;
    // Longer than any client keeps a connection: one that was closed just before a request would be a fault that nobody ordered.
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
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

  /** The folder of the bare repository. */
  folder(name: string): string {
    return join(this.#root, name);
  }

  /** Creates an empty bare repository that accepts pushes. */
  async createRepository(name: string, { branch = 'main' }: { readonly branch?: string } = {}): Promise<void> {
    const folder = this.folder(name);
    await git(this.#root, ['init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, folder]);
    // Without this, a push starts a garbage collection that may outlive the folder.
    await appendFile(join(folder, 'config'), '[http]\n\treceivepack = true\n[receive]\n\tautogc = false\n');
    await mkdir(join(folder, 'hooks'));
  }

  /** From now on, only this password is accepted. */
  setPassword(password: string): void {
    this.#password = password;
  }

  /** Faults are queued; a request gets the first one for its service. */
  disturb(fault: GitFault, { service, times = Number.POSITIVE_INFINITY }: FaultScope = {}): void {
    this.#orders.push({ fault, service, left: times });
  }

  /** No more faults; requests that already hang keep hanging. */
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
    this.#traffic = noTraffic();
  }

  /** Ends all requests and their processes at once. */
  async close(): Promise<void> {
    this.#end.abort();
    if (this.#server.listening) await this.refuse();
    for (const backend of this.#backends) backend.kill();
    await Promise.all(this.#work);
    if (this.#isTemporary) await rm(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The client may disconnect at any time.
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
    // The listener switched it to flowing mode.
    request.pause();
    const fault = this.#takeFault(service);
    if (fault?.kind === 'hang') {
      request.resume();
      if (!response.closed) await once(response, 'close');
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
    const body = await readShortBody(request);
    await this.#run(
      { request, body, root: this.#root, path, query: search.slice(1), user },
      response,
      toDelivery(fault),
    );
  }

  #takeFault(service: GitService): GitFault | undefined {
    const order = this.#orders.find((one) => one.left > 0 && (one.service ?? service) === service);
    if (order !== undefined) order.left--;
    return order?.fault;
  }

  /** Undefined: wrong credentials. Empty: anonymous. */
  #toUser({ authorization = '' }: IncomingHttpHeaders): string | undefined {
    if (this.#username === undefined) return '';
    const pair = Buffer.from(authorization.replace(/^Basic /i, ''), 'base64').toString('utf8');
    return pair === `${this.#username}:${this.#password}` ? this.#username : undefined;
  }

  async #run(request: BackendRequest, response: ServerResponse, delivery: Delivery): Promise<void> {
    const question = delivery === 'whole' ? toRefQuestion(request.request, this.#root, request) : undefined;
    const known = question === undefined ? undefined : this.#answers.find(question);
    if (known !== undefined) return answerAgain(request.request, response, known);
    const before = question === undefined ? undefined : readState(question);
    const backend = new Backend(this.#program, request);
    this.#backends.add(backend);
    if (this.#end.signal.aborted) backend.kill();
    const answer = await backend.deliver(response, delivery);
    this.#backends.delete(backend);
    if (question !== undefined && answer !== undefined) this.#answers.keep(question, before, answer);
  }
}

function toDelivery(fault: GitFault | undefined): Delivery {
  if (fault?.kind === 'answer-lost') return 'dropped';
  return fault?.kind === 'cut' ? { cutAfterBytes: fault.afterBytes } : 'whole';
}

/** Undefined when the URL is not valid. */
function toPath(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

/** @returns undefined, and reads nothing, when it is too long for a question about refs, or of unknown length. */
async function readShortBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  return request.method === 'POST' && length <= shortBody ? readAll(request) : undefined;
}

function answerAgain(request: IncomingMessage, response: ServerResponse, { status, headers, body }: GitAnswer): void {
  request.resume();
  response.writeHead(status, headers.flat()).end(body);
}

function answerStatus(
  request: IncomingMessage,
  response: ServerResponse,
  { status, retryAfterSeconds }: GitFault & { kind: 'status' },
): void {
  request.resume();
  response
    .writeHead(status, retryAfterSeconds === undefined ? {} : { 'retry-after': `${retryAfterSeconds}` })
    .end(`answered ${status} on demand\n`);
}

function noTraffic(): Record<GitService, { requests: number; bytes: number }> {
  const none = () => ({ requests: 0, bytes: 0 });
  return { 'info/refs': none(), 'git-upload-pack': none(), 'git-receive-pack': none() };
}
