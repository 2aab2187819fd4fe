/** What changes about a version that is declared as before: by the template or by patches. */
import { compareText } from '../diagnostics/problem.ts';
import { versionLabel } from '../manifests/manifest.ts';
import { renderVersion } from '../render/decide-model.ts';
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
    ...findLoadingChanges(before, after).map(
      ({ isPatched, ...key }): Change =>
        'label' in key
          ? { code: isPatched ? 'label-patched' : 'label-changed', role, version, ...key }
          : { code: isPatched ? 'annotation-patched' : 'annotation-changed', role, version, ...key },
    ),
  ];
}

export type LoadingChange = ({ readonly annotation: string } | { readonly label: string }) & {
  /** True: it is declared as before, and patches set something else. */
  readonly isPatched: boolean;
};

/** Which annotations and labels that determine what the server loads have changed, except that of the version's name. */
export function findLoadingChanges(before: RenderedVersion, after: RenderedVersion): LoadingChange[] {
  if (toAnnotationPart(before.digest) === toAnnotationPart(after.digest)) return [];
  const [old, now] = [before, after].map(({ rollout, version }) => renderVersion(rollout, version));
  return (['annotations', 'labels'] as const).flatMap((field) => {
    const [oldSet, nowSet] = [old, now].map((one) => one?.manifest.metadata[field] ?? {});
    const keys = [...new Set([...Object.keys(oldSet ?? {}), ...Object.keys(nowSet ?? {})])].sort(compareText);
    return keys
      .filter(
        (key) => key !== versionLabel && after.rollout.mode.isLoading(field, key) && oldSet?.[key] !== nowSet?.[key],
      )
      .map((key) => ({
        ...(field === 'labels' ? { label: key } : { annotation: key }),
        isPatched: old?.declared.metadata[field]?.[key] === now?.declared.metadata[field]?.[key],
      }));
  });
}

/** Whether people wrote the same, but for the name of the InferenceService. */
export function isSameDeclared(a: RolloutVersion, b: RolloutVersion): boolean {
  return JSON.stringify({ ...a.declared, name: '' }) === JSON.stringify({ ...b.declared, name: '' });
}

/** Whether two versions are rendered with the same spec. */
export function isSameSpec(before: DecidedVersion, after: DecidedVersion): boolean {
  return toSpecPart(before.digest) === toSpecPart(after.digest);
}
