/** Whether what somebody waits for is reached, may still be, or cannot be by waiting. */
import { findLiveMirror } from '../input/model-status.ts';
import type { ModelState, ModelStatus, VersionStatus } from '../input/schema.ts';
import type { Mirror } from '../rollout/gate.ts';
import type { Assessment, DesiredVersion } from './assess-model.ts';
import type { Difference } from './difference.ts';
import type { Goal } from './goal.ts';

/** `stuck`: it takes a person. */
export type WaitOutcome = 'reached' | 'waiting' | 'stuck';

/** How it stands with one model; versions by what the model file calls them. */
export type WaitReason =
  | { readonly code: 'no-candidate' }
  | { readonly code: 'percentage-zero' }
  | { readonly code: 'nothing-observed' | 'mirror-open' | 'candidate-present' }
  | { readonly code: 'candidate-declared' | 'not-observed' | 'idle'; readonly version: string }
  | { readonly code: 'mirrored'; readonly version: string; readonly percentage: number }
  | {
      readonly code: 'state';
      readonly version: string;
      readonly state: ModelState;
      readonly reason: string | undefined;
    }
  | { readonly code: 'difference'; readonly difference: Difference }
  | { readonly code: 'gate'; readonly gate: Mirror };

interface Judgement {
  readonly outcome: WaitOutcome;
  readonly reason: WaitReason;
  /** It follows from the files alone, whatever is observed. */
  readonly isDeclared?: boolean;
}

export interface ModelWait extends Judgement {
  readonly model: Assessment;
}

export interface WaitState {
  readonly outcome: WaitOutcome;
  /** The models that decide the outcome: the first that is stuck, else all that are waited for, else all. None: no model has a candidate. */
  readonly models: readonly ModelWait[];
}

/** @param isOne the model was named; otherwise models without a candidate do not count when waiting for candidates. */
export function judgeWait(assessments: readonly Assessment[], goal: Goal, isOne: boolean): WaitState {
  const meant =
    isOne || goal === 'idle' ? assessments : assessments.filter(({ desired }) => desired.candidate !== undefined);
  const all = meant.map((model) => ({ ...judgeModel(model, goal), model }));
  const stuck = all.find(({ outcome }) => outcome === 'stuck');
  if (stuck !== undefined || all.length === 0) return { outcome: 'stuck', models: stuck === undefined ? [] : [stuck] };
  const waiting = all.filter(({ outcome }) => outcome === 'waiting');
  return waiting.length > 0 ? { outcome: 'waiting', models: waiting } : { outcome: 'reached', models: all };
}

function judgeModel(model: Assessment, goal: Goal): Judgement {
  return goal === 'idle' ? judgeIdle(model) : judgeCandidate(model, goal);
}

function judgeIdle({ desired, observed, differences }: Assessment): Judgement {
  const { candidate, primary } = desired;
  if (candidate !== undefined)
    return {
      outcome: 'stuck',
      reason: { code: 'candidate-declared', version: candidate.version },
      isDeclared: true,
    };
  if (observed === undefined) return toWaiting(differences, { code: 'nothing-observed' });
  if (findLiveMirror(observed) !== undefined) return { outcome: 'waiting', reason: { code: 'mirror-open' } };
  if (observed.candidates.length > 0) return { outcome: 'waiting', reason: { code: 'candidate-present' } };
  return judgePrimary(primary, observed);
}

/** Without a candidate and a mirror: whether the primary is at rest as well. */
function judgePrimary(primary: DesiredVersion, { primary: observed }: ModelStatus['status']): Judgement {
  const { version } = primary;
  if (observed === undefined || !isOf(observed, primary))
    return { outcome: 'waiting', reason: { code: 'not-observed', version } };
  if (observed.state === 'Ready') return { outcome: 'reached', reason: { code: 'idle', version } };
  return { outcome: isLasting(observed) ? 'stuck' : 'waiting', reason: toStateReason(version, observed) };
}

function judgeCandidate({ desired, observed, gate, differences }: Assessment, goal: Exclude<Goal, 'idle'>): Judgement {
  const { candidate, mirror } = desired;
  if (candidate === undefined) return { outcome: 'stuck', reason: { code: 'no-candidate' }, isDeclared: true };
  const { version } = candidate;
  if (goal === 'mirrored' && gate.reason.code === 'percentage-zero')
    return { outcome: 'stuck', reason: { code: 'percentage-zero' }, isDeclared: true };
  const [first] = observed?.candidates ?? [];
  const known = isOf(first, candidate) ? first : undefined;
  if (goal === 'mirrored' && mirror !== undefined && known?.mirror?.percentage === mirror.percentage)
    return { outcome: 'reached', reason: { code: 'mirrored', version, percentage: mirror.percentage } };
  // Without a gate it gets copies in any state.
  const matters = goal === 'ready' || gate.reason.code !== 'gate-none';
  if (matters && known !== undefined && isLasting(known))
    return { outcome: 'stuck', reason: toStateReason(version, known) };
  if (goal === 'ready' && known?.state === 'Ready')
    return { outcome: 'reached', reason: toStateReason(version, known) };
  return toWaiting(differences, { code: 'gate', gate });
}

function toWaiting([difference]: readonly Difference[], otherwise: WaitReason): Judgement {
  return { outcome: 'waiting', reason: difference === undefined ? otherwise : { code: 'difference', difference } };
}

function toStateReason(version: string, { state, reason }: VersionStatus): WaitReason {
  return { code: 'state', version, state, reason };
}

/** Only a person changes it. */
function isLasting({ state }: VersionStatus): boolean {
  return state === 'Failed' || state === 'Stopped';
}

function isOf(observed: VersionStatus | undefined, { name, digest }: DesiredVersion): boolean {
  return observed?.name === name && observed.digest === digest;
}
