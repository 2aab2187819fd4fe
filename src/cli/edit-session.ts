/**
 * An edit that was thought out → checked, shown, written and committed.
 *
 * Invariant: nothing is written before the whole of what it makes has been validated; a file that is
 * written is written as a whole.
 */
import { relative, sep } from 'node:path';
import { describeChanges } from '../change/rollout-change.ts';
import { toFoundFile } from '../input/folder-tree.ts';
import type { Problem } from '../input/problem.ts';
import { sortProblems, toWholeProblem } from '../input/problem.ts';
import { mask, safe } from '../input/safe-text.ts';
import { isLink, replaceFile } from '../io/edited-file.ts';
import { exitCodes, Fault, isFault } from '../io/fault.ts';
import { findRepository } from '../io/folder-tree.ts';
import { commitFile } from '../io/git-cli/commit.ts';
import { findFirstPush } from '../io/git-local-state.ts';
import { toDiffText } from '../output/diff-text.ts';
import { toShellWord } from '../output/shell-word.ts';
import { isIgnoredPolicy } from '../render/policies.ts';
import { toCommitCommand } from './commit-command.ts';
import type { EditFlags } from './edit-flags.ts';
import type { HeadView } from './edit-head.ts';
import { readHeadView } from './edit-head.ts';
import type { Digests, EditTarget } from './edit-target.ts';
import { describeOthersErrors, findTarget, renderAll, toAbsolute, toOwnApplication, toReachOf } from './edit-target.ts';
import type { Host } from './host.ts';
import { showProblems } from './show-problems.ts';
import { toGit } from './user-git.ts';

/** One file that is to be written. */
export interface EditPlan {
  readonly path: string;
  /** Undefined: there is no such file yet. */
  readonly before: string | undefined;
  readonly after: string;
  /** The subject of the commit. */
  readonly message: string;
  /** What to know of it, one line each, by what is rendered after it: all that it reaches, the model's own. */
  readonly notes: (after: Digests, own: Digests) => readonly string[];
  /** What is asked on a terminal before it is done; undefined: nothing. */
  readonly question?: string | undefined;
  /** What comes of it, once it is pushed. */
  readonly outcome: (after: Digests) => string;
}

/** The work tree holds already what an edit would write; whether HEAD does is another question. */
interface DoneEdit extends Pick<EditPlan, 'message' | 'outcome'> {
  /** Says so. */
  readonly done: string;
  /** The file that holds it; undefined: none, it is a default. */
  readonly path: string | undefined;
}

/** What came of thinking: a plan, what keeps it from being made, or that it is there already. */
export type Planned = { readonly plan: EditPlan } | { readonly problems: readonly Problem[] } | DoneEdit;

/** @param head the same model as HEAD has it; undefined: it has none, or nothing is known of it. */
type Think = (target: EditTarget, head: EditTarget | undefined) => Planned;

interface Session {
  readonly target: EditTarget;
  /** Undefined outside of a repository. */
  readonly head: HeadView | undefined;
  readonly flags: EditFlags;
  readonly host: Host;
}

/** @returns the exit code. */
export async function runEdit(name: string, flags: EditFlags, host: Host, think: Think): Promise<number> {
  const target = findTarget(name, flags, host);
  if ('problems' in target) return refuse(target.problems, host, target.places.toShownPath);
  const head = await readHeadView(target, host.environment);
  const session: Session = { target, head, flags, host };
  const planned = think(target, head?.target);
  if ('problems' in planned) return refuse(planned.problems, host, target.places.toShownPath);
  if ('plan' in planned) return carryOut(session, planned.plan);
  return finish(session, planned, think);
}

/** The work tree needs no change: what may be missing is the commit, or the push. */
function finish(session: Session, done: DoneEdit, think: Think): Promise<number> | number {
  const { target, head, flags, host } = session;
  const { path } = done;
  const saying = mask(done.done);
  const tell = (text: string) => {
    host.write(1, [text]);
    return exitCodes.fine;
  };
  const isHidden = head !== undefined && path !== undefined && isHiddenFromGit(head, path, target);
  if (head === undefined || (head.uncommitted.length === 0 && !isHidden) || isHeld(head.target, think)) {
    const { push } = head?.state ?? {};
    if (path === undefined || push === undefined || head?.state.unpushed.has(path) !== true)
      return tell(`${saying}: nothing to do\n`);
    return tell(`${saying}, but that is not pushed yet\nNext: ${mask(push)}\n`);
  }
  const { toShownPath } = target.places;
  const isOwn = path !== undefined && (isHidden || head.state.uncommitted.has(path));
  if (isOwn && isToCommit(flags)) {
    const source = target.tree.read(toFoundFile(path));
    if ('code' in source) return refuse([source], host, toShownPath);
    const { message, outcome } = done;
    return carryOut(session, { path, before: source.text, after: source.text, message, outcome, notes: () => [] });
  }
  const files = isOwn ? [path] : head.uncommitted;
  const why = isOwn
    ? ''
    : `: ${files.map(toShownPath).join(', ')} ${files.length === 1 ? 'differs' : 'differ'} from HEAD`;
  const unhide = (path: string) =>
    ['assume-unchanged', 'skip-worktree'].map(
      (flag) => `git update-index --no-${flag} ${toShellWord(toShownPath(path))} && `,
    );
  const before = isHidden ? mask(unhide(path).join('')) : '';
  const text = `${saying}, but that is not committed yet${why}\nNext: ${before}${toCommitCommand(head.state, files, toShownPath, done.message)}\n`;
  if (!isToCommit(flags)) return tell(text);
  host.write(2, [`model-mirror: ${text}`]);
  return exitCodes.problems;
}

