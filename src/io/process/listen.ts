import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Fault, toReason } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { PushTrouble } from '../../core/ports/watch.ts';
import { boundConnections, toHold, toPipelineLimit } from './listen-limits.ts';

interface Health {
  readonly isAlive: boolean;
  /** Undefined: ready. */
  readonly obstacle: string | undefined;
  /** Why pushes fail; undefined: they do not. */
  readonly pushTrouble?: PushTrouble | undefined;
  /** Why the source branch is not carried; undefined: it is, or there is none. */
  readonly carryTrouble?: PushTrouble | undefined;
}

export interface Listener {
  /** The address that it listens on, such as `127.0.0.1:8080`. */
  readonly address: string;
  readonly close: () => void;
}

interface Pages {
  readonly health: () => Health;
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
  /** More, each of JSON, by path; undefined: there is no answer to that query. */
  readonly json?: Readonly<Record<string, (query: URLSearchParams) => unknown>>;
  readonly more?: readonly MorePages[];
}

export interface MorePages {
  /** Of the pages, for those who look for another. */
  readonly names: readonly string[];
  /** Undefined: there is no such page. */
  readonly answer: (path: string, query: URLSearchParams) => PageAnswer | Promise<PageAnswer> | undefined;
}

export type PageAnswer = {
  readonly status: number;
  readonly type?: string;
  /** Of HTML: the content of its style element, which alone may style it. */
  readonly style?: string;
} & (
  | { readonly text: string }
  /** Of any length: each is made when the one before was taken. */
  | { readonly chunks: AsyncIterable<string> }
);

/** So many long answers at a time, each of which may take so long to be taken. */
const maxStreams = 2;
const streamMs = 60_000;

/** For a request to arrive, and for anything to be sent or taken on a connection. */
const arrivalMs = 10_000;
const idleMs = 60_000;

/**
 * Serves /healthz, /readyz, /metrics, and other pages.
 *
 * @param place `host:port`, `[::1]:port` or `:port` for all addresses.
 */
export async function listen(place: string, { health, metrics, json = {}, more = [] }: Pages): Promise<Listener> {
  const { host, port } = parsePlace(place);
  const paths = ['/healthz', '/readyz', '/metrics', ...Object.keys(json), ...more.flatMap(({ names }) => names)];
  let streams = 0;
  const answer = async ({ method, url = '' }: IncomingMessage): Promise<PageAnswer> => {
    const [path = '', ...words] = url.split('?');
    const query = new URLSearchParams(words.join('?'));
    const { isAlive, obstacle, ...troubles } = health();
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'only GET\n' };
    if (path === '/healthz')
      return isAlive ? { status: 200, text: 'alive\n' } : { status: 503, text: 'the loop hangs\n' };
    if (path === '/readyz')
      return { status: obstacle === undefined ? 200 : 503, text: toReadyText(obstacle, troubles) };
    if (path === '/metrics') return { status: 200, text: await metrics.text(), type: metrics.contentType };
    const toValue = Object.hasOwn(json, path) ? json[path] : undefined;
    if (toValue !== undefined) {
      const value = toValue(query);
      if (value === undefined) return { status: 400, text: `${path} has no such query\n` };
      return { status: 200, text: JSON.stringify(value), type: 'application/json; charset=utf-8' };
    }
    const found = await findAnswer(more, path, query);
    if (found === undefined)
      return { status: 404, text: `there are ${paths.slice(0, -1).join(', ')} and ${paths.at(-1)}\n` };
    if ('chunks' in found && streams >= maxStreams)
      return { status: 503, text: 'others read it now: try again later\n' };
    return found;
  };
  const send = async (found: PageAnswer, response: ServerResponse): Promise<void> => {
    // Who asked is gone.
    if (response.req.socket.destroyed) return;
    response.writeHead(found.status, {
      'content-type': found.type ?? 'text/plain; charset=utf-8',
      ...toProtection(found.style),
    });
    if ('text' in found || response.req.method === 'HEAD') {
      if ('text' in found) hold(response, found.text.length);
      response.end('text' in found ? found.text : undefined);
      return;
    }
    streams++;
    // Who reads goes away, or takes too long.
    await pipeline(found.chunks, response, { signal: AbortSignal.timeout(streamMs) }).catch(() => response.destroy());
    streams--;
  };
  const limits = { headersTimeout: arrivalMs, requestTimeout: arrivalMs, connectionsCheckingInterval: 1000 };
  const isTooMuch = toPipelineLimit();
  const server = createServer(limits, (request, response) => {
    if (isTooMuch(response)) return;
    answer(request)
      // An error that is not caught here would end the process.
      .catch((error: unknown): PageAnswer => ({ status: 500, text: `${mask(toReason(error))}\n` }))
      .then((found) => send(found, response))
      .catch(() => response.destroy());
  });
  const hold = toHold(server);
  server.setTimeout(idleMs);
  boundConnections(server);
  await started(server, port, host, '--listen');
  return {
    address: toAddressText(server.address() as AddressInfo),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function findAnswer(
  more: readonly MorePages[],
  path: string,
  query: URLSearchParams,
): Promise<PageAnswer | undefined> {
  for (const { answer } of more) {
    const found = answer(path, query);
    if (found !== undefined) return await found;
  }
  return undefined;
}

/** No script, nothing from elsewhere, no other page around it; names of models go to no other host and no cache. */
function toProtection(style: string | undefined): Readonly<Record<string, string>> {
  const styles =
    style === undefined ? '' : ` style-src 'sha256-${createHash('sha256').update(style).digest('base64')}';`;
  return {
    'content-security-policy': `default-src 'none';${styles} form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
}

/** Failing pushes do not make it unready, but they are shown here. */
function toReadyText(
  obstacle: string | undefined,
  { pushTrouble, carryTrouble }: Pick<Health, 'pushTrouble' | 'carryTrouble'>,
): string {
  const toLines = (what: string, trouble: PushTrouble | undefined) =>
    trouble === undefined
      ? []
      : [
          `but ${what} fail, ${trouble.failures} in a row, since ${new Date(trouble.since * 1000).toISOString()}: ${trouble.message}`,
        ];
  return [obstacle ?? 'ready', ...toLines('pushes', pushTrouble), ...toLines('carries', carryTrouble), ''].join('\n');
}

/** `host:port`, `[::1]:port` or `:port` for all addresses. @throws Fault */
export function parsePlace(place: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(place);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new Fault(
      'usage',
      safe`${mask(place)} is not an address to listen on`,
      safe`write host:port, as in 0.0.0.0:8080`,
    );
  return { host: match[1] ?? match[2] ?? '', port };
}

export function toAddressText({ address, port, family }: AddressInfo): string {
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/**
 * Starts a server. A connection that it cannot accept later, because too many files are open, is lost, and nothing else.
 *
 * @param flag that chooses the port.
 * @throws Fault when the port is taken or may not be used.
 */
export function started(server: NetServer, port: number, host: string, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // It stays: without a listener, an error ends the process.
    server.on('error', (error) =>
      reject(
        new Fault(
          'environment',
          safe`cannot listen on port ${port}: ${toReason(error)}`,
          safe`choose another with ${mask(flag)}`,
        ),
      ),
    );
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
  });
}
