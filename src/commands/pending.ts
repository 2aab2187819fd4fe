/** Which of the files that models are rendered from are only in this clone. */
import type { FindPending, Pending } from '../core/assess/pending.ts';
import { canPush, toCommitStep, toPushStep } from '../core/edit/git-steps.ts';
import { toFileRole } from '../core/input/file-role.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import { isWithin, toFolderChain, toFoundFile } from '../core/input/folder-tree.ts';
import type { Clone } from '../core/ports/clone.ts';

export interface PendingPorts {
  readonly clone: Pick<Clone, 'readState' | 'readStepState'>;
  /** The subject of a commit of these files. */
  readonly toMessage: (files: readonly string[]) => string;
}

/** @param tree of the work tree: the part that matters. */
export async function findPending(tree: FolderTree, { clone, toMessage }: PendingPorts): Promise<FindPending> {
  const files = tree.files.filter(({ name }) => isWritten(name)).map(({ path }) => path);
  const state = await clone.readState(tree.folder, files);
  if (state === undefined) return () => undefined;
  const all = {
    uncommitted: filterOwn(state.uncommitted, tree.policyRoot),
    unpushed: filterOwn(state.unpushed, tree.policyRoot),
  };
  if (all.uncommitted.length + all.unpushed.length === 0) return () => nothing;
  const steps = await clone.readStepState(state, all.uncommitted);
  const uncommitted = toFinder(all.uncommitted);
  const unpushed = toFinder(all.unpushed);
  return (models) => {
    const [here, committed] = [uncommitted(models), unpushed(models)];
    const step =
      here.length > 0
        ? toCommitStep(state, steps, { files: here, message: toMessage(here) })
        : toPushStep(state, steps);
    return { uncommitted: here, unpushed: committed, step, canPush: canPush(state) };
  };
}

const nothing: Pending = { uncommitted: [], unpushed: [], step: { code: 'no-branch' }, canPush: false };

/** Models and policies, out to the outermost folder whose policies count. */
function filterOwn(paths: ReadonlySet<string>, root: string): string[] {
  return [...paths].filter((path) => {
    const { folder, name } = toFoundFile(path);
    return isWritten(name) && isWithin(folder, root);
  });
}

/** Whether people write it: status files are the watcher's. */
function isWritten(name: string): boolean {
  const kind = toFileRole(name)?.kind;
  return kind === 'Model' || kind === 'MirrorPolicy';
}

/** Finds those of the paths that matter to models: their own files, and the policies that apply to them. */
function toFinder(paths: readonly string[]): (models: readonly string[]) => string[] {
  const byFolder = new Map<string, string[]>();
  for (const path of paths) {
    const { folder } = toFoundFile(path);
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), path]);
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
