/** A clone in which the source branch is carried to the deploy branch by hand; `io/git-cli` implements it. */
import type { CarryTips } from '../carry/carry.ts';
import type { CarryObjects } from '../carry/folders.ts';
import type { CarryChanges } from '../carry/plan.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import type { Commit } from './revisions.ts';

export interface CarryDraft {
  /** Of trees; undefined: the tree of `start` as it is. */
  readonly changes: CarryChanges;
  /** Id of the tree that is changed. */
  readonly start: string;
  readonly parents: readonly string[];
  /** The commit whose author the new one has. */
  readonly authored: string;
  readonly message: string;
}

export interface CarryClone extends CarryObjects {
  /** Fetches both branches. @throws Fault when that fails, or the remote does not have the source branch. */
  readonly fetchTips: () => Promise<CarryTips>;
  readonly readCommit: (id: string) => Promise<Commit>;
  /** A commit and its first parents, the newest first. @throws Fault where the clone was made without them. */
  readonly listMessages: (tip: string, count: number) => AsyncIterable<string>;
  /** Makes the commit; no branch changes. @throws Fault when git refuses. */
  readonly makeCommit: (draft: CarryDraft) => Promise<string>;
  /** Pushes a commit to the deploy branch; never forced. */
  readonly push: (
    commit: string,
  ) => Promise<{ readonly state: 'pushed' | 'overtaken' | 'refused'; readonly said: SafeText | undefined }>;
}
