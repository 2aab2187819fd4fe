import type { AnalysisCheck } from '../../core/analysis/analysis.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';

/** What a check counts, without its limit: `the candidate fails where the primary answers`. */
export function toCheckText(check: AnalysisCheck): SafeText {
  switch (check.code) {
    case 'errors.candidateOnly':
      return safe`the candidate fails where the primary answers`;
    case 'errors.rate':
      return safe`the candidate fails`;
    case 'latency':
      return safe`the candidate takes longer than ${check.overMs} ms`;
    case 'slower':
      return safe`the candidate takes more than ${check.times} times as long as the primary, plus 5 ms`;
    case 'agreement':
      return safe`the answers disagree`;
  }
}

/** `at most 0.2 %`. */
export function toLimitText(check: AnalysisCheck): SafeText {
  const limit = safe`at most ${mask(toPercentText(check.limit))}`;
  return check.code === 'agreement' && check.withinNoise
    ? safe`${limit} more often than those of the primary alone`
    : limit;
}

/** In percent, with the four decimals that policies may have, and no more: 0.07 × 100 is not 7 in binary. */
function toPercentText(part: number): string {
  return `${Math.round(part * 1_000_000) / 10_000} %`;
}
