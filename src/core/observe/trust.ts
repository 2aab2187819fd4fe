/**
 * Whether the status of a live InferenceService may be trusted, by all that is known: by watching it
 * (`freshness.ts`), and by what a watcher recorded in git before.
 */
import type { VersionStatus } from '../input/schema.ts';
import { isOfThisVersion, isSameDigest } from '../serving/digest-text.ts';
import type { FollowedService } from './freshness.ts';

/** What must be remembered of an InferenceService from one observation to the next. */
export interface ServiceMemory {
  /** Undefined: it was gone. */
  readonly uid: string | undefined;
  /** What the server was last known to have loaded; undefined: nothing, or KServe has turned to something else. */
  readonly loaded: string | undefined;
  /** What git records as loaded, if outdated: there is another object, or KServe has turned to something else. */
  readonly outdated: string | undefined;
  /** That the spec is the first cannot be proved, and git knew something of this name already. */
  readonly isDoubted: boolean;
}

export interface Trust extends ServiceMemory {
  /** Whether the status is for what is live. */
  readonly isCurrent: boolean;
  /** Whether the server is known to have loaded just this before: only then Standby without a Pod is Ready. */
  readonly wasLoaded: boolean;
  /** Whether what git records is for what is live. */
  readonly isRecorded: boolean;
}

/** Of an InferenceService that is not there, what git records is as good as anything. */
const trustOfNone: Trust = {
  uid: undefined,
  loaded: undefined,
  outdated: undefined,
  isDoubted: false,
  isCurrent: false,
  wasLoaded: false,
  isRecorded: true,
};

/**
 * @param before undefined on the first observation since the watcher started.
 * @param service undefined when the cluster has none of this name.
 * @param recorded undefined when git has no version of this name.
 */
export function assessTrust(
  before: ServiceMemory | undefined,
  service: FollowedService | undefined,
  recorded: VersionStatus | undefined,
): Trust {
  if (service === undefined) return trustOfNone;
  const { uid, loads, digest, isAssumed } = service;
  // People bring an old status file back, by `git revert` or by adding again what they removed.
  const isOfOther = recorded?.uid !== undefined && recorded.uid !== uid;
  const recordedLoad = !isOfOther && isOfThisVersion(recorded?.loaded) ? recorded.loaded : undefined;
  const isOther = before !== undefined && before.uid !== uid;
  const isDoubted = isAssumed && (before === undefined || isOther ? recorded?.digest !== undefined : before.isDoubted);
  const statusOf = isDoubted ? undefined : service.statusOf;

  const isOutdated = isOther || (statusOf !== undefined && statusOf !== recordedLoad);
  const outdated = isOutdated || before?.outdated === recordedLoad ? recordedLoad : undefined;
  const isLoadRecorded = recordedLoad !== undefined && recordedLoad === loads && recordedLoad !== outdated;
  // A status file of 0.1.0 records the digest alone.
  const isReadyRecorded =
    before === undefined &&
    !isOfOther &&
    recordedLoad === undefined &&
    recorded?.state === 'Ready' &&
    digest !== undefined &&
    isSameDigest(recorded.digest, digest);
  const remembered = isOther ? undefined : before?.loaded;
  const isValid = statusOf === undefined || statusOf === remembered;
  const loaded = isLoadRecorded || isReadyRecorded ? loads : isValid ? remembered : undefined;
  const wasLoaded = loaded === loads;

  const isRecorded =
    recorded !== undefined &&
    !isOther &&
    !isOfOther &&
    (recordedLoad === undefined ? isSameDigest(recorded.digest, digest) : isLoadRecorded);
  // Another watcher can have seen a failure as well; to agree with it opens nothing.
  const isKnownFromGit = wasLoaded || (isRecorded && recorded.state === 'Failed');
  const isCurrent = statusOf === undefined ? isKnownFromGit : statusOf === loads;
  return { uid, loaded, outdated, isDoubted, isCurrent, wasLoaded, isRecorded };
}
