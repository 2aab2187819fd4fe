/** What happens to a model between two renders, as values; `output/words/change.ts` has the words. */
import type { Ramp } from '../analysis/analysis.ts';
import type { ExtraLoad } from '../rollout/extra-load.ts';
import type { MirrorReason } from '../rollout/gate.ts';

/** A code, and the values that its words need. */
export type Coded<Code extends string, Values = unknown> = Readonly<{ code: Code } & Values>;

export type Role = 'primary' | 'candidate';

/** A version as a change names it. */
export interface ChangedVersion {
  readonly version: string;
  /** Of the InferenceService. */
  readonly name: string;
  /** Its storageUri, or its path in a storage; undefined when only the template knows. */
  readonly location: string | undefined;
}

/** Elsewhere, a version is given by its name. */
interface OfVersion {
  role: Role;
  version: string;
}

/** One thing that changes. */
export type Change =
  | Coded<'model-added', { primary: ChangedVersion }>
  | Coded<'model-removed'>
  | Coded<'model-renamed' | 'namespace-changed' | 'mode-changed', { from: string; to: string }>
  /** Paths of the model file. */
  | Coded<'file-moved', { from: string; to: string }>
  | Coded<'primary-promoted' | 'primary-changed' | 'candidate-changed', { from: ChangedVersion; to: ChangedVersion }>
  | Coded<'candidate-declared' | 'candidate-discarded', { candidate: ChangedVersion }>
  /** Undefined: in the template, or nowhere in particular. */
  | Coded<
      'storage-moved',
      OfVersion & { field: 'storageUri' | 'storage'; from: string | undefined; to: string | undefined }
    >
  /** Other fields of the version, such as its overrides. */
  | Coded<'version-redeclared', OfVersion>
  | Coded<'inference-service-renamed', OfVersion & { from: string; to: string }>
  /** By the template or by a patch: the version is declared as before. */
  | Coded<'spec-changed', OfVersion>
  | Coded<'annotation-changed' | 'annotation-patched', OfVersion & { annotation: string }>
  | Coded<'label-changed' | 'label-patched', OfVersion & { label: string }>
  /** From undefined: a policy could not be read before. Without a candidate it is for the next one. `inSteps`: a ramp begins with less. */
  | Coded<'percentage-changed', { from: number | undefined; to: number; hasCandidate: boolean; inSteps: boolean }>
  | Coded<'gate-changed', { from: 'Status' | 'None'; to: 'Status' | 'None' }>
  | Coded<'analysis-added', { checks: number }>
  /** Counting begins again where a verdict depends on what changes. */
  | Coded<'analysis-changed', { restarts: boolean }>
  | Coded<'analysis-removed'>
  /** Undefined: there is none. Where the candidate is judged before and after, counting begins again. */
  | Coded<'ramp-changed', { from: Ramp | undefined; to: Ramp | undefined; restarts: boolean }>
  | Coded<'extra-load', ExtraLoad>
  | Coded<'host-added' | 'host-removed', { host: string }>
  | MirrorChange;

/** What happens to the mirror to a candidate. */
export type MirrorChange =
  | Coded<'mirror-opened', OfMirror & { percentage: number }>
  /** A changed candidate keeps the mirror, as there is no gate. */
  | Coded<'mirror-stays-open', OfMirror & { percentage: number }>
  /** An open mirror goes to another step of the ramp; `step` counts from 1. */
  | Coded<'step-changed', OfMirror & { step: number; steps: number; percentage: number }>
  /** An open mirror gets another share by another ramp. */
  | Coded<'share-changed', OfMirror & { from: number; percentage: number }>
  /** In percent; undefined: readiness would not open it. */
  | Coded<'mirror-closed' | 'mirror-stays-closed', OfMirror & { opensAt: number | undefined }>;

interface OfMirror {
  /** Its version. */
  candidate: string;
  reason: MirrorReason;
}
