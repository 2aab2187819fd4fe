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
}

/**
 * To be called for each state of the object, in their order.
 *
 * @param before what the last call returned for the object of this name; undefined: there was none.
 */
export function follow(before: FollowedService | undefined, live: LiveService): FollowedService {
  const { report, loads } = live;
  if (before?.uid !== live.uid) {
    const isKnown = report !== undefined && (live.statusIsLater || live.isFirst !== 'no');
    const isAssumed = isKnown && !live.statusIsLater && live.isFirst === 'unrecorded';
    return { ...live, statusOf: isKnown ? loads : undefined, isAssumed };
  }
  if (report?.stamp === before.report?.stamp)
    return { ...live, statusOf: before.statusOf, isAssumed: before.isAssumed };
  const isOfThis = report !== undefined && (before.loads === loads || live.statusIsLater);
  return { ...live, statusOf: isOfThis ? loads : undefined, isAssumed: false };
}

/**
 * What a followed InferenceService and its workloads report together. Where the workloads show what is rolled out, that
 * alone counts: nothing is assumed, and no history is needed.
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
