/** A git repository on disk, for commands that commit. */
import * as fs from 'node:fs';
import git from 'isomorphic-git';

export interface Author {
  readonly name: string;
  readonly email: string;
}

/** Makes an empty repository with the branch `main`. */
export async function initRepository(folder: string): Promise<void> {
  await git.init({ fs, dir: folder, defaultBranch: 'main' });
}

/** Commits the whole work tree, removals too. Returns the commit's id. */
export async function commitAll(folder: string, message: string, author: Author): Promise<string> {
  for (const [filepath, , inWorkTree] of await git.statusMatrix({ fs, dir: folder })) {
    if (inWorkTree === 0) await git.remove({ fs, dir: folder, filepath });
    else await git.add({ fs, dir: folder, filepath });
  }
  return git.commit({ fs, dir: folder, message, author });
}
