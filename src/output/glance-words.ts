/** How a version that was seen is written in few words. */
import type { Difference, DifferenceCode } from '../core/assess/difference.ts';
import type { DesiredVersion, Glance } from '../core/assess/glance.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import type { VersionStatus } from '../core/input/schema.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';

/** `Ready`, `Failed ModelLoadFailed`; `earlier spec` when what was seen is not what is wanted. */
export function toStateText(desired: DesiredVersion, seen: VersionStatus | undefined): string {
  if (seen === undefined) return 'not seen';
  if (seen.name !== desired.name) return 'another';
  if (seen.digest !== desired.digest && seen.state !== 'Missing') return `earlier spec ${seen.state}`;
  return seen.reason === undefined ? seen.state : `${seen.state} ${toShown(mask(seen.reason), 60)}`;
}

/** What the sentence on the mirror has said already. */
const repeats: Readonly<Partial<Record<DifferenceCode, Glance['gate']['code']>>> = {
  'no-status': 'no-status',
  'candidate-not-observed': 'not-observed',
  'candidate-other': 'other-candidate',
  'candidate-other-digest': 'other-digest',
  'candidate-missing': 'not-ready',
  'candidate-failed': 'not-ready',
  'candidate-not-ready': 'not-ready',
  'percentage-zero': 'percentage-zero',
};

/** Whether the sentence on the gate has said a difference already. */
export function isSaidByGate({ code }: Difference, { gate, source }: Glance): boolean {
  // What is seen in the cluster is said by nothing else.
  return source === 'git' && repeats[code] === gate.code;
}

/** A version for programs; a URI's user and password are left out. */
export function toVersionJson({ name, version, storageUri, digest }: DesiredVersion): object {
  return { name, version, storageUri: storageUri === undefined ? null : mask(storageUri), digest };
}

/** What comes before all else: nothing that follows can come true before it is done. */
export function toPendingLines({ differences, next }: Glance, style: Style): string[] {
  const [first] = differences;
  return first?.code === 'not-committed' || first?.code === 'not-pushed'
    ? [`${style('bold', 'First:')} ${style('cyan', next)}`, '']
    : [];
}

/** What KServe says of each version, in its own words. */
export function toMessageLines({ observed }: Pick<Glance, 'observed'>): string[] {
  return (['primary', 'candidate'] as const).flatMap((role) => {
    const message = observed?.[role]?.message;
    return message === undefined ? [] : [`KServe on the ${role}: ${toShown(mask(message), 300)}`];
  });
}
