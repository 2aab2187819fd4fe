/**
 * `node test/e2e/bad-candidate.ts --grpc IP:PORT --control IP:PORT [--rest IP:PORT]`: a model server that misbehaves on
 * demand, over HTTP at the address of its control (`candidate.ts`). SIGTERM ends it.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { toAddress } from './address.ts';
import { behaviours, Conduct, slowBytes } from './bad-behaviour.ts';
import { GrpcConnection } from './bad-grpc.ts';
import { RestConnection } from './bad-rest.ts';

const option = { type: 'string' } as const;
const { values } = parseArgs({ options: { grpc: option, rest: option, control: option } });
if (values.grpc === undefined || values.control === undefined)
  throw new Error('needs --grpc IP:PORT and --control IP:PORT');
const conduct = new Conduct();
const sockets = new Set<Socket>();
// A test that waits for calls in between asks on the same connection again: longer than the client keeps it.
const control = createHttpServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
  if (request.method === 'PUT') {
    const asked = await text(request);
    const found = behaviours.find((one) => one === asked);
    if (found === undefined) return response.writeHead(400).end(`no such behaviour: ${asked}`);
    // What is wrong with a connection does not outlast the behaviour.
    const ended = [...sockets].map((socket) => once(socket.destroy(), 'close'));
    await Promise.all(ended);
    conduct.begin(found);
  }
  return response.end(JSON.stringify(conduct.copies));
});
const servers: (readonly [name: string, server: Server, listen: string])[] = [
  ['gRPC', serve((socket) => new GrpcConnection(socket, conduct)), values.grpc],
  ['control', control, values.control],
];
if (values.rest !== undefined)
  servers.push(['REST', serve((socket) => new RestConnection(socket, conduct)), values.rest]);
const places = servers.map(async ([name, server, listen]) => {
  const { host, port } = toAddress(listen);
  server.listen(port, host);
  await once(server, 'listening');
  return `${name} at ${host}:${(server.address() as AddressInfo).port}`;
});
process.stdout.write(`listens: ${(await Promise.all(places)).join(', ')}\n`);
process.once('SIGTERM', () => process.exit(0));

function serve(accept: (socket: Socket) => unknown): Server {
  // What nobody reads is taken from the socket so far ahead, and no further.
  return createServer({ highWaterMark: slowBytes }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    accept(socket);
  });
}
