/** What is shown to Prometheus of models: values as they are when it asks. */
import type { LiveCheck } from '../analysis/live-analysis.ts';
import type { Blindness, Verdict } from '../analysis/verdict.ts';
import type { ModelState } from '../input/schema.ts';

/** Which version of a model a number is about. */
export interface VersionName {
  readonly namespace: string;
  readonly model: string;
  readonly role: 'primary' | 'candidate';
  /** As the model file calls it, or else the name of its InferenceService. */
  readonly version: string;
}

/** A version as it was last observed. */
export interface VersionReading extends VersionName {
  readonly state: ModelState;
  /** Undefined: it is the primary. */
  readonly candidate: CandidateReading | undefined;
}

export interface CandidateReading {
  /** Of how many requests it gets copies, in percent; 0: its mirror is closed. */
  readonly percentage: number;
  /** Undefined: it is not judged. */
  readonly verdict: Verdict['verdict'] | undefined;
  /** Why nobody can see now how it does; undefined: somebody can, or nobody looks. */
  readonly blindness: Blindness['code'] | undefined;
  /** From 1; undefined: it is not judged, or there is no ramp. */
  readonly step: number | undefined;
  /** What is counted of it, computed when it is called; undefined: nothing. */
  readonly toChecks: (() => readonly LiveCheck[]) | undefined;
}
