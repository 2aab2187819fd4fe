/**
 * A fake of rest-proxy, which stands beside ModelMesh in its Pods: V2 inference over HTTP becomes a gRPC call to it.
 *
 * What it does is what rest-proxy does (kserve/rest-proxy, grpc_predict_v2.proto and proxy/, on grpc-gateway), and what the
 * real one did (`fixtures/modelmesh/rest.md`): the name in the path is the one in the message, whatever name the JSON has;
 * without one in the path, a header `Grpc-Metadata-mm-vmodel-id` names it. Other headers are not handed on. Nothing but
 * inference is served, and nothing of V1.
 */
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Address } from './address.ts';
import { neverIdle } from './fake-server.ts';
import type { GrpcStatus } from './grpc-frames.ts';
import {
  contentType,
  inferPath,
  isStatus,
  MessageReader,
  parseInferMessage,
  toFrame,
  toInferMessage,
  toInferRequest,
  toStatusCode,
  toStatusName,
} from './grpc-frames.ts';

/** grpc-gateway's runtime/errors.go (HTTPStatusFromCode). */
const httpStatuses: Readonly<Partial<Record<GrpcStatus, number>>> = {
  OK: 200,
  CANCELLED: 499,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
};

interface Reply {
  readonly code: GrpcStatus;
  readonly message: string;
  /** Of a good answer. */
  readonly body?: object;
}

/** The one input that a request has, and its id. */
interface InferBody {
  readonly id?: string;
  readonly inputs?: readonly { readonly data: readonly number[] }[];
}

const prefix = 'grpc-metadata-';

export class RestProxyFake {
  readonly #server: Server;
  readonly #modelMesh: string;
  #session: ClientHttp2Session | undefined;

  private constructor(modelMesh: string) {
    this.#modelMesh = modelMesh;
    this.#server = createServer(neverIdle, (request, response) => {
      this.#serve(request, response).catch((error) => request.destroy(error));
    });
  }

  /** Port 0 is any that is free. @param modelMesh `IP:PORT`, where it takes gRPC. */
  static async start({ host, port }: Address, modelMesh: string): Promise<RestProxyFake> {
    const fake = new RestProxyFake(modelMesh);
    fake.#server.listen(port, host);
    await once(fake.#server, 'listening');
    return fake;
  }

  /** `IP:PORT`. */
  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    this.#session?.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '', headers } = request;
    const body = await text(request);
    const [path = ''] = url.split('?');
    const [, name] = /^\/v2\/models\/([^/]*)(?:\/versions\/[^/]+)?\/infer$/.exec(path) ?? [];
    const reply: Reply =
      name === undefined
        ? { code: 'NOT_FOUND', message: 'Not Found' }
        : method !== 'POST'
          ? { code: 'UNIMPLEMENTED', message: 'Method Not Allowed' }
          : await this.#infer(decodeURIComponent(name), body, headers);
    const { code, message } = reply;
    response.writeHead(httpStatuses[code] ?? 500, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply.body ?? { code: Number(toStatusCode(code)), message, details: [] }));
  }

  #infer(name: string, body: string, headers: IncomingHttpHeaders): Promise<Reply> {
    let parsed: InferBody;
    try {
      parsed = JSON.parse(body) as InferBody;
    } catch (error) {
      return Promise.resolve({ code: 'INVALID_ARGUMENT', message: (error as Error).message });
    }
    const { id, inputs: [input] = [] } = parsed;
    const named = { modelName: name === '' ? undefined : name, id };
    const message = input === undefined ? toInferMessage(named) : toInferRequest(named, 0, input.data);
    const stream = this.#connect().request({
      ...{ ':method': 'POST', ':path': inferPath, 'content-type': contentType, te: 'trailers' },
      ...Object.fromEntries(
        Object.entries(headers)
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, value]) => [key.slice(prefix.length), value]),
      ),
    });
    const reader = new MessageReader();
    let [status, reason] = ['', ''];
    const take = (trailers: object) => {
      const found = trailers as { readonly 'grpc-status'?: string; readonly 'grpc-message'?: string };
      status = found['grpc-status'] ?? status;
      reason = found['grpc-message'] ?? reason;
    };
    stream.on('response', take).on('trailers', take);
    stream.on('data', (chunk: Buffer) => reader.push(chunk));
    stream.on('error', (error) => {
      reason = error.message;
    });
    stream.end(toFrame(message));
    return new Promise((resolve) => stream.once('close', () => resolve(toReply(status, reason, reader))));
  }

  #connect(): ClientHttp2Session {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = connect(`http://${this.#modelMesh}`);
      // Each of its calls tells of it.
      this.#session.on('error', () => {});
    }
    return this.#session;
  }
}

function toReply(status: string, reason: string, reader: MessageReader): Reply {
  const code = toStatusName(status);
  if (code !== 'OK') return { code: isStatus(code) ? code : 'UNAVAILABLE', message: decodeURIComponent(reason) };
  const { modelName, id } = parseInferMessage(reader.message() ?? Buffer.alloc(0));
  return { code: 'OK', message: '', body: { model_name: modelName, ...(id === undefined ? {} : { id }) } };
}
