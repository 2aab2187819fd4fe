import type { AnalysisCheck } from './analysis.ts';

/**
 * What a check is called in counts and in git: by what is counted, without its limit. An analysis has no two checks that count
 * the same (`core/input/analysis-rules.ts`), so their ids differ.
 */
export function toCheckId(check: AnalysisCheck): string {
  switch (check.code) {
    case 'errors.candidateOnly':
    case 'errors.rate':
      return check.code;
    case 'latency':
      return `latency.${check.overMs}ms`;
    case 'slower':
      return `slower.${check.times}x`;
    case 'agreement':
      return check.withinNoise ? 'agreement.withinNoise' : 'agreement';
  }
}
