/** Whether what somebody waits for is reached, may still be, or cannot be by waiting. */
import type { ModelState, VersionStatus } from '../input/schema.ts';
import type { Mirror } from '../rollout/gate.ts';
import type { AssessedCandidate, AssessedVersion, Assessment } from './assess-model.ts';
import { listStrayMirrors } from './assess-model.ts';
import type { Difference } from './difference.ts';
import type { Goal } from './goal.ts';

/** `stuck`: it takes a person. */
export type WaitOutcome = 'reached' | 'waiting' | 'stuck';

/** How it stands with a candidate or model; versions by what the model file calls them. */
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
  /** Who decides the outcome: the first that is stuck, else all that are waited for, else all. None: no model has a candidate. */
  readonly models: readonly ModelWait[];
}

/** @param isOne the model was named; otherwise models without a candidate do not count when waiting for candidates. */
export function judgeWait(assessments: readonly Assessment[], goal: Goal, isOne: boolean): WaitState {
  const all = assessments.flatMap((model) =>
    judgeModel(model, goal, isOne).map((judgement): ModelWait => ({ ...judgement, model })),
  );
  const stuck = all.find(({ outcome }) => outcome === 'stuck');
  if (stuck !== undefined || all.length === 0) return { outcome: 'stuck', models: stuck === undefined ? [] : [stuck] };
  const waiting = all.filter(({ outcome }) => outcome === 'waiting');
  return waiting.length > 0 ? { outcome: 'waiting', models: waiting } : { outcome: 'reached', models: all };
}

function judgeModel(model: Assessment, goal: Goal, isOne: boolean): Judgement[] {
  if (goal === 'idle') return [judgeIdle(model)];
  if (isOne && model.candidates.length === 0)
    return [{ outcome: 'stuck', reason: { code: 'no-candidate' }, isDeclared: true }];
  return model.candidates.map((candidate) => judgeCandidate(candidate, model, goal));
}

function judgeIdle({ candidates: [candidate], undeclared, primary, observed, differences }: Assessment): Judgement {
  if (candidate !== undefined)
    return {
      outcome: 'stuck',
      reason: { code: 'candidate-declared', version: candidate.desired.version },
      isDeclared: true,
    };
  if (observed === undefined) return toWaiting(differences, { code: 'nothing-observed' });
  if (listStrayMirrors({ candidates: [], undeclared }).length > 0)
    return { outcome: 'waiting', reason: { code: 'mirror-open' } };
  if (undeclared.length > 0) return { outcome: 'waiting', reason: { code: 'candidate-present' } };
  return judgePrimary(primary);
}

/** Without a candidate and a mirror: whether the primary is at rest as well. */
function judgePrimary(primary: AssessedVersion): Judgement {
  const { version } = primary.desired;
  const known = findSame(primary);
  if (known === undefined) return { outcome: 'waiting', reason: { code: 'not-observed', version } };
  if (known.state === 'Ready') return { outcome: 'reached', reason: { code: 'idle', version } };
  return { outcome: isLasting(known, primary) ? 'stuck' : 'waiting', reason: toStateReason(version, known) };
}

function judgeCandidate(
  candidate: AssessedCandidate,
  { differences }: Assessment,
  goal: Exclude<Goal, 'idle'>,
): Judgement {
  const { mirror, observedPercentage } = candidate;
  const { version } = candidate.desired;
  if (goal === 'mirrored' && mirror.reason.code === 'percentage-zero')
    return { outcome: 'stuck', reason: { code: 'percentage-zero' }, isDeclared: true };
  const known = findSame(candidate);
  if (goal === 'mirrored' && mirror.percentage > 0 && known !== undefined && observedPercentage === mirror.percentage)
    return { outcome: 'reached', reason: { code: 'mirrored', version, percentage: mirror.percentage } };
  // Without a gate it gets copies in any state.
  const matters = goal === 'ready' || mirror.reason.code !== 'gate-none';
  if (matters && known !== undefined && isLasting(known, candidate))
    return { outcome: 'stuck', reason: toStateReason(version, known) };
  if (goal === 'ready' && known?.state === 'Ready')
    return { outcome: 'reached', reason: toStateReason(version, known) };
  return toWaiting(differences, { code: 'gate', gate: mirror });
}

function toWaiting([difference]: readonly Difference[], otherwise: WaitReason): Judgement {
  return { outcome: 'waiting', reason: difference === undefined ? otherwise : { code: 'difference', difference } };
}

function toStateReason(version: string, { state, reason }: VersionStatus): WaitReason {
  return { code: 'state', version, state, reason };
}

/** Only a person changes it. */
function isLasting({ state }: VersionStatus, { mayPass }: AssessedVersion): boolean {
  return (state === 'Failed' && !mayPass) || state === 'Stopped';
}

/** What was observed, if it is the very version that is desired. */
function findSame({ desired, observed }: AssessedVersion): VersionStatus | undefined {
  return observed?.name === desired.name && observed.digest === desired.digest ? observed : undefined;
}
