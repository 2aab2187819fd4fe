import type { Problem } from '../diagnostics/problem.ts';
import type { findLiveMirror } from '../input/model-status.ts';
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

export type ObservedMirror = NonNullable<ReturnType<typeof findLiveMirror>>;

export type VersionDifference =
  | { readonly code: `${Role}-not-observed` | `${Role}-other-digest`; readonly role: Role; readonly source: Source }
  | { readonly code: `${Role}-other`; readonly role: Role; readonly name: string; readonly observed: string }
  | { readonly code: `${Role}-missing`; readonly role: Role; readonly name: string }
  | {
      readonly code: `${Role}-failed` | `${Role}-not-ready`;
      readonly role: Role;
      readonly state: ModelState;
      readonly reason: string | undefined;
    };

export type Difference =
  | VersionDifference
  /** The files, from the repository's root. */
  | { readonly code: 'not-committed' | 'not-pushed'; readonly files: readonly string[] }
  /** Why the status file is ignored. */
  | { readonly code: 'status-ignored'; readonly warning: Problem }
  | { readonly code: 'no-status' }
  | { readonly code: 'percentage-zero' }
  | { readonly code: 'mirror-still-open'; readonly observed: ObservedMirror }
  | {
      readonly code: 'mirror-not-applied';
      readonly desired: ObservedMirror;
      readonly observed: ObservedMirror | undefined;
    }
  | { readonly code: 'candidate-leaving'; readonly name: string }
  /** The states in the status file and in the cluster; undefined: the version is not there. */
  | {
      readonly code: 'status-behind';
      readonly role: Role;
      readonly inFile: ModelState | undefined;
      readonly inCluster: ModelState | undefined;
    };

/** The most urgent first. */
export function sortDifferences(differences: readonly Difference[]): Difference[] {
  return differences.toSorted((a, b) => differenceCodes.indexOf(a.code) - differenceCodes.indexOf(b.code));
}
