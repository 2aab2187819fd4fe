/** What commands that show models read; `io/` implements it. */
import type { FolderTree } from '../input/folder-tree.ts';
import type { Live } from '../observe/live-object.ts';

/** Files as they are in the work tree, or in a commit. */
export interface RepositoryFiles {
  readonly tree: FolderTree;
  /** Undefined: the files of the work tree. */
  readonly revision: { readonly name: string; readonly commit: string } | undefined;
  /** The upstream, if it is known to have commits that the work tree does not have. */
  readonly ahead: string | undefined;
  /** The deploy branch that status files come from, which are not among the other files. */
  readonly statusesOn?: string | undefined;
}

/**
 * Reads the files as they are now.
 *
 * @throws Fault when they cannot be read or fetched.
 */
export type ReadFiles = (signal: AbortSignal) => Promise<RepositoryFiles>;

/**
 * Lists the live objects of some namespaces.
 *
 * @throws Fault when the cluster does not answer.
 */
export type ListLive = (namespaces: readonly string[], signal: AbortSignal) => Promise<readonly Live[]>;
