/** The body of an answer as it arrives, within its limits. */
import type { NoReply, Room } from '../../core/ports/compare.ts';

/**
 * One piece of memory where the length is known before: hundreds of pieces of each answer, kept until it is whole, cost more
 * in collecting garbage than comparing it does.
 */
export class AnswerBody {
  readonly #room: Room;
  readonly #maxBytes: number;
  #whole: Uint8Array | undefined;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  /** The most that may come. */
  #most: number;

  constructor(room: Room, maxBytes: number) {
    this.#room = room;
    this.#maxBytes = maxBytes;
    this.#most = maxBytes;
  }

  /** @param length as the header has it. @returns why there is no room; undefined: there is. */
  announce(length: string | undefined): NoReply | undefined {
    const bytes = Number(length);
    if (length === undefined || !Number.isSafeInteger(bytes) || bytes <= 0) return undefined;
    const trouble = this.expect(bytes);
    this.#most = Math.min(bytes, this.#maxBytes);
    return trouble;
  }

  /** @param bytes as long it may become; it may become longer. @returns as `announce`. */
  expect(bytes: number): NoReply | undefined {
    if (bytes > this.#maxBytes) return 'too-large';
    if (this.#whole !== undefined) return undefined;
    this.#whole = this.#room.reserve(bytes);
    return this.#whole === undefined ? 'full' : undefined;
  }

  /** @returns why there is no room; undefined: there is. */
  take(chunk: Uint8Array): NoReply | undefined {
    const length = this.#length + chunk.length;
    if (length > this.#most) return 'too-large';
    if (this.#whole !== undefined && length <= this.#whole.length) this.#whole.set(chunk, this.#length);
    else if (this.#room.take(chunk.length)) {
      if (this.#whole !== undefined) this.#chunks.push(this.#whole.subarray(0, this.#length));
      this.#whole = undefined;
      this.#chunks.push(chunk);
    } else return 'full';
    this.#length = length;
    return undefined;
  }

  get bytes(): Uint8Array {
    if (this.#whole !== undefined) return this.#whole.subarray(0, this.#length);
    return this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks);
  }
}
