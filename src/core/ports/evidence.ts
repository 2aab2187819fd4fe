/** Where the watcher learns what the comparer has counted; `io/` implements it. */
import type { Block } from '../analysis/block.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';

export interface Reading {
  /** Of all replicas that answered, each block once for each replica that has it. */
  readonly blocks: readonly Block[];
  /** How many replicas answered. */
  readonly replicas: number;
  /** Why others did not. */
  readonly troubles: readonly SafeText[];
}

export interface EvidenceSource {
  /** Asks every replica. Does not fail: what cannot be reached is a trouble. */
  readonly read: (signal: AbortSignal) => Promise<Reading>;
}
