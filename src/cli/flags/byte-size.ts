/** Sizes in flags. */
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';

const binaryUnits: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/**
 * @param text as Kubernetes writes sizes.
 * @returns bytes.
 * @throws Fault when the value of a flag is not a size.
 */
export function toBytes(text: string, flag: string): number {
  const match = /^([1-9]\d{0,5})(Ki|Mi|Gi)$/.exec(text);
  if (match === null)
    throw new Fault('usage', safe`${mask(flag)} ${quote(text)} is not a size`, safe`write 100Mi or 1Gi`);
  return Number(match[1]) * (binaryUnits[match[2] ?? ''] ?? 0);
}
