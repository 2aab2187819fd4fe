/**
 * An edit that was thought out → checked, shown, written and committed.
 *
 * Invariant: nothing is written before the whole of what it makes has been validated; a file that is
 * written is written as a whole.
 */
import { findChangedModels } from '../../core/change/changed-models.ts';
import { exitCodes, Fault, isFault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { findBrokenFiles, sortProblems, toWholeProblem } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toFoundFile } from '../../core/input/folder-tree.ts';
import type { Digests } from '../../core/render/digests.ts';
import { isIgnoredPolicy } from '../../core/render/policies.ts';
import { isLink } from '../../io/files/edited-file.ts';
import { findRepository } from '../../io/files/folder-tree.ts';
import type { Destination } from '../../io/git-cli/destination.ts';
import { holdInterrupts } from '../../io/git-cli/spawn.ts';
import { toDiffText } from '../../output/diff-text.ts';
import { toChangeLines } from '../../output/words/change.ts';
import { toBrokenFilesText } from '../../output/words/files.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { toGit } from '../user-git.ts';
import type { EditFlags } from './flags.ts';
import { readGitSteps } from './git-steps.ts';
import type { HeadView } from './head.ts';
import { readCommitted, readHeadView } from './head.ts';
import { pushCommitted, readDestination, toDestinationName } from './push.ts';
import type { EditTarget } from './target.ts';
import { findTarget, renderAll, toAbsolute, toOwnApplication, toReachOf } from './target.ts';
import type { EditScene, Told } from './write.ts';
import { isToCommit, tellPush, toNext, writeEdit } from './write.ts';

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

interface Session extends EditScene {
  readonly host: Host;
}

/** @returns the exit code. */
export async function runEdit(name: string, flags: EditFlags, host: Host, think: Think): Promise<number> {
  if (flags.push === true && !isToCommit(flags))
    throw new Fault('usage', safe`--push pushes what is committed`, safe`pass --commit or --branch, too`);
  const target = findTarget(name, flags, host);
  if ('problems' in target) return refuse(target.problems, host, target.places.toShownPath);
  const root = findRepository(toAbsolute(target, target.file.folder));
  const git = root === undefined ? undefined : toGit(root, host);
  if (isToCommit(flags)) await git?.assertInstalled();
  const head = await readHeadView(target, git);
  const place = { workingDirectory: host.workingDirectory, repository: target.places.repository };
  const session: Session = { target, git, head, flags, place, host };
  const planned = think(target, head?.target);
  if ('problems' in planned) return refuse(planned.problems, host, target.places.toShownPath);
  if ('plan' in planned) return carryOut(session, planned.plan, think);
  return finish(session, planned, think);
}

/** The work tree needs no change: what may be missing is the commit, or the push. */
async function finish(session: Session, done: DoneEdit, think: Think): Promise<number> {
  const { target, head, flags, host } = session;
  const { path } = done;
  const saying = mask(done.done);
  const tell = (text: string) => {
    host.write(1, [text]);
    return exitCodes.fine;
  };
  const isHidden = head !== undefined && path !== undefined && isHiddenFromGit(head, path, target);
  if (head === undefined || (head.uncommitted.length === 0 && !isHidden) || isHeld(head.target, think)) {
    if (head === undefined || path === undefined || !head.state.unpushed.has(path))
      return tell(`${saying}: nothing to do\n`);
    return flags.push === true ? pushHeld(session, head, done) : tell(await toUnpushed(session, head, saying));
  }
  const { toShownPath } = target.places;
  const isOwn = path !== undefined && (isHidden || head.state.uncommitted.has(path));
  if (isOwn && isToCommit(flags)) {
    const source = target.tree.read(toFoundFile(path));
    if ('code' in source) return refuse([source], host, toShownPath);
    const { message, outcome } = done;
    const plan = { path, before: source.text, after: source.text, message, outcome, notes: () => [] };
    return carryOut(session, plan, think);
  }
  const files = isOwn ? [path] : head.uncommitted;
  const why = isOwn
    ? ''
    : `: ${files.map(toShownPath).join(', ')} ${files.length === 1 ? 'differs' : 'differ'} from HEAD`;
  const steps = await readGitSteps(head.git, head.state, files, session.place);
  const next = toNext(steps.toCommit(files, done.message, isHidden ? [path] : []));
  const text = `${saying}, but that is not committed yet${why}\n${next}\n`;
  if (!isToCommit(flags)) return tell(text);
  host.write(2, [`model-mirror: ${text}`]);
  return exitCodes.problems;
}

