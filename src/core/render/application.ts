/**
 * An application's files → the objects that Argo CD applies, or what is wrong with the files.
 *
 * Invariants: all or nothing, since Argo CD prunes what is not rendered; no objects at all is an
 * error unless asked for; the result depends on the files' content and places alone, not on the
 * order in which they are found.
 */

import type { Finding, Problem } from '../diagnostics/problem.ts';
import { compareText, hasErrors, sortProblems, toWholeProblem } from '../diagnostics/problem.ts';
import { mask, quote, safe } from '../diagnostics/safe-text.ts';
import { suggest } from '../diagnostics/suggest.ts';
import type { FolderTree } from '../input/folder-tree.ts';
import type { Manifest } from '../manifests/manifest.ts';
import type { DecideOptions } from './decide.ts';
import { decideApplication } from './decide.ts';
import type { RenderedRollout } from './decide-model.ts';
import type { LoadOptions } from './load.ts';
import { loadApplication } from './load.ts';
import { findUnmatchedPatches } from './policies.ts';
import { findUsedPatches } from './render-model.ts';
import type { ObjectOptions, RenderedObject } from './render-objects.ts';
import { renderObjects } from './render-objects.ts';

export interface RenderOptions extends LoadOptions, DecideOptions, ObjectOptions {
  /** The clean-up: no model at all is not a problem. */
  readonly allowEmpty?: boolean;
}

export interface RenderedApplication<T> {
  /** By kind, namespace and name; empty when there are errors. */
  readonly objects: readonly RenderedObject<T>[];
  /** One for each model, by namespace and name. */
  readonly rollouts: readonly RenderedRollout[];
  /** Sorted by place. */
  readonly problems: readonly Problem[];
  /** How many files were found. */
  readonly models: number;
  readonly policies: number;
}

/**
 * @param print what becomes of each object, its keys in order; the object itself is not kept, so
 * that ten thousand models need little more memory than their text.
 */
export function renderApplication<T>(
  tree: FolderTree,
  options: RenderOptions,
  print: (manifest: Manifest) => T,
): RenderedApplication<T> {
  const loaded = loadApplication(tree, options);
  const decided = decideApplication(loaded, options);
  const rendered = renderObjects(decided.distinct, options, print);
  const rollouts = decided.models.map(({ outcome }) => outcome);
  const models = loaded.modelFolders.length;
  const isEmptied = models === 0 && options.allowEmpty === true;
  const problems = [
    ...loaded.problems,
    ...decided.problems,
    ...rendered.problems,
    ...(isEmptied ? [] : decided.policies.unreached),
    ...(models === 0 && !isEmptied ? [toWholeProblem(tree.folder, noModel)] : []),
  ];
  // With errors around, a patch may miss an object only because that could not be rendered.
  if (!hasErrors(problems)) {
    const used = findUsedPatches(rollouts.map(({ rollout }) => rollout));
    problems.push(...findUnmatchedPatches(decided.policies.byFolder.values(), used, tree.folder));
  }
  if (!hasErrors(problems)) problems.push(...checkSelection(tree, options.select, rollouts));
  return {
    objects: hasErrors(problems) ? [] : rendered.objects,
    rollouts: rollouts.toSorted(
      (a, b) => compareText(a.rollout.namespace, b.rollout.namespace) || compareText(a.rollout.name, b.rollout.name),
    ),
    problems: sortProblems(problems),
    models,
    policies: loaded.policyFiles,
  };
}

const noModel: Finding = {
  code: 'no-model',
  message: safe`there is no model.yaml or *.model.yaml here or below, and without one everything could be pruned`,
  hint: safe`add a model; to remove all models on purpose, pass --allow-empty or set the parameter allowEmpty to "true"`,
};

function checkSelection(tree: FolderTree, select: string | undefined, rollouts: readonly RenderedRollout[]): Problem[] {
  const names = rollouts.map(({ rollout }) => rollout.name);
  if (select === undefined || names.includes(select)) return [];
  const meant = suggest(select, names);
  return [
    toWholeProblem(tree.folder, {
      code: 'unknown-model',
      message: safe`there is no model ${quote(select)} to select`,
      hint: meant === undefined ? safe`select one by its metadata.name` : safe`did you mean "${mask(meant)}"?`,
    }),
  ];
}
