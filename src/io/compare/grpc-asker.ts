/**
 * Asks over HTTP/2 without TLS, as gRPC needs it. undici's HTTP/2 ends the process when a server goes away in the middle of
 * a response, so this is Node's own.
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { connect, constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { Answer, Call, NoReply, Room } from '../../core/ports/compare.ts';
import { AnswerBody } from './answer-body.ts';
import type { ClosableAsker } from './http1-asker.ts';
import type { Lookup } from './safe-lookup.ts';
import { refusedAddress } from './safe-lookup.ts';

/** A connection stays with one Pod of a Service: a new one from time to time finds the others, too. */
const sessionMs = 30_000;
const connectMs = 2000;
/** A whole answer of the usual sizes without a turn in between. */
const windowBytes = 1024 * 1024;

/** Whether it is compressed, and its length (grpc/grpc doc/PROTOCOL-HTTP2.md). */
const frameHead = 5;

interface Session {
  readonly http2: ClientHttp2Session;
  readonly until: number;
  /** Why it cannot be used; undefined: nothing is known against it. */
  trouble: NodeJS.ErrnoException | undefined;
}

/** @param lookup decides which addresses may be called. */
export function createGrpcAsker(lookup: Lookup): ClosableAsker {
  const sessions = new Map<string, Session>();
  const open = (origin: string, { host, port }: Call): Session => {
    const known = sessions.get(origin);
    const now = performance.now();
    if (known !== undefined && known.until > now && !known.http2.closed && !known.http2.destroyed) return known;
    known?.http2.close();
    const socket = connectSocket({ host, port, lookup, noDelay: true });
    const slow = setTimeout(() => socket.destroy(new Error('no connection in time')), connectMs);
    socket.once('connect', () => clearTimeout(slow)).once('close', () => clearTimeout(slow));
    const http2 = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: windowBytes },
    });
    const session: Session = { http2, until: now + sessionMs, trouble: undefined };
    const forget = () => {
      if (sessions.get(origin) === session) sessions.delete(origin);
    };
    http2.once('connect', () => http2.setLocalWindowSize(4 * windowBytes));
    http2.on('error', (error: NodeJS.ErrnoException) => {
      session.trouble = error;
      forget();
    });
    http2.once('goaway', forget);
    http2.once('close', forget);
    http2.unref();
    sessions.set(origin, session);
    return session;
  };
  return {
    ask: (call, room, done) => {
      const origin = `http://${call.host}:${call.port}`;
      return ask(open(origin, call), call, room, done);
    },
    close: () => {
      for (const { http2 } of sessions.values()) http2.destroy();
      sessions.clear();
    },
  };
}

function ask(session: Session, call: Call, room: Room, done: (answer: Answer) => void): () => void {
  const start = performance.now();
  const body = new AnswerBody(room, call.maxBytes);
  let headers: IncomingHttpHeaders | undefined;
  let trailers: IncomingHttpHeaders = {};
  let isEmpty = true;
  let isDone = false;
  let stream: ClientHttp2Stream | undefined;
  const finish = (answer: Answer) => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    done(answer);
  };
  const stop = (is: NoReply) => {
    finish({ is, ms: performance.now() - start });
    stream?.close(constants.NGHTTP2_CANCEL);
  };
  const timer = setTimeout(stop, call.deadlineMs, 'deadline');
  try {
    stream = session.http2.request(
      {
        ...call.headers,
        te: 'trailers',
        'grpc-timeout': `${Math.min(99_999_999, Math.ceil(call.deadlineMs))}m`,
        ':method': call.method,
        ':path': call.path,
        ':scheme': 'http',
        ':authority': `${call.host}:${call.port}`,
      },
      { endStream: false },
    );
  } catch {
    // Headers that HTTP/2 does not allow, or a session that has just ended.
    setImmediate(stop, 'unreachable');
    return () => stop('cancelled');
  }
  stream.on('response', (received) => {
    headers = received;
    const trouble = body.announce(received['content-length']);
    if (trouble !== undefined) stop(trouble);
  });
  stream.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('data', (chunk: Buffer) => {
    if (isDone) return;
    // The first frame says how long it is; of most answers it is the only one.
    const length = isEmpty && chunk.length >= frameHead ? frameHead + chunk.readUInt32BE(1) : 0;
    isEmpty = false;
    const trouble = (length > 0 ? body.expect(length) : undefined) ?? body.take(chunk);
    if (trouble !== undefined) stop(trouble);
  });
  // An error comes with the closing, which has the code.
  stream.on('error', () => {});
  stream.on('close', () => {
    const ms = performance.now() - start;
    const code = stream?.rstCode ?? 0;
    const isWhole = headers !== undefined && stream?.readableEnded === true && code === constants.NGHTTP2_NO_ERROR;
    if (!isWhole) return finish({ is: toNoReply(session, code, headers !== undefined), ms });
    const { [':status']: status = 0 } = headers as IncomingHttpHeaders & { readonly ':status'?: number };
    finish({
      is: 'reply',
      status,
      headers: toHeaders(headers ?? {}),
      trailers: toHeaders(trailers),
      body: body.bytes,
      ms,
    });
  });
  stream.end(call.body);
  return () => stop('cancelled');
}

/** A server that resets a call has got it; one that refuses it, or whose connection is gone, may not have. */
function toNoReply({ http2, trouble }: Session, code: number, hasBegun: boolean): NoReply {
  if (trouble?.code === refusedAddress) return 'refused';
  if (hasBegun) return 'broken-off';
  const isGone = trouble !== undefined || http2.destroyed || code === constants.NGHTTP2_NO_ERROR;
  const isReset = !isGone && code !== constants.NGHTTP2_REFUSED_STREAM && code !== constants.NGHTTP2_CANCEL;
  return isReset ? 'broken-off' : 'unreachable';
}

function toHeaders(received: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(received))
    if (value !== undefined && !name.startsWith(':'))
      headers[name] = Array.isArray(value) ? value.join(', ') : String(value);
  return headers;
}