async function toUnpushed(session: Session, head: HeadView, saying: string): Promise<string> {
  const { push } = await readGitSteps(head.git, head.state, [], session.place);
  return `${saying}, but that is not pushed yet\n${toNext(push)}\n`;
}

/** All is committed already: what is asked for is the push alone. */
async function pushHeld(session: Session, head: HeadView, { done, message }: DoneEdit): Promise<number> {
  const { flags, host } = session;
  const { branch } = head.state;
  const saying = mask(done);
  if (branch === undefined || (flags.branch !== undefined && flags.branch !== branch)) {
    // Who asks for a branch does not want this one pushed.
    host.write(2, [`model-mirror: ${await toUnpushed(session, head, `${saying} on ${mask(branch ?? 'HEAD')}`)}`]);
    return exitCodes.problems;
  }
  const destination = await readDestination(head.git, branch);
  const where = toDestinationName(destination);
  if (flags.dryRun === true) {
    host.write(1, [`${saying}\nNothing is pushed, for --dry-run: it would be pushed to ${where}.\n`]);
    return exitCodes.fine;
  }
  const hold = holdInterrupts();
  const pushed = await pushCommitted(head.git, destination, { branch, message, place: session.place, hold });
  hold.release();
  const told = tellPush(pushed, { done: [], after: [`${saying}, and now pushed to ${where}`] });
  show(told, host);
  return told.code;
}

function show({ out, err }: Told, host: Host): void {
  host.write(1, out.map(toLine));
  host.write(2, err.map(toLine));
}

function toLine(text: string): string {
  return `${text}\n`;
}

/** Whether HEAD has a file otherwise, though git calls it unchanged: somebody has told it to (git-update-index(1)). */
function isHiddenFromGit(head: HeadView, path: string, { tree }: EditTarget): boolean {
  if (head.state.uncommitted.has(path)) return false;
  const source = tree.read(toFoundFile(path));
  const committed = readCommitted(head, path);
  return committed !== undefined && !('code' in source) && toLf(committed) !== toLf(source.text);
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
async function carryOut(session: Session, plan: EditPlan, think: Think): Promise<number> {
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
  const broken = findBrokenFiles(checked.elsewhere);
  const lines = [
    ...toChangeLines(findChangedModels((committed ?? checked).before.rollouts, after.rollouts)),
    // What the commit holds may say more than what is in the work tree, and less.
    ...new Set([
      ...plan.notes(checked.after, checked.own),
      ...(committed === undefined ? [] : plan.notes(committed.after, committed.after)),
    ]),
    ...(committed?.remarks ?? toWriteRemarks(session, plan)),
    ...(broken.length > 0 ? [toBrokenFilesText(broken, target.model.metadata.name, toShownPath)] : []),
  ];
  if (flags.dryRun !== true && !(await isWanted(plan, host))) {
    host.write(2, ['nothing was changed\n']);
    return exitCodes.problems;
  }
  const destination = await findTargetBranch(session);
  const isHeldNow = async () => isHeld((await readHeadView(target, session.git))?.target, think);
  const told =
    flags.dryRun === true
      ? { code: exitCodes.fine, out: [toDryRun(flags, destination)], err: [] }
      : await writeEdit(session, { ...plan, outcome: plan.outcome(after), destination, isHeld: isHeldNow });
  showProblems(checked.warnings, host, 2, toShownPath);
  const style = host.style(1);
  host.write(1, [
    toDiffText(toShownPath(plan.path), committed === undefined ? plan.before : committed.text, plan.after, style),
    '\n',
    ...lines.map((line) => `${style('cyan', line)}\n`),
  ]);
  show(told, host);
  return told.code;
}

/** Where it is to be pushed; undefined: nowhere. Known before anything is written. */
async function findTargetBranch({ git, head, flags }: Session): Promise<Destination | undefined> {
  const branch = flags.branch ?? head?.state.branch;
  // Without a branch the commit is refused.
  return flags.push === true && git !== undefined && branch !== undefined ? readDestination(git, branch) : undefined;
}

function toDryRun(flags: EditFlags, destination: Destination | undefined): string {
  if (!isToCommit(flags)) return 'Nothing is written, for --dry-run.';
  if (destination === undefined) return 'Nothing is written or committed, for --dry-run.';
  return `Nothing is written, committed or pushed, for --dry-run: it would be pushed to ${toDestinationName(destination)}.`;
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
