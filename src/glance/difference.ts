/** Every way in which what was seen can differ from what is wanted; the most urgent first. */
export const differenceCodes = [
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
  readonly text: string;
}

export function sortDifferences(differences: readonly Difference[]): Difference[] {
  return differences.toSorted((a, b) => differenceCodes.indexOf(a.code) - differenceCodes.indexOf(b.code));
}
