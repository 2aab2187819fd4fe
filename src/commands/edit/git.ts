/** Pushes, and the next steps with git. */
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { GitCommand, GitStep } from '../../core/edit/git-steps.ts';
import { toBranchStep, toCommitStep, toPull, toPushStep } from '../../core/edit/git-steps.ts';
import type { PushResult } from '../../core/edit/outcome.ts';
import type { Clone, Destination, FindObjection, Hold, LocalState } from '../../core/ports/clone.ts';

export async function readPushStep(clone: Clone, state: LocalState): Promise<GitStep> {
  return toPushStep(state, await clone.readStepState(state, []));
}

export async function readCommitStep(
  { clone, state }: { readonly clone: Clone; readonly state: LocalState },
  files: readonly string[],
  message: string,
  hidden: readonly string[] = [],
): Promise<GitStep> {
  return toCommitStep(state, await clone.readStepState(state, files), { files, message, hidden });
}

/**
 * Where a branch will be pushed to; the branch need not exist yet.
 *
 * @throws Fault when there is no remote, or when plain `git push` would refuse.
 */
export async function findDestination(clone: Clone, branch: string): Promise<Destination> {
  const found = await clone.findDestination(branch);
  if (found === undefined) throw new Fault('environment', safe`there is no remote to push to`, safe`leave --push out`);
  if (found.isUnclear)
    throw new Fault(
      'environment',
      safe`git push does not push ${mask(branch)}, because its upstream has another name: ${mask(found.branch)} of ${mask(found.remote)}`,
      safe`leave --push out, or set push.default to upstream`,
    );
  return found;
}

/** Takes the last commit back; other changes of the work tree stay. */
const undo: GitCommand = { words: ['reset', '--keep', 'HEAD~1'] };

/**
 * @param message of the commit; a branch is named after it.
 * @param hold through which an interrupt is noticed: a commit is reported in any case.
 * @param findObjection against the commit at HEAD, on top of what the watcher has pushed.
 * @param isToRepeat the edit is made again on what others have pushed, since that decides whether it may be made.
 */
export async function pushCommitted(
  clone: Clone,
  destination: Destination,
  {
    branch,
    message,
    hold,
    findObjection = () => Promise.resolve(undefined),
    isToRepeat = false,
  }: {
    readonly branch: string;
    readonly message: string;
    readonly hold: Hold;
    readonly findObjection?: FindObjection | undefined;
    readonly isToRepeat?: boolean;
  },
): Promise<PushResult> {
  const to = { remote: destination.remote, branch: destination.branch };
  const retry: GitStep = { code: 'run', commands: [{ words: destination.words }] };
  const toInterrupted = (when: 'before' | 'during'): PushResult => ({
    code: 'not-pushed',
    to,
    why: { code: 'interrupted', when },
    next: retry,
  });
  if (hold.isInterrupted()) return toInterrupted('before');
  const pushed = await clone.push(destination, branch, findObjection);
  if (pushed.kind === 'pushed') {
    const { rebased, said } = pushed;
    return {
      code: 'pushed',
      to,
      rebased: rebased && { ...rebased, branch },
      said,
      next: rebased?.isHere === false ? { code: 'run', commands: [toPull(destination)] } : undefined,
    };
  }
  // The server may have accepted it before it could answer.
  if (hold.isInterrupted()) return toInterrupted('during');
  if (pushed.kind === 'overtaken') {
    const commands =
      isToRepeat || pushed.reason === 'objection'
        ? [undo, toPull(destination)]
        : [toPull(destination), { words: destination.words }];
    const next: GitStep = { code: 'run', commands };
    return { code: 'not-pushed', to, why: { ...pushed, code: 'overtaken', isToRepeat }, next };
  }
  // Where the server accepts no commits on this branch, it may accept them on another.
  const next =
    pushed.isRejected && !destination.isFirst
      ? toBranchStep(destination.remote, message, await clone.listBranches())
      : retry;
  return { code: 'not-pushed', to, why: { code: 'refused', said: pushed.said }, next };
}
