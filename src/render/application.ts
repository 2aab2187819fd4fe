/**
 * An application's files → the objects Argo CD applies, or what is wrong with the files.
 *
 *   files → policies → for each model: model and status → rollout → objects
 *
 * Invariants: all or nothing, since Argo CD prunes what is not rendered; no objects at all is an
 * error unless asked for; the result depends on the files' content and places alone, not on the
 * order in which they are found.
 */
import { toFileRole, toStatusName } from '../input/file-role.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { isWithin, toSibling } from '../input/folder-tree.ts';
import { parseModel, toProblem } from '../input/parse-document.ts';
import type { Finding, Problem } from '../input/problem.ts';
import { compareText, hasErrors, sortProblems, toWholeProblem } from '../input/problem.ts';
import { mask, quote, safe } from '../input/safe-text.ts';
import type { ModelStatus, Patch } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { suggest } from '../input/suggest.ts';
import type { DigestedVersion } from '../manifests/digest-upgrade.ts';
import type { Manifest } from '../manifests/manifest.ts';
import type { VersionDigests } from '../manifests/render-model.ts';
import { renderModel, renderPatchedGateways } from '../manifests/render-model.ts';
import type { EffectivePolicy } from '../rollout/effective-policy.ts';
import type { Mirror } from '../rollout/gate.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { checkRollout, computeRollout } from '../rollout/rollout.ts';
import { readBelievedStatus } from './believed-status.ts';
import { checkForeignHosts } from './foreign-hosts.ts';
import { Policies, toIgnoredProblems } from './policies.ts';
import type { RenderedObject } from './registry.ts';
import { Registry } from './registry.ts';
import { checkSharedGateways } from './shared-gateways.ts';

export interface RenderOptions {
  /** For models that name no namespace. */
  readonly namespace?: string | undefined;
  /** A missing namespace is no problem: nothing is applied, the files are only checked. */
  readonly anyNamespace?: boolean;
  /** Read `status.<cluster>.yaml` in place of `status.yaml`. */
  readonly cluster?: string | undefined;
  /** The preview: as if every candidate were ready. */
  readonly assumeReady?: boolean;
  /** The clean-up: no model at all is no problem. */
  readonly allowEmpty?: boolean;
  /** Keep the objects of the model with this name only. */
  readonly select?: string | undefined;
}