/** Whether HEAD has a file otherwise, though git calls it unchanged: somebody has told it to (git-update-index(1)). */
function isHiddenFromGit(head: HeadView, path: string, { tree }: EditTarget): boolean {
  if (head.state.uncommitted.has(path)) return false;
  const source = tree.read(toFoundFile(path));
  const committed = readCommitted(head, path);
  return committed !== undefined && !('code' in source) && toLf(committed) !== toLf(source.text);
}

function isToCommit({ commit, branch }: EditFlags): boolean {
  return commit === true || branch !== undefined;
}

/** Whether an edit is in HEAD, too. */
function isHeld(head: EditTarget | undefined, think: Think): boolean {
  if (head === undefined) return false;
  try {
    return 'done' in think(head, undefined);
  } catch (error) {
    // As when a version is to be changed that HEAD does not have.
    if (isFault(error)) return false;
    throw error;
  }
}

/** Checked, shown, written, and committed where that is asked for. */
async function carryOut(session: Session, plan: EditPlan): Promise<number> {
  const { target, flags, host } = session;
  const { toShownPath } = target.places;
  const checked = check(target, plan);
  const committed = isToCommit(flags) ? checkCommitted(session, plan) : undefined;
  const errors = [
    ...new Map([...checked.errors, ...(committed?.errors ?? [])].map((one) => [toKey(one), one])).values(),
  ];
  if (errors.length > 0) return refuse([...errors, ...checked.warnings], host, toShownPath, committed?.remarks);
  // Rendering reads the files: all that is said of the change is found out before it is written.
  const after = committed?.after ?? checked.after;
  const lines = [
    ...describeChanges((committed ?? checked).before.rollouts, after.rollouts),
    // What the commit holds may say more than what is in the work tree, and less.
    ...new Set([
      ...plan.notes(checked.after, checked.own),
      ...(committed === undefined ? [] : plan.notes(committed.after, committed.after)),
    ]),
    ...(committed?.remarks ?? toWriteRemarks(session, plan)),
    ...describeOthersErrors(checked.elsewhere, target),
  ];
  if (flags.dryRun !== true && !(await isWanted(plan, host))) {
    host.write(2, ['nothing was changed\n']);
    return exitCodes.problems;
  }
  const report =
    flags.dryRun === true
      ? `Nothing is ${isToCommit(flags) ? 'written or committed' : 'written'}, for --dry-run.\n`
      : await write(session, plan, plan.outcome(after));
  showProblems(checked.warnings, host, 2, toShownPath);
  const style = host.style(1);
  host.write(1, [
    toDiffText(toShownPath(plan.path), committed === undefined ? plan.before : committed.text, plan.after, style),
    '\n',
    ...lines.map((line) => `${style('cyan', line)}\n`),
    report,
  ]);
  return exitCodes.fine;
}

/** Whether somebody who sits at a terminal wants what looks like a slip of the pen. */
async function isWanted({ question }: EditPlan, { terminal }: Host): Promise<boolean> {
  if (question === undefined || terminal === undefined) return true;
  return (await import('./confirm.ts')).confirmOn(terminal, question);
}

interface Committed {
  /** The file as HEAD has it. */
  readonly text: string | undefined;
  readonly before: Digests;
  readonly after: Digests;
  readonly errors: readonly Problem[];
  readonly remarks: readonly string[];
}

/**
 * What the commit will hold, where that is other than what is in the work tree: Argo CD renders the commit.
 *
 * @returns undefined where HEAD has all files of this model as they are here, so that there is no difference.
 */
function checkCommitted({ target, head }: Session, plan: EditPlan): Committed | undefined {
  if (head?.tree === undefined || head.uncommitted.length === 0) return undefined;
  const { toShownPath } = target.places;
  const { tree } = head;
  const before = renderAll({ ...target, tree });
  const after = renderAll({ ...target, tree }, { edited: new Map([[plan.path, plan.after]]) });
  const text = readCommitted(head, plan.path);
  const others = head.uncommitted.filter((path) => path !== plan.path);
  return {
    text: text === toLf(plan.before) || text === toLf(plan.after) ? plan.before : text,
    before,
    after,
    errors: after.problems.filter(({ severity }) => severity === 'error'),
    remarks: [
      ...(head.uncommitted.includes(plan.path) && plan.before !== plan.after && text !== plan.after
        ? [`${toShownPath(plan.path)} had changes that were not committed: the commit holds them too`]
        : []),
      ...(others.length === 0
        ? []
        : [`not committed with it, and not counted here: ${others.map(toShownPath).join(', ')}`]),
    ],
  };
}

