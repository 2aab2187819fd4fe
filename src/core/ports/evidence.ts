/** Where the watcher learns what the comparer has counted; `io/` implements it. */
import type { BlockPage, BlockSum } from '../analysis/block.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';

/** What was read of one replica: blocks with their numbers. */
export interface ReplicaPart extends Pick<BlockPage, 'replica' | 'first' | 'blocks'> {
  /** All of what is older than `first`, where reading starts; undefined: reading goes on from an earlier part. */
  readonly sums: readonly BlockSum[] | undefined;
}

export interface Reading {
  /** How many replicas answered. */
  readonly replicas: number;
  /** Why others did not. */
  readonly troubles: readonly SafeText[];
}

export interface EvidenceSource {
  /**
   * Asks every replica for what was not read before. Does not fail: what cannot be reached is a trouble.
   *
   * @param take called with each part as it arrives. The parts of a replica that has two addresses, or another one than before,
   * may repeat what was taken already.
   */
  readonly read: (take: (part: ReplicaPart) => void, signal: AbortSignal) => Promise<Reading>;
}
