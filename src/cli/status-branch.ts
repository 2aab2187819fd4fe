/** Where status files are, for commands that read those of one branch only. */
import { findDeployBranches } from '../io/git-cli/deploy-branches.ts';
import type { Git } from '../io/git-cli/git.ts';
import type { Host } from './host.ts';

/**
 * Notes on stderr that the watcher writes status files to another branch than the one that is read.
 *
 * @param revision that is read; undefined: HEAD, or the work tree.
 */
export async function noteStatusBranch(git: Git, revision: string | undefined, host: Host): Promise<void> {
  const [newest] = await findDeployBranches(git, revision);
  if (newest !== undefined)
    host.write(2, [`Status files are on ${newest.name}, which this does not read: model-mirror status does.\n`]);
}