/** A file as HEAD has it; undefined where it has none that can be read. */
function readCommitted({ tree }: HeadView, path: string): string | undefined {
  const file = tree?.files.find((found) => found.path === path);
  const source = file && tree?.read(file);
  return source === undefined || 'code' in source ? undefined : source.text;
}

function toLf(text: string | undefined): string | undefined {
  return text?.replaceAll('\r\n', '\n');
}

/** What `git commit` would take along. */
function toWriteRemarks({ target, head }: Session, plan: EditPlan): string[] {
  if (head === undefined || !head.uncommitted.includes(plan.path)) return [];
  if (readCommitted(head, plan.path) === toLf(plan.after)) return [];
  return [`${target.places.toShownPath(plan.path)} has other changes, too, that are not committed`];
}

/** What is wrong with what the edit makes: in the model's own application all of it, elsewhere what is new. */
function check(
  target: EditTarget,
  plan: EditPlan,
): {
  errors: Problem[];
  warnings: Problem[];
  /** With errors that were there before, in files that may be no part of what Argo CD renders with the model. */
  elsewhere: readonly Problem[];
  before: Digests;
  after: Digests;
  own: Digests;
} {
  const edited = new Map([[plan.path, plan.after]]);
  const reach = toReachOf(target, plan.path);
  const before = renderAll(reach);
  const after = renderAll(reach, { edited });
  const known = new Set(before.problems.map(toKey));
  const fresh = after.problems.filter((problem) => !known.has(toKey(problem)));
  const own = renderAll(toOwnApplication(target), { edited });
  const linked = isLink(toAbsolute(target, plan.path)) ? [toLinkProblem(plan.path)] : [];
  const isError = ({ severity }: Problem) => severity === 'error';
  return {
    errors: sortProblems([...linked, ...[...own.problems, ...fresh].filter(isError)]),
    warnings: sortProblems([...fresh.filter((problem) => !isError(problem)), ...own.problems.filter(isIgnoredPolicy)]),
    elsewhere: after.problems,
    before,
    after,
    own,
  };
}

/** The same problem, though an edit may have moved its place. */
function toKey({ file, code, field, message }: Problem): string {
  return JSON.stringify([file, code, field, message]);
}

function toLinkProblem(path: string): Problem {
  return toWholeProblem(path, {
    code: 'edit-refused',
    message: safe`this is a link, and what it leads to may be used elsewhere`,
    hint: safe`edit what it leads to, or put the file itself here`,
  });
}

function refuse(
  problems: readonly Problem[],
  host: Host,
  toPath: (file: string) => string,
  remarks: readonly string[] = [],
): number {
  showProblems(problems, host, 2, toPath);
  host.write(2, [...remarks.map((line) => `${line}\n`), 'nothing was changed\n']);
  return exitCodes.problems;
}

/** @returns what was done, and what is to be done next. */
async function write({ target, head, flags, host }: Session, plan: EditPlan, outcome: string): Promise<string> {
  const { toShownPath } = target.places;
  const shown = toShownPath(plan.path);
  const absolute = toAbsolute(target, plan.path);
  const replace = () => replaceFile(absolute, plan.before, plan.after);
  const { branch } = flags;
  const once = `Once it is pushed: ${outcome}\n`;
  const push = head?.state.push;
  const unpushed = push === undefined || head?.state.unpushed.has(plan.path) !== true ? '' : `Next: ${mask(push)}\n`;
  const asInHead = `${shown} is written, as HEAD has it: there is nothing to commit.\n`;
  if (!isToCommit(flags)) {
    replace();
    if (head === undefined) return `${shown} is written.\nNext: commit and push it.\n${once}`;
    if (readCommitted(head, plan.path) === toLf(plan.after)) return asInHead + unpushed;
    const command = toCommitCommand(head.state, [plan.path], toShownPath, plan.message);
    return `${shown} is written, and not committed yet.\nNext: ${command}\n${once}`;
  }
  const root = findRepository(target.places.folder);
  if (root === undefined)
    throw new Fault('environment', safe`this is not in a git repository`, safe`leave --commit and --branch out`);
  const path = relative(root, absolute).split(sep).join('/');
  const change = { path, before: plan.before, after: plan.after };
  const made = await commitFile(toGit(root, host), change, { message: plan.message, branch }, replace);
  host.write(
    2,
    made.remarks.map((remark) => `${remark}\n`),
  );
  const written = plan.before === plan.after ? [] : ['written'];
  const staged =
    made.unstaged === undefined
      ? ''
      : `What was staged of it was something else: git show ${made.unstaged.slice(0, 12)} prints it.\n`;
  if (made.id === undefined) return asInHead + staged + unpushed;
  const done = [...written, `committed on ${mask(made.branch ?? '')} as ${made.id.slice(0, 7)}`].join(', and ');
  const command = branch === undefined ? push : await findFirstPush(root, branch, host.environment);
  const next =
    command === undefined
      ? 'push it, once there is a remote: git remote add origin URL'
      : `${mask(command)}${branch === undefined ? '' : '\n      and open a pull request'}`;
  return `${shown} is ${done}.\n${staged}Next: ${next}\n${once}`;
}
