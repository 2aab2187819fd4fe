/** ModelInfer calls over a few HTTP/2 connections. */
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { connect, constants } from 'node:http2';
import type { Caller, CallOptions, End } from './caller.ts';
import { describeAnswer, toOutgoing } from './caller.ts';
import {
  contentType,
  inferPath,
  MessageReader,
  parseInferMessage,
  parseOutputs,
  toFrame,
  toInferRequest,
  toStatusName,
  toTimeout,
} from './grpc-frames.ts';

const ignore = () => {};

const resetNames: ReadonlyMap<unknown, string> = new Map(
  Object.entries(constants)
    .filter(([name]) => /^NGHTTP2_([A-Z_]+_ERROR|REFUSED_STREAM|CANCEL|ENHANCE_YOUR_CALM|STREAM_CLOSED)$/.test(name))
    .map(([name, code]) => [code, name.replace('NGHTTP2', 'RST')]),
);

export class GrpcCaller implements Caller {
  readonly #options: CallOptions;
  readonly #headers: readonly OutgoingHttpHeaders[];
  /** They take turns. */
  readonly #frames: readonly Buffer[];
  readonly #sessions: (ClientHttp2Session | undefined)[];

  /** @param deadlineMs sent along, unless it is hidden. */
  constructor(options: CallOptions, deadlineMs: number) {
    const { headers, isDeadlineHidden = false, authority, connections = 4, modelName, id, bytes, inputs } = options;
    this.#options = options;
    this.#frames = (inputs ?? [undefined]).map((input) => toFrame(toInferRequest({ modelName, id }, bytes, input)));
    this.#sessions = new Array(connections).fill(undefined);
    this.#headers = [authority].flat().map((one) => ({
      ':method': 'POST',
      ':path': inferPath,
      ':authority': one,
      'content-type': contentType,
      te: 'trailers',
      ...(isDeadlineHidden ? {} : { 'grpc-timeout': toTimeout(deadlineMs) }),
      ...toOutgoing(headers),
    }));
  }

  send(index: number, end: End): () => void {
    const headers = this.#headers[index % this.#headers.length];
    const stream = this.#session(index % this.#sessions.length).request(headers);
    let status: string | undefined;
    let failure: string | undefined;
    const body = new MessageReader();
    stream.on('response', (answer) => {
      if (answer[':status'] !== 200) failure = `HTTP_${answer[':status']}`;
      status = answer['grpc-status'] as string | undefined;
    });
    stream.on('trailers', (trailers) => {
      status = trailers['grpc-status'] as string | undefined;
    });
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.on('error', (error) => {
      failure ??= toReason(error, stream.rstCode);
    });
    stream.on('close', () => {
      if (status !== undefined && status !== '0') return end(toStatusName(status));
      if (failure !== undefined) return end(failure);
      if (status === undefined) return end('NO_STATUS');
      const by = this.#toAnswer(body);
      return by === undefined ? end('NO_MESSAGE') : end(undefined, by);
    });
    stream.end(this.#frames[index % this.#frames.length]);
    return () => {
      // One that has no connection yet cannot be reset.
      if (stream.pending) stream.destroy();
      else stream.close(constants.NGHTTP2_CANCEL);
    };
  }

  close(): void {
    for (const session of this.#sessions) session?.destroy();
  }

  /** An open connection: a new one in place of one that was closed. */
  #session(index: number): ClientHttp2Session {
    const open = this.#sessions[index];
    if (open !== undefined && !open.closed && !open.destroyed) return open;
    const session = connect(`http://${this.#options.to}`, { maxSessionMemory: 1024 });
    // Each of its calls tells of it.
    session.on('error', ignore);
    this.#sessions[index] = session;
    return session;
  }

  /** Undefined when the answer is none. */
  #toAnswer(body: MessageReader): string | undefined {
    try {
      const message = body.message();
      if (message === undefined) return undefined;
      const predicted = this.#options.inputs === undefined ? undefined : parseOutputs(message);
      return describeAnswer(parseInferMessage(message).modelName ?? '', predicted);
    } catch {
      return undefined;
    }
  }
}

/** @param rstCode tells what Node's own code does not. */
function toReason(error: Error & { readonly code?: string }, rstCode: number | undefined): string {
  if (error.code === 'ERR_HTTP2_STREAM_ERROR') return resetNames.get(rstCode) ?? `RST_${rstCode}`;
  if (error.cause instanceof Error) return toReason(error.cause, rstCode);
  return error.code ?? error.message;
}
