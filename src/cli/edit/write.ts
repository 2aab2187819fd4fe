/** An edit that was checked → written, committed and pushed; with what is said of that, and what to do next. */
import { relative, sep } from 'node:path';
import type { Step } from '../../core/assess/pending.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { replaceFile } from '../../io/files/edited-file.ts';
import type { MadeCommit } from '../../io/git-cli/commit.ts';
import { commitFile } from '../../io/git-cli/commit.ts';
import type { Destination } from '../../io/git-cli/destination.ts';
import { findDestination } from '../../io/git-cli/destination.ts';
import type { Git } from '../../io/git-cli/git.ts';
import type { Hold } from '../../io/git-cli/spawn.ts';
import { holdInterrupts } from '../../io/git-cli/spawn.ts';
import type { EditFlags } from './flags.ts';
import type { StepPlace } from './git-steps.ts';
import { readGitSteps, toStepLine } from './git-steps.ts';
import type { HeadView } from './head.ts';
import { readCommitted } from './head.ts';
import type { PushReport } from './push.ts';
import { pushCommitted, toDestinationName } from './push.ts';
import type { EditTarget } from './target.ts';
import { toAbsolute } from './target.ts';

/** Where an edit is written. */
export interface EditScene {
  readonly target: EditTarget;
  /** Undefined outside of a repository. */
  readonly git: Git | undefined;
  /** Undefined outside of a repository, and without git. */
  readonly head: HeadView | undefined;
  readonly flags: EditFlags;
  /** Where the next step is typed. */
  readonly place: StepPlace;
}

export interface CheckedEdit {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string;
  readonly message: string;
  /** What comes of it, once it is pushed. */
  readonly outcome: string;
  /** Where it is to be pushed; undefined: nowhere. */
  readonly destination: Destination | undefined;
  /** Whether what HEAD has now is this edit: a hook may have changed it. */
  readonly isHeld: () => Promise<boolean>;
}

