/** What happens to a model between two renders, as values; `output/words/change.ts` has the words. */
import type { MirrorReason } from '../rollout/gate.ts';

export type Role = 'primary' | 'candidate';

/** A version as a change names it. */
export interface ChangedVersion {
  readonly version: string;
  /** Of the InferenceService. */
  readonly name: string;
  /** Its storageUri, or its path in a storage; undefined when only the template knows. */
  readonly location: string | undefined;
}

/** One thing that changes. Candidates are named by their version. */
export type Change =
  | { readonly code: 'model-added'; readonly primary: ChangedVersion }
  | { readonly code: 'model-removed' }
  | { readonly code: 'model-renamed'; readonly from: string; readonly to: string }
  | { readonly code: 'namespace-changed'; readonly from: string; readonly to: string }
  /** Paths of the model file. */
  | { readonly code: 'file-moved'; readonly from: string; readonly to: string }
  | {
      readonly code: 'primary-promoted' | 'primary-changed' | 'candidate-changed';
      readonly from: ChangedVersion;
      readonly to: ChangedVersion;
    }
  | { readonly code: 'candidate-declared' | 'candidate-discarded'; readonly candidate: ChangedVersion }
  | {
      readonly code: 'storage-moved';
      readonly role: Role;
      readonly version: string;
      readonly field: 'storageUri' | 'storage';
      /** Undefined: in the template, or nowhere in particular. */
      readonly from: string | undefined;
      readonly to: string | undefined;
    }
  /** Other fields of the version, such as its overrides. */
  | { readonly code: 'version-redeclared'; readonly role: Role; readonly version: string }
  | {
      readonly code: 'inference-service-renamed';
      readonly role: Role;
      readonly version: string;
      readonly from: string;
      readonly to: string;
    }
  /** By the template or by a patch: the version is declared as before. */
  | { readonly code: 'spec-changed'; readonly role: Role; readonly version: string }
  | {
      readonly code: 'annotation-changed' | 'annotation-patched';
      readonly role: Role;
      readonly version: string;
      readonly annotation: string;
    }
  | {
      readonly code: 'percentage-changed';
      /** Undefined: a policy could not be read before. */
      readonly from: number | undefined;
      readonly to: number;
      /** False: it is for the next one. */
      readonly hasCandidate: boolean;
    }
  | { readonly code: 'gate-changed'; readonly from: 'Status' | 'None'; readonly to: 'Status' | 'None' }
  | { readonly code: 'host-added' | 'host-removed'; readonly host: string }
  | MirrorChange;

/** What becomes of the mirror to a candidate. */
export type MirrorChange = {
  readonly candidate: string;
  readonly reason: MirrorReason;
} & (
  | { readonly code: 'mirror-opened'; readonly percentage: number }
  /** A changed candidate keeps the mirror, as there is no gate. */
  | { readonly code: 'mirror-stays-open'; readonly percentage: number }
  | {
      readonly code: 'mirror-closed' | 'mirror-stays-closed';
      /** In percent; undefined: readiness would not open it. */
      readonly opensAt: number | undefined;
    }
);
