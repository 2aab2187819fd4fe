/** One connection of a model server that misbehaves: REST over HTTP/1.1, as bytes of a socket. */
import type { Socket } from 'node:net';
import type { Conduct } from './bad-behaviour.ts';
import { flood, hugeBytes, lateMs, slowBytes, tickMs } from './bad-behaviour.ts';

const headEnd = '\r\n\r\n';
const largestChunk = 16_384;
const interim = Buffer.from(`HTTP/1.1 100 Continue${headEnd}`.repeat(flood.messages));

/**
 * `reads no body`: nothing after the head of a request. `does not read its socket`: not even that.
 * `resets the call`: with its connection. `floods`: interim answers without end.
 *
 * A request has a `content-length`, and comes after the answer to the one before.
 */
export class RestConnection {
  readonly #socket: Socket;
  readonly #conduct: Conduct;
  readonly #timer: NodeJS.Timeout;
  #flooding: NodeJS.Timeout | undefined;
  #head: Buffer = Buffer.alloc(0);
  /** What has not come yet of a request's body; undefined between requests. */
  #missing: number | undefined;
  /** Of the answer, in bytes. */
  #left = 0;
  #isOpen = false;

  constructor(socket: Socket, conduct: Conduct) {
    this.#socket = socket;
    this.#conduct = conduct;
    socket.on('error', () => {});
    if (conduct.behaviour === 'does not read its socket') {
      socket.pause();
      this.#open();
    }
    if (conduct.behaviour === 'reads 1 KB/s') socket.pause();
    socket.on('data', (chunk) => this.#take(Buffer.from(chunk)));
    socket.on('drain', () => this.#send());
    socket.on('close', () => this.#close());
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  #take(chunk: Buffer): void {
    let body = chunk;
    if (this.#missing === undefined) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf(headEnd);
      if (end < 0) return;
      const [, length = '0'] = /\r\ncontent-length: *(\d+)/i.exec(this.#head.toString('latin1', 0, end)) ?? [];
      this.#missing = Number(length);
      body = this.#head.subarray(end + headEnd.length);
      this.#head = Buffer.alloc(0);
      this.#begin();
    }
    this.#conduct.countBytes(body.length);
    this.#missing -= body.length;
    if (this.#missing <= 0) this.#complete();
  }

  #begin(): void {
    const { behaviour } = this.#conduct;
    if (!this.#isOpen) this.#open();
    if (behaviour === 'reads no body') this.#socket.pause();
    if (behaviour === 'closes the connection') this.#socket.end().destroySoon();
    if (behaviour === 'resets the call') this.#socket.resetAndDestroy();
    if (behaviour === 'answers 1 KB/s without end') this.#socket.write(toHead('transfer-encoding: chunked'));
    if (behaviour === 'answers 100 MB') {
      this.#socket.write(toHead(`content-length: ${hugeBytes}`));
      this.#left = hugeBytes;
      this.#send();
    }
    if (behaviour === 'floods') this.#flooding ??= setInterval(() => this.#flood(), flood.everyMs);
  }

  /** The request is there. */
  #complete(): void {
    if (this.#conduct.behaviour === 'answers') this.#answer();
    if (this.#conduct.behaviour === 'answers after 1.5 s') setTimeout(() => this.#answer(), lateMs);
  }

  #answer(): void {
    if (!this.#isOpen || this.#socket.destroyed) return;
    const body = JSON.stringify({ model_name: 'wisdom-1', predictions: [0] });
    this.#socket.write(`${toHead(`content-length: ${body.length}`)}${body}`);
    this.#missing = undefined;
    this.#end(false);
  }

  /** As much of the answer as the other side takes. */
  #send(): void {
    while (this.#left > 0 && !this.#socket.writableNeedDrain) {
      const length = Math.min(largestChunk, this.#left);
      this.#left -= length;
      this.#socket.write(Buffer.alloc(length));
    }
  }

  #flood(): void {
    if (!this.#socket.writableNeedDrain) this.#socket.write(interim);
  }

  #tick(): void {
    const { behaviour } = this.#conduct;
    if (behaviour === 'reads 1 KB/s') {
      const chunk = this.#socket.read(slowBytes) as Buffer | null;
      if (chunk !== null) this.#take(chunk);
    }
    if (behaviour === 'answers 1 KB/s without end' && this.#isOpen)
      this.#socket.write(`${slowBytes.toString(16)}\r\n${'0'.repeat(slowBytes)}\r\n`);
  }

  #open(): void {
    this.#isOpen = true;
    this.#conduct.countBegun();
  }

  #end(isCancelled: boolean): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#conduct.countEnded(isCancelled);
  }

  #close(): void {
    clearInterval(this.#timer);
    clearInterval(this.#flooding);
    this.#end(true);
  }
}

function toHead(header: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${header}${headEnd}`;
}
