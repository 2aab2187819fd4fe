/** What an analysis costs the versions of a model. */
import type { Rollout } from './rollout.ts';

/** How many of the requests a version executes once more, in percent of all requests, while the mirror is open. */
export interface ExtraLoad {
  /** Twice what is sampled where the primary is also compared with itself. */
  readonly primary: number;
  readonly candidate: number;
}

/** Undefined: nothing is sampled, as there is no candidate, no analysis or no mirror to be opened. */
export function findExtraLoad({ policy, candidates }: Pick<Rollout, 'policy' | 'candidates'>): ExtraLoad | undefined {
  const { analysis, mirrorPercentage } = policy;
  if (analysis === undefined || mirrorPercentage === 0 || candidates.length === 0) return undefined;
  const share = Math.min(analysis.share, mirrorPercentage);
  return { primary: analysis.noise ? share * 2 : share, candidate: share };
}
