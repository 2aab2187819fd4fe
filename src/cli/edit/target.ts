/** A model's name → its file, its policies, and what is rendered of all that is below the folder. */
import { resolve } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors, toWholeProblem } from '../../core/diagnostics/problem.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import { toFileRole } from '../../core/input/file-role.ts';
import type { FolderTree, FoundFile } from '../../core/input/folder-tree.ts';
import { isWithin, toFoundFile } from '../../core/input/folder-tree.ts';
import { parseModel } from '../../core/input/parse-document.ts';
import type { Model } from '../../core/input/schema.ts';
import type { SourceFile } from '../../core/input/source-file.ts';
import { digestAnnotation } from '../../core/manifests/manifest.ts';
import type { RenderedApplication } from '../../core/render/application.ts';
import { renderApplication } from '../../core/render/application.ts';
import { isFolder, openFolderTree } from '../../io/files/folder-tree.ts';
import { readArgocdEnvironment } from '../../io/process/argocd-environment.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import type { PlaceFlags, Places } from '../flags/places.ts';
import { toPlaces } from '../flags/places.ts';
import type { Host } from '../host.ts';
import type { EditFlags } from './flags.ts';

/** The objects are their digests; only InferenceServices have one. */
export type Digests = RenderedApplication<string | undefined>;

/** The model that is meant, and the files around it as they are. */
export interface EditTarget {
  readonly places: Places;
  readonly tree: FolderTree;
  readonly cluster: string | undefined;
  readonly file: FoundFile;
  readonly source: SourceFile;
  readonly model: Model;
  /** The policies that hold for it, from the outermost folder to its own. */
  readonly policies: readonly FoundFile[];
}

/** @returns problems when there is no such model; throws a fault when the places or flags are wrong. */
export function findTarget(name: string, flags: EditFlags, host: Host): EditTarget | NoTarget {
  const places = toPlacesOf(name, toOwnPlaces(flags, host), flags);
  return pickTarget(name, { places, tree: openFolderTree(places), cluster: toClusterName(flags.cluster) });
}

/**
 * Where a model is looked for: at and below the folder. Where it is not there, and no folder was named, in the whole
 * repository.
 */
export function toPlacesOf<P extends Places>(name: string, places: P, { path }: { readonly path: string }): P {
  if (path !== '.' || places.folder === places.root) return places;
  const isHere = isFolder(places.folder) && pickModels(name, findModels(openFolderTree(places)), places).length > 0;
  return isHere ? places : { ...places, folder: places.root };
}

/** What people look at who run a command by hand: nothing of Argo CD's environment counts. */
export function toOwnPlaces(flags: PlaceFlags & { readonly path: string }, host: Host): Places {
  return toPlaces(host, readArgocdEnvironment({}), flags.path, flags);
}

interface NoTarget {
  readonly places: Places;
  readonly problems: readonly Problem[];
}

/** @throws Fault when several models have this name. */
export function pickTarget(
  name: string,
  { places, tree, cluster }: Pick<EditTarget, 'places' | 'tree' | 'cluster'>,
): EditTarget | NoTarget {
  const found = findModels(tree);
  const [meant, ...others] = pickModels(name, found, places);
  if (others.length > 0)
    throw new Fault(
      'usage',
      safe`${quote(name)} means several models: ${join(
        [meant, ...others].map((one) => mask(one === undefined ? '' : places.toShownPath(one.file.path))),
        ', ',
      )}`,
      safe`name the file of one, or its namespace as in namespace/model`,
    );
  if (meant === undefined) return { places, problems: [...found.problems, toUnknownModel(name, tree, found)] };
  return { places, tree, cluster, ...meant, policies: findPolicies(tree, meant.file) };
}

/** By name; a text that is no model's name, or could be a path as well, also by the path of the file or its folder. */
function pickModels(name: string, { models }: FoundModels, { toInnerPaths }: Places): FoundModel[] {
  const byName = models.filter(({ model }) => isCalled(name, model));
  if (byName.length > 0 && !name.includes('/')) return byName;
  const paths = toInnerPaths(name);
  return models.filter((found) => byName.includes(found) || isAtPath(paths, found.file));
}

/** Whether a path is that of a file, or of its folder. */
export function isAtPath(paths: readonly string[], { path, folder }: FoundFile): boolean {
  return paths.includes(path) || paths.includes(folder);
}

/** The model of a file in another state of the same files; undefined when there is none that can be read. */
export function pickTargetAt(
  path: string,
  { places, tree, cluster }: Pick<EditTarget, 'places' | 'tree' | 'cluster'>,
): EditTarget | undefined {
  const file = tree.files.find((found) => found.path === path);
  const source = file && tree.read(file);
  if (file === undefined || source === undefined || 'code' in source) return undefined;
  const { value: model } = parseModel(source);
  return model && { places, tree, cluster, file, source, model, policies: findPolicies(tree, file) };
}

/** The policies that hold for a model, from the outermost folder to its own. */
function findPolicies(tree: FolderTree, { folder: inner }: FoundFile): FoundFile[] {
  return tree.files
    .filter(({ name, folder }) => toFileRole(name)?.kind === 'MirrorPolicy' && isWithin(inner, folder))
    .sort((a, b) => a.folder.length - b.folder.length);
}

/** The models at and below the working directory, by name; of files that cannot be read nothing is said. */
export function findModelNames(host: Host): string[] {
  const { models } = findModels(openFolderTree(toPlaces(host, readArgocdEnvironment({}), '.', {})));
  return [...new Set(models.map(({ model }) => model.metadata.name))].sort();
}

