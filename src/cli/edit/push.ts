/** Pushing what an edit has committed, and what is said of it. */

import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { Destination } from '../../io/git-cli/destination.ts';
import { findDestination } from '../../io/git-cli/destination.ts';
import type { Git } from '../../io/git-cli/git.ts';
import type { Pushed } from '../../io/git-cli/push.ts';
import { pushBranch } from '../../io/git-cli/push.ts';
import type { Hold } from '../../io/git-cli/spawn.ts';
import type { GitCommand } from '../../output/shell-word.ts';
import type { StepPlace } from './git-steps.ts';
import { findBranchCommands, toPull, toStepLine } from './git-steps.ts';

/** What came of it. */
export interface PushReport {
  readonly code: number;
  readonly isPushed: boolean;
  /** For standard output: what was done beside it. */
  readonly notes: readonly SafeText[];
  /** For standard error: what git and the server said, and what keeps it from being pushed. */
  readonly remarks: readonly SafeText[];
  /** What to do next; undefined: nothing that is git's. */
  readonly next: SafeText | undefined;
}

/**
 * Where a branch would be pushed to; there need not be such a branch yet.
 *
 * @throws Fault when there is no remote, or when plain `git push` would not know.
 */
export async function readDestination(git: Git, branch: string): Promise<Destination> {
  const found = await findDestination(git, branch);
  if (found === undefined) throw new Fault('environment', safe`there is no remote to push to`, safe`leave --push out`);
  if (found.isUnclear)
    throw new Fault(
      'environment',
      safe`git push does not push ${mask(branch)}, because its upstream has another name: ${mask(found.branch)} of ${mask(found.remote)}`,
      safe`leave --push out, or set push.default to upstream`,
    );
  return found;
}

/** `main of origin`. */
export function toDestinationName({ remote, branch }: Pick<Destination, 'remote' | 'branch'>): SafeText {
  return safe`${mask(branch)} of ${mask(remote)}`;
}

/**
 * @param message of the commit, by which a branch can be called.
 * @param hold by which an interrupt is known: what is committed is said in any case.
 */
export async function pushCommitted(
  git: Git,
  destination: Destination,
  {
    branch,
    message,
    place,
    hold,
  }: { readonly branch: string; readonly message: string; readonly place: StepPlace; readonly hold: Hold },
): Promise<PushReport> {
  const toLine = (commands: readonly GitCommand[]) => toStepLine(git, commands, place);
  const again: GitCommand = { words: destination.words };
  const toFailed = (remark: SafeText, commands: readonly GitCommand[], code: number = exitCodes.environment) => ({
    code,
    isPushed: false,
    notes: [],
    remarks: [safe`model-mirror: ${remark}`],
    next: toLine(commands),
  });
  const pushed = hold.isInterrupted() ? undefined : await pushBranch(git, destination, branch);
  if (pushed?.kind === 'pushed') {
    const { rebased, said } = pushed;
    const isBehind = rebased?.isHere === false;
    return {
      code: exitCodes.fine,
      isPushed: true,
      notes: rebased === undefined ? [] : [toRebased(rebased, branch)],
      remarks: said === undefined ? [] : [safe`git push said: ${said}`],
      next: isBehind ? toLine([toPull(destination)]) : undefined,
    };
  }
  if (pushed === undefined) return toFailed(safe`it was interrupted, and is not pushed`, [again]);
  // The server may have taken it before it could say so.
  if (hold.isInterrupted()) return toFailed(safe`the push was interrupted: it may not have arrived`, [again]);
  if (pushed.kind === 'overtaken')
    return toFailed(
      safe`it is not pushed: ${toOvertaken(pushed, destination)}`,
      [toPull(destination), again],
      exitCodes.problems,
    );
  const { said, isRejected } = pushed;
  // Where the server wants no commits on this branch, it may want them on another.
  const commands =
    isRejected && !destination.isFirst ? await findBranchCommands(git, destination.remote, message) : [again];
  return toFailed(safe`it is not pushed: ${said ?? 'git push says nothing of why'}`, commands);
}

function toRebased(
  { commit, isHere }: { readonly commit: string; readonly isHere: boolean },
  branch: string,
): SafeText {
  const short = mask(commit.slice(0, 7));
  return isHere
    ? safe`The watcher had pushed meanwhile: the commit was put onto its commits, as ${short}.`
    : safe`The watcher had pushed meanwhile: the commit was put onto its commits, as ${short}; ${mask(branch)} here stays as it was, as files of the watcher are changed here.`;
}

function toOvertaken(overtaken: Extract<Pushed, { kind: 'overtaken' }>, { remote }: Destination): SafeText {
  const where = toDestinationName({ remote, branch: overtaken.branch });
  switch (overtaken.reason) {
    case 'changed': {
      const lines = overtaken.changes.map(
        ({ path, author, commit, subject }) =>
          safe`\n    ${mask(path)} by ${mask(author)} in ${mask(commit)} ${quote(subject)}`,
      );
      return safe`${where} has changes that are not the watcher's${join(lines, '')}`;
    }
    case 'same-files':
      return safe`the watcher has changed files on ${where} that are changed here, too`;
    case 'not-linear':
      return safe`${where} has new commits, and here is a merge`;
    case 'rewound':
      return safe`${where} has lost commits that are still here: somebody has rewritten it`;
    case 'unrelated':
      return safe`${where} has nothing in common with what is here`;
    case 'again':
      return safe`${where} has got new commits twice meanwhile`;
    case 'not-rewritten':
      return safe`${where} has new commits, and the commits here could not be put onto them: ${overtaken.said}`;
  }
}
