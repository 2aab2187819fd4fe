import type { FolderTree } from '../input/folder-tree.ts';

/** The files that commands edit. Paths are from the repository's root. */
export interface WorkTree {
  /** @param folder undefined: the one that the command was given. */
  readonly openTree: (folder?: string) => FolderTree;
  /** Whether the path is a symbolic link. */
  readonly isLink: (path: string) => boolean;
  /**
   * Replaces the whole file.
   *
   * @param before what the file is believed to hold; undefined: there is none.
   * @throws Fault when it holds something else by now, or cannot be written; then it is as it was.
   */
  readonly write: (path: string, before: string | undefined, after: string) => void;
}