/** Lines for standard output and standard error. */
export interface Told {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

export function isToCommit({ commit, branch }: EditFlags): boolean {
  return commit === true || branch !== undefined;
}

/** @throws Fault when it cannot be written or committed; then all is as it was. */
export async function writeEdit(scene: EditScene, edit: CheckedEdit): Promise<Told> {
  const { target, git, flags } = scene;
  const absolute = toAbsolute(target, edit.path);
  const replace = () => replaceFile(absolute, edit.before, edit.after);
  if (!isToCommit(flags)) {
    replace();
    return { code: exitCodes.fine, out: await tellWritten(scene, edit), err: [] };
  }
  if (git === undefined)
    throw new Fault('environment', safe`this is not in a git repository`, safe`leave --commit and --branch out`);
  const path = relative(git.folder, absolute).split(sep).join('/');
  const change = { path, before: edit.before, after: edit.after };
  // What is committed is said, whatever interrupts the rest.
  const hold = holdInterrupts();
  try {
    const made = await commitFile(git, change, { message: edit.message, branch: flags.branch }, replace);
    const tell = made.id === undefined ? tellAsInHead : tellCommitted;
    return await tell(scene, git, edit, made, hold);
  } finally {
    hold.release();
  }
}

/** A line to copy, or a sentence. */
export function toNext(step: Step): string {
  if ('command' in step) return `Next: ${step.command}`;
  return `${step.words.slice(0, 1).toUpperCase()}${step.words.slice(1)}.`;
}

/** What a push comes to, after what was done before it. */
export function tellPush(
  { code, isPushed, notes, remarks, next }: PushReport,
  { done, after }: { readonly done: readonly string[]; readonly after: readonly string[] },
): Told {
  const step = next === undefined ? [] : [`Next: ${next}`];
  return isPushed
    ? { code, out: [...done, ...notes, ...step, ...after], err: remarks }
    : { code, out: done, err: [...remarks, ...step] };
}

async function tellWritten({ target, head, place }: EditScene, edit: CheckedEdit): Promise<string[]> {
  const shown = target.places.toShownPath(edit.path);
  const once = `Once it is pushed: ${edit.outcome}`;
  if (head === undefined) return [`${shown} is written. Commit and push it.`, once];
  const steps = await readGitSteps(head.git, head.state, [edit.path], place);
  if (readCommitted(head, edit.path) === edit.after.replaceAll('\r\n', '\n'))
    return [toAsInHead(shown), ...(head.state.unpushed.has(edit.path) ? [toNext(steps.push)] : [])];
  return [`${shown} is written, and not committed yet.`, toNext(steps.toCommit([edit.path], edit.message)), once];
}

function toAsInHead(shown: string): string {
  return `${shown} is written, as HEAD has it: there is nothing to commit.`;
}

/** What HEAD holds may still be to be pushed. */
async function tellAsInHead(
  { target, head, flags, place }: EditScene,
  git: Git,
  { path, message, destination }: CheckedEdit,
  made: MadeCommit,
  hold: Hold,
): Promise<Told> {
  const done = [toAsInHead(target.places.toShownPath(path)), ...toStaged(made, git, place)];
  const fine = { code: exitCodes.fine, out: done, err: [] };
  if (head === undefined || !head.state.unpushed.has(path)) return fine;
  // Who asks for a branch does not want this one pushed.
  if (destination === undefined || made.branch === undefined || flags.branch !== undefined)
    return { ...fine, out: [...done, toNext((await readGitSteps(git, head.state, [], place)).push)] };
  const pushed = await pushCommitted(git, destination, { branch: made.branch, message, place, hold });
  return tellPush(pushed, { done, after: [`It is pushed to ${toDestinationName(destination)}.`] });
}

async function tellCommitted(
  { target, head, flags, place }: EditScene,
  git: Git,
  edit: CheckedEdit,
  made: MadeCommit,
  hold: Hold,
): Promise<Told> {
  const { message, outcome, destination } = edit;
  const { id = '', branch } = made;
  const shown = target.places.toShownPath(edit.path);
  if (made.isChanged && !(await edit.isHeld())) {
    const lost = safe`model-mirror: ${mask(id.slice(0, 7))} is committed without this edit, and is not pushed`;
    const next = safe`Next: ${toStepLine(git, [{ words: ['show', id.slice(0, 12)] }], place)}`;
    return { code: exitCodes.problems, out: [], err: [...made.remarks, lost, next] };
  }
  const written = edit.before === edit.after ? '' : 'written, and ';
  const done = [
    `${shown} is ${written}committed on ${mask(branch ?? 'no branch')} as ${id.slice(0, 7)}.`,
    ...toStaged(made, git, place),
  ];
  const isForReview = flags.branch !== undefined;
  if (destination !== undefined && branch !== undefined) {
    const pushed = await pushCommitted(git, destination, { branch, message, place, hold });
    const sent = `It is pushed to ${toDestinationName(destination)}.`;
    const after = isForReview
      ? [sent, 'Now open a pull request.', `Once it is merged: ${outcome}`]
      : [sent, `What follows: ${outcome}`];
    const told = tellPush(pushed, { done, after });
    return { ...told, err: [...made.remarks, ...told.err] };
  }
  const state = {
    head: id,
    branch,
    destination: await findOwnDestination(git, branch, head),
    isTracked: () => true,
  };
  const { push } = await readGitSteps(git, state, [], place);
  const review = isForReview && 'command' in push ? ['Then open a pull request.'] : [];
  return {
    code: exitCodes.fine,
    out: [...done, toNext(push), ...review, `Once it is pushed: ${outcome}`],
    err: made.remarks,
  };
}

/** Where a branch is pushed to; that of the branch which was checked out before is known. */
async function findOwnDestination(git: Git, branch: string | undefined, head: HeadView | undefined) {
  if (branch === undefined) return undefined;
  return branch === head?.state.branch ? head.state.destination : findDestination(git, branch);
}

function toStaged({ unstaged }: MadeCommit, git: Git, place: StepPlace): string[] {
  if (unstaged === undefined) return [];
  const line = toStepLine(git, [{ words: ['show', unstaged.slice(0, 12)] }], place);
  return [`What was staged of it was something else: ${line} prints it.`];
}
