/**
 * What is seen → what is told: a change for the worse, and a Ready that may be a flash, must hold
 * first. ModelMesh shows `Standby` and `FailedToLoad` for a moment right after Loading.
 *
 * Invariants: without anything to wait for, what is told is what is seen; a Ready is never told of
 * another digest than the live one.
 */
import type { ModelStatus } from '../input/schema.ts';
import type { SeenVersion } from './service-state.ts';

/** One version as the status file has it. */
export type ToldVersion = NonNullable<ModelStatus['status']['primary']>;

type WaitingFor = 'opening' | 'worse' | 'wording';

/** A change that is not told yet. */
export interface Waiting {
  readonly change: WaitingFor;
  /** Milliseconds of a clock that only goes forward. */
  readonly since: number;
}

export interface Settled {
  readonly told: ToldVersion | undefined;
  readonly waiting: Waiting | undefined;
  /** When to look again if nothing happens; the same clock. */
  readonly due: number | undefined;
}

/** A text that changes while nothing else does is told at most so much more rarely than a change. */
const wordingFactor = 12;

/**
 * @param told as the status file has it; undefined when it has none of this name.
 * @param settleMs how long a change for the worse must hold.
 */
export function settle(
  told: ToldVersion | undefined,
  seen: SeenVersion,
  waiting: Waiting | undefined,
  now: number,
  settleMs: number,
): Settled {
  const change = toWaitingFor(told, seen);
  const next = toTold(seen);
  if (change === undefined) return { told: next, waiting: undefined, due: undefined };
  const since = waiting?.change === change ? waiting.since : now;
  const due = since + settleMs * (change === 'wording' ? wordingFactor : 1);
  if (now >= due) return { told: next, waiting: undefined, due: undefined };
  return { told: toMeanwhile(told, seen), waiting: { change, since }, due };
}

/** What was told, unless it was a Ready of another digest than the live one. */
function toMeanwhile(told: ToldVersion | undefined, seen: SeenVersion): ToldVersion | undefined {
  const isOutlived = told?.state === 'Ready' && seen.digest !== undefined && told.digest !== seen.digest;
  const { name, version, digest } = seen;
  return isOutlived ? toTold({ name, version, digest, state: 'Pending' }) : told;
}

function toWaitingFor(told: ToldVersion | undefined, seen: SeenVersion): WaitingFor | undefined {
  const { state } = seen;
  if (state === 'Ready') {
    const isTold = told?.state === 'Ready' && told.name === seen.name && told.digest === seen.digest;
    return seen.isStandby && !isTold ? 'opening' : undefined;
  }
  if (told === undefined || told.name !== seen.name) return isBad(seen) ? 'worse' : undefined;
  if (told.state === state && told.digest === seen.digest) {
    if (told.reason !== seen.reason) return 'worse';
    return told.message === seen.message ? undefined : 'wording';
  }
  // Another digest is another thing: what was told of the old one protects nothing.
  const isSame = seen.digest === undefined || told.digest === seen.digest;
  return isBad(seen) || (isSame && told.state === 'Ready') ? 'worse' : undefined;
}

function isBad({ state }: SeenVersion): boolean {
  return state === 'Failed' || state === 'Missing' || state === 'Deleting' || state === 'Stopped';
}

function toTold({ name, version, digest, state, reason, message }: SeenVersion): ToldVersion {
  return {
    name,
    state,
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { digest }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}
