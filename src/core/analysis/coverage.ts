import type { Coverage } from './block.ts';

/** With less than this compared of what arrived, what was compared is no sample of it. */
const leastCompared = 0.1;
/** With more than this unknown of what was asked, the unknown could turn a verdict round. */
const mostUnknown = 0.1;
/** Of fewer requests, shares say nothing. */
const leastReceived = 20;

export type CoverageFault =
  /** An answer says that the same version answered for both. */
  | { readonly code: 'one-version'; readonly asked: number; readonly unknown: number }
  | {
      readonly code: 'coverage';
      readonly received: number;
      readonly compared: number;
      readonly dropped: number;
      readonly unknown: number;
    };

export interface Covered {
  readonly received: number;
  readonly compared: number;
  readonly dropped: number;
  readonly unknown: number;
  /** Part of `unknown`. */
  readonly sameVersion: number;
}

export const nothingCovered: Covered = { received: 0, compared: 0, dropped: 0, unknown: 0, sameVersion: 0 };

export function addCoverage(covered: Covered, { received, compared, dropped, unknown }: Coverage): Covered {
  return {
    received: covered.received + received,
    compared: covered.compared + compared,
    dropped: covered.dropped + sum(dropped),
    unknown: covered.unknown + sum(unknown),
    sameVersion: covered.sameVersion + (unknown['same-version'] ?? 0),
  };
}

export function joinCovered(one: Covered, other: Covered): Covered {
  return {
    received: one.received + other.received,
    compared: one.compared + other.compared,
    dropped: one.dropped + other.dropped,
    unknown: one.unknown + other.unknown,
    sameVersion: one.sameVersion + other.sameVersion,
  };
}

/** Why requests that arrived do not show how the versions compare. */
export function findCoverageFault({ received, compared, dropped, unknown, sameVersion }: Covered) {
  if (received < leastReceived) return undefined;
  const asked = compared + unknown;
  if (unknown > mostUnknown * asked && 2 * sameVersion > unknown)
    return { code: 'one-version', asked, unknown } satisfies CoverageFault;
  if (unknown > mostUnknown * asked || compared < leastCompared * received)
    return { code: 'coverage', received, compared, dropped, unknown } satisfies CoverageFault;
  return undefined;
}

function sum(numbers: Readonly<Record<string, number>>): number {
  let total = 0;
  for (const key in numbers) total += numbers[key] ?? 0;
  return total;
}
