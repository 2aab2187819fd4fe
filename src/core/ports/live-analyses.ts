/** What the watcher is judging now, for whoever asks; nothing is written and nothing is decided by it. */
import type { LiveAnalysis } from '../analysis/live-analysis.ts';

/**
 * Why there is nothing to show of a model:
 * - unknown-model: the branch declares none of that name in that namespace;
 * - not-judged: the live routes send the comparer no copies for its candidate;
 * - not-looked: the comparer was not asked yet;
 * - not-ready: the cluster was not listed yet, or the branch was not read yet.
 */
export type UnjudgedCode = 'unknown-model' | 'not-judged' | 'not-looked' | 'not-ready';

export interface LiveAnalyses {
  readonly find: (namespace: string, name: string) => LiveAnalysis | UnjudgedCode;
  /** Of all models that are judged now, each computed when it is taken. */
  readonly list: () => Iterable<LiveAnalysis>;
}
