/** Counts by candidate, as long as the live routes have it. */
import type { CountedName } from '../../core/ports/compare.ts';

export type CountedEnd = 'compared' | 'unknown' | 'dropped';

export interface CandidateCount {
  /** Undefined: no model is known. */
  readonly of: CountedName | undefined;
  received: number;
  /** How often a copy ended so, by result or reason. */
  readonly ends: Readonly<Record<CountedEnd, Map<string, number>>>;
  /** In milliseconds of the clock. */
  touchedAt: number;
}

/** What is gone stays for so long: the last calls before it went are on a page that Prometheus reads. */
const keptMs = 600_000;
/** Anyone with a namespace can write routes: what is beyond counts without its model. */
const mostNamed = 50_000;

export class CandidateCounts {
  readonly #now: () => number;
  readonly #counts = new Map<string, CandidateCount>();

  /** @param now in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  receive(of: CountedName | undefined): void {
    this.#find(of).received++;
  }

  end(of: CountedName | undefined, end: CountedEnd, why: string): void {
    const ends = this.#find(of).ends[end];
    ends.set(why, (ends.get(why) ?? 0) + 1);
  }

  /**
   * All counts; of known candidates that nothing has arrived for, too.
   *
   * @param known what the live routes have now; all others are forgotten.
   */
  list(known: Iterable<CountedName>): readonly CandidateCount[] {
    const names = new Map([...known].map((of) => [toKey(of), of]));
    for (const [key, { of, touchedAt }] of this.#counts)
      if (of !== undefined && !names.has(key) && this.#now() - touchedAt > keptMs) this.#counts.delete(key);
    const silent = [...names].filter(([key, { version }]) => version !== undefined && !this.#counts.has(key));
    return [...this.#counts.values(), ...silent.map(([, of]) => begin(of, 0))];
  }

  #find(of: CountedName | undefined): CandidateCount {
    const key = of === undefined ? '' : toKey(of);
    const known = this.#counts.get(key);
    if (known === undefined && of !== undefined && this.#counts.size >= mostNamed) return this.#find(undefined);
    const count = known ?? begin(of, 0);
    if (known === undefined) this.#counts.set(key, count);
    count.touchedAt = this.#now();
    return count;
  }
}

function begin(of: CountedName | undefined, touchedAt: number): CandidateCount {
  const name = of && { namespace: of.namespace, model: of.model, version: of.version };
  return { of: name, received: 0, ends: { compared: new Map(), unknown: new Map(), dropped: new Map() }, touchedAt };
}

function toKey({ namespace, model, version = '' }: CountedName): string {
  return `${namespace}\n${model}\n${version}`;
}
