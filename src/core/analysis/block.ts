/** What a replica of the comparer counted: immutable, so that whoever adds blocks up gets the same. */
import type { AnalysisSubject } from '../input/verdict-schema.ts';

/** Blocks do not reach beyond a whole minute of the replica's clock. */
export const minuteMs = 60_000;

export interface CheckCount {
  /** The check's id. */
  readonly check: string;
  readonly bad: number;
  readonly all: number;
  /** The primary against itself, where it is asked twice. */
  readonly noiseBad?: number | undefined;
  readonly noiseAll?: number | undefined;
}

/** What became of the copies that a replica got. */
export interface Coverage {
  readonly received: number;
  readonly compared: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** By reason: nobody can tell whether the version failed. */
  readonly unknown: Readonly<Record<string, number>>;
}

export interface Block {
  /**
   * In milliseconds since the epoch, by the replica's clock. A block ends at the next whole minute, or sooner: a replica
   * ends one after five seconds that holds anything bad, as a candidate that fails must not wait for the minute.
   */
  readonly start: number;
  readonly end: number;
  readonly namespace: string;
  readonly model: string;
  readonly subject: AnalysisSubject;
  readonly counts: readonly CheckCount[];
  readonly coverage: Coverage;
}

/** Many blocks about one subject, added up: from the start of the first to the end of the last. */
export type BlockSum = Block;

/**
 * A part of what a replica has. Its blocks are numbered from 1 in the order in which they ended. Whoever reads from the start gets
 * what is older as one sum per subject, and then the blocks that those sums do not hold.
 */
export interface BlockPage {
  /** Of one run of one replica: another run numbers its blocks from 1 again. */
  readonly replica: string;
  /** Reading begins (again) with this page: what was read of unfinished sums before is to be forgotten. */
  readonly isStart: boolean;
  readonly sums: readonly BlockSum[];
  /** Whether more sums follow, before any block. */
  readonly hasMoreSums: boolean;
  /** The number of the first of `blocks`. */
  readonly first: number;
  /** Undefined: what was there is no block. */
  readonly blocks: readonly (Block | undefined)[];
  /** Opaque: what to ask for next. */
  readonly next: string;
  /** Whether there is anything to read there already. */
  readonly hasMore: boolean;
}
