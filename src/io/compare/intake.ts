/**
 * Takes copies over HTTP/2 without TLS. Whoever sends them must never wait for us: each is answered as soon as it is whole
 * and before anybody is asked, what nobody wants is ended at once, and everything that arrives is read.
 *
 * The window of a connection is 1 MiB: should this process hang, no more than that waits in sockets, and the sender's
 * connection never fills up; that is what would have made its clients wait (executed with a mirror gateway that hangs).
 */
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { CopyHead, CopyReceiver } from '../../core/ports/compare.ts';
import { parsePlace, started, toAddressText } from '../process/listen.ts';

const windowBytes = 1024 * 1024;
/** Of one sender; it opens another connection for more, or waits on its own side. */
const maxStreams = 1000;
/** Frames of a stream that was ended still arrive, and are thrown away; a server that sends them all the same is cut off. */
const maxSessionMegabytes = 32;

export interface Intake {
  /** The address that it listens on. */
  readonly address: string;
  /** Takes no more copies; those that are arriving may end. */
  readonly drain: () => void;
  readonly close: () => void;
}

/** @param place `host:port`, `[::1]:port` or `:port` for all addresses. */
export async function openIntake(place: string, receiver: CopyReceiver): Promise<Intake> {
  const { host, port } = parsePlace(place);
  const server: Http2Server = createServer({
    settings: { initialWindowSize: windowBytes, maxConcurrentStreams: maxStreams, enablePush: false },
    maxSessionMemory: maxSessionMegabytes,
    // A gateway resets each copy that is refused while its body is under way: by default the thousandth ends the connection.
    streamResetBurst: 2 ** 31 - 1,
    streamResetRate: 2 ** 31 - 1,
    // Nor does one end that opens more streams than it may: those alone are refused. By default the hundredth ends it.
    maxSessionRejectedStreams: 2 ** 31 - 1,
    maxSessionInvalidFrames: 2 ** 31 - 1,
  });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(windowBytes);
    session.once('close', () => sessions.delete(session));
    // A sender that breaks off is no error of ours.
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => take(stream as ServerHttp2Stream, headers, receiver));
  server.on('sessionError', () => {});
  await started(server, port, host, '--intake');
  return {
    address: toAddressText(server.address() as AddressInfo),
    drain: () => {
      server.close();
      for (const session of sessions) session.close();
    },
    close: () => {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}

const isGrpc = ({ 'content-type': type }: IncomingHttpHeaders) => type?.startsWith('application/grpc') === true;
const grpcAnswer = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' } as const;
const httpAnswer = { ':status': 202 } as const;

function take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, receiver: CopyReceiver): void {
  let isAnswered = false;
  const answer = () => {
    if (isAnswered || stream.destroyed || stream.closed) return;
    isAnswered = true;
    stream.respond(isGrpc(headers) ? grpcAnswer : httpAnswer, { endStream: true });
  };
  /**
   * The sender need not send the rest (RFC 9113, 8.1): with bodies of 600 KB that takes a seventh of the time of reading all
   * and throwing it away (executed). Closed in the same turn, the answer would not be sent.
   */
  const refuse = () => {
    answer();
    stream.resume();
    setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
  };
  stream.on('error', () => {});
  const reception = receiver.receive(toHead(headers));
  if (reception === undefined) {
    refuse();
    return;
  }
  let isOver = false;
  stream.on('data', (chunk: Buffer) => {
    if (isOver || reception.take(chunk)) return;
    isOver = true;
    refuse();
  });
  stream.on('end', () => {
    if (isOver) return;
    isOver = true;
    answer();
    reception.end();
  });
  stream.on('close', () => {
    if (isOver) return;
    isOver = true;
    reception.cutOff();
  });
}

function toHead(received: IncomingHttpHeaders): CopyHead {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(received))
    if (value !== undefined && !name.startsWith(':'))
      headers[name] = Array.isArray(value) ? value.join(', ') : String(value);
  return {
    host: received[':authority'] ?? received.host ?? '',
    method: received[':method'] ?? '',
    path: received[':path'] ?? '',
    headers,
  };
}