/** A rollout and whether its mirror is open: what the rendered objects do, in few words. */
export interface RenderedRollout {
  readonly rollout: Rollout;
  readonly mirror: Mirror;
  readonly digests: VersionDigests;
  readonly versions: readonly DigestedVersion[];
  /** What was last seen of it; undefined when nothing is known that can be believed. */
  readonly status: ModelStatus | undefined;
  /** Where the status file is, or would be. */
  readonly statusPath: string;
  /** Why a status file that is there cannot be believed. */
  readonly statusWarnings: readonly Problem[];
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

interface ModelEntry {
  readonly file: FoundFile;
  readonly stem: string;
}

interface SortedFiles {
  readonly models: readonly ModelEntry[];
  readonly policies: readonly FoundFile[];
  readonly statuses: ReadonlyMap<string, FoundFile>;
  readonly misnamed: readonly { readonly file: FoundFile; readonly rightName: string }[];
}

/**
 * @param print what becomes of each object, its keys in order; the object itself is not kept, so
 * that ten thousand models need the memory of their text alone.
 */
export function renderApplication<T>(
  tree: FolderTree,
  options: RenderOptions,
  print: (manifest: Manifest) => T,
): RenderedApplication<T> {
  const { models, policies: policyFiles, statuses, misnamed } = sortFiles(tree);
  const problems: Problem[] = [
    ...tree.problems,
    ...toIgnoredProblems(tree),
    ...misnamed.flatMap((found) => checkMisnamed(tree, found)),
  ];
  const policies = new Policies(tree, policyFiles);
  const registry = new Registry(print);
  const gateways = new GatewaysOnce();
  const usedPatches = new Set<Patch>();
  const rollouts: RenderedRollout[] = [];
  const placed: Rollout[] = [];

  for (const { file, stem } of models) {
    const policy = policies.policyFor(file);
    const source = tree.read(file);
    const described = 'code' in source ? [source] : describeModel(source, file, policy, options);
    if (!('rollout' in described)) {
      problems.push(...described);
      continue;
    }
    const { rollout, scope } = described;
    const statusPath = toSibling(file, toStatusName(stem, options.cluster));
    const believed = readBelievedStatus(tree, statuses.get(statusPath), {
      name: rollout.name,
      namespace: scope === rollout.namespace ? scope : undefined,
    });
    const rendered = renderModel(rollout, believed.status, options, usedPatches);
    const { mirror, digests, versions, status, manifests } = rendered;
    problems.push(...checkRollout(rollout), ...believed.warnings, ...rendered.problems);
    rollouts.push({ rollout, mirror, digests, versions, status, statusPath, statusWarnings: believed.warnings });
    if (scope === rollout.namespace) placed.push(rollout);
    const again = registry.addModel(rollout, scope);
    problems.push(...again);
    if (again.length > 0) continue;
    problems.push(...registry.addHosts(rollout, scope));
    for (const manifest of manifests) problems.push(...registry.addObject(manifest, rollout, scope, false));
    if (gateways.areDone(policy, scope)) continue;
    const shared = renderPatchedGateways(rollout);
    problems.push(...shared.problems);
    for (const manifest of shared.manifests) problems.push(...registry.addObject(manifest, rollout, scope, true));
  }

  problems.push(...checkSharedGateways(placed), ...checkForeignHosts(placed));
  const emptied = models.length === 0 && options.allowEmpty === true;
  problems.push(...policies.problems, ...(emptied ? [] : policies.findUnreached()));
  // With errors around, a patch may miss an object only because that could not be rendered.
  if (!hasErrors(problems)) problems.push(...policies.findUnmatched(usedPatches));
  if (models.length === 0 && !emptied) problems.push(toWholeProblem(tree.folder, noModel));
  if (!hasErrors(problems)) problems.push(...checkSelection(tree, options.select, rollouts));
  const sorted = sortProblems(problems);
  return {
    objects: hasErrors(sorted) ? [] : registry.objects(options.select),
    rollouts: rollouts.toSorted(
      (a, b) => compareText(a.rollout.namespace, b.rollout.namespace) || compareText(a.rollout.name, b.rollout.name),
    ),
    problems: sorted,
    models: models.length,
    policies: policyFiles.length,
  };
}

function sortFiles(tree: FolderTree): SortedFiles {
  const models: ModelEntry[] = [];
  const policies: FoundFile[] = [];
  const statuses = new Map<string, FoundFile>();
  const misnamed: { file: FoundFile; rightName: string }[] = [];
  for (const file of tree.files.toSorted((a, b) => compareText(a.path, b.path))) {
    const role = toFileRole(file.name);
    if (role?.kind === 'MirrorPolicy') policies.push(file);
    else if (role?.kind === 'misnamed') misnamed.push({ file, rightName: role.rightName });
    else if (!isWithin(file.folder, tree.folder)) continue;
    else if (role?.kind === 'Model') models.push({ file, stem: role.stem });
    else if (role?.kind === 'ModelStatus') statuses.set(file.path, file);
  }
  return { models, policies, statuses, misnamed };
}

/** A model's text → its rollout, or what keeps it from having one. */
function describeModel(
  source: SourceFile,
  file: FoundFile,
  policy: EffectivePolicy,
  options: RenderOptions,
): readonly Problem[] | { readonly rollout: Rollout; readonly scope: string } {
  const { value: model, problems } = parseModel(source);
  if (model === undefined) return problems;
  const namespace = model.metadata.namespace ?? options.namespace;
  if (namespace === undefined && options.anyNamespace !== true)
    return [
      toProblem(source, ['metadata', 'namespace'], {
        code: 'missing-field',
        message: safe`metadata.namespace is missing, and no other namespace is given`,
        hint: safe`add it, set the destination namespace of the Application, or pass --namespace`,
      }),
    ];
  const rollout = computeRollout({ source, folder: file.folder, model }, namespace ?? 'default', policy);
  // Where the namespace is open, models of two folders may go to two namespaces.
  return { rollout, scope: namespace ?? `? ${file.folder}` };
}

/** Which Gateways are rendered already: models with one policy in one namespace have the same. */
class GatewaysOnce {
  readonly #done = new Map<EffectivePolicy, Set<string>>();

  /** False the first time. */
  areDone(policy: EffectivePolicy, scope: string): boolean {
    const scopes = this.#done.get(policy) ?? new Set();
    const done = scopes.has(scope);
    this.#done.set(policy, scopes.add(scope));
    return done;
  }
}

function checkMisnamed(
  tree: FolderTree,
  { file, rightName }: { readonly file: FoundFile; readonly rightName: string },
): Problem[] {
  const source = tree.read(file);
  if ('code' in source || !source.text.includes('model-mirror.dev/')) return [];
  return [
    toProblem(source, [], {
      code: 'file-name',
      message: safe`a file of this name is not read, but it is written for model-mirror`,
      hint: safe`rename it to ${mask(rightName)}`,
    }),
  ];
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
