/**
 * `node test/e2e/bad-candidate.ts --listen IP:PORT --control IP:PORT`: a model server that misbehaves on demand,
 * over HTTP at the second address (`candidate.ts`). SIGTERM ends it.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { toAddress } from './address.ts';
import { contentType, toInferMessage, toFrame as toMessage } from './grpc-frames.ts';
import type { Frame } from './http2-frames.ts';
import {
  FrameReader,
  flags,
  frameTypes,
  initialWindow,
  readInitialWindow,
  refusedStream,
  toFrame,
  toHeaderBlock,
  toNumberFrame,
} from './http2-frames.ts';

export const behaviours = [
  'answers',
  'hangs',
  'gives no WINDOW_UPDATE',
  'does not read its socket',
  'reads 1 KB/s',
  'sends GOAWAY and closes',
  'resets the stream',
  'answers 1 KB/s without end',
  'answers 100 MB',
] as const;
export type Behaviour = (typeof behaviours)[number];

export interface Copies {
  readonly begun: number;
  /** By the other side, or with its connection. */
  readonly cancelled: number;
  readonly open: number;
  /** At once, at most. */
  readonly mostOpen: number;
  readonly bytes: number;
}

const tickMs = 1000;
const slowBytes = 1024;
const hugeBytes = 100 << 20;
const largestFrame = 16_384;
const hugeWindow = 0x3f_ff_ff_ff;

let behaviour: Behaviour = 'answers';
let copies = { begun: 0, cancelled: 0, open: 0, mostOpen: 0, bytes: 0 };

interface Stream {
  /** What may be sent of it yet. */
  window: number;
  /** Of its answer, in bytes. */
  left: number;
}

