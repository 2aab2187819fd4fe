/** The model whose history is asked for: where it is at the tip, or was last. */
import type { Problem } from '../core/diagnostics/problem.ts';
import { toFileRole } from '../core/input/file-role.ts';
import type { FolderTree, FoundFile } from '../core/input/folder-tree.ts';
import { toFoundFile } from '../core/input/folder-tree.ts';
import { parseModel } from '../core/input/parse-document.ts';
import type { SourceFile } from '../core/input/source-file.ts';
import type { History, ModelChange, TreePart } from '../core/ports/revisions.ts';
import type { PathNames } from '../core/repository/find-model.ts';
import { isAtPath, isCalled, pickModel } from '../core/repository/find-model.ts';

export interface ModelName {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** A model, and the path of its file. */
export interface PastModel extends ModelName {
  readonly path: string;
}

export interface Scope {
  readonly part: TreePart;
  readonly names: PathNames;
}

/** @throws Fault when several models have this name. */
export async function findPastModel(
  name: string,
  tip: string,
  scope: Scope,
  history: History,
): Promise<PastModel | { readonly problems: readonly Problem[] }> {
  const found = await pickAt(tip, name, scope, history);
  if (!('problems' in found)) return found;
  // For a model that never existed, the present ones are the best hint.
  return (await findRemovedModel(name, tip, scope, history)) ?? found;
}

async function pickAt(
  commit: string,
  name: string,
  { part, names }: Scope,
  history: History,
): Promise<PastModel | { readonly problems: readonly Problem[] }> {
  const found = pickModel(name, await history.readTree(commit, part), names);
  if ('problems' in found) return found;
  const { metadata } = found.model;
  return { path: found.file.path, name: metadata.name, namespace: metadata.namespace };
}

/** As at the tip, a name counts before the path of a folder. A model that was at a path may have moved on from there. */
async function findRemovedModel(
  name: string,
  tip: string,
  scope: Scope,
  history: History,
): Promise<PastModel | undefined> {
  const changes: ModelChange[] = [];
  for await (const { source, ...change } of history.readOldModels(tip, scope.part)) {
    changes.push(change);
    const model = source && parseModel(source).value;
    if (model === undefined || !isCalled(name, model)) continue;
    const found = await pickAt(change.before, name, scope, history);
    if (!('problems' in found)) return found;
  }
  const paths = scope.names.toInnerPaths(name);
  for (const { before, path } of changes) {
    if (!isAtPath(paths, toFoundFile(path))) continue;
    const found = await pickAt(before, name, scope, history);
    if (!('problems' in found)) return followMoves(found, changes, scope, history);
  }
  return undefined;
}

/** @param changes the newest first. */
async function followMoves(
  model: PastModel,
  changes: readonly ModelChange[],
  scope: Scope,
  history: History,
): Promise<PastModel> {
  const last = changes.find(({ path }) => path === model.path);
  const path = last && findElsewhere(await history.readTree(last.commit, scope.part), model, undefined);
  return path === undefined || path === model.path ? model : followMoves({ ...model, path }, changes, scope, history);
}

/** The path of the model with this name, or else of a model file with this text. */
export function findElsewhere(
  tree: FolderTree,
  { name, namespace }: ModelName,
  text: string | undefined,
): string | undefined {
  const models = tree.files
    .filter((file) => toFileRole(file.name)?.kind === 'Model')
    .map((file) => ({ file, source: readSource(tree, file) }));
  const isSame = ({ source }: (typeof models)[number]) => {
    const found = readName(source);
    return found?.name === name && found.namespace === namespace;
  };
  return (models.find(isSame) ?? models.find(({ source }) => source !== undefined && source.text === text))?.file.path;
}

export function readSource(tree: FolderTree, file: FoundFile): SourceFile | undefined {
  const source = tree.read(file);
  return 'code' in source ? undefined : source;
}

/** Undefined when the file cannot be parsed. */
export function readName(source: SourceFile | undefined): ModelName | undefined {
  return source && parseModel(source).value?.metadata;
}
