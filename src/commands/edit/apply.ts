/** A plan → written, committed and pushed, as far as the request asks for. */
import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { EditOutcome, EditResult } from '../../core/edit/outcome.ts';
import type { Clone, Destination, Hold, LocalState, MadeCommit } from '../../core/ports/clone.ts';
import { checkPlan } from './check.ts';
import { findDestination, pushCommitted, readCommitStep, readPushStep } from './git.ts';
import { readCommitted, readHead, toLf } from './head.ts';
import type { EditPlan, EditScene } from './plan.ts';
import { isInHead, isToCommit } from './plan.ts';

export async function applyPlan(scene: EditScene, plan: EditPlan): Promise<EditOutcome> {
  const { request, ports } = scene;
  const checked = checkPlan(scene, plan);
  if ('problems' in checked) return { code: 'refused', ...checked };
  if (!request.dryRun && plan.question !== undefined && !(await ports.confirm(plan.question)))
    return { code: 'declined' };
  const destination = await findPushed(scene);
  const result: EditResult = request.dryRun
    ? { code: 'dry-run', commits: isToCommit(request), pushesTo: destination }
    : isToCommit(request)
      ? await commitPlan(scene, plan, destination)
      : await writePlan(scene, plan);
  return { code: 'edited', edit: checked, result };
}

/** Where it will be pushed, which must be known before anything is written; undefined: nowhere. */
async function findPushed({ request, clone, head }: EditScene): Promise<Destination | undefined> {
  const branch = request.branch ?? head?.state.branch;
  // Without a branch the commit is refused.
  return request.push && clone !== undefined && branch !== undefined ? findDestination(clone, branch) : undefined;
}

async function writePlan({ ports, head }: EditScene, plan: EditPlan): Promise<EditResult> {
  const { file, before, after, subject } = plan;
  ports.files.write(file, before, after);
  if (head === undefined) return { code: 'written', next: undefined };
  if (readCommitted(head, file) !== toLf(after))
    return { code: 'written', next: await readCommitStep(head, [file], ports.words.toSubject(subject)) };
  const next = head.state.unpushed.has(file) ? await readPushStep(head.clone, head.state) : undefined;
  return { code: 'same-as-head', staged: undefined, push: undefined, next };
}

async function commitPlan(scene: EditScene, plan: EditPlan, destination: Destination | undefined): Promise<EditResult> {
  const { request, ports, clone } = scene;
  const { file, before, after } = plan;
  if (clone === undefined)
    throw new Fault(
      'environment',
      safe`this is not in a git repository`,
      safe`run it in a clone; elsewhere, edits work only without --commit and --branch`,
    );
  const subject = ports.words.toSubject(plan.subject);
  const message = ports.words.toMessage(plan.subject);
  // Once there is a commit it is reported, whatever is interrupted after it.
  const hold = clone.holdInterrupts();
  try {
    const made = await clone.commitFile({ path: file, before, after }, { message, branch: request.branch }, () =>
      ports.files.write(file, before, after),
    );
    const push = { destination, message: subject, hold };
    return made.id === undefined
      ? await afterNoCommit(scene, clone, plan, { ...push, made })
      : await afterCommit(scene, clone, plan, { ...push, made: { ...made, id: made.id } });
  } finally {
    hold.release();
  }
}

interface Made<M extends MadeCommit = MadeCommit> {
  readonly made: M;
  readonly destination: Destination | undefined;
  readonly message: string;
  readonly hold: Hold;
}

/** HEAD had the edit already, but it may not be pushed. */
async function afterNoCommit(
  { request, head }: EditScene,
  clone: Clone,
  { file }: EditPlan,
  { made, destination, message, hold }: Made,
): Promise<EditResult> {
  const result = { code: 'same-as-head', staged: made.unstaged, push: undefined, next: undefined } as const;
  if (head === undefined || !head.state.unpushed.has(file)) return result;
  const { branch } = made;
  // Whoever asks for a branch does not want this one pushed.
  if (destination === undefined || branch === undefined || request.branch !== undefined)
    return { ...result, next: await readPushStep(clone, head.state) };
  return { ...result, push: await pushCommitted(clone, destination, { branch, message, hold }) };
}

async function afterCommit(
  { request, command, target, head }: EditScene,
  clone: Clone,
  { before, after, findObjection }: EditPlan,
  { made, destination, message, hold }: Made<MadeCommit & { readonly id: string }>,
): Promise<EditResult> {
  const { id: commit, branch, remarks, unstaged: staged } = made;
  if (made.isChanged && !isInHead(command, (await readHead(target, clone))?.target))
    return { code: 'lost', commit, remarks };
  const isNewBranch = request.branch !== undefined;
  const result = {
    code: 'committed',
    commit,
    branch,
    isNewBranch,
    isWritten: before !== after,
    staged,
    remarks,
  } as const;
  if (destination !== undefined && branch !== undefined)
    return {
      ...result,
      push: await pushCommitted(clone, destination, {
        branch,
        message,
        hold,
        isToRepeat: findObjection !== undefined,
        findObjection,
      }),
      next: undefined,
    };
  const state: LocalState = {
    head: commit,
    branch,
    destination: await findOwnDestination(clone, branch, head?.state),
    isTracked: () => true,
    uncommitted: new Set(),
    unpushed: new Set(),
  };
  return { ...result, push: undefined, next: await readPushStep(clone, state) };
}

/** Where a branch is pushed to; that of the branch which was checked out before is known. */
async function findOwnDestination(
  clone: Clone,
  branch: string | undefined,
  before: LocalState | undefined,
): Promise<Destination | undefined> {
  if (branch === undefined) return undefined;
  return branch === before?.branch ? before.destination : clone.findDestination(branch);
}
