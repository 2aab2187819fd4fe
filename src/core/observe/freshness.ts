/**
 * What the status of a live InferenceService is about. When a candidate is deployed in place, its old
 * status, Ready and all, stays beside the new spec until KServe gets to it. No observedGeneration helps
 * (status.observedGeneration is the Deployment's, and ModelMesh sets none), and a change of an annotation
 * that determines what is loaded does not even raise the generation.
 *
 * A status is known to be about what is live now when one of these holds:
 * - what determines what is loaded is as the object was created with, so there is nothing earlier;
 * - KServe has written another status since that was first seen here. The controller updates with the
 *   resourceVersion that it read, so a status is never about an earlier spec than the one that it was written on;
 * - the API server's record says that the status was written in a later second;
 * - it was known to be about just this, and KServe has written nothing since: so a change of nothing but what
 *   ModelMesh ignores, for which it never writes a status, keeps it known, and so does one that is taken back.
 *
 * Time alone shows nothing: a controller can be away for as long as it likes.
 */
import type { LiveWorkload } from '../serving/workload.ts';
import type { LiveService } from './live-object.ts';

/** A live InferenceService, and what was learned by watching it. */
export interface FollowedService extends LiveService {
  /** The `loads` that its status is about; undefined: not known. */
  readonly statusOf: string | undefined;
  /** `statusOf` holds only if git knows nothing of an earlier spec: the API server has no record to prove it. */
  readonly isAssumed: boolean;
  /** When what is loaded was written, or may have been; see `WorkloadOwner`. */
  readonly since: string | undefined;
  /** What was loaded when KServe wrote the last status, if that was changed since. */
  readonly left: { readonly loads: string; readonly since: string | undefined } | undefined;
}

/**
 * To be called for each state of the object, in their order.
 *
 * @param before what the last call returned for the object of this name; undefined: there was none.
 */
export function follow(before: FollowedService | undefined, live: LiveService): FollowedService {
  const { report, loads } = live;
  const writes = findSince(before, live);
  if (before?.uid !== live.uid) {
    const isKnown = report !== undefined && (live.statusIsLater || live.isFirst !== 'no');
    const isAssumed = isKnown && !live.statusIsLater && live.isFirst === 'unrecorded';
    return { ...live, statusOf: isKnown ? loads : undefined, isAssumed, ...writes };
  }
  if (report?.stamp === before.report?.stamp)
    return { ...live, statusOf: before.statusOf, isAssumed: before.isAssumed, ...writes };
  const isOfThis = report !== undefined && (before.loads === loads || live.statusIsLater);
  return { ...live, statusOf: isOfThis ? loads : undefined, isAssumed: false, ...writes };
}

/**
 * Another digest reaches the pods together with what it is of. But under the same digest, that what is loaded is the same
 * again shows nothing by itself: KServe may have got to what was there in between. Only if it has written no status since,
 * and the one workload is as it was then, has nothing happened. After a gap not even that is known; a watch without a gap
 * brings each write by itself.
 */
function findSince(before: FollowedService | undefined, live: LiveService): Pick<FollowedService, 'since' | 'left'> {
  const { writtenAt, isFirst, loads, digest, report } = live;
  if (before?.uid !== live.uid) return { since: isFirst === 'no' ? toEarliest(writtenAt) : undefined, left: undefined };
  const isSameStatus = before.report?.stamp === report?.stamp;
  const left = isSameStatus ? before.left : undefined;
  if (!isSameStatus && before.writtenAt !== writtenAt) return { since: toEarliest(writtenAt), left };
  if (before.loads === loads) return { since: before.since, left };
  // Another digest proves what it is with, unless it is that of before an edit by hand.
  if (before.digest !== digest) return { since: before.since && toEarliest(writtenAt), left };
  if (left?.loads === loads) return { since: left.since, left };
  const isAlone = isSameStatus && live.parts.length === 1;
  return { since: writtenAt, left: left ?? (isAlone ? { loads: before.loads, since: before.since } : undefined) };
}

/** The clocks of several API servers differ a little, and a first look must not take that for an edit. */
const skewSeconds = 5;

/** @param time RFC 3339, in UTC; just after midnight the allowance is smaller. */
function toEarliest(time: string | undefined): string | undefined {
  const [, day, ...parts] = /^(.*T)(\d\d):(\d\d):(\d\d)Z$/.exec(time ?? '') ?? [];
  if (day === undefined) return time;
  const [hours = 0, minutes = 0, seconds = 0] = parts.map(Number);
  const left = Math.max(0, (hours * 60 + minutes) * 60 + seconds - skewSeconds);
  const toText = (value: number) => String(value).padStart(2, '0');
  return `${day}${[Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60].map(toText).join(':')}Z`;
}

/**
 * What a followed InferenceService and its workloads report together. Where the workloads show what is rolled out, that
 * alone counts: nothing is assumed. History is needed only where somebody edits by hand: the digest stays then.
 *
 * @param workloads all that name it; they may be newer or older than the InferenceService, since their watches are not
 *   ordered.
 */
export function joinWorkloads(service: FollowedService, workloads: readonly LiveWorkload[] = []): FollowedService {
  const report = service.mode.workloads?.report(service, service.report, workloads);
  if (report === undefined) return service;
  if (report.isAbout === undefined) return { ...service, report };
  return { ...service, report, statusOf: report.isAbout ? service.loads : undefined, isAssumed: false };
}
