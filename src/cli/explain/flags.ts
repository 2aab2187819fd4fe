import type { ModelFlags } from '../flags/model-flags.ts';

/** The names are those of the flags. */
export interface ExplainFlags extends ModelFlags {
  readonly all?: boolean;
}
