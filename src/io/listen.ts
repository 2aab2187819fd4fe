import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mask, safe } from '../input/safe-text.ts';
import type { PushTrouble } from '../watch/watcher.ts';
import { Fault, toReason } from './fault.ts';

interface Health {
  readonly isAlive: boolean;
  /** Undefined: ready. */
  readonly obstacle: string | undefined;
  /** Why pushes fail; undefined: they do not. */
  readonly pushTrouble?: PushTrouble | undefined;
}

export interface Listener {
  /** Where it listens, as `127.0.0.1:8080`. */
  readonly address: string;
  readonly close: () => void;
}

interface Pages {
  readonly health: () => Health;
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
}

/**
 * Serves /healthz, /readyz and /metrics.
 *
 * @param place `host:port`, `[::1]:port` or `:port` for all addresses.
 */
export async function listen(place: string, { health, metrics }: Pages): Promise<Listener> {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(place);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new Fault(
      'usage',
      safe`${mask(place)} is not an address to listen on`,
      safe`write host:port, as in 0.0.0.0:8080`,
    );
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0];
    const { isAlive, obstacle, pushTrouble } = health();
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type }).end(text);
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'only GET\n');
    else if (path === '/healthz') answer(isAlive ? 200 : 503, isAlive ? 'alive\n' : 'the loop hangs\n');
    else if (path === '/readyz') answer(obstacle === undefined ? 200 : 503, toReadyText(obstacle, pushTrouble));
    else if (path === '/metrics') answer(200, await metrics.text(), metrics.contentType);
    else answer(404, 'there are /healthz, /readyz and /metrics\n');
  });
  await started(server, port, match[1] ?? match[2] ?? '');
  const { address, port: given, family } = server.address() as AddressInfo;
  return {
    address: `${family === 'IPv6' ? `[${address}]` : address}:${given}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Pushes that fail do not make it unready, but whoever looks here should read of them. */
function toReadyText(obstacle: string | undefined, trouble: PushTrouble | undefined): string {
  const push =
    trouble &&
    `but pushes fail, ${trouble.failures} in a row, since ${new Date(trouble.since * 1000).toISOString()}: ${trouble.message}`;
  return [obstacle ?? 'ready', ...(push === undefined ? [] : [push]), ''].join('\n');
}

function started(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Fault(
          'environment',
          safe`cannot listen on port ${port}: ${toReason(error)}`,
          safe`choose another with --listen`,
        ),
      ),
    );
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
  });
}
