/** What is rendered with an edit: by what the work tree has then, and by what the commit will have. */
import { findChangedModels } from '../../core/change/changed-models.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { findBrokenFiles, sortProblems, toWholeProblem } from '../../core/diagnostics/problem.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { Edit, EditNote } from '../../core/edit/outcome.ts';
import { isWithin, toFoundFile } from '../../core/input/folder-tree.ts';
import type { Digests } from '../../core/render/digests.ts';
import { renderDigests } from '../../core/render/digests.ts';
import { isIgnoredPolicy } from '../../core/render/policies.ts';
import { toOwnTree } from '../../core/repository/find-model.ts';
import { lastShareOf, shareOf } from '../../core/rollout/decided.ts';
import { readCommitted, toLf } from './head.ts';
import type { EditPlan, EditScene, RenderedEdit } from './plan.ts';
import { findRendered, findSharing, isToCommit } from './plan.ts';

/** @returns what to show of the edit, or the errors that it would make. */
export function checkPlan(
  scene: EditScene,
  plan: EditPlan,
): Edit | { readonly problems: readonly Problem[]; readonly notes: readonly EditNote[] } {
  const { request, command, target } = scene;
  const local = checkWorkTree(scene, plan);
  const committed = isToCommit(request) ? checkCommit(scene, plan) : undefined;
  const errors = withoutRepeats([...local.errors, ...(committed?.errors ?? [])]);
  if (errors.length > 0) return { problems: [...errors, ...local.warnings], notes: committed?.notes ?? [] };
  const { before, after } = committed ?? local;
  // Files that had errors before need not be part of what Argo CD renders with the model.
  const broken = findBrokenFiles(local.after.problems);
  const { name } = target.model.metadata;
  const toNotes = (rendered: RenderedEdit) => [
    ...command.findNotes(target, rendered),
    ...findSharing(rendered.after, plan.file, name),
  ];
  const found = findRendered(after, target);
  return {
    file: plan.file,
    before: committed === undefined ? plan.before : committed.text,
    after: plan.after,
    changes: findChangedModels(before.rollouts, after.rollouts),
    notes: withoutRepeats([
      ...(plan.subject.code === 'promote' ? [{ code: 'tried', ...plan.subject.trial } as const] : []),
      // What the commit has may say more than what is in the work tree, and less.
      ...(plan.before === plan.after
        ? []
        : [
            local,
            ...(committed === undefined ? [] : [{ ...committed, own: committed.after, before: local.before }]),
          ].flatMap(toNotes)),
      ...(committed?.notes ?? findOtherChanges(scene, plan)),
      ...(broken.length > 0 ? [{ code: 'broken-files', model: name, files: broken } as const] : []),
    ]),
    effect: plan.effect,
    policy: found && {
      mirrorPercentage: shareOf(found),
      lastPercentage: lastShareOf(found),
      gate: found.rollout.policy.gate,
    },
    warnings: local.warnings,
  };
}

interface LocalCheck extends RenderedEdit {
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** All errors of the model's own application count, and elsewhere those that are new. */
function checkWorkTree({ request: { cluster }, ports: { files }, target }: EditScene, plan: EditPlan): LocalCheck {
  const edited = new Map([[plan.file, plan.after]]);
  const { folder } = toFoundFile(plan.file);
  // A policy further out applies to models that were not read yet.
  const tree = isWithin(folder, target.tree.folder) ? target.tree : files.openTree(folder);
  const before = renderDigests(tree, { cluster });
  const after = renderDigests(tree, { cluster, edited });
  const own = renderDigests(toOwnTree(target), { cluster, edited });
  const known = new Set(before.problems.map(toKey));
  const fresh = after.problems.filter((problem) => !known.has(toKey(problem)));
  const linked = files.isLink(plan.file) ? [toLinkProblem(plan.file)] : [];
  return {
    errors: sortProblems([...linked, ...[...own.problems, ...fresh].filter(isError)]),
    warnings: sortProblems([...fresh.filter((problem) => !isError(problem)), ...own.problems.filter(isIgnoredPolicy)]),
    before,
    after,
    own,
  };
}

interface CommitCheck {
  /** The file at HEAD. */
  readonly text: string | undefined;
  readonly before: Digests;
  readonly after: Digests;
  readonly errors: readonly Problem[];
  readonly notes: readonly EditNote[];
}

/**
 * What the commit will have, where that differs from the work tree: Argo CD renders the commit.
 *
 * @returns undefined where HEAD has all files of this model as they are here.
 */
function checkCommit({ request: { cluster }, head }: EditScene, plan: EditPlan): CommitCheck | undefined {
  if (head?.tree === undefined || head.uncommitted.length === 0) return undefined;
  const { file } = plan;
  const after = renderDigests(head.tree, { cluster, edited: new Map([[file, plan.after]]) });
  const text = readCommitted(head, file);
  const others = head.uncommitted.filter((path) => path !== file);
  return {
    text: text === toLf(plan.before) || text === toLf(plan.after) ? plan.before : text,
    before: renderDigests(head.tree, { cluster }),
    after,
    errors: after.problems.filter(isError),
    notes: [
      ...(head.uncommitted.includes(file) && plan.before !== plan.after && text !== plan.after
        ? [{ code: 'commits-more', file } as const]
        : []),
      ...(others.length === 0 ? [] : [{ code: 'left-out', files: others } as const]),
    ],
  };
}

/** `git commit` would include them. */
function findOtherChanges({ head }: EditScene, { file, after }: EditPlan): EditNote[] {
  if (head === undefined || !head.uncommitted.includes(file) || readCommitted(head, file) === toLf(after)) return [];
  return [{ code: 'has-other-changes', file }];
}

function isError({ severity }: Problem): boolean {
  return severity === 'error';
}

/** Equal for the same problem, though an edit may have moved it. */
function toKey({ file, code, field, message }: Problem): string {
  return JSON.stringify([file, code, field, message]);
}

function withoutRepeats<T extends Problem | EditNote>(values: readonly T[]): T[] {
  const toText = (value: Problem | EditNote) => ('severity' in value ? toKey(value) : JSON.stringify(value));
  return [...new Map(values.map((value) => [toText(value), value])).values()];
}

function toLinkProblem(path: string): Problem {
  return toWholeProblem(path, {
    code: 'edit-refused',
    message: safe`this is a symbolic link, and its target may be used elsewhere`,
    hint: safe`edit the target, or replace the link with the file itself`,
  });
}
