/**
 * A proxy on loopback in front of a Kubernetes API, real or not, that causes faults on demand.
 *
 * Invariant: what it does not spoil passes byte for byte.
 */
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { createServer, Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Upstream {
  readonly url: string;
  /** PEM; absent for http, and for certificates of known authorities. */
  readonly ca?: string;
  /** In place of the client's own of that name. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type RequestKind = 'list' | 'watch' | 'get' | 'create' | 'update' | 'patch' | 'delete';

export type ProxyFault =
  /** Answered here, with a Status object. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Takes the request in and never answers. */
  | { readonly kind: 'hang' }
  /** Breaks the connection in place of an answer. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'delay'; readonly ms: number };

export interface FaultScope {
  /** Absent: every kind. */
  readonly kind?: RequestKind;
  /** For so many requests; absent: until `heal`. */
  readonly times?: number;
}

interface Order {
  readonly fault: ProxyFault;
  readonly kind: RequestKind | undefined;
  left: number;
}

/** An answer that is under way, to a request of this kind. */
interface Exchange {
  readonly kind: RequestKind;
  readonly response: ServerResponse;
  /** Nothing passes any more, and nothing says so. */
  isDead: boolean;
  /** What to do at the next line of a watch. */
  cutNext: boolean;
}

const host = '127.0.0.1';

/** As the API server names them (apimachinery meta/v1, StatusReason). */
const reasons: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

const kinds: Readonly<Record<string, RequestKind>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Headers of one connection, not of what it carries (RFC 9110, 7.6.1). */
const ofConnection = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host'];

/** Listens on a free port of 127.0.0.1. */
export async function startFaultyProxy(upstream: Upstream): Promise<FaultyProxy> {
  const proxy = new FaultyProxy(upstream);
  await proxy.accept();
  return proxy;
}

/** A running one; `startFaultyProxy` makes it. */
export class FaultyProxy {
  readonly #upstream: Upstream;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #server: Server;
  readonly #exchanges = new Set<Exchange>();
  readonly #counts = new Map<RequestKind, number>();
  readonly #end = new AbortController();
  #orders: Order[] = [];
  #isStalled = false;
  #port = 0;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
    const { url, ca } = upstream;
    this.#agent = url.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) })
      : new HttpAgent({ keepAlive: true });
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      // It is only ever broken off by `close`.
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  get url(): string {
    return `http://${host}:${this.#port}`;
  }

  /** A kubeconfig that leads here. The proxy has the credentials; a token goes with the requests if given. */
  kubeconfig(token?: string): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'proxy', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'proxy', user: token === undefined ? {} : { token } }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
      'current-context': 'proxy',
    });
  }

  /** Requests so far, with those that met a fault. */
  count(kind: RequestKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** Watches that are open, dead ones included. */
  get openWatches(): number {
    return this.#watches().length;
  }

  /** Faults wait in line; a request meets the first that is meant for its kind. */
  disturb(fault: ProxyFault, { kind, times = Number.POSITIVE_INFINITY }: FaultScope = {}): void {
    this.#orders.push({ fault, kind, left: times });
  }

  /**
   * A black hole: connections stay open, and nothing comes through, of what is under way or of new
   * requests. After `heal` new requests pass; those that it took stay dead.
   */
  stall(): void {
    this.#isStalled = true;
    for (const exchange of this.#exchanges) exchange.isDead = true;
  }

  /** No more faults; what hangs already goes on hanging. */
  heal(): void {
    this.#orders = [];
    this.#isStalled = false;
  }

  /** Ends all watches as a server does that has enough. */
  endWatches(): void {
    for (const { response } of this.#watches()) response.end();
  }

  /** Breaks off all that is under way. */
  breakAll(): void {
    for (const { response } of this.#exchanges) response.destroy();
  }

  /** The next event of each open watch comes to its middle, and then the connection breaks. */
  cutNextEvent(): void {
    for (const exchange of this.#watches()) exchange.cutNext = true;
  }

  /** An ERROR event in all open watches, and their end: 410 is what a real one says to who is too late. */
  sendError(status = 410): void {
    for (const { response } of this.#watches())
      response.end(`${JSON.stringify({ type: 'ERROR', object: toStatus(status) })}\n`);
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

  async close(): Promise<void> {
    this.#end.abort();
    if (this.#server.listening) await this.refuse();
    this.#agent.destroy();
  }

  #watches(): Exchange[] {
    return [...this.#exchanges].filter(({ kind }) => kind === 'watch');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The client may go away at any time.
    response.on('error', () => {});
    const kind = toKind(request);
    this.#counts.set(kind, this.count(kind) + 1);
    const exchange = { kind, response, isDead: this.#isStalled, cutNext: false };
    this.#exchanges.add(exchange);
    response.once('close', () => this.#exchanges.delete(exchange));
    const fault = this.#takeFault(kind);
    if (exchange.isDead || fault?.kind === 'hang') return void request.resume();
    if (fault?.kind === 'reset') return void response.destroy();
    if (fault?.kind === 'status') return answerStatus(request, response, fault.status, fault.retryAfterSeconds);
    if (fault?.kind === 'delay') await sleep(fault.ms, undefined, { signal: this.#end.signal });
    this.#forward(request, exchange);
  }

  #takeFault(kind: RequestKind): ProxyFault | undefined {
    const order = this.#orders.find((one) => one.left > 0 && (one.kind ?? kind) === kind);
    if (order !== undefined) order.left--;
    return order?.fault;
  }

  #forward(request: IncomingMessage, exchange: Exchange): void {
    const { url, headers = {} } = this.#upstream;
    const { response } = exchange;
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    const onward = send(new URL(request.url ?? '/', url), {
      agent: this.#agent,
      method: request.method ?? 'GET',
      headers: { ...toOwn(request.headers), ...headers },
    });
    // It goes on nowhere when the client is gone, and the client learns of it when the API is gone.
    response.once('close', () => onward.destroy());
    onward.on('error', () => exchange.isDead || response.destroy());
    onward.once('response', (answer: IncomingMessage) => {
      answer.on('error', () => exchange.isDead || response.destroy());
      // The headers may have been on their way when the network went dead.
      if (!exchange.isDead) {
        response.writeHead(answer.statusCode ?? 502, toOwn(answer.headers));
        response.flushHeaders();
      }
      if (exchange.kind === 'watch') passLines(answer, exchange);
      else pass(answer, exchange);
    });
    request.pipe(onward);
  }
}

function pass(answer: IncomingMessage, exchange: Exchange): void {
  const { response } = exchange;
  answer.on('data', (chunk: Buffer) => exchange.isDead || response.write(chunk));
  answer.once('end', () => exchange.isDead || response.end());
}

/** Whole lines only, so that nothing but a fault cuts one. */
function passLines(answer: IncomingMessage, exchange: Exchange): void {
  const { response } = exchange;
  let rest: Buffer = Buffer.alloc(0);
  answer.on('data', (chunk: Buffer) => {
    const known = Buffer.concat([rest, chunk]);
    const end = known.lastIndexOf('\n') + 1;
    rest = known.subarray(end);
    if (exchange.isDead || end === 0 || response.writableEnded) return;
    if (exchange.cutNext) {
      const half = known.subarray(0, Math.ceil(known.indexOf('\n') / 2));
      response.write(half, () => response.destroy());
      exchange.isDead = true;
    } else response.write(known.subarray(0, end));
  });
  answer.once('end', () => exchange.isDead || response.end());
}

function answerStatus(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  retryAfterSeconds: number | undefined,
): void {
  request.resume();
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(toStatus(status)));
}

function toStatus(code: number): object {
  const reason = reasons[code] ?? 'Unknown';
  const message = `the proxy was told to answer ${code}`;
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

function toKind({ method = 'GET', url = '/' }: IncomingMessage): RequestKind {
  const { pathname, searchParams } = new URL(url, `http://${host}`);
  if (method !== 'GET') return kinds[method] ?? 'get';
  if (['true', '1'].includes(searchParams.get('watch') ?? '')) return 'watch';
  return /^\/apis\/[^/]+\/[^/]+(\/namespaces\/[^/]+)?\/[^/]+$/.test(pathname) ? 'list' : 'get';
}

function toOwn(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.includes(name)));
}
