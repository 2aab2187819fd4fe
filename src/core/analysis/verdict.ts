/** What is known of a candidate at a moment. */

import type { Decided } from '../input/verdict-schema.ts';
import type { Counted } from './beta-binomial.ts';
import type { CoverageFault } from './coverage.ts';
import type { Count } from './figures.ts';

/** Why nobody can say how the candidate does. */
export type Blindness =
  /** No replica of the comparer has answered since `since`, in ms; undefined: since the mirror is open. */
  | { readonly code: 'no-comparer'; readonly since: number | undefined }
  /** Nothing has arrived for `minutes` though the mirror is open; undefined: nobody knows how much arrives otherwise. */
  | { readonly code: 'no-copies'; readonly minutes: number; readonly expected: number | undefined }
  | CoverageFault;

/** What a decision waits for. */
export type Wait =
  /** Nothing is copied. */
  | { readonly code: 'closed' }
  /** The limit is between the bounds. */
  | { readonly code: 'open'; readonly check: string }
  | ({ readonly code: 'samples'; readonly check: string; readonly needed: number } & Pick<Counted, 'all'>)
  /** In ms since the epoch; undefined: it begins with the first sample. */
  | { readonly code: 'hold'; readonly until: number | undefined }
  /** Of all requests since counting began, too few were compared. */
  | { readonly code: 'coverage'; readonly fault: CoverageFault };

export type Verdict =
  | { readonly verdict: 'Failing'; readonly decided: Decided }
  /** It stands although nothing is seen any more. */
  | { readonly verdict: 'Passing'; readonly decided: Decided; readonly blind: Blindness | undefined }
  | { readonly verdict: 'Unknown'; readonly reason: Blindness; readonly counts: readonly Count[] }
  /** At least one wait. */
  | { readonly verdict: 'Inconclusive'; readonly waits: readonly Wait[]; readonly counts: readonly Count[] };
