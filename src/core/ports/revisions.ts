/** Revisions of a repository; `io/git-cli` reads them through the installed git. */
import type { FolderTree } from '../input/folder-tree.ts';

/** Part of a commit's tree, with paths from the repository's root; `.` is the root. */
export interface TreePart {
  /** The folder that is rendered. */
  readonly folder: string;
  /** The outermost folder whose policies count: the folder itself, or one around it. */
  readonly root: string;
}

/** What names of revisions mean. */
export interface RevisionNames {
  /**
   * The id of the commit that a text names, in any form that git takes.
   *
   * @throws Fault when there is none.
   */
  readonly resolve: (revision: string) => Promise<string>;
  /** The branch that others are merged into, as `origin/main`; undefined when unknown. */
  readonly findDefaultBranch: () => Promise<string | undefined>;
  /**
   * The commit at which two histories parted.
   *
   * @throws Fault when there is none in this clone.
   */
  readonly findMergeBase: (one: string, other: string) => Promise<string>;
}

export interface Revisions {
  readonly names: RevisionNames;
  /** @throws Fault when the clone does not have the files. */
  readonly readTree: (commit: string, part: TreePart) => Promise<FolderTree>;
}
