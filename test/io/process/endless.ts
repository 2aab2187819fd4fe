/** A server whose answer begins as JSON, and has no end. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

/** @returns its address, and what waits until the client has closed the connection of an answer. */
export async function startEndless(
  t: ExecutionContext,
): Promise<{ readonly server: string; readonly ended: Promise<void> }> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const chunk = Buffer.alloc(2 ** 20, 'x');
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).write('"');
    const pour = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', pour).once('close', resolve);
    pour();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ended,
  };
}
