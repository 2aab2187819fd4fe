/** The first stage: an application's files → models, policies and statuses, or what is wrong with the files. */

import type { Problem } from '../diagnostics/problem.ts';
import { compareText } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toFileRole, toStatusName } from '../input/file-role.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { isWithin, toSibling } from '../input/folder-tree.ts';
import { parseModel, toProblem } from '../input/parse-document.ts';
import type { ModelFile } from '../rollout/rollout.ts';
import type { LoadedStatus } from './load-status.ts';
import { loadStatus } from './load-status.ts';
import type { PolicyFolders } from './policies.ts';
import { loadPolicies, toIgnoredProblems } from './policies.ts';

export interface LoadOptions {
  /** For models that name no namespace. */
  readonly namespace?: string | undefined;
  /** A missing namespace is not a problem: nothing is applied, the files are only checked. */
  readonly anyNamespace?: boolean;
  /** Read `status.<cluster>.yaml` in place of `status.yaml`. */
  readonly cluster?: string | undefined;
}

export interface LoadedModel extends LoadedStatus {
  readonly file: ModelFile;
  /** Undefined when files are checked without one. */
  readonly namespace: string | undefined;
  /** Where the status file is, or would be. */
  readonly statusPath: string;
}

export interface LoadedApplication {
  readonly models: readonly LoadedModel[];
  /** The folder of every model file that was found, also of those that could not be read. */
  readonly modelFolders: readonly string[];
  readonly policies: PolicyFolders;
  readonly policyFiles: number;
  readonly problems: readonly Problem[];
}

export function loadApplication(tree: FolderTree, options: LoadOptions): LoadedApplication {
  const { models: found, policies: policyFiles, statuses, misnamed } = sortFiles(tree);
  const policies = loadPolicies(tree, policyFiles);
  const models = found.map(({ file, stem }) =>
    loadModel(tree, file, toSibling(file, toStatusName(stem, options.cluster)), statuses, options),
  );
  return {
    models: models.flatMap(({ model }) => model ?? []),
    modelFolders: found.map(({ file }) => file.folder),
    policies,
    policyFiles: policyFiles.length,
    problems: [
      ...tree.problems,
      ...toIgnoredProblems(tree),
      ...misnamed.flatMap((one) => checkMisnamed(tree, one)),
      ...policies.problems,
      ...models.flatMap(({ problems }) => problems),
    ],
  };
}

function sortFiles(tree: FolderTree) {
  const models: { file: FoundFile; stem: string }[] = [];
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

function loadModel(
  tree: FolderTree,
  file: FoundFile,
  statusPath: string,
  statuses: ReadonlyMap<string, FoundFile>,
  options: LoadOptions,
): { readonly model?: LoadedModel; readonly problems: readonly Problem[] } {
  const source = tree.read(file);
  if ('code' in source) return { problems: [source] };
  const { value: model, problems } = parseModel(source);
  if (model === undefined) return { problems };
  const namespace = model.metadata.namespace ?? options.namespace;
  if (namespace === undefined && options.anyNamespace !== true)
    return {
      problems: [
        toProblem(source, ['metadata', 'namespace'], {
          code: 'missing-field',
          message: safe`metadata.namespace is missing, and no other namespace is given`,
          hint: safe`add it, set the destination namespace of the Application, or pass --namespace`,
        }),
      ],
    };
  const status = loadStatus(tree, statuses.get(statusPath), { name: model.metadata.name, namespace });
  return {
    model: { file: { source, folder: file.folder, model }, namespace, statusPath, ...status },
    problems: status.statusWarnings,
  };
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