/** Everything below the folder, with some files as they are to become, for models that name no namespace in this one. */
export function renderAll(
  { tree, cluster }: Pick<EditTarget, 'tree' | 'cluster'>,
  {
    edited = new Map(),
    namespace,
  }: { readonly edited?: ReadonlyMap<string, string>; readonly namespace?: string | undefined } = {},
): Digests {
  const files = [...edited.keys()].filter((path) => !tree.files.some((file) => file.path === path));
  const read = (file: FoundFile) => {
    const text = edited.get(file.path);
    return text === undefined ? tree.read(file) : { path: file.path, text };
  };
  const all = { ...tree, files: [...tree.files, ...files.map(toFoundFile)], read };
  return renderApplication(
    all,
    { anyNamespace: true, namespace, cluster, allowEmpty: true },
    ({ metadata }) => metadata.annotations?.[digestAnnotation],
  );
}

/**
 * What Argo CD would render with this model at the least: its folder and all below it, with the
 * policies above. Nothing of it may have errors, or the edit would not come into effect.
 */
export function toOwnApplication(target: EditTarget): EditTarget {
  const { tree, file, policies } = target;
  const isOwn = (found: FoundFile) => isWithin(found.folder, file.folder) || policies.includes(found);
  const problems = tree.problems.filter((problem) => isWithin(problem.file, file.folder));
  return { ...target, tree: { ...tree, folder: file.folder, files: tree.files.filter(isOwn), problems } };
}

/** The same with all that a file reaches: a policy further out holds for models that were not looked at. */
export function toReachOf(target: EditTarget, path: string): EditTarget {
  const { places, tree } = target;
  const { folder } = toFoundFile(path);
  if (isWithin(folder, tree.folder)) return target;
  return { ...target, tree: openFolderTree({ ...places, folder: toAbsolute(target, folder) }) };
}

/** The path of a file on this machine. */
export function toAbsolute({ places }: EditTarget, path: string): string {
  return resolve(places.repository, path);
}

interface FoundModel {
  readonly file: FoundFile;
  readonly source: SourceFile;
  readonly model: Model;
}

interface FoundModels {
  readonly models: readonly FoundModel[];
  readonly problems: readonly Problem[];
}

/** @returns the models that can be read, and what keeps the others from it. */
function findModels(tree: FolderTree): FoundModels {
  const models: FoundModel[] = [];
  const problems: Problem[] = [...tree.problems];
  for (const file of tree.files) {
    if (toFileRole(file.name)?.kind !== 'Model' || !isWithin(file.folder, tree.folder)) continue;
    const source = tree.read(file);
    if ('code' in source) problems.push(source);
    else {
      const { value: model, problems: found } = parseModel(source);
      if (model === undefined) problems.push(...found);
      else models.push({ file, source, model });
    }
  }
  return { models, problems };
}

/** By its name, or by namespace and name. */
export function isCalled(name: string, { metadata }: Model): boolean {
  return name === metadata.name || name === `${metadata.namespace ?? ''}/${metadata.name}`;
}

function toUnknownModel(name: string, tree: FolderTree, { models, problems }: FoundModels): Problem {
  const names = models.map(({ model: { metadata } }) =>
    name.includes('/') && metadata.namespace !== undefined ? `${metadata.namespace}/${metadata.name}` : metadata.name,
  );
  const meant = suggest(name, names);
  const isPartial = hasErrors(problems);
  const some = [...names.slice(0, 10), ...(names.length > 10 ? ['…'] : [])].join(', ');
  const known = safe`${names.length === 0 ? '' : safe`there is ${mask(some)}; `}${isPartial ? 'fix the others, or ' : ''}`;
  return toWholeProblem(tree.folder, {
    code: 'unknown-model',
    message: safe`there is no model ${quote(name)} ${isPartial ? 'among the files that can be read' : 'in this folder or below'}`,
    hint: meant === undefined ? safe`${known}name another folder with --path` : safe`did you mean "${mask(meant)}"?`,
  });
}

/**
 * Errors in other files. A person who brakes must not take the commit for the brake: where one Application
 * renders those files as well, Argo CD applies nothing of it.
 */
export function describeOthersErrors(problems: readonly Problem[], { model, places }: EditTarget): string[] {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const files = [...new Set(errors.map(({ file }) => places.toShownPath(file)))];
  if (files.length === 0) return [];
  const shown = [...files.slice(0, 3), ...(files.length > 3 ? [`${files.length - 3} more`] : [])].map(mask).join(', ');
  const [have, them] = files.length === 1 ? ['has', 'it'] : ['have', 'them'];
  return [
    `${shown} ${have} errors: as long as these are in git, an Application that renders ${them} along with ${mask(model.metadata.name)} applies nothing`,
  ];
}

/** For which other models the percentage in a policy holds. */
export function toReach(after: Pick<Digests, 'rollouts'>, shownPath: string, path: string, name: string): string[] {
  const others = after.rollouts
    .filter(({ rollout }) => rollout.policy.origins.get('mirrorPercentage')?.source.path === path)
    .map(({ rollout }) => rollout.name)
    .filter((other) => other !== name);
  const shown = others.slice(0, 5).join(', ');
  return others.length === 0 ? [] : [`${shownPath} also holds for ${shown}${others.length > 5 ? ', …' : ''}`];
}
