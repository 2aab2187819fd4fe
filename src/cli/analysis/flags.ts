import type { EditFlags } from '../edit/flags.ts';

/** The flags of `analysis`. */
export interface AnalysisFlags extends EditFlags {
  readonly reset?: boolean;
  /** True: of HEAD. */
  readonly verify?: string | true;
  readonly namespace?: string;
}
