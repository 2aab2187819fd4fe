/**
 * Whether the status of a live InferenceService may be trusted, by all that is known: by watching it
 * (`freshness.ts`), and by what a watcher wrote into git before.
 */
import type { ModelStatus } from '../input/schema.ts';
import { isOfThisVersion, isSameDigest } from '../serving/digest-text.ts';
import type { FollowedService } from './freshness.ts';

/** One version as the status file has it. */
export type ToldVersion = NonNullable<ModelStatus['status']['primary']>;

/** What must be remembered of an InferenceService from one look to the next. */
export interface Recollection {
  /** Undefined: it was gone. */
  readonly uid: string | undefined;
  /** What the server was last known to have loaded; undefined: nothing, or KServe has turned to something else. */
  readonly loaded: string | undefined;
  /** What git says to be loaded, and is outdated: another object has come, or KServe has turned to something else. */
  readonly outdated: string | undefined;
  /** That the spec is the first cannot be proved, and git knew something of this name already. */
  readonly doubts: boolean;
}

export interface Knowledge extends Recollection {
  /** Whether the status is for what is live. */
  readonly looked: boolean;
  /** Whether the server is known to have loaded just this before: the one case in which Standby without a Pod is Ready. */
  readonly wasLoaded: boolean;
  /** Whether git speaks of just this. */
  readonly isTold: boolean;
}

/**
 * @param before undefined on the first look since the watcher started.
 * @param told undefined when git says nothing of this name.
 */
export function recall(
  before: Recollection | undefined,
  service: FollowedService,
  told: ToldVersion | undefined,
): Knowledge {
  const { uid, loads, digest, isAssumed } = service;
  const toldLoaded = isOfThisVersion(told?.loaded) ? told.loaded : undefined;
  const isOther = before !== undefined && before.uid !== uid;
  const doubts = isAssumed && (before === undefined || isOther ? told?.digest !== undefined : before.doubts);
  const statusOf = doubts ? undefined : service.statusOf;

  const isOutdated = isOther || (statusOf !== undefined && statusOf !== toldLoaded);
  const outdated = isOutdated || before?.outdated === toldLoaded ? toldLoaded : undefined;
  const isInGit = toldLoaded !== undefined && toldLoaded === loads && toldLoaded !== outdated;
  const isInOldGit =
    before === undefined &&
    toldLoaded === undefined &&
    told?.state === 'Ready' &&
    digest !== undefined &&
    isSameDigest(told.digest, digest);
  const remembered = isOther ? undefined : before?.loaded;
  const isValid = statusOf === undefined || statusOf === remembered;
  const loaded = isInGit || isInOldGit ? loads : isValid ? remembered : undefined;

  const isTold =
    told !== undefined &&
    !isOther &&
    (toldLoaded === undefined ? isSameDigest(told.digest, digest) : toldLoaded === loads && toldLoaded !== outdated);
  // That it has failed, another watcher can know as well; to agree with it opens nothing.
  const isKnownInGit = loaded === loads || (isTold && told.state === 'Failed');
  const looked = statusOf === undefined ? isKnownInGit : statusOf === loads;
  return {
    uid,
    loaded,
    outdated,
    doubts,
    looked,
    wasLoaded: loaded === loads,
    isTold,
  };
}
