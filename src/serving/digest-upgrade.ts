/**
 * What a status file of 0.1.0 says, in the form of this release. Its digests are of the spec alone, so they
 * say nothing of the annotations that determine what is loaded.
 *
 * An upgrade must neither open nor close a mirror, in whichever order plugin and watcher come, and it must
 * not be the way in which an unloaded annotation gets through. So:
 * - Until this release's watcher has observed the version (it writes `loaded`), the digest of the same spec
 *   counts as it did, and the annotation is rendered as 0.1.0 rendered it: 0.1.0's watcher would take another
 *   one for a new candidate. That this says nothing of annotations changed meanwhile is 0.1.0's fault; it
 *   ends with the first commit of this release's watcher.
 * - From then on the digest counts only together with `loaded`, which covers those annotations, and what is
 *   rendered has the new form.
 */
import type { ModelStatus } from '../input/schema.ts';
import { isOfThisVersion, toSpecPart } from './digest-text.ts';

type Status = ModelStatus['status'];
type SeenVersion = NonNullable<Status['primary']>;

/** A version as it is rendered. */
export interface DigestedVersion {
  readonly name: string;
  readonly digest: string;
  /** The second digest; see `digest.ts`. */
  readonly loaded: string;
}

/** The digest that a version is rendered with. */
export function toRenderedDigest(version: DigestedVersion, status: Status | undefined): string {
  const seen = findSeen(version, status);
  const isUntouched = seen !== undefined && isCounted(seen, version) && !isOfThisVersion(seen.loaded);
  return isUntouched ? (toSpecPart(version.digest) ?? version.digest) : version.digest;
}

/**
 * A status with the digests of these versions in the form of this release, where they still count. One whose
 * `loaded` contradicts its digest has none: somebody has edited the live object, and its annotation says what
 * it was applied from, not what it is.
 */
export function upgradeStatus(status: Status, versions: readonly DigestedVersion[]): Status {
  const upgrade = (seen: SeenVersion | undefined): SeenVersion | undefined => {
    const version = seen && versions.find((one) => one.name === seen.name);
    if (seen === undefined || version === undefined) return seen;
    if (isCounted(seen, version)) return { ...seen, digest: version.digest };
    if (seen.digest !== version.digest || !isOfThisVersion(seen.loaded) || seen.loaded === version.loaded) return seen;
    const { digest: _, ...rest } = seen;
    return rest;
  };
  const [primary, candidate] = [upgrade(status.primary), upgrade(status.candidate)];
  if (primary === status.primary && candidate === status.candidate) return status;
  return { ...status, ...(primary && { primary }), ...(candidate && { candidate }) };
}

function findSeen({ name }: DigestedVersion, status: Status | undefined): SeenVersion | undefined {
  return [status?.primary, status?.candidate].find((seen) => seen?.name === name);
}

/** Whether what was seen has a digest of 0.1.0, and nothing says that it is not of this version. */
function isCounted({ digest, loaded }: SeenVersion, version: DigestedVersion): boolean {
  if (digest === undefined || isOfThisVersion(digest) || digest !== toSpecPart(version.digest)) return false;
  return !isOfThisVersion(loaded) || loaded === version.loaded;
}
