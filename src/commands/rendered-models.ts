import { readNamespace } from '../core/assess/namespace.ts';
import { Fault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { hasErrors, toWholeProblem } from '../core/diagnostics/problem.ts';
import { quote, safe } from '../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { RenderedRollout } from '../core/render/decide-model.ts';
import { renderDigests } from '../core/render/digests.ts';
import { isIgnoredPolicy } from '../core/render/policies.ts';
import type { ModelTarget, PathNames } from '../core/repository/find-model.ts';
import { pickModel, toOwnTree } from '../core/repository/find-model.ts';

export interface RenderOptions {
  readonly cluster: string | undefined;
  /** For models that name none. */
  readonly namespace: string | undefined;
}

export interface RenderedModels {
  readonly rollouts: readonly RenderedRollout[];
  /**
   * Errors, and policies that do not count. `validate` reports the other warnings, and what is wrong with a status file
   * is shown with its model.
   */
  readonly problems: readonly Problem[];
}

/** All models of a tree. */
export function renderModels(tree: FolderTree, options: RenderOptions): RenderedModels {
  const { rollouts, problems } = renderDigests(tree, options);
  const shown = problems.filter(isShown);
  return { rollouts, problems: rollouts.length === 0 && !hasErrors(shown) ? [toNoModel(tree)] : shown };
}

/**
 * One model, by its name or path.
 *
 * @throws Fault when several models have this name.
 */
export function renderModel(
  name: string,
  tree: FolderTree,
  names: PathNames,
  options: RenderOptions,
): RenderedModels & { readonly target?: ModelTarget } {
  const target = pickModel(name, tree, names);
  if ('problems' in target) return { rollouts: [], problems: target.problems };
  const { rollouts, problems } = renderDigests(toOwnTree(target), options);
  const shown = problems.filter(isShown);
  const own = rollouts.filter(({ rollout }) => rollout.file.source.path === target.file.path);
  return { target, rollouts: hasErrors(shown) ? [] : own, problems: shown };
}

/**
 * Renders models again whose namespace only their status file names, with that: hosts are made of it.
 *
 * @param render the same models, where those that name no namespace have this one.
 */
export function renderInNamespaces(
  rollouts: readonly RenderedRollout[],
  namespace: string | undefined,
  render: (namespace: string) => readonly RenderedRollout[],
): RenderedRollout[] {
  const known = new Map<string, ReadonlyMap<string, RenderedRollout>>();
  const toFile = ({ rollout }: RenderedRollout) => rollout.file.source.path;
  return rollouts.map((rendered) => {
    const isNamed = rendered.rollout.file.model.metadata.namespace !== undefined || namespace !== undefined;
    const observed = isNamed ? undefined : readNamespace(rendered.status);
    if (observed === undefined) return rendered;
    const again = known.get(observed) ?? new Map(render(observed).map((one) => [toFile(one), one]));
    known.set(observed, again);
    return again.get(toFile(rendered)) ?? rendered;
  });
}

/**
 * The namespace of a model: its own, else the given one, else the one that its status file names.
 *
 * @throws Fault when there is none.
 */
export function requireNamespace({ rollout, status }: RenderedRollout, otherwise: string | undefined): string {
  const namespace = rollout.file.model.metadata.namespace ?? otherwise ?? readNamespace(status);
  if (namespace === undefined)
    throw new Fault(
      'usage',
      safe`neither ${quote(rollout.name)} nor its status file names a namespace`,
      safe`pass the namespace with --namespace`,
    );
  return namespace;
}

function isShown(problem: Problem): boolean {
  return problem.severity === 'error' || isIgnoredPolicy(problem);
}

function toNoModel({ folder }: FolderTree): Problem {
  return toWholeProblem(folder, {
    code: 'no-model',
    message: safe`there is no model in this folder or below`,
    hint: safe`pass another folder with --path`,
  });
}
