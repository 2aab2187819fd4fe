/** What an analysis costs the versions of a model. */
import type { DecidedRollout } from './decided.ts';
import { toShare } from './ramp-choice.ts';

/** How many of the requests a version executes once more, in percent of all requests, while the mirror is open. */
export interface ExtraLoad {
  /** Twice what is sampled where the primary is also compared with itself. */
  readonly primary: number;
  readonly candidate: number;
}

/**
 * @param at the step of the ramp, from 0: that of the candidate, unless another one is named.
 * @returns undefined: nothing is sampled, as there is no candidate, no analysis or no mirror to be opened.
 */
export function findExtraLoad(
  { rollout: { policy }, candidates }: Pick<DecidedRollout, 'rollout' | 'candidates'>,
  at: { readonly step: number } | undefined = candidates[0]?.ramp,
): ExtraLoad | undefined {
  const { analysis, mirrorPercentage } = policy;
  if (analysis === undefined || mirrorPercentage === 0 || candidates.length === 0) return undefined;
  const share = Math.min(analysis.share, toShare(policy, at));
  return { primary: analysis.noise ? share * 2 : share, candidate: share };
}
