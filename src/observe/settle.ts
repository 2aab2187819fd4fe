/**
 * What is seen → what is told: a change for the worse, and a Ready that may be a flash, must hold
 * first. ModelMesh shows `Standby` and `FailedToLoad` for a moment right after Loading.
 *
 * Invariants: without anything to wait for, what is told is what is seen; a Ready is never told of
 * anything else than what is live.
 */
import { isSameDigest } from '../serving/digest-text.ts';
import type { ToldVersion } from './knowledge.ts';
import type { SeenVersion } from './service-state.ts';

type WaitingFor = 'opening' | 'worse' | 'wording';

/** A change that git does not say yet, whether it is still held back or not. */
export interface Waiting {
  readonly change: WaitingFor;
  readonly state: SeenVersion['state'];
  /** Whether it was found to have held at the last look. */
  readonly hasHeld: boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly since: number;
}

export interface Settled {
  readonly told: ToldVersion | undefined;
  readonly waiting: Waiting | undefined;
  /** When to look again if nothing happens, by the same clock; undefined: nothing is held back. */
  readonly due: number | undefined;
}

/** A text that changes while nothing else does is told at most so much more rarely than a change. */
const wordingFactor = 12;

/**
 * @param told as the status file has it; undefined when it has none of this name.
 * @param isTold whether what the status file has is of what is live; see `knowledge.ts`.
 * @param settleMs how long a change for the worse must hold.
 */
export function settle(
  told: ToldVersion | undefined,
  seen: SeenVersion,
  waiting: Waiting | undefined,
  isTold: boolean,
  { now, settleMs }: { readonly now: number; readonly settleMs: number },
): Settled {
  const change = toWaitingFor(told, seen, isTold);
  if (change === undefined) return { told: toTold(seen), waiting: undefined, due: undefined };
  const { state } = seen;
  // Once it has held, git may still take a while to say it: looking again must not start the wait again.
  const goesOn = waiting?.change === change && (!waiting.hasHeld || waiting.state === state);
  const since = goesOn ? waiting.since : now;
  const due = since + settleMs * (change === 'wording' ? wordingFactor : 1);
  const next: Waiting = { change, state, since, hasHeld: now >= due };
  if (next.hasHeld) return { told: toTold(seen), waiting: next, due: undefined };
  return { told: toMeanwhile(told, seen, isTold), waiting: next, due };
}

/** What was told, unless it was a Ready of something else than what is live. */
function toMeanwhile(told: ToldVersion | undefined, seen: SeenVersion, isTold: boolean): ToldVersion | undefined {
  const { name, version, digest, state, loaded } = seen;
  const isOutlived =
    told?.state === 'Ready' && (!isTold || (digest !== undefined && !isSameDigest(told.digest, digest)));
  if (!isOutlived) return told;
  return toTold({ name, version, digest, state: 'Pending', loaded: state === 'Ready' ? undefined : loaded });
}

function toWaitingFor(told: ToldVersion | undefined, seen: SeenVersion, isTold: boolean): WaitingFor | undefined {
  const { state } = seen;
  if (state === 'Ready') return seen.isStandby && !(told?.state === 'Ready' && isTold) ? 'opening' : undefined;
  if (told === undefined) return isBad(seen) ? 'worse' : undefined;
  if (told.state === state && isTold) {
    // Why it is pending tells people what to do, and changes with what happens to it alone.
    if (told.reason !== seen.reason) return state === 'Pending' ? undefined : 'worse';
    return told.message === seen.message ? undefined : 'wording';
  }
  // Something else is another thing: what was told of the old one protects nothing.
  return isBad(seen) || (isTold && told.state === 'Ready') ? 'worse' : undefined;
}

function isBad({ state }: SeenVersion): boolean {
  return state === 'Failed' || state === 'Missing' || state === 'Deleting' || state === 'Stopped';
}

function toTold({ name, version, digest, state, loaded, reason, message }: SeenVersion): ToldVersion {
  return {
    name,
    state,
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { digest }),
    ...(loaded === undefined ? {} : { loaded }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}
