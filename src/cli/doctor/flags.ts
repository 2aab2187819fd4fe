import type { LookFlags } from '../flags/look-flags.ts';

/** The names are those of the flags. */
export interface DoctorFlags extends LookFlags {
  readonly output: 'text' | 'json';
  readonly live?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly for: string;
}
