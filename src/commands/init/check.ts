/** New files as they are rendered among those of the repository. */

import type { NewModel } from '../../core/adopt/new-model.ts';
import type { InitNote, NewFile } from '../../core/adopt/outcome.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { sortProblems } from '../../core/diagnostics/problem.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import { toFoundFile } from '../../core/input/folder-tree.ts';
import { isMap, valueAt } from '../../core/input/plain-value.ts';
import { locate } from '../../core/input/yaml-place.ts';
import { toCanonicalText } from '../../core/manifests/manifest.ts';
import { toBlock } from '../../core/manifests/manifest-text.ts';
import { renderApplication } from '../../core/render/application.ts';
import type { RenderedRollout } from '../../core/render/decide-model.ts';
import { isIgnoredPolicy } from '../../core/render/policies.ts';
import { listVersions } from '../../core/rollout/rollout.ts';
import { findMode } from '../../core/serving/modes.ts';
import { deploymentModeAnnotation } from '../../core/serving/serving-mode.ts';

export interface CheckedFiles {
  /** What is wrong with the new files, alone and among the others; what was wrong before is left out. */
  readonly problems: readonly Problem[];
  /** Of the InferenceServices, by name. */
  readonly specs: ReadonlyMap<string, unknown>;
  readonly rollouts: readonly RenderedRollout[];
}

/** @param tree everything below the outermost folder whose policies count. */
export function checkFiles(tree: FolderTree, files: readonly NewFile[], model: NewModel): CheckedFiles {
  const known = new Set(renderWith(tree, [], model).problems.map((problem) => JSON.stringify(problem)));
  const { problems, ...rendered } = renderWith(tree, files, model);
  const isNew = (problem: Problem) => isIgnoredPolicy(problem) || !known.has(JSON.stringify(problem));
  return { ...rendered, problems: sortProblems(problems.filter(isNew)) };
}

/** The percentage that a policy sets for the model, which may be meant as a brake. */
export function findGivenPercentage(
  tree: FolderTree,
  file: NewFile,
  model: NewModel,
): Extract<InitNote, { readonly code: 'percentage-given' }> | undefined {
  const { rollouts } = renderWith(tree, [file], model);
  const policy = rollouts.find(({ rollout }) => rollout.file.source.path === file.path)?.rollout.policy;
  const origin = policy?.origins.get('mirrorPercentage');
  if (policy === undefined || origin === undefined) return undefined;
  return { code: 'percentage-given', percentage: policy.mirrorPercentage, place: locate(origin.source, origin.path) };
}

/** What becomes of an InferenceService that was read from a file or the cluster. */
export function findSpecNotes(value: unknown, service: string, { specs, rollouts }: CheckedFiles): InitNote[] {
  const old = findSpec(value, service);
  if (old === undefined) return [];
  const rollout = rollouts
    .map((rendered) => rendered.rollout)
    .find((one) => listVersions(one).some((version) => version.name === service));
  const hasOwnPods = rollout?.mode.workloads !== undefined;
  const spec = (specs.get(service) as object | undefined) ?? {};
  if (toCanonicalText(spec) === toCanonicalText(old)) return [{ code: 'spec-kept', service, restarts: hasOwnPods }];
  // In one order of keys, so that nothing else differs.
  const toText = (one: object) => `${toBlock(JSON.parse(toCanonicalText(one)), '').slice(1)}\n`;
  const by = hasOwnPods && rollout.policy.patches.length === 0 ? 'model-name' : 'policy';
  return [
    { code: 'spec-changed', service, by, before: toText(old), after: toText(spec) },
    ...(by === 'model-name' && rollout !== undefined && rollout.name !== service && service === rollout.primary.name
      ? [{ code: 'served-name', service, model: rollout.name } as const]
      : []),
  ];
}

/** Where the annotation has a former name of the mode. */
export function findModeNotes({ annotations, hasFormerMode }: NewModel): InitNote[] {
  const written = annotations[deploymentModeAnnotation] ?? '';
  const current = findMode(written)?.annotationValues[0];
  return hasFormerMode && current !== undefined ? [{ code: 'former-mode', written, current }] : [];
}

export function toPrimaryName({ name, primary }: NewModel): string {
  return primary.name ?? `${name}-0`;
}

export function toCandidateName({ name, candidate }: NewModel): string {
  return candidate?.name ?? `${name}-1`;
}

function renderWith(tree: FolderTree, added: readonly NewFile[], model: NewModel): CheckedFiles {
  const texts = new Map(added.map(({ path, text }) => [path, text]));
  const names = [toPrimaryName(model), toCandidateName(model)];
  const specs = new Map<string, unknown>();
  const { problems, rollouts } = renderApplication(
    {
      ...tree,
      files: [...tree.files, ...added.map(({ path }) => toFoundFile(path))],
      read: (file) => {
        const text = texts.get(file.path);
        return text === undefined ? tree.read(file) : { path: file.path, text };
      },
    },
    { anyNamespace: true, allowEmpty: true },
    ({ kind, metadata, spec }) => {
      if (kind === 'InferenceService' && names.includes(metadata.name)) specs.set(metadata.name, spec);
    },
  );
  return { problems, specs, rollouts };
}

function findSpec(value: unknown, service: string): object | undefined {
  const items = valueAt(value, ['items']);
  const all: readonly unknown[] = Array.isArray(items) ? items : [value];
  const found = all.find((item) => valueAt(item, ['metadata', 'name']) === service);
  const spec = valueAt(found, ['spec']);
  return isMap(spec) ? spec : undefined;
}
