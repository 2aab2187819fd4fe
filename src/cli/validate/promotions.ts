/** Opens git's history, which `validate` needs for promotions under `limits`, and for status files that do not count. */
import { checkPromotions } from '../../commands/check-promotions.ts';
import { findStray, withDeployed } from '../../core/carry/deployed-statuses.ts';
import { isFault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import type { TreePart } from '../../core/ports/revisions.ts';
import { wholeTree } from '../../core/ports/revisions.ts';
import { renderApplication } from '../../core/render/application.ts';
import type { RenderedRollout } from '../../core/render/decide-model.ts';
import { findUnknown } from '../../core/rollout/unknown-status.ts';
import { findRepository, openFolderTree } from '../../io/files/folder-tree.ts';
import { findDeployBranches, readDeployed } from '../../io/git-cli/deploy-branches.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import type { RepositoryScope } from '../flags/repository-scope.ts';
import { toRepositoryScope, toScopePlaces } from '../flags/repository-scope.ts';
import type { Host } from '../host.ts';
import type { InputFlags } from '../render/flags.ts';
import { toGit } from '../user-git.ts';

/** @param revision undefined: the files are those of the work tree. */
export async function findEarlyPromotions(
  rollouts: readonly RenderedRollout[],
  revision: string | undefined,
  directory: string,
  flags: InputFlags,
  host: Host,
): Promise<Problem[]> {
  const cluster = toClusterName(flags.cluster);
  const found = findScope(directory, flags, host);
  if (found === undefined)
    return [...(await checkPromotions(rollouts, undefined)), ...findUnknown(rollouts, undefined)];
  const git = toGit(found.repository, host);
  using history = new GitRevisions(git);
  const part = { folder: found.root, root: found.root };
  const past = {
    history,
    scope: { part, names: found, cluster, namespace: undefined },
    now: (host.now ?? systemClock.date)(),
  };
  const branches = await findDeployBranches(git, revision);
  const [newest] = branches;
  if (newest === undefined)
    return [
      ...(await checkPromotions(rollouts, { ...past, revision: revision ?? 'HEAD' })),
      ...findUnknown(rollouts, undefined),
    ];
  const read = async (part: TreePart) =>
    revision === undefined
      ? openFolderTree(toScopePlaces({ ...found, ...part }))
      : history.readTree(await history.names.resolve(revision), part);
  const tree = await read(found);
  // A model with the same name may be anywhere.
  const source = tree.folder === '.' ? tree : await read(wholeTree);
  const options = { anyNamespace: true, namespace: toNamespace(flags.namespace), cluster, allowEmpty: true };
  // Anybody's branch may look like one: a promotion must be allowed by each that has the model's status.
  const problems = new Map<string, Problem>();
  const known = new Set<string>();
  for (const branch of branches) {
    const deployed = withDeployed(tree, { source, ...(await readDeployed(branch, history)) }, true);
    const all = renderApplication(deployed.tree, options, () => undefined).rollouts;
    const observed = all.filter(({ status }) => status !== undefined);
    const toPath = (path: string) => deployed.modelPaths.get(path) ?? path;
    for (const problem of await checkPromotions(observed, { ...past, revision: branch.commit, toPath }))
      problems.set(`${problem.code} ${problem.file}`, problem);
    for (const { statusPath } of observed) known.add(statusPath);
  }
  const others = rollouts.filter(({ statusPath }) => !known.has(statusPath));
  return [
    ...problems.values(),
    ...findUnknown(
      others.map((rollout) => ({ ...rollout, status: undefined })),
      newest.name,
    ),
    ...findStray(tree, newest.name),
  ];
}

/** Undefined outside of a repository. */
function findScope(directory: string, flags: InputFlags, host: Host): RepositoryScope | undefined {
  try {
    const scope = toRepositoryScope({ ...flags, path: directory }, host);
    // --repo-root may name any folder.
    return scope.isBare || findRepository(scope.repository) !== undefined ? scope : undefined;
  } catch (error) {
    if (isFault(error) && error.code === 'environment') return undefined;
    throw error;
  }
}
