/** How a version that was seen is written in few words. */
import type { DesiredVersion, SeenVersion } from '../glance/glance.ts';
import { toShown } from './page-text.ts';

/** `Ready`, `Failed ModelLoadFailed`; `earlier spec` when what was seen is not what is wanted. */
export function toStateText(desired: DesiredVersion, seen: SeenVersion | undefined): string {
  if (seen === undefined) return 'not seen';
  if (seen.name !== desired.name) return 'another';
  if (seen.digest !== desired.digest && seen.state !== 'Missing') return `earlier spec ${seen.state}`;
  return seen.reason === undefined ? seen.state : `${seen.state} ${toShown(seen.reason, 60)}`;
}
