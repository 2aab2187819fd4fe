/**
 * What others learn of the branch: each commit of this watcher's own once it is known to be in git, and that pushes are
 * refused, or no longer.
 */
import type { PushTrouble } from '../core/ports/watch.ts';
import type { CommittedModel } from '../output/change-event.ts';
import type { BranchAccess } from './branch-access.ts';

/** Who learns what happens, once it is in git. */
export interface Notify {
  /** What a commit of this watcher records: that of another watcher is reported by that one. */
  readonly committed: (commit: string, models: readonly CommittedModel[]) => void;
  /** Pushes on top of a commit are refused; without a trouble: they are accepted again. */
  readonly pushes: (tip: string, trouble: PushTrouble | undefined) => void;
}

export class Announcements {
  readonly #notify: Notify | undefined;
  /** A commit of which nobody knows whether the branch has it. */
  #unsure: { readonly commit: string; readonly models: readonly CommittedModel[] } | undefined;
  #isRefusalTold = false;

  constructor(notify: Notify | undefined) {
    this.#notify = notify;
  }

  committed(commit: string, models: readonly CommittedModel[]): void {
    this.#notify?.committed(commit, models);
  }

  /**
   * A push failed: the connection may break after the branch has taken the commit and before it says so.
   *
   * @param commit undefined: none was sent.
   */
  unsure(commit: string | undefined, models: readonly CommittedModel[]): void {
    this.#unsure = commit === undefined ? undefined : { commit, models };
  }

  /** The branch was fetched. */
  fetched(tip: string): void {
    const unsure = this.#unsure;
    this.#unsure = undefined;
    if (unsure?.commit === tip) this.committed(tip, unsure.models);
  }

  /**
   * A push was tried. Only one that is accepted ends a refusal: that nothing is left to push, or nobody can be reached,
   * shows nothing.
   */
  pushed({ isRefused, pushTrouble, snapshot }: Pick<BranchAccess, 'isRefused' | 'pushTrouble' | 'snapshot'>): void {
    const isAccepted = pushTrouble === undefined;
    if (snapshot === undefined || (this.#isRefusalTold ? !isAccepted : !isRefused)) return;
    this.#isRefusalTold = isRefused;
    this.#notify?.pushes(snapshot.commit, pushTrouble);
  }
}
