/** Revisions of a repository; `io/git-cli` reads them through the installed git. */
import type { FolderTree } from '../input/folder-tree.ts';
import type { SourceFile } from '../input/source-file.ts';

/** Part of a commit's tree, with paths from the repository's root; `.` is the root. */
export interface TreePart {
  /** The folder that is rendered. */
  readonly folder: string;
  /** The outermost folder whose policies count: the folder itself, or one around it. */
  readonly root: string;
}

export const wholeTree: TreePart = { folder: '.', root: '.' };

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
  /** Whether older commits were left out when this clone was made. */
  readonly isShallow: () => Promise<boolean>;
}

export interface Revisions {
  readonly names: Omit<RevisionNames, 'isShallow'>;
  /** @throws Fault when the clone does not have the files. */
  readonly readTree: (commit: string, part: TreePart) => Promise<FolderTree>;
}

export interface Commit {
  /** Of its tree. */
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: { readonly name: string };
  /** In seconds since 1970. */
  readonly committer: { readonly date: number };
  readonly message: string;
}

/** A commit on the line of first parents. */
export interface Step {
  readonly id: string;
  /** The first parent; undefined: there is none in this clone. */
  readonly parent: string | undefined;
}

/** A commit that changed or removed a model's file. */
export interface ModelChange {
  readonly commit: string;
  /** Its first parent, which has the earlier file. */
  readonly before: string;
  readonly path: string;
}

/** With the earlier file. */
export interface OldModel extends ModelChange {
  /** Undefined: it cannot be read as text. */
  readonly source: SourceFile | undefined;
}

/** Of a model file, and of the status file that belongs to it. */
export interface ModelPaths {
  readonly model: string;
  readonly status: string;
}

/** The files that determine what a model is. */
export interface ModelFiles {
  /** Whether one of them is a link, so that what it leads to counts too. */
  readonly isLinked: boolean;
  /** Equal for equal contents at equal paths. */
  readonly key: string;
  /** The same without the status file. */
  readonly writtenKey: string;
  readonly read: () => Promise<FolderTree>;
}

/** Revisions whose history can be walked. */
export interface History extends Revisions {
  readonly names: RevisionNames;
  readonly models: {
    /** @returns undefined when the tree does not have the model file. */
    readonly find: (tree: string, paths: ModelPaths, root: string) => Promise<ModelFiles | undefined>;
  };
  readonly readCommit: (commit: string) => Promise<Commit>;
  /** Whether a commit has parents that are not in this clone. */
  readonly isCut: (step: Step) => Promise<boolean>;
  /** Undefined when this clone does not have the commit. */
  readonly findAuthor: (commit: string) => Promise<string | undefined>;
  /** A commit and its first parents, as far as the clone has them, the newest first. */
  readonly listSteps: (tip: string) => Promise<readonly Step[]>;
  /** Those of them that may have changed a model: its files, or the policies of its folder and the folders around it. */
  readonly listModelSteps: (tip: string, paths: ModelPaths, root: string) => Promise<readonly Step[]>;
  /** Earlier contents of model files, the newest first; equal contents come once per path. */
  readonly readOldModels: (tip: string, part: TreePart) => AsyncIterable<OldModel>;
}
