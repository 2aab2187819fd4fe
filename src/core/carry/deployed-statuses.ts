/** Reads the files of the source branch with the status files that the deploy branch has of its models. */
import type { Problem } from '../diagnostics/problem.ts';
import { toWholeProblem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { safe } from '../diagnostics/safe-text.ts';
import { toFileRole, toStatusName, toStatusParts } from '../input/file-role.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { toFoundFile, toSibling } from '../input/folder-tree.ts';
import { parseModel, parseStatus } from '../input/parse-document.ts';
import type { SourceFile } from '../input/source-file.ts';
import type { Subject } from './statuses.ts';
import { isAbout } from './statuses.ts';

interface DeployedStatus {
  /** Of the model file beside the status file on the deploy branch. */
  readonly modelPath: string;
  readonly cluster: string | undefined;
  readonly text: string;
  readonly subject: Subject;
}

interface DeployedTree {
  /** Status files have the paths that a carry would give them. */
  readonly tree: FolderTree;
  /** A model file of the source branch → where the deploy branch has the model that the status files are about. */
  readonly modelPaths: ReadonlyMap<string, string>;
}

/** The status files of a tree that can be read. */
export function listDeployed(tree: FolderTree): DeployedStatus[] {
  return tree.files.flatMap((file) => {
    const parts = toStatusParts(file.name);
    const source = parts && tree.read(file);
    if (parts === undefined || source === undefined || 'code' in source) return [];
    const subject = parseStatus(source).value?.metadata;
    const modelPath = toSibling(file, parts.model);
    return subject === undefined ? [] : [{ modelPath, cluster: parts.cluster, text: source.text, subject }];
  });
}

/**
 * As a carry does, by name, namespace and cluster: what is at the same path first; where two models or two status files
 * could be meant, the model gets none.
 *
 * @param isOnly leave out the status files that the tree has; else a model that has one keeps it, and gets no other.
 */
export function withDeployed(tree: FolderTree, statuses: readonly DeployedStatus[], isOnly: boolean): DeployedTree {
  const files = isOnly ? tree.files.filter(({ name }) => toStatusParts(name) === undefined) : tree.files;
  const own = new Set(files.flatMap((file) => toModelPathOf(file) ?? []));
  const models = files.flatMap((file) => {
    const role = toFileRole(file.name);
    const source = role?.kind === 'Model' ? tree.read(file) : undefined;
    const subject = source === undefined || 'code' in source ? undefined : parseModel(source).value?.metadata;
    return role?.kind !== 'Model' || subject === undefined ? [] : [{ file, stem: role.stem, subject }];
  });
  const isAtHome = (status: DeployedStatus) =>
    models.some(({ file, subject }) => file.path === status.modelPath && isAbout(status.subject, subject));
  const added = new Map<string, SourceFile>();
  const modelPaths = new Map<string, string>();
  for (const { file, stem, subject } of models.filter((one) => !own.has(one.file.path))) {
    const meant = statuses.filter((status) => isAbout(status.subject, subject));
    const here = meant.filter(({ modelPath }) => modelPath === file.path);
    const moved = meant.filter((status) => !isAtHome(status));
    const others = models.filter((one) => one.file !== file && moved.some((it) => isAbout(it.subject, one.subject)));
    const from = new Set(moved.map(({ modelPath }) => modelPath));
    const found = here.length > 0 ? here : others.length > 0 || from.size > 1 ? [] : moved;
    for (const { cluster, text, modelPath } of found) {
      const path = toSibling(file, toStatusName(stem, cluster));
      added.set(path, { path, text });
      modelPaths.set(file.path, modelPath);
    }
  }
  const all = [...files, ...[...added.keys()].map(toFoundFile)];
  return { tree: { ...tree, files: all, read: (file) => added.get(file.path) ?? tree.read(file) }, modelPaths };
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
