/** Opens git's history, which `validate` needs for promotions under `limits` alone. */
import { checkPromotions } from '../../commands/check-promotions.ts';
import { isFault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import type { RenderedRollout } from '../../core/render/decide-model.ts';
import { findRepository } from '../../io/files/folder-tree.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import type { RepositoryScope } from '../flags/repository-scope.ts';
import { toRepositoryScope } from '../flags/repository-scope.ts';
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
  const found = findScope(directory, flags, host);
  if (found === undefined) return checkPromotions(rollouts, undefined);
  using history = new GitRevisions(toGit(found.repository, host));
  const part = { folder: found.root, root: found.root };
  return await checkPromotions(rollouts, {
    history,
    revision: revision ?? 'HEAD',
    scope: { part, names: found, cluster: toClusterName(flags.cluster), namespace: undefined },
    now: (host.now ?? systemClock.date)(),
  });
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
