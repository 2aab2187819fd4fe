/**
 * An edit that was thought out → checked, shown, written and committed.
 *
 * Invariant: nothing is written before the whole of what it makes has been validated; a file that is
 * written is written as a whole.
 */
import { relative, sep } from 'node:path';
import { describeChanges } from '../change/rollout-change.ts';
import type { Problem } from '../input/problem.ts';
import { sortProblems, toWholeProblem } from '../input/problem.ts';
import { safe } from '../input/safe-text.ts';
import { isLink, replaceFile } from '../io/edited-file.ts';
import { exitCodes, Fault } from '../io/fault.ts';
import { findRepository } from '../io/folder-tree.ts';
import { commitFile } from '../io/git-work-tree.ts';
import { toDiffText } from '../output/diff-text.ts';
import { isIgnoredPolicy } from '../render/policies.ts';
import type { EditFlags } from './edit-flags.ts';
import type { Digests, EditTarget } from './edit-target.ts';
import { findTarget, renderAll, toAbsolute, toOwnApplication, toReachOf } from './edit-target.ts';
import type { Host } from './host.ts';
import { showProblems } from './show-problems.ts';

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
  /** What comes of it, once it is pushed. */
  readonly outcome: (after: Digests) => string;
}

/** What came of thinking: a plan, what keeps it from being made, or why there is nothing to do. */
export type Planned =
  | { readonly plan: EditPlan }
  | { readonly problems: readonly Problem[] }
  | { readonly nothing: string };

/** @returns the exit code. */
export async function runEdit(
  name: string,
  flags: EditFlags,
  host: Host,
  think: (target: EditTarget) => Planned,
): Promise<number> {
  const target = findTarget(name, flags, host);
  const { toShownPath } = target.places;
  if ('problems' in target) return refuse(target.problems, host, toShownPath);
  const planned = think(target);
  if ('problems' in planned) return refuse(planned.problems, host, toShownPath);
  if ('nothing' in planned) {
    host.write(1, [`${planned.nothing}: nothing to do\n`]);
    return exitCodes.fine;
  }
  const { plan } = planned;
  const { errors, warnings, after, before, own } = check(target, plan);
  if (errors.length > 0) return refuse([...errors, ...warnings], host, toShownPath);
  const shown = toShownPath(plan.path);
  const report =
    flags.dryRun === true ? 'Nothing is written, for --dry-run.\n' : await write(target, plan, flags, host);
  showProblems(warnings, host, 2, toShownPath);
  const style = host.style(1);
  const lines = [...describeChanges(before.rollouts, after.rollouts), ...plan.notes(after, own)];
  host.write(1, [
    toDiffText(shown, plan.before, plan.after, style),
    '\n',
    ...lines.map((line) => `${style('cyan', line)}\n`),
    report,
    ...(flags.dryRun === true ? [] : [`Once it is pushed: ${plan.outcome(after)}\n`]),
  ]);
  return exitCodes.fine;
}

/** What is wrong with what the edit makes: in the model's own application all of it, elsewhere what is new. */
function check(
  target: EditTarget,
  plan: EditPlan,
): { errors: Problem[]; warnings: Problem[]; before: Digests; after: Digests; own: Digests } {
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

function refuse(problems: readonly Problem[], host: Host, toPath: (file: string) => string): number {
  showProblems(problems, host, 2, toPath);
  host.write(2, ['nothing was changed\n']);
  return exitCodes.problems;
}

/** @returns what was done, and what is to be done next. */
async function write(target: EditTarget, plan: EditPlan, flags: EditFlags, host: Host): Promise<string> {
  const shown = target.places.toShownPath(plan.path);
  const absolute = toAbsolute(target, plan.path);
  const replace = () => replaceFile(absolute, plan.before, plan.after);
  const { branch } = flags;
  if (flags.commit !== true && branch === undefined) {
    replace();
    return `${shown} is written.\nNext: commit and push it.\n`;
  }
  const root = findRepository(target.places.folder);
  if (root === undefined)
    throw new Fault('environment', safe`this is not in a git repository`, safe`leave --commit and --branch out`);
  const path = relative(root, absolute).split(sep).join('/');
  const change = { path, before: plan.before, after: plan.after };
  const wish = { message: plan.message, branch, environment: host.environment };
  const made = await commitFile(root, change, wish, replace);
  const next = branch === undefined ? 'git push' : `git push --set-upstream origin ${branch}, and open a pull request`;
  return `${shown} is written, and committed on ${made.branch} as ${made.id.slice(0, 7)}.\nNext: ${next}.\n`;
}
