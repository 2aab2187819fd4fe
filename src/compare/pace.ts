/**
 * How many requests of the comparer may be in flight at one model's primary: two while it is as fast as it was, one once
 * it has become slower, and one with pauses once it is much slower or fails. What others ask the primary for is then
 * more important than what is compared.
 */

/** As many calls say how fast the primary is now, and how fast it usually is. */
const recentCount = 8;
const usualCount = 128;
/** The median counts as slower from here on, in times and in milliseconds more. */
const slower = { times: 1.5, ms: 5 } as const;
const muchSlower = { times: 3, ms: 20 } as const;
/** A pause is this many times as long as a call took: the comparer adds at most a tenth to what the primary does. */
const pauseTimes = 10;
const maxPauseMs = 5000;

export class Pace {
  /** In milliseconds; Infinity: it failed. */
  readonly #usual: number[] = [];
  #next = 0;
  #limit = 2;
  #pauseUntil = 0;
  #count = 0;

  /** How many may be in flight. */
  limit(now: number): number {
    return now < this.#pauseUntil ? 0 : this.#limit;
  }

  /** When to ask again, in milliseconds of the clock; undefined: there is no pause. */
  pauseUntil(now: number): number | undefined {
    return now < this.#pauseUntil ? this.#pauseUntil : undefined;
  }

  /** @param ms how long the primary took; Infinity: it failed. */
  note(ms: number, now: number): void {
    if (this.#usual.length < usualCount) this.#usual.push(ms);
    else this.#usual[this.#next] = ms;
    this.#next = (this.#next + 1) % usualCount;
    this.#count++;
    // Medians of every call would cost more than they tell; while there is something to heed, each one counts.
    if (this.#limit === 2 && this.#count % (recentCount / 2) !== 0) return;
    const recent = median(this.#last(recentCount));
    const usual = median(this.#usual);
    const isAbove = ({ times, ms: more }: { readonly times: number; readonly ms: number }) =>
      recent === Number.POSITIVE_INFINITY || recent > usual * times + more;
    this.#limit = this.#usual.length >= recentCount && isAbove(slower) ? 1 : 2;
    const isPaused = this.#usual.length >= recentCount && isAbove(muchSlower);
    if (isPaused) this.#pauseUntil = now + Math.min(maxPauseMs, pauseTimes * Math.max(1, Math.min(ms, recent)));
  }

  #last(count: number): readonly number[] {
    const { length } = this.#usual;
    return Array.from(
      { length: Math.min(count, length) },
      (_, i) => this.#usual[(this.#next - 1 - i + 2 * usualCount) % usualCount] ?? 0,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
