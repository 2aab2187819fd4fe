import type { ModelStatus } from '../input/schema.ts';
import { isSameDigest } from '../serving/digest-text.ts';

/**
 * Whether a commit closes a mirror, or keeps one closed that old files would open: a candidate was recorded as Ready, and
 * is gone, or not Ready any more with the same digest. To another digest the mirror is closed anyway.
 *
 * @param before undefined: there was no status file, or none that could be read.
 * @param after undefined: the file is removed.
 */
export function closesMirror(
  before: ModelStatus['status'] | undefined,
  after: ModelStatus['status'] | undefined,
): boolean {
  return (before?.candidates ?? []).some((old) => {
    const now = after?.candidates.find(({ name }) => name === old.name);
    const isOther = now?.digest !== undefined && !isSameDigest(now.digest, old.digest);
    return old.state === 'Ready' && now?.state !== 'Ready' && !isOther;
  });
}
