import type { Block, CheckCount } from './block.ts';
import { addCoverage, type Covered, nothingCovered } from './coverage.ts';
import { type Count, type JudgedCheck, noCount } from './figures.ts';

/** What blocks say together: each block once, in any order. */
export interface Sums {
  /** In the order of the checks. */
  readonly counts: readonly Count[];
  readonly covered: Covered;
  /** When the first block began, and when the last one ended that a request arrived in; undefined: none did. */
  readonly from: number | undefined;
  readonly arrived: number | undefined;
}

export const noSums: Sums = { counts: [], covered: nothingCovered, from: undefined, arrived: undefined };

/** A check that a block does not count is one that it has seen no calls of. */
export function addBlocks(sums: Sums, blocks: readonly Block[], checks: readonly JudgedCheck[]): Sums {
  if (blocks.length === 0) return sums;
  let { covered, from, arrived } = sums;
  for (const block of blocks) {
    covered = addCoverage(covered, block.coverage);
    from = Math.min(from ?? block.start, block.start);
    if (block.coverage.received > 0) arrived = Math.max(arrived ?? 0, block.end);
  }
  const counts = checks.map(({ id }, i) => addCounts(sums.counts[i] ?? noCount, blocks, id));
  return { counts, covered, from, arrived };
}

function addCounts(before: Count, blocks: readonly Block[], id: string): Count {
  let { bad, all, noiseBad, noiseAll } = before;
  for (const { counts } of blocks) {
    const count = counts.find(({ check }: CheckCount) => check === id);
    if (count === undefined) continue;
    bad += count.bad;
    all += count.all;
    noiseBad += count.noiseBad ?? 0;
    noiseAll += count.noiseAll ?? 0;
  }
  return { bad, all, noiseBad, noiseAll };
}
