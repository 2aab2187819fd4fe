/** What changes about a version that is declared as before: by the template or by patches. */
import { valueAt } from '../input/plain-value.ts';
import type { DecidedVersion } from '../rollout/decided.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';
import { toAnnotationPart, toSpecPart } from '../serving/digest-text.ts';
import type { Change } from './change.ts';

/** A version, with the rollout that it is part of. */
export interface RenderedVersion extends DecidedVersion {
  readonly rollout: Rollout;
}

export function findInnerChanges(before: RenderedVersion, after: RenderedVersion): Change[] {
  const { role, declared } = after.version;
  const { version } = declared;
  return [
    ...(isSameSpec(before, after) ? [] : [{ code: 'spec-changed' as const, role, version }]),
    ...findLoadingChanges(before, after).map(({ annotation, isPatched }) => {
      const code = isPatched ? ('annotation-patched' as const) : ('annotation-changed' as const);
      return { code, role, version, annotation };
    }),
  ];
}

export interface LoadingChange {
  readonly annotation: string;
  /** True: it is declared as before, and patches set something else. */
  readonly isPatched: boolean;
}

/** Which annotations that determine what the server loads have changed. */
export function findLoadingChanges(before: RenderedVersion, after: RenderedVersion): LoadingChange[] {
  const read = ({ version, rollout }: RenderedVersion, key: string) => {
    const path = ['metadata', 'annotations', key];
    const own = valueAt(version.declared.overrides, path);
    return own === undefined ? valueAt(rollout.file.model.spec.template, path) : own;
  };
  const { mode } = after.rollout;
  const declared = mode.loadingAnnotations.filter((key) => (read(before, key) ?? null) !== (read(after, key) ?? null));
  const isAsRendered = toAnnotationPart(before.digest) === toAnnotationPart(after.digest);
  if (declared.length > 0 || isAsRendered) return declared.map((annotation) => ({ annotation, isPatched: false }));
  return findPatchedAnnotations(before.rollout, after.rollout).map((annotation) => ({ annotation, isPatched: true }));
}

/** By comparing the patches; all annotations if the patches are equal, as when their targets have changed. */
function findPatchedAnnotations(before: Rollout, after: Rollout): readonly string[] {
  const read = ({ policy }: Rollout, key: string) => {
    const path = `/metadata/annotations/${key.replaceAll('/', '~1')}`;
    const operations = policy.patches.map(({ patch: { target, patch } }) => ({
      target,
      found: patch.filter((one) => one.path === path),
    }));
    return JSON.stringify(operations.filter(({ found }) => found.length > 0));
  };
  const { mode } = after;
  const found = mode.loadingAnnotations.filter((key) => read(before, key) !== read(after, key));
  return found.length > 0 ? found : mode.loadingAnnotations;
}

/** Whether people wrote the same, but for the name of the InferenceService. */
export function isSameDeclared(a: RolloutVersion, b: RolloutVersion): boolean {
  return JSON.stringify({ ...a.declared, name: '' }) === JSON.stringify({ ...b.declared, name: '' });
}

/** Whether two versions are rendered with the same spec. */
export function isSameSpec(before: DecidedVersion, after: DecidedVersion): boolean {
  return toSpecPart(before.digest) === toSpecPart(after.digest);
}
