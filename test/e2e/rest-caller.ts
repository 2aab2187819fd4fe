/** Inference calls in JSON over HTTP/1.1, with connections that are kept. */
import type { ClientRequest } from 'node:http';
import { Agent, request } from 'node:http';
import type { Caller, CallOptions, End } from './caller.ts';
import { describeAnswer, toOutgoing } from './caller.ts';

/** Of V1 the one field, of V2 the others; ModelMesh's fake has no outputs. */
interface Answer {
  readonly predictions?: unknown;
  readonly model_name?: string;
  readonly outputs?: readonly { readonly data: unknown }[];
}

export class RestCaller implements Caller {
  readonly #options: CallOptions;
  readonly #path: string;
  /** They take turns. */
  readonly #bodies: readonly string[];
  readonly #agent: Agent;

  constructor(options: CallOptions, path: string) {
    const { id, inputs = [[0]], bytes = 0, connections = 4 } = options;
    this.#options = options;
    this.#path = path;
    this.#bodies = inputs.map((input) => {
      const body = path.endsWith(':predict')
        ? { instances: [input] }
        : { id, inputs: [{ name: 'x', shape: [1, input.length], datatype: 'FP32', data: input }] };
      // White space at the end is JSON all the same.
      return JSON.stringify(body).padEnd(bytes);
    });
    // As many as calls are under way: in HTTP/1.1 they would wait for each other.
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: Math.max(connections, 64) });
  }

  send(index: number, end: End): () => void {
    const { to, authority, headers } = this.#options;
    const [host = '', port] = to.split(':');
    const hosts = [authority].flat();
    const body = this.#bodies[index % this.#bodies.length] ?? '';
    const sent: ClientRequest = request({
      ...{ host, port, path: this.#path, method: 'POST', agent: this.#agent },
      headers: {
        host: hosts[index % hosts.length] ?? '',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...toOutgoing(headers),
      },
    });
    sent.on('error', (error: Error & { readonly code?: string }) => end(error.code ?? error.message));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => end(error.message));
      response.on('end', () => {
        if (response.statusCode !== 200) return end(`HTTP_${response.statusCode}`);
        const by = toAnswer(Buffer.concat(chunks).toString('utf8'));
        return by === undefined ? end('NO_MESSAGE') : end(undefined, by);
      });
    });
    sent.end(body);
    return () => sent.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Undefined when the answer is none. */
function toAnswer(text: string): string | undefined {
  try {
    const { predictions, model_name: model = '', outputs } = JSON.parse(text) as Answer;
    if (predictions === undefined && outputs === undefined && model === '') return undefined;
    return describeAnswer(model, predictions ?? outputs?.flatMap(({ data }) => data));
  } catch {
    return undefined;
  }
}
