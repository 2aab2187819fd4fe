/**
 * What is observed → what is recorded: a change for the worse, and a Ready that may be a flash, must hold
 * first, unless what was Ready is gone. ModelMesh shows `Standby` and `FailedToLoad` for a moment right after Loading.
 *
 * Invariants: without anything to wait for, what is recorded is what is observed; a Ready is never recorded
 * for anything else than what is live.
 */
import { omitUndefined } from '../input/plain-value.ts';
import type { ModelState, VersionStatus } from '../input/schema.ts';
import { isSameDigest } from '../serving/digest-text.ts';
import type { ObservedVersion } from './service-state.ts';

type Change = 'opening' | 'worse' | 'wording';

/** A change that git does not have yet, whether it is still held back or not. */
export interface Wait {
  readonly change: Change;
  readonly state: ModelState;
  /** Whether the change had held for long enough at the last observation. */
  readonly isOver: boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly since: number;
}

export interface Settled {
  /** What is to be recorded now. */
  readonly status: VersionStatus | undefined;
  readonly wait: Wait | undefined;
  /** When to observe again if nothing happens, by the same clock; undefined: nothing is held back. */
  readonly due: number | undefined;
}

export interface SettleOptions {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: number;
  /** How long a change for the worse must hold. */
  readonly settleMs: number;
}

/** A text that changes while nothing else does is recorded at most so much more rarely than a change. */
const wordingFactor = 12;

/**
 * @param recorded as the status file has it; undefined when it has none of this name.
 * @param isRecorded whether what the status file has is for what is live; see `trust.ts`.
 * @param before the wait that the last observation left.
 */
export function settle(
  recorded: VersionStatus | undefined,
  isRecorded: boolean,
  observed: ObservedVersion,
  before: Wait | undefined,
  { now, settleMs }: SettleOptions,
): Settled {
  const { status } = observed;
  const change = findChange(recorded, isRecorded, observed);
  if (change === undefined) return { status, wait: undefined, due: undefined };
  const { state } = status;
  // Once it has held, git may still take a while to have it: observing it again must not start the wait again.
  const goesOn = before?.change === change && (!before.isOver || before.state === state);
  const since = goesOn ? before.since : now;
  const due = since + settleMs * (change === 'wording' ? wordingFactor : 1);
  const wait = { change, state, since, isOver: now >= due };
  if (wait.isOver) return { status, wait, due: undefined };
  return { status: toMeanwhile(recorded, isRecorded, status), wait, due };
}

/** What is recorded already, unless that is a Ready of something else than what is live. */
function toMeanwhile(
  recorded: VersionStatus | undefined,
  isRecorded: boolean,
  { name, version, digest, state, loaded, uid }: VersionStatus,
): VersionStatus | undefined {
  const isOutlived =
    recorded?.state === 'Ready' && (!isRecorded || (digest !== undefined && !isSameDigest(recorded.digest, digest)));
  if (!isOutlived) return recorded;
  const rest = state === 'Ready' ? {} : { loaded, uid };
  return omitUndefined<VersionStatus>({ name, version, digest, state: 'Pending', ...rest });
}

/** @returns which change must hold; undefined: what is observed is recorded at once. */
function findChange(
  recorded: VersionStatus | undefined,
  isRecorded: boolean,
  { status, isStandby }: ObservedVersion,
): Change | undefined {
  const { state } = status;
  if (state === 'Ready') return isStandby && !(recorded?.state === 'Ready' && isRecorded) ? 'opening' : undefined;
  if (recorded === undefined) return isBad(state) ? 'worse' : undefined;
  // Nothing shows that for a moment only, and people may declare it again before it is recorded.
  if (recorded.state === 'Ready' && isGone(state)) return undefined;
  if (recorded.state === state && isRecorded) {
    // Why it is pending shows people what to do, and changes with what happens to it alone.
    if (recorded.reason !== status.reason) return state === 'Pending' ? undefined : 'worse';
    return recorded.message === status.message ? undefined : 'wording';
  }
  // Something else is live: what is recorded of the old one protects nothing.
  return isBad(state) || (isRecorded && recorded.state === 'Ready') ? 'worse' : undefined;
}

function isBad(state: ModelState): boolean {
  return state === 'Failed' || state === 'Stopped' || isGone(state);
}

function isGone(state: ModelState): boolean {
  return state === 'Missing' || state === 'Deleting';
}
