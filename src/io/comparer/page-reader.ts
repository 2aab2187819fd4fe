import type { BlockPage, BlockSum } from '../../core/analysis/block.ts';
import type { ReplicaPart } from '../../core/ports/evidence.ts';

/** A replica has up to 30,000 of them, and a few more. */
const mostSums = 100_000;

/** Where somebody is who reads at one address, whichever replica answers there. */
export class PageReader {
  #after: string | undefined;
  /** Those of the pages before: they count once all of them are there. */
  #sums: BlockSum[] | undefined;
  #replica: string | undefined;

  /** What to ask for; undefined: from the start. */
  get after(): string | undefined {
    return this.#after;
  }

  /** Begins again from the start. */
  restart(): void {
    this.#after = undefined;
    this.#sums = undefined;
  }

  /** @returns what counts now; undefined: more sums are to be read first. */
  read({ replica, isStart, sums, hasMoreSums, first, blocks, next }: BlockPage): ReplicaPart | undefined {
    if (isStart) this.#sums = [];
    else if (replica !== this.#replica) this.#sums = undefined;
    this.#replica = replica;
    const known = this.#sums;
    if (known !== undefined && known.length + sums.length <= mostSums) known.push(...sums);
    this.#after = next;
    if (hasMoreSums) return undefined;
    this.#sums = undefined;
    return { replica, sums: known, first, blocks };
  }
}
