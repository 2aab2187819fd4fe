/**
 * A status file of 0.1.0 in the form of this release. Its digests cover the spec alone, not the annotations that
 * determine what is loaded.
 *
 * An upgrade must neither open nor close a mirror, whichever of plugin and watcher is upgraded first, and it must
 * not let an annotation through that is not loaded yet. So:
 * - Until this release's watcher has observed the version (it writes `loaded`), the digest of the same spec
 *   counts as before, and the annotation is rendered as 0.1.0 rendered it: 0.1.0's watcher would take another
 *   one for a new candidate. Annotations that changed meanwhile are not covered, as in 0.1.0; this ends with the
 *   first commit of this release's watcher.
 * - From then on the digest counts only together with `loaded`, which covers those annotations, and what is
 *   rendered has the new form.
 */
import { omitUndefined } from '../input/plain-value.ts';
import type { ModelStatus, VersionStatus } from '../input/schema.ts';
import { isOfThisVersion, toSpecPart } from './digest-text.ts';
import type { ServingMode } from './serving-mode.ts';

type Status = ModelStatus['status'];

/** A version as it is rendered. */
export interface DigestedVersion {
  readonly version: { readonly name: string };
  readonly digest: string;
  /** The second digest; see `digest.ts`. */
  readonly loaded: string;
}

/**
 * 0.1.0 had no mode in which each version has pods of its own. There another digest restarts pods, and its watcher takes
 * the Ready of an InferenceService's status for theirs, whatever became of them.
 */
type Upgraded = Pick<ServingMode, 'workloads'>;

/** The digest that a version is rendered with. */
export function toRenderedDigest(version: DigestedVersion, status: Status | undefined, mode: Upgraded): string {
  if (mode.workloads !== undefined) return version.digest;
  const recorded = findRecorded(version, status);
  const isUntouched = recorded !== undefined && isCounted(recorded, version) && !isOfThisVersion(recorded.loaded);
  return isUntouched ? (toSpecPart(version.digest) ?? version.digest) : version.digest;
}

/**
 * A status with the digests of these versions in the form of this release, where they still count. One whose
 * `loaded` contradicts its digest has none: somebody has edited the live object, and its annotation shows what
 * it was applied from, not what it is now. Nor has a Ready that 0.1.0 recorded of pods that it does not look at.
 */
export function upgradeStatus(status: Status, versions: readonly DigestedVersion[], mode: Upgraded): Status {
  const upgrade = <T extends VersionStatus>(recorded: T): T => {
    const version = versions.find((one) => one.version.name === recorded.name);
    if (version === undefined) return recorded;
    const { workloads } = mode;
    if (workloads === undefined && isCounted(recorded, version)) return { ...recorded, digest: version.digest };
    const { loaded, state } = recorded;
    const isBelieved = isOfThisVersion(loaded)
      ? loaded === version.loaded
      : workloads === undefined || state !== 'Ready';
    if (recorded.digest !== version.digest || isBelieved) return recorded;
    return omitUndefined({ ...recorded, digest: undefined });
  };
  const primary = status.primary && upgrade(status.primary);
  const candidates = status.candidates.map(upgrade);
  const isSame = primary === status.primary && candidates.every((one, i) => one === status.candidates[i]);
  return isSame ? status : { ...status, ...(primary && { primary }), candidates };
}

function findRecorded({ version }: DigestedVersion, status: Status | undefined): VersionStatus | undefined {
  return [status?.primary, ...(status?.candidates ?? [])].find((recorded) => recorded?.name === version.name);
}

/** Whether a digest of 0.1.0 is recorded, and nothing contradicts that it is this version's. */
function isCounted({ digest, loaded }: VersionStatus, version: DigestedVersion): boolean {
  if (digest === undefined || isOfThisVersion(digest) || digest !== toSpecPart(version.digest)) return false;
  return !isOfThisVersion(loaded) || loaded === version.loaded;
}
