/** Reads the files of the source branch with the status files that the deploy branch has of its models. */
import type { Problem } from '../diagnostics/problem.ts';
import { toWholeProblem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { safe } from '../diagnostics/safe-text.ts';
import { toFileRole, toStatusParts } from '../input/file-role.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { toFoundFile, toSibling } from '../input/folder-tree.ts';
import { parseModel, parseStatus } from '../input/parse-document.ts';
import type { SourceFile } from '../input/source-file.ts';
import type { ModelPlace, StatusPlace } from './match.ts';
import { isAbout, matchStatuses, toStatusPath } from './match.ts';

/** The same part of the repository at three commits. What is outside of it is taken for removed. */
export interface DeployedTrees {
  readonly source: FolderTree;
  /** What was carried of the source last; undefined: the clone does not have it, and the deploy branch stands for it. */
  readonly base: FolderTree | undefined;
  readonly deploy: FolderTree;
}

interface StatusText extends StatusPlace {
  readonly text: string | undefined;
}

interface DeployedTree {
  /** Status files have the paths that a carry would give them. */
  readonly tree: FolderTree;
  /** A model file of the source branch → where the deploy branch has the model that the status files are about. */
  readonly modelPaths: ReadonlyMap<string, string>;
}

/**
 * @param tree of the source branch, or a part of it.
 * @param trees in which a status file's model may be.
 * @param isOnly leave out the status files that the tree has; else a model that has one keeps it, and gets no other.
 */
export function withDeployed(tree: FolderTree, trees: DeployedTrees, isOnly: boolean): DeployedTree {
  const files = isOnly ? tree.files.filter(({ name }) => toStatusParts(name) === undefined) : tree.files;
  const own = new Set(files.flatMap((file) => toModelPathOf(file) ?? []));
  const shown = new Set(files.map(({ path }) => path));
  const added = new Map<string, SourceFile>();
  const modelPaths = new Map<string, string>();
  for (const [{ modelPath, cluster, text }, owner] of findOwners(trees)) {
    if (text === undefined || !shown.has(owner) || own.has(owner)) continue;
    const path = toStatusPath(owner, cluster);
    added.set(path, { path, text });
    modelPaths.set(owner, modelPath);
  }
  const all = [...files, ...[...added.keys()].map(toFoundFile)];
  return { tree: { ...tree, files: all, read: (file) => added.get(file.path) ?? tree.read(file) }, modelPaths };
}

/** Each status file with the path of its model, as a carry matches them. */
function* findOwners({ source, deploy, base = deploy }: DeployedTrees): Iterable<[StatusText, string]> {
  const [now, before] = [readModels(source), readModels(base)];
  const isChanged = (path: string) => now.has(path) !== before.has(path) || now.get(path) !== before.get(path);
  const models = new Map([...now].map(([path, text]): [string, ModelPlace] => [path, toModelPlace(path, text)]));
  const changed = [...models.values()].filter(({ path }) => isChanged(path));
  const statuses = Map.groupBy(listStatuses(deploy), ({ modelPath }) => isChanged(modelPath));
  const staying = statuses.get(false)?.map((one) => [one, one.modelPath] as const) ?? [];
  const owners = [...matchStatuses(changed, statuses.get(true) ?? []), ...staying];
  for (const [status, owner] of owners) if (isAbout(status.subject, models.get(owner)?.subject)) yield [status, owner];
}

/** Path → the text; undefined: it cannot be read. */
function readModels(tree: FolderTree): ReadonlyMap<string, string | undefined> {
  const files = tree.files.filter(({ name }) => toFileRole(name)?.kind === 'Model');
  return new Map(files.map((file) => [file.path, readText(tree, file)]));
}

function toModelPlace(path: string, text: string | undefined): ModelPlace {
  return { path, subject: text === undefined ? undefined : parseModel({ path, text }).value?.metadata };
}

function listStatuses(tree: FolderTree): StatusText[] {
  return tree.files.flatMap((file) => {
    const parts = toStatusParts(file.name);
    if (parts === undefined) return [];
    const text = readText(tree, file);
    const subject = text === undefined ? undefined : parseStatus({ path: file.path, text }).value?.metadata;
    return [{ modelPath: toSibling(file, parts.model), cluster: parts.cluster, text, subject }];
  });
}

function readText(tree: FolderTree, file: FoundFile): string | undefined {
  const source = tree.read(file);
  return 'code' in source ? undefined : source.text;
}

/** The status files of a tree of the source branch, which a carry leaves behind. */
export function findStray(tree: FolderTree, branch: SafeText): Problem[] {
  const stray = tree.files.filter(({ name }) => toStatusParts(name) !== undefined);
  return stray.map(({ path }) =>
    toWholeProblem(
      path,
      {
        code: 'status-elsewhere',
        message: safe`this status file does not count, and is not carried: the watcher writes those on ${branch}`,
        hint: safe`remove it with git rm`,
      },
      'warning',
    ),
  );
}

/** The model file that a status file is beside; undefined: it is none. */
export function toModelPathOf(file: FoundFile): string | undefined {
  const parts = toStatusParts(file.name);
  return parts && toSibling(file, parts.model);
}
