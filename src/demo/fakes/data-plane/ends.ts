/** Both ends of HTTP on loopback: servers for HTTP/1.1 and for HTTP/2 without TLS, and how a proxy or a client calls them. */
import { once } from 'node:events';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, Server } from 'node:http';
import { createServer } from 'node:http';
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import type { Answer, Asker, Call, Room } from '../../../core/ports/compare.ts';
import type { Lookup } from '../../../io/compare/safe-lookup.ts';
import { readAll } from '../git.ts';

/** A request that has arrived as a whole. */
export interface Arrived {
  /** With or without a port, as it was sent. */
  readonly host: string;
  readonly method: string;
  readonly path: string;
  /** Names in lower case, without those of one connection. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly isHttp2: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpEnd {
  readonly port: number;
  readonly close: () => void;
}

type Serve = (request: Arrived) => Promise<Reply>;

/** Of one connection (RFC 9110, 7.6.1), or written again for each call. */
const ofConnection = new Set(
  'connection content-length expect grpc-timeout host keep-alive te transfer-encoding'.split(' '),
);
const loopback = '127.0.0.1';

export async function serveHttp1(serve: Serve): Promise<HttpEnd> {
  const server = createServer(async (request, response) => {
    response.on('error', () => {});
    try {
      const { method = '', url: path = '', headers } = request;
      const body = await readAll(request);
      const arrived = { host: headers.host ?? '', method, path, headers: toPlain(headers), body, isHttp2: false };
      const { status, headers: own, body: answer } = await serve(arrived);
      response.writeHead(status, { ...toPlain(own), 'content-length': answer.length } as OutgoingHttpHeaders);
      response.end(answer);
    } catch {
      response.destroy();
    }
  });
  const port = await listen(server);
  return {
    port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export async function serveHttp2(serve: Serve): Promise<HttpEnd> {
  const server = createHttp2Server();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session)).on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    void answerStream(stream, headers, serve).catch(() => stream.close());
  });
  const port = await listen(server);
  return {
    port,
    close: () => {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}

async function answerStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, serve: Serve): Promise<void> {
  const pseudo = (name: string) => String(headers[name] ?? '');
  const body = await readAll(stream as Readable);
  const [host, method, path] = [pseudo(':authority'), pseudo(':method'), pseudo(':path')];
  const reply = await serve({ host, method, path, headers: toPlain(headers), body, isHttp2: true });
  const hasTrailers = Object.keys(reply.trailers).length > 0;
  stream.respond({ ':status': reply.status, ...toPlain(reply.headers) }, { waitForTrailers: hasTrailers });
  if (hasTrailers) stream.on('wantTrailers', () => stream.sendTrailers({ ...reply.trailers }));
  stream.end(reply.body);
}

async function listen(server: Server | Http2Server): Promise<number> {
  await once(server.listen(0, loopback), 'listening');
  return (server.address() as AddressInfo).port;
}

function toPlain(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !name.startsWith(':') && !ofConnection.has(name)) plain[name] = String(value);
  return plain;
}

/** Every name is at home here. */
export const toLoopback: Lookup = (_, options, done) =>
  options.all === true ? done(null, [{ address: loopback, family: 4 }]) : done(null, loopback, 4);

const unlimited: Room = { take: () => true, reserve: (bytes) => new Uint8Array(bytes) };

/** As Istio's proxies do by default where no server was reached: a busy machine closes idle connections late. */
const attempts = 3;

/** @returns undefined: there was no whole answer. */
export async function exchange(
  asker: Asker,
  call: Omit<Call, 'deadlineMs' | 'maxBytes'>,
): Promise<(Reply & { readonly ms: number }) | undefined> {
  const limits = { deadlineMs: 30_000, maxBytes: 1 << 24 };
  for (let left = attempts; left > 0; left--) {
    const answer = await new Promise<Answer>((resolve) => {
      asker.ask({ ...call, ...limits }, unlimited, resolve);
    });
    if (answer.is === 'reply') return answer;
    if (answer.is !== 'unreachable') return undefined;
  }
  return undefined;
}
