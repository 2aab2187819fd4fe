/** Memory for large answers, which is used again: as garbage outside of the heap, each of them would have it collected. */

/** Smaller pieces cost less than looking for one. */
const leastBytes = 32 * 1024;
/** Answers of one model are of about one size. */
const stepBytes = 16 * 1024;
/** For so many bytes of a free piece: a larger one is left for larger answers. */
const mostUnused = 0.25;
/** Free pieces take no more than this together: two answers of 600 KB for each of six pairs. */
const mostFree = 8 * 1024 * 1024;

export class Memory {
  /** The last one given back is last. */
  readonly #free: Uint8Array[] = [];
  #freeBytes = 0;

  /** @returns room for at least so many bytes, which has whatever was there before. */
  take(bytes: number): Uint8Array {
    if (bytes < leastBytes) return new Uint8Array(bytes);
    const at = this.#free.findLastIndex(({ length }) => length >= bytes && length * (1 - mostUnused) <= bytes);
    const [found] = at === -1 ? [] : this.#free.splice(at, 1);
    if (found === undefined) return new Uint8Array(Math.ceil(bytes / stepBytes) * stepBytes);
    this.#freeBytes -= found.length;
    return found;
  }

  /** @param piece from `take`, which nobody reads or writes any more. */
  give(piece: Uint8Array): void {
    if (piece.length < leastBytes || piece.length > mostFree) return;
    this.#free.push(piece);
    this.#freeBytes += piece.length;
    while (this.#freeBytes > mostFree) this.#freeBytes -= this.#free.shift()?.length ?? 0;
  }
}
