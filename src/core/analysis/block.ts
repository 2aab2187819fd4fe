/** What a replica of the comparer counted in a short time: immutable, so that whoever adds blocks up gets the same. */
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
  /** Of this block alone, among those of all replicas. */
  readonly id: string;
  /** Of one run of one replica. */
  readonly replica: string;
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
