import type { DecidedCheck } from '../core/input/verdict-schema.ts';
import { toBar } from './check-bar.ts';
import { toShown } from './page-text.ts';
import { toCheckLimitText, toPercent } from './words/verdict.ts';

export const checkHeadings = ['  check', 'bad', 'the true share is', 'limit', ''];

/** A check's counts, bounds and limit, for the columns of `checkHeadings`. */
export function toCheckRow(check: Pick<DecidedCheck, 'check' | 'bad' | 'all' | 'low' | 'high' | 'limit' | 'noise'>) {
  return [
    `  ${toShown(check.check, 100)}`,
    `${check.bad} of ${check.all}`,
    `${toPercent(check.low)} to ${toPercent(check.high)}`,
    toCheckLimitText(check),
    toBar(check),
  ];
}
