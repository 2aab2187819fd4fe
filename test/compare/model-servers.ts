/** Model servers that answer as a test wants it, on loopback, over HTTP/1.1 and over HTTP/2 without TLS. */
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

export interface Asked {
  readonly version: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ModelServer {
  readonly port: number;
  /** The last ones. */
  readonly asked: readonly Asked[];
  /** Of all calls that were answered. */
  readonly count: () => number;
  /** The most calls that were in flight at once. */
  readonly peak: () => number;
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

export type AnswerHttp = (asked: Asked, response: ServerResponse, socket: Socket) => void;
export type AnswerGrpc = (asked: Asked, stream: ServerHttp2Stream) => void;

export const json = (value: unknown): AnswerHttp => {
  const text = JSON.stringify(value);
  return (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(text);
};

export async function startHttpModel(version: string, answer: () => AnswerHttp): Promise<ModelServer> {
  const { asked, keep, count, take, leave, reset, peak } = record();
  const server = createServer(async (request: IncomingMessage, response) => {
    take();
    response.once('close', leave);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url: path = '', headers } = request;
    const one = { version, method, path, headers, body: Buffer.concat(chunks) };
    keep(one);
    answer()(one, response, request.socket);
  });
  server.on('clientError', (_, socket) => void socket.destroy());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    count,
    peak,
    reset,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param message of gRPC, without its five bytes. */
export function toGrpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

export const grpc = (message: Uint8Array, status = 0): AnswerGrpc => {
  const frame = toGrpcFrame(message);
  return (_, stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status) }));
    stream.end(status === 0 ? frame : undefined);
  };
};

export async function startGrpcModel(version: string, answer: () => AnswerGrpc): Promise<ModelServer> {
  const { asked, keep, count, take, leave, reset, peak } = record();
  const sockets = new Set<Socket>();
  const server = createHttp2Server();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('sessionError', () => {});
  server.on('stream', async (stream: ServerHttp2Stream, headers) => {
    take();
    stream.once('close', leave);
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of stream) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const one = {
      version,
      method: headers[':method'] ?? '',
      path: headers[':path'] ?? '',
      headers,
      body: Buffer.concat(chunks),
    };
    keep(one);
    answer()(one, stream);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    count,
    peak,
    reset,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const kept = 200;

function record() {
  const asked: Asked[] = [];
  let inFlight = 0;
  let most = 0;
  let all = 0;
  return {
    asked,
    keep: (one: Asked) => {
      all++;
      asked.push(one);
      if (asked.length > kept) asked.shift();
    },
    count: () => all,
    take: () => {
      most = Math.max(most, ++inFlight);
    },
    leave: () => {
      inFlight--;
    },
    peak: () => most,
    reset: () => {
      asked.length = 0;
      most = inFlight;
    },
  };
}
