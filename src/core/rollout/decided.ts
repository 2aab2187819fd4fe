/** A rollout with what was decided of each version. */
import { toSpecPart } from '../serving/digest-text.ts';
import type { GateAnalysis, Mirror } from './gate.ts';
import { noMirror } from './gate.ts';
import type { RampPosition } from './ramp-choice.ts';
import { toShare } from './ramp-choice.ts';
import type { Rollout, RolloutVersion } from './rollout.ts';

/** A version and its digests, in this release's form even while 0.1.0's is rendered; see `serving/digest.ts`. */
export interface DecidedVersion {
  readonly version: RolloutVersion;
  readonly digest: string;
  /** The second digest. */
  readonly loaded: string;
}

export interface DecidedCandidate extends DecidedVersion {
  readonly mirror: Mirror;
  /** Undefined: it is not judged. */
  readonly analysis: GateAnalysis | undefined;
  /** Undefined: there is no ramp. */
  readonly ramp: RampPosition | undefined;
}

export interface DecidedRollout {
  readonly rollout: Rollout;
  readonly primary: DecidedVersion;
  readonly candidates: readonly DecidedCandidate[];
}

/** Whether two versions serve the same, whatever their labels: one of them is the name of the version. */
export function isSameServed(a: DecidedVersion, b: DecidedVersion): boolean {
  return a.loaded === b.loaded && toSpecPart(a.digest) === toSpecPart(b.digest);
}

/** What holds for the one candidate that is supported, or for a model without one. */
export function mirrorOf({ candidates }: Pick<DecidedRollout, 'candidates'>): Mirror {
  return candidates[0]?.mirror ?? noMirror;
}

/** In percent: what is mirrored to the candidate, or to the next one, once the mirror is open. */
export function shareOf({ rollout, candidates }: Pick<DecidedRollout, 'rollout' | 'candidates'>): number {
  return toShare(rollout.policy, candidates[0]?.ramp);
}

/** The same once the ramp has reached its last step. */
export function lastShareOf({ rollout: { policy } }: Pick<DecidedRollout, 'rollout'>): number {
  return toShare(policy, policy.ramp && { step: policy.ramp.steps.length - 1 });
}
