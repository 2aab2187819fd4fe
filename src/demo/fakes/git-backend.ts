/**
 * One request to `git http-backend`, which speaks CGI: git-http-backend(1), RFC 3875.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { access } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { endGit, spawnGit } from '../../io/git-cli/spawn.ts';
import { git, gitEnvironment, readAll } from './git.ts';
import type { GitAnswer } from './ref-answers.ts';

/**
 * @returns where the http-backend of the installed git is.
 *
 * @throws Fault when git or its http-backend is not installed.
 */
export async function findBackend(): Promise<string> {
  const folder = (await git(tmpdir(), ['--exec-path'])).trim();
  const files = ['git-http-backend', 'git-http-backend.exe'].map((name) => join(folder, name));
  try {
    return await Promise.any(files.map((file) => access(file).then(() => file)));
  } catch {
    throw new Fault(
      'environment',
      safe`git is installed without its http-backend: there is no git-http-backend in ${mask(folder)}`,
      safe`install the whole of git; on Alpine it is the package git-daemon`,
    );
  }
}

export interface BackendRequest {
  readonly request: IncomingMessage;
  /** Undefined: nothing of it was read yet. */
  readonly body: Buffer | undefined;
  /** The repositories are in this folder. */
  readonly root: string;
  readonly path: string;
  readonly query: string;
  /** Empty: anonymous. */
  readonly user: string;
}

/** What to do with the answer: send it, send its first bytes and break the connection, or drop it. */
export type Delivery = 'whole' | 'dropped' | { readonly cutAfterBytes: number };

/** In bytes: what a list of refs is shorter than. */
const shortAnswer = 1 << 16;

/** A started http-backend, which runs in a process group of its own, because hooks must end with it. */
export class Backend {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;

  /** @param program where the http-backend is. */
  constructor(program: string, request: BackendRequest) {
    this.#child = spawnGit([], {
      program,
      environment: {
        ...gitEnvironment(),
        ...toVariables(request),
        GIT_PROJECT_ROOT: request.root,
        GIT_HTTP_EXPORT_ALL: '1',
      },
      isApart: true,
    });
    this.#closed = new Promise((resolve) => this.#child.once('close', resolve));
    // 'close' follows an error too.
    this.#child.on('error', () => {});
    if (request.body === undefined) feed(request.request, this.#child.stdin);
    else this.#child.stdin.end(request.body);
  }

  /**
   * Resolves when the process has ended.
   *
   * @returns what was sent, if all of it was, and it is short.
   */
  async deliver(response: ServerResponse, delivery: Delivery): Promise<GitAnswer | undefined> {
    const { stdout, stderr } = this.#child;
    const errors = readAll(stderr);
    let sent: GitAnswer | undefined;
    if (delivery === 'dropped') {
      stdout.resume();
      await this.#closed;
      response.destroy();
    } else sent = await answer(stdout, response, errors, delivery === 'whole' ? undefined : delivery.cutAfterBytes);
    await this.#closed;
    return this.#child.exitCode === 0 ? sent : undefined;
  }

  kill(): void {
    endGit(this.#child, true, 'SIGKILL');
  }
}

function toVariables({ request, path, query, user }: BackendRequest): Record<string, string> {
  const { method = 'GET', headers, socket } = request;
  const given = {
    REQUEST_METHOD: method,
    PATH_INFO: path,
    QUERY_STRING: query,
    REMOTE_ADDR: socket.remoteAddress,
    REMOTE_USER: user,
    CONTENT_TYPE: headers['content-type'],
    // Absent for a chunked body, which is read to its end.
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

interface Answer {
  readonly status: number;
  readonly headers: [name: string, value: string][];
  /** The part of the body that was read together with the headers. */
  readonly start: Buffer;
}

/** Ends the input when the request ends or the client disconnects. */
function feed(request: IncomingMessage, input: Writable): void {
  // The program may stop reading early; the client must still be able to send the rest.
  input.on('error', () => request.unpipe(input).resume());
  request.on('close', () => {
    if (!request.complete) input.destroy();
  });
  request.pipe(input);
}

/** Forwards the answer as it arrives, or at most `cutAfter` bytes of it. */
async function answer(
  output: Readable,
  response: ServerResponse,
  errors: Promise<Buffer>,
  cutAfter = Number.POSITIVE_INFINITY,
): Promise<GitAnswer | undefined> {
  const chunks = output[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const head = await readHeaders(chunks);
  if (head === undefined) {
    response.writeHead(500).end(`git http-backend gave no answer: ${await errors}\n`);
    return undefined;
  }
  response.writeHead(head.status, head.headers.flat());
  let left = cutAfter;
  const sent: Buffer[] = [];
  let size = 0;
  // The output is always read to its end: a push continues after the client has disconnected.
  for (let chunk: Buffer | undefined = head.start; chunk !== undefined; chunk = (await chunks.next()).value) {
    const part = chunk.subarray(0, left);
    left -= part.length;
    size += part.length;
    if (size <= shortAnswer) sent.push(part);
    if (part.length > 0 && !response.destroyed) await send(response, part);
    if (left === 0) response.destroy();
  }
  if (cutAfter !== Number.POSITIVE_INFINITY) {
    response.destroy();
    return undefined;
  }
  response.end();
  return size <= shortAnswer ? { status: head.status, headers: head.headers, body: Buffer.concat(sent) } : undefined;
}

/** Undefined when the output ended within the headers. */
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

/** Resolves when the bytes are sent, or the connection is closed. */
function send(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}
