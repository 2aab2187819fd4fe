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
  /** Where the length is announced, one piece of memory: pieces would cost more in collecting garbage. */
  #whole: Uint8Array | undefined;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isOver = false;

  /**
   * @param since in milliseconds of the clock.
   * @param length as the copy announces it; 0: it does not.
   */
  constructor(share: Share, lane: Lane, since: number, maxSize: number, length: number, handlers: Handlers) {
    this.#share = share;
    this.#lane = lane;
    this.since = since;
    this.#maxSize = maxSize;
    this.#handlers = handlers;
    lane.arriving++;
    if (length > 0 && share.takeBody(length)) this.#whole = new Uint8Array(length);
  }

  take(chunk: Uint8Array): boolean {
    if (this.#isOver) return false;
    const bytes = this.#bytes + chunk.length;
    if (bytes > (this.#whole?.length ?? this.#maxSize)) this.drop('too-large');
    else if (this.#whole !== undefined) this.#whole.set(chunk, this.#bytes);
    else if (this.#share.takeBody(chunk.length)) this.#chunks.push(chunk);
    else this.drop('full-bytes');
    this.#bytes = bytes;
    return !this.#isOver;
  }

  end(): void {
    if (!this.#leave()) return;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#handlers.whole(
      this.#whole?.subarray(0, this.#bytes) ??
        (chunks.length === 1 ? (chunks[0] ?? none) : concatenate(chunks, this.#bytes)),
    );
  }

  cutOff(): void {
    this.drop('cut-off');
  }

  drop(reason: DropReason): void {
    if (!this.#leave()) return;
    this.#chunks = [];
    this.#whole = undefined;
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
