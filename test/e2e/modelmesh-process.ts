/**
 * `node test/e2e/modelmesh-process.ts --listen IP:8033 --control IP:PORT [--rest IP:8008] [--max-message BYTES]`: the fakes of
 * ModelMesh and of its REST interface, steered over HTTP (`modelmesh-control.ts`). When it listens it prints a line of JSON
 * with both addresses. SIGTERM ends it.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { toAddress } from './address.ts';
import { isStatus } from './grpc-frames.ts';
import type { ModelState } from './modelmesh.ts';
import { ModelMeshFake, modelStates } from './modelmesh.ts';
import { RestProxyFake } from './modelmesh-rest.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { listen: text, control: text, rest: text, 'max-message': text } });
const { listen, control, rest: restAddress, 'max-message': maxMessage } = values;
if (listen === undefined || control === undefined) throw new Error('needs --listen IP:PORT and --control IP:PORT');

const fake = await ModelMeshFake.start(toAddress(listen), maxMessage === undefined ? undefined : Number(maxMessage));
const rest = restAddress === undefined ? undefined : await RestProxyFake.start(toAddress(restAddress), fake.address);
const server = createServer((request, response) => {
  serve(request, response).catch((error) => response.writeHead(400).end(String(error)));
});
const { host, port } = toAddress(control);
server.listen(port, host);
await once(server, 'listening');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void rest?.close();
  void fake.close();
});
const bound = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ listen: fake.address, control: `${bound.address}:${bound.port}` })}\n`);

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '' } = request;
  const [, name] = /^\/models\/([^/]+)$/.exec(url) ?? [];
  if (method === 'GET' && url === '/counts') return reply(response, fake.report());
  if (method === 'GET' && url === '/models') return reply(response, fake.models);
  if (method === 'POST' && url === '/reset') fake.reset();
  else if (method === 'PUT' && name !== undefined) fake.set(decodeURIComponent(name), assertState(await json(request)));
  else if (method === 'DELETE' && name !== undefined) fake.remove(decodeURIComponent(name));
  else return void response.writeHead(404).end(`no ${method} ${url}`);
  response.writeHead(204).end();
}

function reply(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** A test that errs shall learn of it. */
function assertState(value: unknown): ModelState {
  const { state, delayMs = 0, code = 'UNAVAILABLE' } = value as ModelState;
  if (modelStates.includes(state) && Number.isFinite(delayMs) && isStatus(code)) return value as ModelState;
  throw new Error(`not a model's state: ${JSON.stringify(value)}`);
}
