/** The branches that a clone knows to which a watcher carries, by the trailer of their newest commit. */
import type { DeployedTrees } from '../../core/carry/deployed-statuses.ts';
import { readCarried } from '../../core/carry/trailer.ts';
import { isFault } from '../../core/diagnostics/fault.ts';
import { mask } from '../../core/diagnostics/safe-text.ts';
import type { DeployBranch } from '../../core/ports/clone.ts';
import { wholeTree } from '../../core/ports/revisions.ts';
import type { Git } from './git.ts';
import type { GitRevisions } from './revisions.ts';

/** As for-each-ref has them, with a NUL before each and the trailers in a paragraph. */
const format = '%00%(objectname) %(refname:lstrip=2)%0a%0a%(contents:trailers:only,unfold)';

/**
 * @param revision that is read. Where it is a commit of such a branch itself, its own status files count, and that branch is left out.
 * @returns the newest first, each commit once; in a repository without remotes, its own branches. None where git fails.
 */
export async function findDeployBranches(git: Git, revision = 'HEAD'): Promise<DeployBranch[]> {
  try {
    const branches = (await listCarried(git, 'refs/remotes/')) ?? (await listCarried(git, 'refs/heads/')) ?? [];
    const head = branches.length === 0 ? undefined : await findCarrying(git, revision);
    if (head === undefined) return branches;
    const own = await Promise.all(branches.map((branch) => isOf(git, head, branch)));
    return branches.filter((_, i) => own[i] !== true);
  } catch (error) {
    if (isFault(error)) return [];
    throw error;
  }
}

/** The whole branch, and what it has of the source branch, if the clone has that. */
export async function readDeployed(
  { commit, carried }: DeployBranch,
  revisions: GitRevisions,
): Promise<Omit<DeployedTrees, 'source'>> {
  const base = revisions.readTree(carried, wholeTree).catch((error: unknown) => {
    if (!isFault(error)) throw error;
    return undefined;
  });
  return { base: await base, deploy: await revisions.readTree(commit, wholeTree) };
}

async function listCarried(git: Git, refs: string): Promise<DeployBranch[] | undefined> {
  const listed = await git.ask(['for-each-ref', '--sort=-committerdate', `--format=${format}`, refs]);
  const found = (listed ?? '').split('\0').flatMap((text) => {
    const [commit = '', name = ''] = text.split('\n')[0]?.split(' ') ?? [];
    const carried = readCarried(text);
    return carried === undefined ? [] : [{ name: mask(name), commit, carried }];
  });
  return found.length === 0
    ? undefined
    : found.filter((one, i) => found.findIndex(({ commit }) => commit === one.commit) === i);
}

/** The id of a commit that names what was carried, as whoever opens a pull request can write it, too. */
async function findCarrying(git: Git, revision: string): Promise<string | undefined> {
  const words = ['log', '-1', '--no-show-signature', '--format=%H%n%n%B', '--end-of-options', revision, '--'];
  const [id, ...message] = ((await git.ask(words)) ?? '').split('\n');
  return readCarried(message.join('\n')) === undefined ? undefined : id;
}

/**
 * Whether the branch was at that commit. It follows main as well, as second parents, and by the first one where it was made from
 * main. In a shallow clone what it has carried may be missing.
 */
async function isOf(git: Git, commit: string, { commit: tip, carried }: DeployBranch): Promise<boolean> {
  const words = ['rev-list', '--ignore-missing', '--first-parent', tip, `^${carried}`, `^${commit}^@`, '--'];
  return ((await git.ask(words)) ?? '').split('\n').includes(commit);
}
