/**
 * The text of a digest: `d2-<spec>` or `d2-<spec>-<annotations>`, the latter with annotations that determine
 * what is loaded. `d2` is the version of the way in which it is computed. Without one it is of 0.1.0: the
 * 32 digits of the spec alone, which are the same in both.
 */

export const digestVersion = 'd2-';

/** Whether it was computed as it would be now; that of 0.1.0, or of a later version, was not. */
export function isOfThisVersion(digest: string | undefined): digest is string {
  return digest?.startsWith(digestVersion) === true;
}

/** The 32 digits of the spec, which are all that 0.1.0 wrote; undefined when it is not a digest known here. */
export function toSpecPart(digest: string | undefined): string | undefined {
  return digest === undefined ? undefined : /^(?:d2-)?([0-9a-f]{32})(?:-[0-9a-f]{16})?$/.exec(digest)?.[1];
}

/** The digits of the annotations that determine what is loaded; undefined: there are none, or 0.1.0 wrote it. */
export function toAnnotationPart(digest: string | undefined): string | undefined {
  return isOfThisVersion(digest) ? digest.split('-')[2] : undefined;
}

/** Whether two digests are of one spec, and, where both cover them, of the same annotations. */
export function isSameDigest(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  if (isOfThisVersion(a) && isOfThisVersion(b)) return false;
  const spec = toSpecPart(a);
  return spec !== undefined && spec === toSpecPart(b);
}
