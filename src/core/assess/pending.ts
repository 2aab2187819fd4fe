/** Which of a model's files are only in this clone: neither Argo CD nor the watcher can know of them. */
import type { GitStep } from '../edit/git-steps.ts';
import type { Difference } from './difference.ts';

/** Paths are from the repository's root. */
export interface Pending {
  /** Files that differ from HEAD. */
  readonly uncommitted: readonly string[];
  /** Files of HEAD that differ from the remote's. */
  readonly unpushed: readonly string[];
  /** What commits and pushes them, as far as there is a branch and a remote. */
  readonly step: GitStep;
  readonly canPush: boolean;
}

/** Given the files of some models; undefined: unknown. */
export type FindPending = (models: readonly string[]) => Pending | undefined;

/** What to do first. */
export type PendingStep =
  | {
      readonly code: 'commit';
      readonly files: readonly string[];
      readonly step: GitStep;
      /** Whether the step pushes as well. */
      readonly canPush: boolean;
    }
  | { readonly code: 'push'; readonly files: readonly string[]; readonly step: GitStep };

/** What is not committed is not pushed either: only the former is reported. */
export function findPendingDifference(pending: Pending | undefined): Difference[] {
  const next = pending && toPendingStep(pending);
  return next === undefined
    ? []
    : [{ code: next.code === 'commit' ? 'not-committed' : 'not-pushed', files: next.files }];
}

/** @returns undefined when nothing is pending. */
export function toPendingStep({ uncommitted, unpushed, step, canPush }: Pending): PendingStep | undefined {
  if (uncommitted.length > 0) return { code: 'commit', files: uncommitted, step, canPush };
  return unpushed.length > 0 ? { code: 'push', files: unpushed, step } : undefined;
}
