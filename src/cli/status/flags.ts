import type { Goal } from '../../core/assess/goal.ts';
import type { ModelFlags } from '../flags/model-flags.ts';
import type { LookFlags } from '../flags/wording.ts';

/** The names are those of the flags. */
export interface StatusFlags extends ModelFlags, LookFlags {
  readonly revision?: string;
  readonly fetch?: boolean;
  readonly branch?: string;
  /** Of 0.1.0, which did not use the user's git. */
  readonly gitCredentials?: string;
  readonly watch?: boolean;
  readonly wait?: Goal;
  readonly differing?: boolean;
  readonly settle: string;
  readonly interval?: string;
  readonly timeout: string;
}
