import type { AnalysisCheck } from './analysis.ts';

/**
 * What a check is called in counts and in git: by what is counted, without its limit. Two checks of one analysis with the
 * same id would count the same calls twice.
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
    case 'agreement': {
      const code = check.withinNoise ? 'agreement.withinNoise' : 'agreement';
      return [code, ...check.outputs.map(({ name }) => name)].join('.');
    }
  }
}
