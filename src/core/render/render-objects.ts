/** The third stage: decided models → their objects, each printed at once and not kept. */

import type { Problem } from '../diagnostics/problem.ts';
import { compareText } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { orderKeys, toCanonicalText } from '../manifests/manifest.ts';
import type { PlacedPatch } from '../manifests/patch.ts';
import type { EffectivePolicy } from '../rollout/effective-policy.ts';
import type { Rollout } from '../rollout/rollout.ts';
import type { InferenceService } from '../serving/serving-mode.ts';
import { CreatedNames } from './created-names.ts';
import type { DecidedModel } from './decide-model.ts';
import { renderModel, renderShared } from './render-model.ts';
import { toScopedName } from './unique-names.ts';

export interface ObjectOptions {
  /** Keep the objects of the model with this name only. */
  readonly select?: string | undefined;
  /** Where the watcher's pages are, without a slash at the end: Argo CD then links routes to them. */
  readonly watcherUrl?: string | undefined;
}

export interface RenderedObject<T> {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly output: T;
}

function isInferenceService(manifest: Manifest): manifest is InferenceService {
  return manifest.kind === 'InferenceService';
}

interface Entry<T> {
  readonly object: RenderedObject<T>;
  /** The first model it was rendered for. */
  readonly by: Rollout;
  /** What a shared object must be for every model; undefined for a model's own. */
  readonly text: string | undefined;
}

/**
 * @param models no two of one name in one namespace.
 * @param options.select keep only the objects of the model with this name, and those that its namespace shares.
 * @param print what becomes of each object, its keys in order.
 * @returns objects by kind, namespace and name; no two of them are one.
 */
export function renderObjects<T>(
  models: readonly DecidedModel[],
  { select, watcherUrl }: ObjectOptions,
  print: (manifest: Manifest) => T,
): { readonly objects: readonly RenderedObject<T>[]; readonly problems: readonly Problem[] } {
  const entries = new Map<string, Entry<T>>();
  const problems: Problem[] = [];
  const created = new CreatedNames();
  const add = (model: DecidedModel, manifest: Manifest, isShared: boolean) => {
    const { kind, metadata } = manifest;
    const by = model.outcome.rollout;
    const key = `${kind} in ${toScopedName(model, metadata.name)}`;
    const first = entries.get(key);
    const text = isShared ? toCanonicalText(manifest) : undefined;
    if (first === undefined) {
      const { namespace, name } = metadata;
      entries.set(key, { object: { kind, namespace, name, output: print(orderKeys(manifest)) }, by, text });
      return;
    }
    // Of two InferenceServices of one model, or two Gateways, the model's own checks report more.
    if ((first.by !== by || kind === 'Service') && (text === undefined || text !== first.text))
      problems.push(isShared ? toDifference(manifest, by, first.by) : toDuplicate(manifest, by, first.by));
  };
  for (const model of models) {
    const { manifests, problems: found } = renderModel(model, watcherUrl);
    problems.push(...found);
    for (const manifest of manifests) add(model, manifest, false);
    for (const manifest of manifests) if (isInferenceService(manifest)) created.add(model, manifest);
  }
  problems.push(
    ...created.problems,
    ...findClashes(created, entries, models),
    ...models.flatMap(({ outcome }) => created.checkTargets(outcome.rollout)),
  );
  for (const model of findGatewayOwners(models)) {
    const { manifests, problems: found } = renderShared(model.outcome.rollout);
    problems.push(...found);
    for (const manifest of manifests) add(model, manifest, true);
  }
  const chosen = models.filter(({ outcome }) => outcome.rollout.name === select);
  const namespaces = new Set(chosen.map(({ outcome }) => outcome.rollout.namespace));
  const objects = [...entries.values()]
    .filter(({ object, by, text }) =>
      select === undefined ? true : text === undefined ? by.name === select : namespaces.has(object.namespace),
    )
    .map(({ object }) => object)
    .sort(
      (a, b) => compareText(a.kind, b.kind) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name),
    );
  return { objects, problems };
}

function findClashes<T>(
  created: CreatedNames,
  entries: ReadonlyMap<string, Entry<T>>,
  models: readonly DecidedModel[],
): Problem[] {
  const hosts = models.map((model) => {
    const { rollout } = model.outcome;
    return { key: toScopedName(model, rollout.name), name: rollout.name, by: rollout };
  });
  const objects = [...entries].flatMap(([key, { object, by }]) =>
    object.name === by.name || !['InferenceService', 'Service'].includes(object.kind)
      ? []
      : [{ key: key.slice(`${object.kind} in `.length), name: object.name, by }],
  );
  return [...hosts, ...objects].flatMap(({ key, name, by }) => created.check(key, name, by));
}

/** Models with one policy in one namespace have the same Gateways: the first of each such group. */
function findGatewayOwners(models: readonly DecidedModel[]): DecidedModel[] {
  const known = new Map<EffectivePolicy, Set<string>>();
  return models.filter((model) => {
    const { policy } = model.outcome.rollout;
    const scopes = known.get(policy) ?? new Set();
    const { size } = scopes;
    known.set(policy, scopes.add(toScopedName(model, '')));
    return scopes.size > size;
  });
}

function describeDuplicate(
  { kind, metadata }: Manifest,
  by: Rollout,
  first: Rollout,
  how: 'rendered too' | 'rendered differently',
) {
  return safe`${mask(kind)} ${mask(metadata.namespace)}/${mask(metadata.name)} of ${mask(by.name)} is ${how} for ${mask(first.name)} (${mask(first.file.source.path)})`;
}

/** An object that models share, and that they want to be different. */
function toDifference(manifest: Manifest, by: Rollout, first: Rollout): Problem {
  const gatewayFields = [...by.policy.origins].filter(([field]) => /^routing\.(gateway|mirrorGateway)\./.test(field));
  const isOfKind = ({ patch }: PlacedPatch) => patch.target.kind === manifest.kind;
  const patched = by.policy.patches.find(isOfKind) ?? first.policy.patches.find(isOfKind);
  const origin = gatewayFields[0]?.[1] ?? patched?.origin ?? { source: by.file.source, path: ['metadata', 'name'] };
  return toProblem(origin.source, origin.path, {
    code: 'duplicate-object',
    message: describeDuplicate(manifest, by, first, 'rendered differently'),
    hint: safe`set and patch Gateways in a policy that holds for all models of the namespace, or give them other names`,
  });
}

function toDuplicate(manifest: Manifest, by: Rollout, first: Rollout): Problem {
  const version = by.candidates.find(({ name }) => name === manifest.metadata.name) ?? by.primary;
  const isNamed = manifest.kind === 'InferenceService' && version.declared.name !== undefined;
  return toProblem(
    by.file.source,
    isNamed ? [...version.path, 'name'] : ['metadata', 'name'],
    {
      code: 'duplicate-object',
      message: describeDuplicate(manifest, by, first, 'rendered too'),
      hint: safe`give one of them another name`,
    },
    { on: 'value' },
  );
}
