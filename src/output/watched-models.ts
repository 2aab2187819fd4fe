/** What a watcher shows of itself and of its models: the values that its pages are made of. */
import type { Assessment } from '../core/assess/assess-model.ts';
import type { Judgement } from '../core/assess/judgement.ts';
import type { LiveView } from '../core/assess/outlook.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import type { ModelStatus } from '../core/input/schema.ts';
import type { Attention } from '../core/observe/attention.ts';
import type { Timeline } from '../core/timeline/timeline.ts';

/** Times are in seconds since 1970. */
export interface WatcherState {
  readonly startedAt: number;
  /** The commit that all here is about; `readAt`: when the branch was last found to be there. Undefined: none was read. */
  readonly commit: { readonly id: string; readonly subject: string; readonly readAt: number } | undefined;
  /** The last one since the start. */
  readonly push: { readonly commit: string; readonly at: number } | undefined;
  /** How many replicas of the comparer answered when they were last asked; undefined: there was nothing to ask for. */
  readonly comparer: { readonly replicas: number; readonly askedAt: number } | undefined;
  /** The worst first. */
  readonly troubles: readonly WatcherTrouble[];
}

/** What keeps what is shown from being all that is true now. */
export type WatcherTrouble =
  | { readonly code: 'cluster' | 'git'; readonly since: number; readonly message: SafeText }
  | { readonly code: 'push' | 'carry'; readonly since: number; readonly failures: number; readonly message: SafeText }
  | { readonly code: 'cluster-not-listed' | 'branch-not-read' }
  /** A file of the branch that no model is made of. */
  | { readonly code: 'file'; readonly problem: Problem }
  /** A claim to a model that is ignored. */
  | { readonly code: 'claim'; readonly message: SafeText };

export interface ListedModel {
  readonly name: string;
  /** Undefined: nobody knows yet, as nothing of it is in the cluster. */
  readonly namespace: string | undefined;
  /** Of the model, from the repository's root. */
  readonly file: string;
  /** As the cluster has it now; undefined: nothing was observed of it. */
  readonly status: ModelStatus['status'] | undefined;
  readonly attention: Attention;
}

/** What the files say of it, beside what was observed. */
export interface DescribedModel {
  /** Undefined: it cannot be rendered. */
  readonly assessment: Assessment | undefined;
  /** The errors for which it cannot. */
  readonly problems: readonly Problem[];
  /** How its candidate is judged; undefined: it is not. */
  readonly judgement: Judgement | undefined;
  readonly live: LiveView;
}

/** Whoever reads this changes nothing. */
export interface WatchedModels {
  readonly state: () => WatcherState;
  /** All that the branch declares and can be read; in no order. */
  readonly list: () => readonly ListedModel[];
  readonly find: (namespace: string, name: string) => ListedModel | undefined;
  /** Takes about a millisecond. */
  readonly describe: (model: ListedModel) => DescribedModel;
  /** What this watcher has seen of it; takes about a millisecond for each part that is taken, and ends with the timeline. */
  readonly timeline: (model: ListedModel) => Iterable<undefined, Timeline>;
}
