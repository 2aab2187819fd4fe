/** What came of asking a watcher about one judgement. */
import type { SafeText } from '../diagnostics/safe-text.ts';
import type { LiveAnalysis } from './live-analysis.ts';

/**
 * Why a page cannot be read:
 * - too-large: who answers sends more than such a page has;
 * - unreachable: no answer, or none in time, or not all of it;
 * - refused: whoever asks has no right to;
 * - no-service: the cluster has no such Service;
 * - no-cluster: the API server does not answer.
 */
export type PageTrouble =
  | { readonly code: 'too-large' }
  | { readonly code: 'unreachable' | 'refused' | 'no-service' | 'no-cluster'; readonly message: SafeText };

export type LiveFailure =
  | PageTrouble
  /** What answers is no watcher, or one from before there were such pages. */
  | { readonly code: 'no-watcher'; readonly status: number }
  | { readonly code: 'other-version'; readonly version: string };

export type LiveResult =
  | { readonly code: 'found'; readonly analysis: LiveAnalysis }
  /** The watcher has nothing to show, and why: an `UnjudgedCode`, or one of a later release. */
  | { readonly code: 'unjudged'; readonly why: string }
  | { readonly code: 'failed'; readonly failure: LiveFailure };
