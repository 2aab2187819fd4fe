/** What was observed of a model: beside its files, or on each branch that a watcher may carry them to. */
import { toModelPathOf, withDeployed } from '../core/carry/deployed-statuses.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { Clone, DeployBranch } from '../core/ports/clone.ts';
import type { ModelTarget, PathNames } from '../core/repository/find-model.ts';
import type { TimelinePoint } from '../core/timeline/points.ts';
import { readPastIfAny } from './model-past.ts';

export interface Observations {
  /** `origin/deploy`; undefined: the branch of the files themselves. */
  readonly branch: SafeText | undefined;
  /** Where the watcher seems to write status files, though there is one here. */
  readonly elsewhere?: SafeText;
  /** The committed files, with the status files that count; undefined: they cannot be read. */
  readonly files: FolderTree | undefined;
  /** The model after each commit that changed it, the oldest first; undefined: git's history cannot be read. */
  readonly past: readonly TimelinePoint[] | undefined;
}

interface Scope {
  readonly clone: Clone | undefined;
  readonly names: PathNames;
  readonly cluster: string | undefined;
}

/**
 * Anybody's branch may look like one that is carried to, and one may be left over: whoever decides by them asks each, and its own
 * branch too where that has a status file of the model.
 *
 * @param commit that has the model; undefined: HEAD, which has no commit that can be read.
 * @throws Fault when git cannot be run.
 */
export async function readObservations(
  target: Pick<ModelTarget, 'file' | 'model'>,
  commit: string | undefined,
  { clone, ...scope }: Scope,
): Promise<readonly Observations[]> {
  if (clone === undefined) return [{ branch: undefined, files: undefined, past: undefined }];
  const { file } = target;
  const readPast = (tip: string | undefined, path = file.path) =>
    readPastIfAny({ ...target, file: { ...file, path } }, tip, { clone, ...scope });
  const branches = commit === undefined ? [] : await clone.findDeployBranches(commit);
  const [newest] = branches;
  const files = commit === undefined ? undefined : await clone.readCommit(commit, file.folder);
  const own = async () => ({ branch: undefined, files, past: await readPast(commit) });
  if (commit === undefined || newest === undefined) return [await own()];
  const all: Observations[] = await Promise.all(
    branches.map(async (branch) => {
      const found = await readDeployed(file, { commit, branch, clone });
      return {
        branch: branch.name,
        files: found?.tree,
        past: await readPast(branch.commit, found?.modelPaths.get(file.path)),
      };
    }),
  );
  const isHere = files?.files.some((one) => toModelPathOf(one) === file.path) === true;
  return isHere ? [...all, { ...(await own()), elsewhere: newest.name }] : all;
}

/** The model's folder alone is read, unless its status file is elsewhere on the deploy branch. */
async function readDeployed(
  file: ModelTarget['file'],
  { commit, branch, clone }: { readonly commit: string; readonly branch: DeployBranch; readonly clone: Clone },
): Promise<ReturnType<typeof withDeployed> | undefined> {
  let found: ReturnType<typeof withDeployed> | undefined;
  for (const folder of [file.folder, '']) {
    const read = (id: string) => clone.readCommit(id, folder);
    const [source, base, deploy] = await Promise.all([commit, branch.carried, branch.commit].map(read));
    if (source === undefined || deploy === undefined) return found;
    found = withDeployed(source, { source, base, deploy }, true);
    // Whether it was moved, and is the only one that is meant, depends on all models.
    if (found.modelPaths.get(file.path) === file.path) break;
  }
  return found;
}
