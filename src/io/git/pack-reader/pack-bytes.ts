/** The bytes of a pack as they arrive. Only those that were not consumed yet are kept. */
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { toBrokenPack } from './broken-pack.ts';

export class PackBytes {
  readonly #chunks: AsyncIterator<Buffer>;
  /** Of all that was consumed and left the buffer. */
  readonly #hash: Hash = createHash('sha1');
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where the buffer begins in the pack. */
  #start = 0;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The place in the pack of the next byte. */
  get offset(): number {
    return this.#start + this.#at;
  }

  /** Those that have arrived and were not consumed. */
  get available(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  /** Waits until as many bytes are available, or the stream has ended. */
  async fill(length: number): Promise<void> {
    let missing = length - (this.#buffer.length - this.#at);
    if (missing <= 0) return;
    this.#hash.update(this.#buffer.subarray(0, this.#at));
    const parts = missing < length ? [this.available] : [];
    while (missing > 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) break;
      parts.push(value);
      missing -= value.length;
    }
    this.#start += this.#at;
    this.#at = 0;
    const [first = Buffer.alloc(0)] = parts;
    // The bytes of large files pass by uncopied.
    this.#buffer = parts.length > 1 ? Buffer.concat(parts) : first;
  }

  /** Waits until anything is available. @returns whether the stream goes on. */
  async fillSome(): Promise<boolean> {
    await this.fill(1);
    return this.#at < this.#buffer.length;
  }

  consume(length: number): void {
    this.#at += length;
  }

  /** @throws BranchTrouble when the stream has ended. */
  async take(length: number): Promise<Buffer> {
    await this.fill(length);
    const taken = this.#buffer.subarray(this.#at, this.#at + length);
    if (taken.length < length) throw toBrokenPack('it is cut off');
    this.#at += length;
    return taken;
  }

  /** Of all that was consumed. */
  digest(): Buffer {
    return this.#hash.copy().update(this.#buffer.subarray(0, this.#at)).digest();
  }

  /** Ends the stream, wherever it is. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
