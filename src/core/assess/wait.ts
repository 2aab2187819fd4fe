/** Whether what somebody waits for has come, may still come, or cannot come by waiting. */
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, safe } from '../diagnostics/safe-text.ts';
import type { VersionStatus } from '../input/schema.ts';
import type { DesiredVersion, Glance } from './glance.ts';

export const goals = ['ready', 'mirrored', 'idle'] as const;

export type Goal = (typeof goals)[number];

export interface Waited {
  /** `stuck`: only somebody's doing can bring it. */
  readonly outcome: 'reached' | 'waiting' | 'stuck';
  /** Part of a sentence: how it stands. */
  readonly text: SafeText;
  /** It follows from the files alone, whatever is seen. */
  readonly isDeclared?: boolean;
  /** The one that is spoken of; undefined when it is none, or all. */
  readonly model: Glance | undefined;
}

/**
 * For all models together: the first that is stuck, else the first that is waited for.
 *
 * @param isOne the model was named; else models without a candidate are passed over when waiting for candidates.
 */
export function computeWaited(glances: readonly Glance[], goal: Goal, isOne: boolean): Waited {
  const meant = isOne || goal === 'idle' ? glances : glances.filter(({ desired }) => desired.candidate !== undefined);
  const all = meant.map((glance) => {
    const waited = computeOne(glance, goal);
    return { ...waited, text: safe`${mask(glance.name)}: ${waited.text}`, model: glance };
  });
  const stuck = all.find(({ outcome }) => outcome === 'stuck');
  if (stuck !== undefined) return stuck;
  const waiting = all.filter(({ outcome }) => outcome === 'waiting');
  const [first] = waiting;
  if (first !== undefined)
    return waiting.length === 1 ? first : { ...first, text: safe`${first.text}; and ${waiting.length - 1} more` };
  if (all.length === 0)
    return { outcome: 'stuck', text: safe`no model has a candidate`, isDeclared: true, model: undefined };
  return {
    outcome: 'reached',
    text: join(
      all.map(({ text }) => mask(text)),
      '; ',
    ),
    model: undefined,
  };
}

function computeOne({ desired, observed, gate, differences }: Glance, goal: Goal): Omit<Waited, 'model'> {
  const { candidate, mirror } = desired;
  if (goal === 'idle') {
    if (candidate !== undefined)
      return {
        outcome: 'stuck',
        text: safe`${mask(candidate.version)} is still declared: promote or discard it`,
        isDeclared: true,
      };
    if (observed === undefined)
      return { outcome: 'waiting', text: differences[0]?.text ?? safe`nothing was observed yet` };
    if (observed.mirror !== undefined) return { outcome: 'waiting', text: safe`the mirror is still open` };
    if (observed.candidate !== undefined) return { outcome: 'waiting', text: safe`the candidate is still there` };
    return computePrimary(desired.primary, observed.primary);
  }
  if (candidate === undefined) return { outcome: 'stuck', text: safe`there is no candidate`, isDeclared: true };
  const seen = observed?.candidate;
  const isSame = isOf(seen, candidate);
  if (goal === 'mirrored' && gate.code === 'percentage-zero')
    return { outcome: 'stuck', text: safe`the policy says 0 %`, isDeclared: true };
  if (
    goal === 'mirrored' &&
    mirror !== undefined &&
    isSame &&
    observed?.mirror?.to === mirror.to &&
    observed.mirror.percentage === mirror.percentage
  )
    return { outcome: 'reached', text: safe`${mirror.percentage} % is mirrored to ${mask(candidate.version)}` };
  // Without a gate it is mirrored to all the same.
  const matters = goal === 'ready' || gate.code !== 'gate-none';
  if (matters && isSame && seen !== undefined && isLasting(seen)) {
    return { outcome: 'stuck', text: toStateText(candidate.version, seen) };
  }
  if (goal === 'ready' && isSame && seen?.state === 'Ready')
    return { outcome: 'reached', text: safe`${mask(candidate.version)} is Ready` };
  return { outcome: 'waiting', text: differences[0]?.text ?? gate.text };
}

/** Without a candidate and a mirror: whether the primary is at rest as well. */
function computePrimary(primary: DesiredVersion, seen: VersionStatus | undefined): Omit<Waited, 'model'> {
  const { version } = primary;
  if (seen === undefined || !isOf(seen, primary))
    return { outcome: 'waiting', text: safe`${mask(version)} is not seen yet` };
  if (seen.state === 'Ready')
    return { outcome: 'reached', text: safe`${mask(version)} is Ready; there is no candidate, and no mirror` };
  return { outcome: isLasting(seen) ? 'stuck' : 'waiting', text: toStateText(version, seen) };
}

function toStateText(version: string, { state, reason }: VersionStatus): SafeText {
  return safe`${mask(version)} is ${state}${reason === undefined ? '' : safe` (${mask(reason)})`}`;
}

/** Nobody but a person changes it. */
function isLasting({ state }: VersionStatus): boolean {
  return state === 'Failed' || state === 'Stopped';
}

function isOf(seen: VersionStatus | undefined, { name, digest }: DesiredVersion): boolean {
  return seen?.name === name && seen.digest === digest;
}
