/** How much this process holds at once: calls, and bytes of their bodies and answers. */
import { Memory } from './memory.ts';

export interface BudgetLimits {
  readonly calls: number;
  readonly bytes: number;
}

export class Budget {
  readonly #limits: BudgetLimits;
  #calls = 0;
  #bytes = 0;
  readonly #memory = new Memory();

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  get used(): BudgetLimits {
    return { calls: this.#calls, bytes: this.#bytes };
  }

  /** @returns undefined: there is no place for another call. */
  open(): Share | undefined {
    if (this.#calls >= this.#limits.calls) return undefined;
    this.#calls++;
    return new Share(
      (bytes, most) => {
        if (this.#bytes + bytes > this.#limits.bytes * most) return false;
        this.#bytes += bytes;
        return true;
      },
      (bytes) => {
        this.#calls--;
        this.#bytes -= bytes;
      },
      this.#memory,
    );
  }
}

/** What one call holds of the budget. */
export class Share {
  readonly #take: (bytes: number, most: number) => boolean;
  readonly #close: (bytes: number) => void;
  readonly #memory: Memory;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;
  #isOpen = true;

  constructor(take: (bytes: number, most: number) => boolean, close: (bytes: number) => void, memory: Memory) {
    this.#take = take;
    this.#close = close;
    this.#memory = memory;
  }

  /** For the copy's body: half of the bytes at most, or else no answer would find room. */
  takeBody(bytes: number): boolean {
    return this.#taken(bytes, 0.5);
  }

  /** For an answer. */
  take(bytes: number): boolean {
    return this.#taken(bytes, 1);
  }

  /** For a whole answer. @returns memory that is the next one's once this is closed; undefined: there is no room. */
  reserve(bytes: number): Uint8Array | undefined {
    if (!this.take(bytes)) return undefined;
    const piece = this.#memory.take(bytes);
    this.#pieces.push(piece);
    return piece;
  }

  /** Nobody may read any of its answers from here on. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#close(this.#bytes);
    for (const piece of this.#pieces.splice(0)) this.#memory.give(piece);
  }

  #taken(bytes: number, most: number): boolean {
    if (!this.#isOpen || !this.#take(bytes, most)) return false;
    this.#bytes += bytes;
    return true;
  }
}
