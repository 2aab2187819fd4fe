/** What is known of a candidate's judgement. */

import type { Discrepancy } from '../../core/analysis/verify.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { DecidedCheck, WrittenVerdict } from '../../core/input/verdict-schema.ts';

/** `Failing: errors.candidateOnly 30 of 60, at least 34 % (limit 1 %)`. @param at when it was decided, if that is shown. */
export function toVerdictText(written: WrittenVerdict, at?: string): SafeText {
  if (written.verdict === 'Unknown') return safe`Unknown: ${toBlindnessText(written)}`;
  const { verdict, checks } = written;
  const since = at === undefined ? '' : safe` since ${mask(at)}`;
  if (verdict === 'Passing') return safe`Passing${since}: ${join(checks.map(toWithinText), '; ')}`;
  const over = checks.filter(isOver);
  return safe`Failing${since}: ${join((over.length > 0 ? over : checks).map(toOverText), '; ')}`;
}

/** What the verdict follows from; of several checks, those alone. */
function isOver({ low, limit, noise }: DecidedCheck): boolean {
  return low > limit + (noise?.high ?? 0);
}

function toOverText(check: DecidedCheck): SafeText {
  return safe`${toCountText(check)}, at least ${toPercent(check.low)} (${toLimitText(check)})`;
}

function toWithinText(check: DecidedCheck): SafeText {
  return safe`${toCountText(check)}, at most ${toPercent(check.high)} (${toLimitText(check)})`;
}

function toCountText({ check, bad, all }: DecidedCheck): SafeText {
  return safe`${mask(check)} ${bad} of ${all}`;
}

function toLimitText({ limit, noise }: DecidedCheck): SafeText {
  return noise === undefined
    ? safe`limit ${toPercent(limit)}`
    : safe`limit ${toPercent(limit)} more than the primary itself, ${noise.bad} of ${noise.all}`;
}

/** `1 %`, `1 % above the primary's 28 of 400`. */
export function toCheckLimitText({ limit, noise }: Pick<DecidedCheck, 'limit' | 'noise'>): SafeText {
  return noise === undefined
    ? toPercent(limit)
    : safe`${toPercent(limit)} above the primary's ${noise.bad} of ${noise.all}`;
}

/** At most two digits that count, as verdicts have them. */
export function toPercent(part: number): SafeText {
  return safe`${Number((part * 100).toPrecision(2))} %`;
}

export function toBlindnessText({
  reason,
  expected,
}: Pick<Extract<WrittenVerdict, { readonly verdict: 'Unknown' }>, 'reason' | 'expected'>): SafeText {
  switch (reason) {
    case 'no-comparer':
      return safe`no replica of the comparer has answered for 10 minutes`;
    case 'no-copies':
      return expected === undefined
        ? safe`no copy has arrived for 10 minutes though the mirror is open`
        : safe`no copy has arrived for 10 minutes though the mirror is open; about ${expected} were expected`;
    case 'one-version':
      return safe`the answers come from one version for both, so nothing is compared`;
    case 'coverage':
      return safe`too few of the copies that arrive could be compared`;
    default:
      // Of a later release.
      return safe`${quote(reason)}`;
  }
}

/** What does not follow in a verdict from the numbers beside it. */
export function toDiscrepancyText(discrepancy: Discrepancy): SafeText {
  switch (discrepancy.code) {
    case 'step-before':
      return safe`it is of step ${discrepancy.step + 1} of the ramp, and no Passing of the step before is in git`;
    case 'unknown-rule':
      return safe`this release does not know the rule ${quote(discrepancy.rule)}`;
    case 'budget':
      return safe`no verdict of this kind may have such an error probability`;
    case 'repeated-check':
      return safe`${mask(discrepancy.check)} is there twice`;
    case 'counts':
      return safe`${mask(discrepancy.check)} has more bad calls than calls`;
    case 'bound':
      return safe`${mask(discrepancy.check)}: ${discrepancy.bound} is ${discrepancy.written}, and follows as ${discrepancy.computed}`;
    case 'nothing-over':
      return safe`it is Failing, and no check is above its limit`;
    case 'not-within':
      return safe`it is Passing, and ${mask(discrepancy.check)} may be above its limit`;
    case 'too-few':
      return safe`it is Passing with ${discrepancy.all} calls of ${mask(discrepancy.check)}, and ${discrepancy.needed} are needed`;
  }
}
