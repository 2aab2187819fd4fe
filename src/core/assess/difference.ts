import type { Problem } from '../diagnostics/problem.ts';
import type { ModelState } from '../input/schema.ts';

/** Every way in which the observed state can differ from the desired one; the most urgent first. */
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

export type Role = 'primary' | 'candidate';

/** Where the observed state is from. `git`: the status file; `cluster`: read just now. */
export type Source = 'git' | 'cluster';

/** A version of the model. */
export interface VersionReference {
  readonly role: Role;
  /** Of the InferenceService. */
  readonly name: string;
  /** What the model file calls it. */
  readonly version: string;
}

type VersionDifference = VersionReference &
  (
    | { readonly code: `${Role}-not-observed` | `${Role}-other-digest`; readonly source: Source }
    | { readonly code: `${Role}-other`; readonly observed: string }
    | { readonly code: `${Role}-missing` }
    | {
        readonly code: `${Role}-failed` | `${Role}-not-ready`;
        readonly state: ModelState;
        readonly reason: string | undefined;
      }
  );

export type Difference =
  | VersionDifference
  /** The files, from the repository's root. */
  | { readonly code: 'not-committed' | 'not-pushed'; readonly files: readonly string[] }
  /** Why the status file is ignored. */
  | { readonly code: 'status-ignored'; readonly warning: Problem }
  | { readonly code: 'no-status' }
  | { readonly code: 'percentage-zero' }
  /** Shares in percent; `to`: an InferenceService. */
  | { readonly code: 'mirror-still-open'; readonly to: string; readonly observed: number }
  | {
      readonly code: 'mirror-not-applied';
      readonly to: string;
      readonly desired: number;
      /** 0: nothing is mirrored. */
      readonly observed: number;
    }
  | { readonly code: 'candidate-leaving'; readonly name: string }
  /** The states in the status file and in the cluster; undefined: the version is not there. */
  | (VersionReference & {
      readonly code: 'status-behind';
      readonly inFile: ModelState | undefined;
      readonly inCluster: ModelState | undefined;
    });

/** The most urgent first. */
export function sortDifferences(differences: readonly Difference[]): Difference[] {
  return differences.toSorted((a, b) => differenceCodes.indexOf(a.code) - differenceCodes.indexOf(b.code));
}
