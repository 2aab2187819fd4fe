/**
 * Limits a fetch to what fits into memory: the folders and small files of a tip are kept while it is read, large files
 * are not (`pack-reader/`). Without a limit, the system would kill the process, again and again.
 *
 * Invariant: what is too large is refused before it is kept, with a message that has the sizes.
 */
import { totalmem } from 'node:os';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';

export interface FetchLimit {
  /** The most bytes that are kept of a fetch. */
  readonly bytes: number;
  /** The memory that the process may use; undefined: the limit was set by an option. */
  readonly memory: number | undefined;
  /** Called with bytes that were transferred or inflated, while a pack is read. */
  readonly onWork?: (bytes: number) => void;
}

const mebibyte = 2 ** 20;
/** Memory for the program itself, with ten thousand models. */
const ownBytes = 192 * mebibyte;
/** Measured: 2.9 times with 100,000 small files that are not models (`npm run bench:fetch`). */
const timesInMemory = 3;
const leastLimit = 16 * mebibyte;
const mostLimit = 4096 * mebibyte;
/** What one fetch may transfer and inflate: some minutes of work. A server may send without end. */
const mostWork = 64 * 1024 * mebibyte;

/**
 * @param chosen the option's value, in bytes.
 * @param memory that the process may use: the limit of its container (cgroup v1 and v2), or the machine's memory.
 */
export function toFetchLimit(chosen: number | undefined, memory = readMemoryLimit()): FetchLimit {
  if (chosen !== undefined) return { bytes: chosen, memory: undefined };
  const fitting = Math.floor((memory - ownBytes) / timesInMemory);
  return { bytes: Math.min(mostLimit, Math.max(leastLimit, fitting)), memory };
}

function readMemoryLimit(): number {
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}

/** What a fetch has used of its limit. */
export class FetchBudget {
  readonly #limit: FetchLimit;
  readonly #mostWork: number;
  #held = 0;
  #work = 0;
  #share = 1;

  constructor(limit: FetchLimit, maxWork = mostWork) {
    this.#limit = limit;
    this.#mostWork = maxWork;
  }

  /** In bytes. */
  get held(): number {
    return this.#held;
  }

  /** Begins a pack. */
  begin(): void {
    this.#work = 0;
    this.#share = 1;
  }

  /** @param share of a pack that has been read, from 0 to 1: what the whole needs is estimated from it. */
  reach(share: number): void {
    this.#share = share;
  }

  /** @throws BranchTrouble when it does not fit. */
  hold(bytes: number): void {
    this.#held += bytes;
    if (this.#held > this.#limit.bytes) throw this.#toTooLarge(this.#held / this.#share);
  }

  /** @throws BranchTrouble when even an object of this size does not fit. */
  assertFits(bytes: number): void {
    if (bytes > this.#limit.bytes) throw this.#toTooLarge(bytes);
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }

  /** @throws BranchTrouble when nobody wants to wait for so many bytes. */
  spend(bytes: number): void {
    this.#work += bytes;
    this.#limit.onWork?.(bytes);
    if (this.#work > this.#mostWork)
      throw new BranchTrouble(
        'too-large',
        safe`the branch is too large to be read: its files are more than ${toSize(this.#mostWork)} when they are unpacked; ${elsewhere}`,
      );
  }

  #toTooLarge(needed: number): BranchTrouble {
    const { bytes, memory } = this.#limit;
    const [reason, raise] =
      memory === undefined
        ? [safe`--max-fetch allows ${toSize(bytes)}`, safe`raise it`]
        : [
            safe`${toSize(bytes)} fit beside the rest into the ${toSize(memory)} of memory that this process may use`,
            safe`raise the memory limit to ${toSize(ownBytes + needed * timesInMemory)}`,
          ];
    return new BranchTrouble(
      'too-large',
      safe`the branch is too large to be read: its folders and small files take about ${toSize(needed)}, and ${reason}; ${raise}, ${elsewhere}`,
    );
  }
}

const elsewhere = safe`keep other files elsewhere, or give the models a repository of their own`;

function toSize(bytes: number): SafeText {
  const mebibytes = bytes / mebibyte;
  return mebibytes >= 1024 ? safe`${Math.ceil((mebibytes / 1024) * 10) / 10} GiB` : safe`${Math.ceil(mebibytes)} MiB`;
}
