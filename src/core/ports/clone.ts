/**
 * What commands that edit files need of a person's clone; `io/git-cli` implements it with the installed git. Paths are
 * from the repository's root.
 */
import type { SafeText } from '../diagnostics/safe-text.ts';
import type { FolderTree } from '../input/folder-tree.ts';
import type { History, TreePart } from './revisions.ts';

/** Where a branch is pushed to. */
export interface Destination {
  /** The arguments of git: plain `push` wherever that is enough. */
  readonly words: readonly string[];
  readonly remote: string;
  /** Of the branch there, without refs/heads/. */
  readonly branch: string;
  /** Whether the push sets an upstream. */
  readonly isFirst: boolean;
  /** Whether plain `git push` pushes nothing, because the upstream has another name than the branch. */
  readonly isUnclear: boolean;
  /** The remote-tracking branches that show what has been pushed, as far as they exist. */
  readonly tracking: readonly string[];
}

/** Which files differ between the work tree, HEAD and the remote. */
export interface LocalState {
  /** The commit at HEAD; undefined: there is none yet. */
  readonly head: string | undefined;
  /** Undefined: HEAD is detached. */
  readonly branch: string | undefined;
  /** Files of the work tree that differ from HEAD, and those of HEAD that the work tree does not have. */
  readonly uncommitted: ReadonlySet<string>;
  /** Files of HEAD that differ from the remote's. */
  readonly unpushed: ReadonlySet<string>;
  /** Whether a file is committed, or at least staged. */
  readonly isTracked: (path: string) => boolean;
  /** Where the branch is pushed to; undefined where there is no branch or no remote. */
  readonly destination: Destination | undefined;
}

export type UnfinishedKind = 'merge' | 'cherry-pick' | 'revert' | 'rebase';

/** What the next git commands depend on, beside the local state. */
export interface GitStepState {
  readonly unfinished: UnfinishedKind | undefined;
  /** Files with conflicts. */
  readonly conflicts: readonly string[];
  /** Those of the new files that git ignores. */
  readonly ignored: ReadonlySet<string>;
  /** The local branches; empty where a branch is checked out. */
  readonly branches: readonly string[];
  /** Whether the branch that is pushed to has commits that HEAD does not have. */
  readonly isBehind: boolean;
}

export interface FileChange {
  readonly path: string;
  /** What the file holds in the work tree; undefined: there is none. It may differ from HEAD. */
  readonly before: string | undefined;
  readonly after: string;
}

export interface CommitWish {
  readonly message: string;
  /** A branch to create and check out; undefined: the one that is checked out. */
  readonly branch: string | undefined;
}

export interface MadeCommit {
  /** The new HEAD; undefined: HEAD had this very file already, and there was nothing to commit. */
  readonly id: string | undefined;
  /** The branch that is checked out afterwards; undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** The blob that was staged for this file, where neither HEAD nor the work tree had the same. */
  readonly unstaged: string | undefined;
  /** Whether a hook changed what is committed of the file. */
  readonly isChanged: boolean;
  /** What hooks did beside it, and what git and they printed though they let it pass. */
  readonly remarks: readonly SafeText[];
}

/** A file that the other side has changed, and the last commit that did. */
export interface ForeignChange {
  readonly path: string;
  readonly commit: string;
  readonly author: string;
  readonly subject: string;
}

/** Why local commits are not made again on top of the remote's. */
export type NotRebased =
  /** By somebody else than the watcher; of many files, the first. */
  | { readonly reason: 'changed'; readonly changes: readonly ForeignChange[] }
  | { readonly reason: 'same-files' | 'not-linear' | 'rewound' | 'unrelated' }
  /** With git's reason. */
  | { readonly reason: 'not-rewritten'; readonly said: SafeText }
  /** What the watcher has pushed speaks against it. */
  | { readonly reason: 'objection'; readonly said: SafeText };

/** The remote branch has commits that the local one does not have. `again`: new ones arrived after a rebase. */
export type Overtaken = NotRebased | { readonly reason: 'again' };

export type Pushed =
  | {
      readonly kind: 'pushed';
      /** Of the remote. */
      readonly branch: string;
      /** The rebased commit, where the local commits were put onto the watcher's. */
      readonly rebased: { readonly commit: string; readonly isHere: boolean } | undefined;
      /** What git, hooks and the server printed. */
      readonly said: SafeText | undefined;
    }
  /** `branch`: of the remote. */
  | ({ readonly kind: 'overtaken'; readonly branch: string } & Overtaken)
  | {
      readonly kind: 'refused';
      readonly said: SafeText | undefined;
      /** Whether the server refused it, as for a protected branch. */
      readonly isRejected: boolean;
    };

export type FindObjection = (rebased: string) => Promise<SafeText | undefined>;

/** While it is held, Ctrl-C and the like end git and not this process, which can then undo and report. */
export interface Hold {
  readonly isInterrupted: () => boolean;
  readonly release: () => void;
}

/** The commits that a file may have changed in. Paths count from the root of git's work tree. */
export interface PastFile {
  readonly history: History;
  readonly path: string;
  /** Where policies count, and where the file may have been before. */
  readonly part: TreePart;
}

/** A branch that a watcher carries another one to. */
export interface DeployBranch {
  /** `origin/deploy`. */
  readonly name: SafeText;
  /** Its newest commit, as it was last fetched. */
  readonly commit: string;
  /** The commit of the source branch that it has; a clone need not have it. */
  readonly carried: string;
}

export interface Clone {
  /** @throws Fault when git is not installed or too old. */
  readonly assertInstalled: () => Promise<void>;
  /**
   * @param folder everything below it counts, and the files of the folders around it.
   * @param files that are in the work tree.
   * @returns undefined where git cannot tell.
   */
  readonly readState: (folder: string, files: readonly string[]) => Promise<LocalState | undefined>;
  /** @returns the folder as a commit has it; undefined where the clone cannot be read. */
  readonly readCommit: (commit: string, folder: string) => Promise<FolderTree | undefined>;
  /** @param read gets what is known of a file's commits only until it is done. */
  readonly readPast: <T>(path: string, read: (past: PastFile) => Promise<T>) => Promise<T>;
  /** @param files that may be committed. */
  readonly readStepState: (state: LocalState, files: readonly string[]) => Promise<GitStepState>;
  /** @returns those with the status files of a commit's models, where a watcher writes them to another branch; the newest first. */
  readonly findDeployBranches: (commit: string) => Promise<readonly DeployBranch[]>;
  readonly listBranches: () => Promise<readonly string[]>;
  /** @returns undefined when there is no remote. */
  readonly findDestination: (branch: string) => Promise<Destination | undefined>;
  /**
   * @param write puts the new text into the work tree, once everything that can be checked before is checked.
   * @throws Fault when git or a hook refuses; then everything is as it was.
   */
  readonly commitFile: (change: FileChange, wish: CommitWish, write: () => void) => Promise<MadeCommit>;
  /** @param findObjection why the local commits must not be pushed as this commit, which has the watcher's files too. */
  readonly push: (destination: Destination, branch: string, findObjection: FindObjection) => Promise<Pushed>;
  readonly holdInterrupts: () => Hold;
}
