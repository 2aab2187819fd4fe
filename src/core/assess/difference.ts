import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask } from '../diagnostics/safe-text.ts';

/** Every way in which what was seen can differ from what is wanted; the most urgent first. */
export const differenceCodes = [
  'not-committed',
  'not-pushed',
  'status-ignored',
  'no-status',
  'primary-failed',
  'primary-missing',
  'candidate-failed',
  'mirror-still-open',
  'primary-other',
  'primary-other-digest',
  'primary-not-observed',
  'candidate-other',
  'candidate-other-digest',
  'candidate-not-observed',
  'candidate-missing',
  'primary-not-ready',
  'candidate-not-ready',
  'percentage-zero',
  'mirror-not-applied',
  'candidate-leaving',
  'status-behind',
] as const;

export type DifferenceCode = (typeof differenceCodes)[number];

export interface Difference {
  readonly code: DifferenceCode;
  /** Part of a sentence. */
  readonly text: SafeText;
}

/** The most urgent first, with nothing in their words that a terminal obeys: names and reasons are the cluster's. */
export function sortDifferences(differences: readonly Difference[]): Difference[] {
  const shown = differences.map(({ code, text }) => ({ code, text: mask(text) }));
  return shown.toSorted((a, b) => differenceCodes.indexOf(a.code) - differenceCodes.indexOf(b.code));
}
