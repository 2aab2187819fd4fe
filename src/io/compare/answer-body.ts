/** The body of an answer as it arrives, within its limits. */
import type { NoReply, Room } from '../../core/ports/compare.ts';

/**
 * One piece of memory where the length is announced: hundreds of pieces of each answer, kept until it is whole, cost more in
 * collecting garbage than comparing it does.
 */
export class AnswerBody {
  readonly #room: Room;
  readonly #maxBytes: number;
  #whole: Buffer | undefined;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(room: Room, maxBytes: number) {
    this.#room = room;
    this.#maxBytes = maxBytes;
  }

  /** @param length as the header has it. @returns why there is no room; undefined: there is. */
  announce(length: string | undefined): NoReply | undefined {
    const bytes = Number(length);
    if (length === undefined || !Number.isSafeInteger(bytes) || bytes <= 0) return undefined;
    if (bytes > this.#maxBytes) return 'too-large';
    if (!this.#room.take(bytes)) return 'full';
    this.#whole = Buffer.allocUnsafeSlow(bytes);
    return undefined;
  }

  /** @returns why there is no room; undefined: there is. */
  take(chunk: Buffer): NoReply | undefined {
    const length = this.#length + chunk.length;
    if (length > (this.#whole?.length ?? this.#maxBytes)) return 'too-large';
    if (this.#whole !== undefined) chunk.copy(this.#whole, this.#length);
    else if (this.#room.take(chunk.length)) this.#chunks.push(chunk);
    else return 'full';
    this.#length = length;
    return undefined;
  }

  get bytes(): Uint8Array {
    if (this.#whole !== undefined) return this.#whole.subarray(0, this.#length);
    return this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks);
  }
}
