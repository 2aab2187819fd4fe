/**
 * Whether KServe can have looked at the spec that is live. When a candidate is deployed anew in place,
 * its old status, Ready and all, stands on the new spec until KServe gets to it; there is no
 * observedGeneration to tell (status.observedGeneration is the Deployment's, and ModelMesh sets none).
 *
 * KServe has looked when one of these holds:
 * - this is the object's first spec (generation 1), so there is no earlier one to speak of;
 * - its status changed after this generation was first seen here;
 * - the API server's record says that the status was written in a later second than the spec;
 * - the status file in git already had this digest as Ready: a watcher saw it before;
 * - it had `patienceMs` time. A change of what ModelMesh ignores makes it write nothing at all.
 */
import type { LiveService } from './live-object.ts';

/** KServe looks within seconds; a minute without a word means that there is nothing to say. */
export const patienceMs = 60_000;

export interface Freshness {
  readonly uid: string;
  readonly generation: number;
  readonly digest: string | undefined;
  /** KServe's stamp when this generation was first seen; undefined: no status then. */
  readonly firstStamp: string | undefined;
  /** Milliseconds of a clock that only goes forward. */
  readonly firstSeen: number;
  readonly looked: boolean;
}

/**
 * @param before what was known of the object of this name.
 * @param now milliseconds of a clock that only goes forward.
 * @param readyInGit the digest that the status file has as Ready.
 */
export function computeFreshness(
  before: Freshness | undefined,
  live: LiveService,
  now: number,
  readyInGit: string | undefined,
): Freshness {
  const { uid, generation, digest, report } = live;
  const same =
    before !== undefined && before.uid === uid && before.generation === generation && before.digest === digest;
  const firstStamp = same ? before.firstStamp : report?.stamp;
  const firstSeen = same ? before.firstSeen : now;
  const looked =
    (same && before.looked) ||
    generation === 1 ||
    live.statusIsLater ||
    (same && report?.stamp !== firstStamp) ||
    (before === undefined && digest !== undefined && digest === readyInGit) ||
    now - firstSeen >= patienceMs;
  return { uid, generation, digest, firstStamp, firstSeen, looked };
}
