/** The branches that a clone knows to which a watcher carries, by the trailer of their newest commit. */
import { readCarried } from '../../core/carry/trailer.ts';
import { isFault } from '../../core/diagnostics/fault.ts';
import { mask } from '../../core/diagnostics/safe-text.ts';
import type { DeployBranch } from '../../core/ports/clone.ts';
import type { Git } from './git.ts';

/** As for-each-ref has them, with a NUL before each and the trailers in a paragraph. */
const format = '%00%(objectname) %(refname:lstrip=2)%0a%0a%(contents:trailers:only,unfold)';

/**
 * @param revision that is read. Where it is a commit of such a branch itself, its own status files count, and there is none.
 * @returns the newest first, each commit once; in a repository without remotes, its own branches. None where git fails.
 */
export async function findDeployBranches(git: Git, revision = 'HEAD'): Promise<DeployBranch[]> {
  try {
    const branches = (await listCarried(git, 'refs/remotes/')) ?? (await listCarried(git, 'refs/heads/')) ?? [];
    for (const { commit } of branches) if (await isOf(git, revision, commit)) return [];
    return branches;
  } catch (error) {
    if (isFault(error)) return [];
    throw error;
  }
}

async function listCarried(git: Git, refs: string): Promise<DeployBranch[] | undefined> {
  const listed = await git.ask(['for-each-ref', '--sort=-committerdate', `--format=${format}`, refs]);
  const found = (listed ?? '').split('\0').flatMap((text) => {
    const [commit = '', name = ''] = text.split('\n')[0]?.split(' ') ?? [];
    return readCarried(text) === undefined ? [] : [{ name: mask(name), commit }];
  });
  return found.length === 0
    ? undefined
    : found.filter((one, i) => found.findIndex(({ commit }) => commit === one.commit) === i);
}

/** A trailer alone does not make it one: whoever opens a pull request writes its messages. */
async function isOf(git: Git, revision: string, tip: string): Promise<boolean> {
  const message = await git.ask([
    'log',
    '-1',
    '--no-show-signature',
    '--format=%B',
    '--end-of-options',
    revision,
    '--',
  ]);
  if (message === undefined || readCarried(message) === undefined) return false;
  return (await git.run(['merge-base', '--is-ancestor', '--end-of-options', revision, tip])).code === 0;
}
