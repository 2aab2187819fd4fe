/** The models of two renders, each with what it was before. */
import { compareText } from '../diagnostics/problem.ts';
import type { ModelStatus } from '../input/schema.ts';
import type { RolloutState } from './rollout-change.ts';

/** A model of a render. */
export interface ModelState extends RolloutState {
  readonly status: ModelStatus | undefined;
  /** Of the specs as rendered. */
  readonly digests: { readonly primary: string; readonly candidate: string | undefined };
}

/** At least one of the two is there. */
export interface ModelPair {
  readonly before: ModelState | undefined;
  readonly after: ModelState | undefined;
}

/**
 * By namespace and name, of what is now. A model that has another name or namespace is the same one
 * when its file lies where it lay.
 */
export function pairModels(before: readonly ModelState[], after: readonly ModelState[]): ModelPair[] {
  const left = new Map(before.map((state) => [toKey(state), state]));
  const take = (key: string | undefined) => {
    const found = key === undefined ? undefined : left.get(key);
    if (key !== undefined) left.delete(key);
    return found;
  };
  const known = new Map(after.map((state) => [state, take(toKey(state))]));
  const byFile = new Map([...left].map(([key, { rollout }]) => [rollout.file.source.path, key]));
  const pairs = after.map((state) => ({
    before: known.get(state) ?? take(byFile.get(state.rollout.file.source.path)),
    after: state,
  }));
  const gone = [...left.values()].map((state) => ({ before: state, after: undefined }));
  return [...pairs, ...gone].sort((a, b) => compareText(toPairKey(a), toPairKey(b)));
}

function toPairKey({ before, after }: ModelPair): string {
  const state = after ?? before;
  return state === undefined ? '' : toKey(state);
}

function toKey({ rollout }: ModelState): string {
  return `${rollout.namespace}/${rollout.name}`;
}
