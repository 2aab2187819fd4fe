import { mask, quote, safe } from '../input/safe-text.ts';
import { Fault } from '../io/fault.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** @throws Fault when a flag's text is no duration. */
export function toMs(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null)
    throw new Fault('usage', safe`${mask(flag)} ${quote(text)} is not a duration`, safe`write 500ms, 5s or 1m`);
  return Number(match[1]) * (units[match[2] ?? ''] ?? 0);
}