class Connection {
  readonly #socket: Socket;
  readonly #streams = new Map<number, Stream>();
  readonly #reader = new FrameReader();
  readonly #timer: NodeJS.Timeout;
  #initialWindow = initialWindow;
  #window = initialWindow;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.write(toFrame(frameTypes.settings, 0, 0));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const frame of this.#reader.push(Buffer.from(chunk))) this.#take(frame);
    });
    socket.on('drain', () => this.#sendAll());
    socket.on('close', () => this.#close());
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  #take(frame: Frame): void {
    const { type, stream } = frame;
    if (type === frameTypes.settings && (frame.flags & flags.ack) === 0) {
      this.#initialWindow = readInitialWindow(frame) ?? this.#initialWindow;
      this.#socket.write(toFrame(frameTypes.settings, flags.ack, 0));
    } else if (type === frameTypes.ping && (frame.flags & flags.ack) === 0)
      this.#socket.write(toFrame(frameTypes.ping, flags.ack, 0, frame.payload));
    else if (type === frameTypes.headers) this.#begin(stream);
    else if (type === frameTypes.data) this.#read(frame);
    else if (type === frameTypes.windowUpdate) this.#widen(stream, frame.payload.readUInt32BE());
    else if (type === frameTypes.reset) this.#end(stream, true);
    if ((type === frameTypes.data || type === frameTypes.headers) && (frame.flags & flags.endStream) !== 0)
      this.#answer(stream);
  }

  #begin(stream: number): void {
    copies.begun++;
    copies.mostOpen = Math.max(copies.mostOpen, ++copies.open);
    this.#streams.set(stream, { window: this.#initialWindow, left: 0 });
    if (behaviour === 'does not read its socket') this.#socket.pause();
    if (behaviour === 'sends GOAWAY and closes') {
      this.#socket.end(toFrame(frameTypes.goAway, 0, 0, Buffer.alloc(8)));
      this.#socket.destroySoon();
    }
    if (behaviour === 'resets the stream') {
      this.#socket.write(toNumberFrame(frameTypes.reset, stream, refusedStream));
      this.#end(stream, false);
    }
    if (behaviour === 'answers 1 KB/s without end' || behaviour === 'answers 100 MB') this.#sendHead(stream);
    if (behaviour === 'answers 100 MB') {
      const open = this.#streams.get(stream);
      if (open !== undefined) open.left = hugeBytes;
      this.#send(stream);
    }
  }

  #read({ stream, payload }: Frame): void {
    copies.bytes += payload.length;
    if (behaviour === 'gives no WINDOW_UPDATE' || behaviour === 'reads 1 KB/s') return;
    this.#grant(0, payload.length);
    if (this.#streams.has(stream)) this.#grant(stream, payload.length);
  }

  #grant(stream: number, bytes: number): void {
    if (bytes > 0) this.#socket.write(toNumberFrame(frameTypes.windowUpdate, stream, bytes));
  }

  #widen(stream: number, bytes: number): void {
    if (stream === 0) this.#window = Math.min(hugeWindow, this.#window + bytes);
    const open = this.#streams.get(stream);
    if (open !== undefined) open.window += bytes;
    this.#sendAll();
  }

  #answer(stream: number): void {
    if (behaviour !== 'answers' || !this.#streams.has(stream)) return;
    this.#sendHead(stream);
    this.#socket.write(
      toFrame(frameTypes.data, 0, stream, toMessage(toInferMessage({ modelName: 'wisdom-1', id: undefined }))),
    );
    const trailers = toHeaderBlock({ 'grpc-status': '0' });
    this.#socket.write(toFrame(frameTypes.headers, flags.endHeaders | flags.endStream, stream, trailers));
    this.#end(stream, false);
  }

  #sendHead(stream: number): void {
    const head = toHeaderBlock({ ':status': '200', 'content-type': contentType });
    this.#socket.write(toFrame(frameTypes.headers, flags.endHeaders, stream, head));
  }

  #sendAll(): void {
    for (const stream of this.#streams.keys()) this.#send(stream);
  }

  /** As much of the answer as the other side takes. */
  #send(stream: number): void {
    const open = this.#streams.get(stream);
    if (open === undefined) return;
    for (;;) {
      const length = Math.min(largestFrame, open.left, open.window, this.#window);
      if (length <= 0 || this.#socket.writableNeedDrain) return;
      open.left -= length;
      open.window -= length;
      this.#window -= length;
      this.#socket.write(toFrame(frameTypes.data, 0, stream, Buffer.alloc(length)));
    }
  }

  #tick(): void {
    for (const [stream, open] of this.#streams) {
      if (behaviour === 'reads 1 KB/s') this.#grant(stream, slowBytes);
      if (behaviour === 'answers 1 KB/s without end') {
        open.left += slowBytes;
        this.#send(stream);
      }
    }
    if (behaviour === 'reads 1 KB/s') this.#grant(0, slowBytes * this.#streams.size);
  }

  #end(stream: number, isCancelled: boolean): void {
    if (!this.#streams.delete(stream)) return;
    copies.open--;
    if (isCancelled) copies.cancelled++;
  }

  #close(): void {
    clearInterval(this.#timer);
    for (const stream of [...this.#streams.keys()]) this.#end(stream, true);
  }

  /** What is wrong with it does not outlast the behaviour. */
  destroy(): void {
    this.#socket.destroy();
  }
}

const { values } = parseArgs({ options: { listen: { type: 'string' }, control: { type: 'string' } } });
if (values.listen === undefined || values.control === undefined)
  throw new Error('needs --listen IP:PORT and --control IP:PORT');
const connections = new Set<Connection>();
const server = createServer((socket) => {
  const connection = new Connection(socket);
  connections.add(connection);
  socket.on('close', () => connections.delete(connection));
});
const control = createHttpServer(async (request, response) => {
  if (request.method === 'PUT') {
    const asked = await text(request);
    const found = behaviours.find((one) => one === asked);
    if (found === undefined) return response.writeHead(400).end(`no such behaviour: ${asked}`);
    behaviour = found;
    for (const connection of connections) connection.destroy();
    copies = { begun: 0, cancelled: 0, open: 0, mostOpen: 0, bytes: 0 };
  }
  return response.end(JSON.stringify(copies));
});
const [listen, steer] = [toAddress(values.listen), toAddress(values.control)];
server.listen(listen.port, listen.host);
control.listen(steer.port, steer.host);
await Promise.all([server, control].map((one) => once(one, 'listening')));
const ports = [server, control].map((one) => (one.address() as AddressInfo).port);
process.stdout.write(`listens at ${listen.host}:${ports[0]}, control at ${steer.host}:${ports[1]}\n`);
process.once('SIGTERM', () => process.exit(0));
