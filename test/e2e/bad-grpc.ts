/** One connection of a model server that misbehaves: gRPC, below what node:http2 lets one do. */
import type { Socket } from 'node:net';
import type { Conduct } from './bad-behaviour.ts';
import { flood, hugeBytes, lateMs, slowBytes, tickMs } from './bad-behaviour.ts';
import { contentType, toInferResponse, toFrame as toMessage } from './grpc-frames.ts';
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
  toWideSettings,
} from './http2-frames.ts';

const largestFrame = 16_384;
const hugeWindow = 0x3f_ff_ff_ff;
const goodWindow = 16 << 20;
const pings = Buffer.concat(
  Array.from({ length: flood.messages }, () => toFrame(frameTypes.ping, 0, 0, Buffer.alloc(8))),
);

interface Stream {
  /** What may be sent of it yet. */
  window: number;
  /** Of its answer, in bytes. */
  left: number;
}

/**
 * `reads no body`: gives no WINDOW_UPDATE. `closes the connection`: with GOAWAY, at once. `resets the call`: RST_STREAM.
 * `floods`: PING without end.
 */
export class GrpcConnection {
  readonly #socket: Socket;
  readonly #conduct: Conduct;
  readonly #streams = new Map<number, Stream>();
  readonly #reader = new FrameReader();
  readonly #timer: NodeJS.Timeout;
  #flooding: NodeJS.Timeout | undefined;
  #initialWindow = initialWindow;
  #window = initialWindow;

  constructor(socket: Socket, conduct: Conduct) {
    this.#socket = socket;
    this.#conduct = conduct;
    // A good one takes bodies as fast as others do: with the first window alone it would be slow itself.
    const isGood = conduct.behaviour === 'answers';
    socket.write(isGood ? toWideSettings(goodWindow) : toFrame(frameTypes.settings, 0, 0));
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
      this.#complete(stream);
  }

  #begin(stream: number): void {
    const { behaviour } = this.#conduct;
    this.#conduct.countBegun();
    this.#streams.set(stream, { window: this.#initialWindow, left: 0 });
    if (behaviour === 'does not read its socket') this.#socket.pause();
    if (behaviour === 'closes the connection') {
      this.#socket.end(toFrame(frameTypes.goAway, 0, 0, Buffer.alloc(8)));
      this.#socket.destroySoon();
    }
    if (behaviour === 'resets the call') {
      this.#socket.write(toNumberFrame(frameTypes.reset, stream, refusedStream));
      this.#end(stream, false);
    }
    if (behaviour === 'answers 1 KB/s without end' || behaviour === 'answers 100 MB') this.#sendHead(stream);
    if (behaviour === 'answers 100 MB') {
      const open = this.#streams.get(stream);
      if (open !== undefined) open.left = hugeBytes;
      this.#send(stream);
    }
    if (behaviour === 'floods') this.#flooding ??= setInterval(() => this.#flood(), flood.everyMs);
  }

  #read({ stream, payload }: Frame): void {
    const { behaviour } = this.#conduct;
    this.#conduct.countBytes(payload.length);
    if (behaviour === 'reads no body' || behaviour === 'reads 1 KB/s') return;
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

  /** Its request is there. */
  #complete(stream: number): void {
    if (this.#conduct.behaviour === 'answers') this.#answer(stream);
    if (this.#conduct.behaviour === 'answers after 1.5 s') setTimeout(() => this.#answer(stream), lateMs);
  }

  #answer(stream: number): void {
    if (!this.#streams.has(stream)) return;
    this.#sendHead(stream);
    const message = toInferResponse({ modelName: 'wisdom-1' }, 0);
    this.#socket.write(toFrame(frameTypes.data, 0, stream, toMessage(message)));
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

  #flood(): void {
    if (!this.#socket.writableNeedDrain) this.#socket.write(pings);
  }

  #tick(): void {
    const { behaviour } = this.#conduct;
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
    if (this.#streams.delete(stream)) this.#conduct.countEnded(isCancelled);
  }

  #close(): void {
    clearInterval(this.#timer);
    clearInterval(this.#flooding);
    for (const stream of [...this.#streams.keys()]) this.#end(stream, true);
  }
}
