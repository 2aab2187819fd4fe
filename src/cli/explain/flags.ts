import type { ModelFlags } from '../flags/model-flags.ts';
import type { LookFlags } from '../flags/wording.ts';

/** The names are those of the flags. */
export interface ExplainFlags extends ModelFlags, LookFlags {
  readonly all?: boolean;
}
