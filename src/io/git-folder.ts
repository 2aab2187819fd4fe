/**
 * Where a repository keeps what, for isomorphic-git: in a work tree's `.git`, in a linked work tree's
 * two folders, or in a bare repository itself. gitrepository-layout(5), "commondir".
 */
import fs from 'node:fs';
import { join, resolve } from 'node:path';
import type { PromiseFsClient } from 'isomorphic-git';
import { mask, safe } from '../input/safe-text.ts';
import { Fault, toReason } from './fault.ts';
import { isBareRepository } from './folder-tree.ts';

export interface GitFolder {
  readonly fs: PromiseFsClient;
  readonly gitdir: string;
  /** Where all work trees of the repository have what they share; the same for the main one. */
  readonly common: string;
}

/**
 * @param folder a work tree's root, or a bare repository.
 * @throws Fault when git's files cannot be read.
 */
export function openGitFolder(folder: string): GitFolder {
  const dotGit = join(folder, '.git');
  try {
    if (isBareRepository(folder)) return { fs, gitdir: folder, common: folder };
    if (fs.statSync(dotGit).isDirectory()) return { fs, gitdir: dotGit, common: dotGit };
    const pointer = /^gitdir: (.+?)\r?\n?$/.exec(fs.readFileSync(dotGit, 'utf8'))?.[1] ?? '';
    const gitdir = resolve(folder, pointer);
    const shared = join(gitdir, 'commondir');
    if (!fs.existsSync(shared)) return { fs, gitdir, common: gitdir };
    const common = resolve(gitdir, fs.readFileSync(shared, 'utf8').trim());
    return { fs: toLinkedFiles(gitdir, common), gitdir, common };
  } catch (error) {
    throw new Fault(
      'environment',
      safe`${mask(dotGit)}: ${toReason(error)}`,
      safe`check whether git itself can read the repository`,
      {
        cause: error,
      },
    );
  }
}

/** What git leaves while something is going on that a commit would get into, and the command that ends it. */
const unfinishedWork = [
  { file: 'MERGE_HEAD', command: 'git merge --continue' },
  { file: 'CHERRY_PICK_HEAD', command: 'git cherry-pick --continue' },
  { file: 'REVERT_HEAD', command: 'git revert --continue' },
  { file: 'rebase-merge', command: 'git rebase --continue' },
  { file: 'rebase-apply', command: 'git rebase --continue' },
] as const;

/** @param gitdir of the work tree. */
export function findUnfinished(gitdir: string): (typeof unfinishedWork)[number] | undefined {
  return unfinishedWork.find(({ file }) => fs.existsSync(join(gitdir, file)));
}

/** What a linked work tree shares with the others is elsewhere than what is its own. */
function toLinkedFiles(gitdir: string, common: string): PromiseFsClient {
  const isShared = /^(objects|refs|packed-refs|config|info|shallow|hooks)(\/|$)/;
  const toPlace = (path: string) => {
    const inner = path.startsWith(`${gitdir}/`) ? path.slice(gitdir.length + 1) : '';
    return isShared.test(inner) && !/^refs\/(bisect|worktree|rewritten)\//.test(inner) ? join(common, inner) : path;
  };
  const at =
    <A extends unknown[], R>(work: (path: string, ...more: A) => Promise<R>) =>
    async (path: string, ...more: A) =>
      work(toPlace(path), ...more);
  const { readFile, writeFile, unlink, readdir, mkdir, rmdir, stat, lstat, readlink, symlink, chmod } = fs.promises;
  return {
    promises: {
      readFile: at(readFile),
      writeFile: at(writeFile),
      unlink: at(unlink),
      readdir: at(readdir),
      mkdir: at(mkdir),
      rmdir: at(rmdir),
      stat: at(stat),
      lstat: at(lstat),
      readlink: at(readlink),
      symlink,
      chmod: at(chmod),
    },
  };
}
