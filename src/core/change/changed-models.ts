/** The models of two renders, each with what it was before and what changes about it. */
import { compareText } from '../diagnostics/problem.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { Change } from './change.ts';
import { findChanges } from './find-changes.ts';

/** At least one of the two is defined. */
export interface ModelPair {
  readonly before: RenderedRollout | undefined;
  readonly after: RenderedRollout | undefined;
}

/**
 * Sorted by the present namespace and name. A model with another name or namespace is the same model if its file has
 * the same path.
 */
export function pairModels(before: readonly RenderedRollout[], after: readonly RenderedRollout[]): ModelPair[] {
  const left = new Map(before.map((model) => [toKey(model), model]));
  const take = (key: string | undefined) => {
    const found = key === undefined ? undefined : left.get(key);
    if (key !== undefined) left.delete(key);
    return found;
  };
  const known = new Map(after.map((model) => [model, take(toKey(model))]));
  const byFile = new Map([...left].map(([key, { rollout }]) => [rollout.file.source.path, key]));
  const pairs = after.map((model) => ({
    before: known.get(model) ?? take(byFile.get(model.rollout.file.source.path)),
    after: model,
  }));
  const gone = [...left.values()].map((model) => ({ before: model, after: undefined }));
  return [...pairs, ...gone].sort((a, b) => compareText(toPairKey(a), toPairKey(b)));
}

function toPairKey({ before, after }: ModelPair): string {
  const model = after ?? before;
  return model === undefined ? '' : toKey(model);
}

function toKey({ rollout }: RenderedRollout): string {
  return `${rollout.namespace}/${rollout.name}`;
}

export interface ChangedModel {
  readonly name: string;
  readonly namespace: string;
  /** Of the model, from the repository's root. */
  readonly file: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Never empty. */
  readonly changes: readonly Change[];
}

/** Without the models that do not change. */
export function findChangedModels(
  earlier: readonly RenderedRollout[],
  later: readonly RenderedRollout[],
): ChangedModel[] {
  return pairModels(earlier, later).flatMap(({ before, after }): ChangedModel[] => {
    const model = after ?? before;
    const changes = findChanges(before, after);
    if (model === undefined || changes.length === 0) return [];
    const { name, namespace, file } = model.rollout;
    const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    return [{ name, namespace, file: file.source.path, change, changes }];
  });
}
