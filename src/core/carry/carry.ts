/** What is to be done so that the deploy branch has what the source branch has, and what came of it. */
import type { SafeText } from '../diagnostics/safe-text.ts';
import type { CarryPlan } from './plan.ts';

/** The newest commits of both branches. */
export interface CarryTips {
  readonly source: string;
  /** Undefined: there is no deploy branch yet. */
  readonly deploy: string | undefined;
}

export type CarryStep =
  /** The newest commit of the source is carried. */
  | { readonly code: 'nothing' }
  /** The deploy branch is made, with the source's files. */
  | { readonly code: 'create' }
  /** `base`: the commit of the source that was carried last; undefined: none was, as far as is known. */
  | { readonly code: 'carry'; readonly base: string | undefined };

/**
 * By what was carried, not by ancestry: a source branch that was forced back to an older commit, which the deploy
 * branch has, is carried again.
 *
 * @param carried what the newest carry on the deploy branch names; undefined: there is none.
 */
export function decideCarry({ source, deploy }: CarryTips, carried: string | undefined): CarryStep {
  if (deploy === undefined) return { code: 'create' };
  return carried === source ? { code: 'nothing' } : { code: 'carry', base: carried };
}

/** Deploy branches may be made from the source branch by hand: then both have the same commit. */
export function toParents({ source, deploy }: CarryTips): string[] {
  return deploy === undefined || deploy === source ? [source] : [deploy, source];
}

/** A commit of the source branch. */
export interface SourceCommit {
  readonly id: string;
  readonly author: string;
  /** The first line of its message. */
  readonly subject: string;
}

export interface CarryOutcome extends CarryPlan {
  readonly source: SourceCommit;
  /** `first`: the deploy branch is older than the first carry. */
  readonly code: 'nothing' | 'created' | 'first' | 'carried';
  /** Files that differ from the source's because people changed them on the deploy branch, and stay so. Sorted. */
  readonly kept: readonly string[];
  readonly result: CarryResult;
}

export type CarryResult =
  /** Nothing was to be done, or it was only tried. */
  | { readonly code: 'none' }
  | { readonly code: 'made'; readonly commit: string }
  | { readonly code: 'pushed'; readonly commit: string; readonly said: SafeText | undefined }
  | { readonly code: 'refused'; readonly commit: string; readonly said: SafeText | undefined }
  /** Others pushed to the deploy branch each time. */
  | { readonly code: 'overtaken' };
