/** Requests to a Kubernetes API for what stands in for a controller: JSON, a bearer token, and watches line by line. */
import { Agent, fetch } from 'undici';

/** Where an API is, and what lets one in. */
export interface ApiPort {
  readonly url: string;
  /** PEM; absent for http, and for certificates of known authorities. */
  readonly ca?: string;
  /** Absent: whoever is in between has one. */
  readonly token?: string;
}

export interface ApiRequest {
  readonly method?: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  readonly contentType?: string;
  readonly body?: unknown;
}

/** An answer that is not a success. */
export class ApiRefusal extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = 'ApiRefusal';
    this.status = status;
  }
}

/** An answer that is not whole by then does not come any more. */
const answerMs = 10_000;

export class ApiClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent;

  constructor({ url, ca, token }: ApiPort) {
    this.#url = url;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#agent = new Agent({
      // A request that is made while its HTTP/2 session breaks off emits an error that nobody can hear, and the
      // process ends (undici 8.12.4, Node 26.10).
      allowH2: false,
      connections: 64,
      // A watch may well be silent for longer than undici would wait.
      bodyTimeout: 0,
      ...(ca === undefined ? {} : { connect: { ca } }),
    });
  }

  /** @throws ApiRefusal for any answer that is not a success; what fetch throws when there is none. */
  async request(
    path: string,
    { method = 'GET', contentType, body }: ApiRequest,
    signal: AbortSignal,
  ): Promise<unknown> {
    const response = await this.#fetch(path, AbortSignal.any([signal, AbortSignal.timeout(answerMs)]), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
    });
    return response.json();
  }

  /** The lines of a watch as they come; what is cut off in the middle is left out. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#fetch(path, signal, { headers: this.#headers });
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body ?? []) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #fetch(path: string, signal: AbortSignal, init: RequestParts) {
    const response = await fetch(this.#url + path, { ...init, signal, dispatcher: this.#agent });
    if (response.ok) return response;
    const text = await response.text();
    throw new ApiRefusal(
      `${init.method ?? 'GET'} ${path} is answered with ${response.status}: ${text.slice(0, 300)}`,
      response.status,
    );
  }
}

interface RequestParts {
  readonly method?: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}
