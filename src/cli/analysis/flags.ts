import type { EditFlags } from '../edit/flags.ts';
import type { LookFlags } from '../flags/wording.ts';

/** The flags of `analysis`. */
export interface AnalysisFlags extends EditFlags, LookFlags {
  readonly reset?: boolean;
  /** True: of HEAD. */
  readonly verify?: string | true;
  readonly namespace?: string;
  /** An address, or with `--live` a Service. */
  readonly watcher?: string;
  /** Absent: text. */
  readonly output?: 'text' | 'json';
}
