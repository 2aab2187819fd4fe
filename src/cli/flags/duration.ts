/**
 * Durations in flags. Packages such as ms also accept `5`, `-5s`, `2 days` and `1y`, so they need this expression too.
 */
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { findCorrection } from '../../core/input/correction.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const duration = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/**
 * @returns milliseconds.
 * @throws Fault when the value of a flag is not a duration.
 */
export function toMs(text: string, flag: string): number {
  const match = duration.exec(text);
  if (match === null) {
    const meant = findCorrection(text, (choice) => typeof choice === 'string' && duration.test(choice));
    throw new Fault(
      'usage',
      safe`${mask(flag)} ${quote(text)} is not a duration`,
      meant ?? safe`write 500ms, 5s or 1m`,
    );
  }
  return Number(match[1]) * (units[match[2] ?? ''] ?? 0);
}

/** `--watch-timeout`: the API counts whole seconds, and none would be no limit. */
export function toWatchSeconds(text: string): number {
  return Math.max(1, Math.ceil(toMs(text, '--watch-timeout') / 1000));
}
