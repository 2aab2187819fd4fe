import type { LinePlace } from './git-steps.ts';

/** How paths and commands are written for the reader. */
export interface Wording {
  /** From the repository's root to what the reader can open. */
  readonly toPath: (file: string) => string;
  /** The same as a word of a command line. */
  readonly toWord: (file: string) => string;
  readonly place: LinePlace;
  /** What commands need to find the same model, such as ` --path models`; or empty. */
  readonly flags: string;
  /** How `status` looks beyond this clone, such as ` --fetch`; empty: it cannot. */
  readonly look: string;
}
