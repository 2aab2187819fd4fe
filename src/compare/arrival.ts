/** A copy whose body arrives. */
import type { DropReason, Reception } from '../core/ports/compare.ts';
import type { Share } from './budget.ts';
import type { Lane } from './lane.ts';

interface Handlers {
  readonly drop: (reason: DropReason) => void;
  readonly whole: (body: Uint8Array) => void;
}

const none = new Uint8Array();

export class Arrival implements Reception {
  readonly since: number;
  readonly #share: Share;
  readonly #lane: Lane;
  readonly #maxSize: number;
  readonly #handlers: Handlers;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isOver = false;

  /** @param since in milliseconds of the clock. */
  constructor(share: Share, lane: Lane, since: number, maxSize: number, handlers: Handlers) {
    this.#share = share;
    this.#lane = lane;
    this.since = since;
    this.#maxSize = maxSize;
    this.#handlers = handlers;
    lane.arriving++;
  }

  take(chunk: Uint8Array): boolean {
    if (this.#isOver) return false;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxSize) this.drop('too-large');
    else if (!this.#share.takeBody(chunk.length)) this.drop('full-bytes');
    else this.#chunks.push(chunk);
    return !this.#isOver;
  }

  end(): void {
    if (!this.#leave()) return;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#handlers.whole(chunks.length === 1 ? (chunks[0] ?? none) : concatenate(chunks, this.#bytes));
  }

  cutOff(): void {
    this.drop('cut-off');
  }

  drop(reason: DropReason): void {
    if (!this.#leave()) return;
    this.#chunks = [];
    this.#share.close();
    this.#handlers.drop(reason);
  }

  #leave(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#lane.arriving--;
    return true;
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
