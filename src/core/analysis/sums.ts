import type { Block, CheckCount } from './block.ts';
import { addCoverage, type Covered, joinCovered, nothingCovered } from './coverage.ts';
import { type Count, noCount } from './figures.ts';

/** What blocks say together. */
export interface Sums {
  /** In an order that whoever keeps the sums knows; those at the end may be missing. */
  readonly counts: readonly Count[];
  readonly covered: Covered;
  /** When the first block began, and when the last one ended that a request arrived in; undefined: none did. */
  readonly from: number | undefined;
  readonly arrived: number | undefined;
}

export const noSums: Sums = { counts: [], covered: nothingCovered, from: undefined, arrived: undefined };

/** A check that the block does not count is one that it has seen no calls of. @param checks the order */
export function toSums({ start, end, counts, coverage }: Block, checks: readonly string[]): Sums {
  return {
    counts: checks.map((id) => toCount(counts.find(({ check }) => check === id))),
    covered: addCoverage(nothingCovered, coverage),
    from: start,
    arrived: coverage.received > 0 ? end : undefined,
  };
}

export function addSums(one: Sums, other: Sums): Sums {
  if (one === noSums) return other;
  if (other === noSums) return one;
  const longer = one.counts.length < other.counts.length ? other.counts : one.counts;
  return {
    counts: longer.map((_, i) => addCounts(one.counts[i] ?? noCount, other.counts[i] ?? noCount)),
    covered: joinCovered(one.covered, other.covered),
    from: pick(one.from, other.from, Math.min),
    arrived: pick(one.arrived, other.arrived, Math.max),
  };
}

function toCount(count: CheckCount | undefined): Count {
  if (count === undefined) return noCount;
  const { bad, all, noiseBad = 0, noiseAll = 0 } = count;
  return { bad, all, noiseBad, noiseAll };
}

function addCounts(one: Count, other: Count): Count {
  if (one === noCount) return other;
  if (other === noCount) return one;
  return {
    bad: one.bad + other.bad,
    all: one.all + other.all,
    noiseBad: one.noiseBad + other.noiseBad,
    noiseAll: one.noiseAll + other.noiseAll,
  };
}

function pick(one: number | undefined, other: number | undefined, of: (one: number, other: number) => number) {
  if (one === undefined || other === undefined) return one ?? other;
  return of(one, other);
}
