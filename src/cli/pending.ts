/** Which of the files that models are rendered from are only in this clone. */
import type { Pending } from '../glance/pending.ts';
import { toFileRole } from '../input/file-role.ts';
import type { FolderTree } from '../input/folder-tree.ts';
import { isWithin, toFolderChain, toFoundFile } from '../input/folder-tree.ts';
import { mask } from '../input/safe-text.ts';
import type { Environment } from '../io/argocd-environment.ts';
import type { FolderPlaces } from '../io/folder-tree.ts';
import type { LocalState } from '../io/git-local-state.ts';
import { readLocalState } from '../io/git-local-state.ts';
import { toCommitCommand } from './commit-command.ts';

/** @returns of the files of some models; undefined: nothing is known. */
export type FindPending = (models: readonly string[]) => Pending | undefined;

/** @param tree of the work tree. */
export async function findPending(
  places: FolderPlaces,
  tree: FolderTree,
  environment: Environment,
  toPath: (file: string) => string,
): Promise<FindPending> {
  const files = tree.files.filter(({ name }) => isWritten(name)).map(({ path }) => path);
  const state = await readLocalState(places, files, environment);
  if (state === undefined) return () => undefined;
  const uncommitted = toFinder(state.uncommitted, tree.policyRoot);
  const unpushed = toFinder(state.unpushed, tree.policyRoot);
  return (models) => toPending(state, uncommitted(models), unpushed(models), toPath);
}

/** Status files are the watcher's. */
function isWritten(name: string): boolean {
  const kind = toFileRole(name)?.kind;
  return kind === 'Model' || kind === 'MirrorPolicy';
}

/** Of some paths, those that are of models: their own files, and the policies that hold for them. */
function toFinder(paths: ReadonlySet<string>, root: string): (models: readonly string[]) => string[] {
  const byFolder = new Map<string, string[]>();
  for (const path of paths) {
    const { folder, name } = toFoundFile(path);
    if (isWritten(name) && isWithin(folder, root)) byFolder.set(folder, [...(byFolder.get(folder) ?? []), path]);
  }
  return (models) => {
    const found = models.flatMap((model) =>
      toFolderChain(toFoundFile(model).folder).flatMap((folder) =>
        (byFolder.get(folder) ?? []).filter(
          (path) => path === model || toFileRole(toFoundFile(path).name)?.kind === 'MirrorPolicy',
        ),
      ),
    );
    return [...new Set(found)].sort();
  };
}

function toPending(
  state: LocalState,
  uncommitted: readonly string[],
  unpushed: readonly string[],
  toPath: (file: string) => string,
): Pending {
  const { push } = state;
  const command = uncommitted.length > 0 ? toCommitCommand(state, uncommitted, toPath) : mask(push ?? '');
  return { uncommitted, unpushed, command, canPush: push !== undefined };
}
