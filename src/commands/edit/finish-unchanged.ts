/** The work tree needs no change: what may be missing is the commit, or the push. */
import type { EditOutcome, UnchangedResult } from '../../core/edit/outcome.ts';
import { applyPlan } from './apply.ts';
import { findDestination, pushCommitted, readCommitStep, readPushStep } from './git.ts';
import type { HeadView } from './head.ts';
import { readCommitted, readText, toLf } from './head.ts';
import type { EditScene, UnchangedEdit } from './plan.ts';
import { isInHead, isToCommit } from './plan.ts';

export async function finishUnchanged(scene: EditScene, edit: UnchangedEdit): Promise<EditOutcome> {
  const { request, ports, command, target, head } = scene;
  const { file, unchanged, subject, effect, findObjection } = edit;
  const toOutcome = (result: UnchangedResult): EditOutcome => ({ code: 'unchanged', unchanged, result });
  if (head === undefined) return toOutcome({ code: 'nothing-to-do' });
  const text = file === undefined ? undefined : readText(target.tree, file);
  const committed = file === undefined ? undefined : readCommitted(head, file);
  // Git calls it unchanged if it is told to (git-update-index(1)).
  const isHidden =
    file !== undefined &&
    !head.state.uncommitted.has(file) &&
    text !== undefined &&
    committed !== undefined &&
    toLf(committed) !== toLf(text);
  if ((head.uncommitted.length === 0 && !isHidden) || isInHead(command, head.target)) {
    if (file === undefined || !head.state.unpushed.has(file)) return toOutcome({ code: 'nothing-to-do' });
    return toOutcome(request.push ? await pushUnchanged(scene, head, edit) : await toNotPushed(head));
  }
  const isOwn = file !== undefined && (isHidden || head.state.uncommitted.has(file));
  if (isOwn && isToCommit(request) && text !== undefined)
    return applyPlan(scene, { file, before: text, after: text, subject, effect, findObjection });
  const files = isOwn ? [file] : head.uncommitted;
  const next = await readCommitStep(head, files, ports.words.toSubject(subject), isHidden ? [file] : []);
  return toOutcome({ code: 'not-committed', files: isOwn ? [] : files, isAsked: isToCommit(request), next });
}

/** Everything is committed already: what is asked for is the push alone. */
async function pushUnchanged(
  { request, ports }: EditScene,
  head: HeadView,
  { subject }: UnchangedEdit,
): Promise<UnchangedResult> {
  const { branch } = head.state;
  // Whoever asks for a branch does not want this one pushed.
  if (branch === undefined || (request.branch !== undefined && request.branch !== branch))
    return { ...(await toNotPushed(head)), isAsked: true, otherBranch: branch ?? 'HEAD' };
  const destination = await findDestination(head.clone, branch);
  if (request.dryRun) return { code: 'dry-run', pushesTo: destination };
  const hold = head.clone.holdInterrupts();
  const message = ports.words.toSubject(subject);
  const push = await pushCommitted(head.clone, destination, { branch, message, hold });
  hold.release();
  return { code: 'push', push };
}

async function toNotPushed(head: HeadView): Promise<UnchangedResult & { readonly code: 'not-pushed' }> {
  const next = await readPushStep(head.clone, head.state);
  return { code: 'not-pushed', otherBranch: undefined, isAsked: false, next };
}
