/** A model by its name, or by the path of its file or folder. */
import { Fault } from '../diagnostics/fault.ts';
import type { Problem } from '../diagnostics/problem.ts';
import { hasErrors, toWholeProblem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import { suggest } from '../diagnostics/suggest.ts';
import { toFileRole } from '../input/file-role.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { isWithin } from '../input/folder-tree.ts';
import { parseModel } from '../input/parse-document.ts';
import type { Model } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';

/** How paths are typed and shown on the command line. */
export interface PathNames {
  /** A path from the repository's root → one that can be opened from the working directory. */
  readonly toShownPath: (file: string) => SafeText;
  /** A typed path → the paths from the repository's root that it may mean. */
  readonly toInnerPaths: (typed: string) => readonly string[];
}

interface FoundModel {
  readonly file: FoundFile;
  readonly source: SourceFile;
  readonly model: Model;
}

/** A model, and the files around it. */
export interface ModelTarget extends FoundModel {
  readonly tree: FolderTree;
  /** The policies that apply to it, from the outermost folder to its own. */
  readonly policies: readonly FoundFile[];
}

interface NoTarget {
  readonly problems: readonly Problem[];
}

/**
 * @returns problems when there is no such model.
 * @throws Fault when several models have this name.
 */
export function pickModel(name: string, tree: FolderTree, names: PathNames): ModelTarget | NoTarget {
  const found = findModels(tree);
  const [first, ...others] = filterModels(name, found.models, names);
  if (first === undefined) return { problems: [...found.problems, toUnknownModel(name, tree, found)] };
  if (others.length > 0)
    throw new Fault(
      'usage',
      safe`several models are called ${quote(name)}: ${join(
        [first, ...others].map(({ file }) => names.toShownPath(file.path)),
        ', ',
      )}`,
      safe`pass the file of one of them, or its namespace as in namespace/model`,
    );
  return { tree, ...first, policies: findPolicies(tree, first.file) };
}

/** The model in a file; undefined when there is none that can be read. */
export function pickModelAt(path: string, tree: FolderTree): ModelTarget | undefined {
  const file = tree.files.find((found) => found.path === path);
  const source = file && tree.read(file);
  if (file === undefined || source === undefined || 'code' in source) return undefined;
  const { value: model } = parseModel(source);
  return model && { tree, file, source, model, policies: findPolicies(tree, file) };
}

export function hasModel(name: string, tree: FolderTree, names: PathNames): boolean {
  return filterModels(name, findModels(tree).models, names).length > 0;
}

/** The names of all models that can be read. */
export function listModelNames(tree: FolderTree): string[] {
  return [...new Set(findModels(tree).models.map(({ model }) => model.metadata.name))].sort();
}

/** Whether a model has this name, or this namespace and name. */
export function isCalled(name: string, { metadata }: Model): boolean {
  return name === metadata.name || name === `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Whether one of the paths is that of the file, or of its folder. */
export function isAtPath(paths: readonly string[], { path, folder }: FoundFile): boolean {
  return paths.includes(path) || paths.includes(folder);
}

/**
 * The files that Argo CD renders with this model in any case: its folder, everything below, and the policies above.
 * With an error in one of them, an edit would not take effect.
 */
export function toOwnTree({ tree, file, policies }: ModelTarget): FolderTree {
  return {
    ...tree,
    folder: file.folder,
    files: tree.files.filter((found) => isWithin(found.folder, file.folder) || policies.includes(found)),
    problems: tree.problems.filter((problem) => isWithin(problem.file, file.folder)),
  };
}

/** A text with a slash may be a path as well as namespace and name. */
function filterModels(name: string, models: readonly FoundModel[], { toInnerPaths }: PathNames): FoundModel[] {
  const byName = models.filter(({ model }) => isCalled(name, model));
  if (byName.length > 0 && !name.includes('/')) return byName;
  const paths = toInnerPaths(name);
  return models.filter((found) => byName.includes(found) || isAtPath(paths, found.file));
}

function findPolicies(tree: FolderTree, { folder: inner }: FoundFile): FoundFile[] {
  return tree.files
    .filter(({ name, folder }) => toFileRole(name)?.kind === 'MirrorPolicy' && isWithin(inner, folder))
    .sort((a, b) => a.folder.length - b.folder.length);
}

interface FoundModels {
  readonly models: readonly FoundModel[];
  /** Why other files could not be read. */
  readonly problems: readonly Problem[];
}

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

function toUnknownModel(name: string, { folder }: FolderTree, { models, problems }: FoundModels): Problem {
  const names = models.map(({ model: { metadata } }) =>
    name.includes('/') && metadata.namespace !== undefined ? `${metadata.namespace}/${metadata.name}` : metadata.name,
  );
  const meant = suggest(name, names);
  const isPartial = hasErrors(problems);
  const some = [...names.slice(0, 10), ...(names.length > 10 ? ['…'] : [])].join(', ');
  const known = safe`${names.length === 0 ? '' : safe`there is ${mask(some)}; `}${isPartial ? 'fix the others, or ' : ''}`;
  return toWholeProblem(folder, {
    code: 'unknown-model',
    message: safe`there is no model ${quote(name)} ${isPartial ? 'among the files that can be read' : 'in this folder or below'}`,
    hint: meant === undefined ? safe`${known}pass another folder with --path` : safe`did you mean "${mask(meant)}"?`,
  });
}
