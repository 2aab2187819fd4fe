/**
 * The one HTTP client of this program: undici, as git hosts, review APIs and the Kubernetes API are called with it.
 *
 * HTTP/1.1 only: undici's HTTP/2 (8.12) ends the process with an error that cannot be caught when the server goes
 * away in the middle of a response.
 */
import type { Dispatcher, RequestInit } from 'undici';
import { Agent, ProxyAgent, Response, request, fetch as undiciFetch } from 'undici';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import type { Environment } from './argocd-environment.ts';
import { findProxy } from './proxy.ts';

/** For every agent. */
export const httpOne = { allowH2: false } as const;

/**
 * How long a connection may be idle before it is closed, in milliseconds. Servers close theirs after 5 s and more: a
 * request that meets such a closing fails, and one that was sent cannot be repeated blindly.
 */
const reuse = { keepAliveTimeout: 1000, keepAliveMaxTimeout: 1000 } as const;

/**
 * Fetches directly, or through the proxy that the environment names for the address.
 *
 * @param init with a dispatcher: that one is used, and no proxy is looked for.
 * @throws ProxyTrouble when a request through a proxy fails; what undici throws when a direct one does.
 */
export async function fetch(
  url: string,
  init: RequestInit & { readonly headers: Readonly<Record<string, string>> },
  environment: Environment = process.env,
): Promise<Response> {
  if (init.dispatcher !== undefined) return undiciFetch(url, init);
  const proxy = findProxy(url, environment);
  const dispatcher = toAgent(proxy?.uri);
  try {
    return await undiciFetch(url, { ...init, dispatcher });
  } catch (error) {
    if (proxy !== undefined) throw new ProxyTrouble(proxy.title, error);
    if (!isHiddenResponse(error)) throw error;
    // Another POST could do the same again.
    const isRepeatable = (init.method ?? 'GET') === 'GET';
    return isRepeatable ? await repeatFor407(url, { ...init, dispatcher }) : new Response('', { status: 407 });
  }
}

/**
 * Fetches from an address under another name than its own, which fetch does not: never through a proxy.
 *
 * @param host what the header Host has.
 */
export async function fetchAs(
  host: string,
  url: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: AsyncIterable<Uint8Array> }> {
  const { statusCode, body } = await request(url, { headers: { host }, signal, dispatcher: toAgent(undefined) });
  return { status: statusCode, body };
}

/**
 * In place of a response with 407, fetch throws an error that does not mention it (Fetch standard, "HTTP-network-or-cache
 * fetch"; undici 8.12).
 */
function isHiddenResponse(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof Error && /^(proxy authentication required)?$/.test(cause.message) && !('code' in cause);
}

/** The response itself, for its text. */
async function repeatFor407(
  url: string,
  { headers, signal, dispatcher }: Parameters<typeof fetch>[1],
): Promise<Response> {
  const status = 407;
  try {
    const options = { headers, signal: signal ?? null, ...(dispatcher === undefined ? {} : { dispatcher }) };
    const response = await request(url, options);
    const type = String(response.headers['content-type'] ?? 'text/plain');
    return new Response(response.body, { status, headers: { 'content-type': type } });
  } catch {
    return new Response('', { status });
  }
}

/** A request that went through a proxy and failed. */
export class ProxyTrouble extends Error {
  readonly title: SafeText;
  /** What the proxy itself answered; undefined: it, or the server behind it, was not reached. */
  readonly status: number | undefined;

  constructor(title: SafeText, error: unknown) {
    // undici hides the reason behind one or two errors of its own.
    let reason = error as Error;
    for (let depth = 0; depth < 5 && reason.cause instanceof Error; depth++) reason = reason.cause;
    super(reason.message || String((reason as NodeJS.ErrnoException).code), { cause: error });
    this.title = title;
    const [, tunnel, plain] =
      /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((\d{3})/.exec(this.message) ?? [];
    const status = tunnel ?? plain;
    this.status = status === undefined ? undefined : Number(status);
  }
}

/** By the proxy's address; undefined: the one that connects directly. */
const agents = new Map<string | undefined, Dispatcher>();

function toAgent(proxy: string | undefined): Dispatcher {
  const agent =
    agents.get(proxy) ??
    (proxy === undefined ? new Agent({ ...httpOne, ...reuse }) : new ProxyAgent({ uri: proxy, ...httpOne, ...reuse }));
  agents.set(proxy, agent);
  return agent;
}
