/** A person's clone, by the installed git: paths of the repository as commands take it ↔ paths of the work tree. */
import { relative, resolve, sep } from 'node:path';
import { isFault } from '../../core/diagnostics/fault.ts';
import { mask } from '../../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import { isWithin, toFoundFile } from '../../core/input/folder-tree.ts';
import type {
  Clone,
  CommitWish,
  DeployBranch,
  Destination,
  FileChange,
  FindObjection,
  GitStepState,
  LocalState,
  MadeCommit,
  PastFile,
  Pushed,
} from '../../core/ports/clone.ts';
import type { TreePart } from '../../core/ports/revisions.ts';
import type { FolderPlaces } from '../files/folder-tree.ts';
import { commitFile } from './commit.ts';
import { findDeployBranches } from './deploy-branches.ts';
import { findDestination } from './destination.ts';
import type { Git } from './git.ts';
import { readLocalState } from './local-state.ts';
import { pushBranch } from './push.ts';
import { GitRevisions } from './revisions.ts';
import { holdInterrupts } from './spawn.ts';
import { findUnfinished } from './unfinished.ts';

export class GitClone implements Clone {
  readonly #git: Git;
  readonly #places: FolderPlaces;
  readonly holdInterrupts = holdInterrupts;

  /** @param git in the work tree's root. */
  constructor(git: Git, places: FolderPlaces) {
    this.#git = git;
    this.#places = places;
  }

  assertInstalled(): Promise<void> {
    return this.#git.assertInstalled();
  }

  readState(folder: string, files: readonly string[]): Promise<LocalState | undefined> {
    const { repository } = this.#places;
    return readLocalState(this.#git, { ...this.#places, folder: resolve(repository, folder) }, files);
  }

  async readCommit(commit: string, folder: string): Promise<FolderTree | undefined> {
    const { repository } = this.#places;
    const part = this.#toPart(folder);
    try {
      using revisions = new GitRevisions(this.#git);
      return toInnerTree(await revisions.readTree(commit, part), this.#toGitPath(repository) || '.');
    } catch (error) {
      // Of a clone that cannot be read the work tree counts, and a commit reports why it cannot be made.
      if (isFault(error)) return undefined;
      throw error;
    }
  }

  async readPast<T>(path: string, read: (past: PastFile) => Promise<T>): Promise<T> {
    using history = new GitRevisions(this.#git);
    return await read({ history, path: this.#toGitPath(path), part: this.#toPart(this.#places.root) });
  }

  async readStepState(
    { head, branch, destination, isTracked }: LocalState,
    files: readonly string[],
  ): Promise<GitStepState> {
    const fresh = files.filter((file) => !isTracked(file));
    const [unfinished, isBehind, branches, ignored] = await Promise.all([
      // A push does not depend on it.
      files.length === 0 ? undefined : findUnfinished(this.#git),
      this.#isBehind(head, branch === undefined ? undefined : destination),
      branch === undefined ? this.listBranches() : [],
      this.#listIgnored(fresh),
    ]);
    const conflicts = unfinished === undefined ? [] : await this.#listConflicts();
    return { unfinished: unfinished?.what, conflicts, ignored, branches, isBehind };
  }

  findDeployBranches(commit: string): Promise<readonly DeployBranch[]> {
    return findDeployBranches(this.#git, commit);
  }

  async listBranches(): Promise<readonly string[]> {
    const listed = await this.#git.ask(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/']);
    return (listed ?? '').split('\n');
  }

  findDestination(branch: string): Promise<Destination | undefined> {
    return findDestination(this.#git, branch);
  }

  commitFile(change: FileChange, wish: CommitWish, write: () => void): Promise<MadeCommit> {
    return commitFile(this.#git, { ...change, path: this.#toGitPath(change.path) }, wish, write);
  }

  push(destination: Destination, branch: string, findObjection: FindObjection): Promise<Pushed> {
    return pushBranch(this.#git, destination, branch, findObjection);
  }

  /** Of a branch that is pushed to a single place. */
  async #isBehind(head: string | undefined, destination: Destination | undefined): Promise<boolean> {
    const [tracking, ...others] = destination?.tracking ?? [];
    if (head === undefined || tracking === undefined || others.length > 0) return false;
    const ahead = await this.#git.ask(['rev-list', '--max-count=1', '--end-of-options', `HEAD..${tracking}`, '--']);
    return ahead !== undefined && ahead !== '';
  }

  async #listIgnored(files: readonly string[]): Promise<ReadonlySet<string>> {
    if (files.length === 0) return new Set();
    const input = files.map((file) => `${this.#toGitPath(file)}\0`).join('');
    const listed = await this.#git.ask(['check-ignore', '-z', '--stdin'], { input });
    return new Set(
      (listed ?? '')
        .split('\0')
        .slice(0, -1)
        .map((path) => this.#toPath(path)),
    );
  }

  async #listConflicts(): Promise<string[]> {
    const listed = await this.#git.ask(['diff', '--name-only', '--diff-filter=U', '-z']);
    return (listed ?? '')
      .split('\0')
      .slice(0, -1)
      .map((path) => this.#toPath(path));
  }

  /** @param folder from the repository's root, or absolute. */
  #toPart(folder: string): TreePart {
    return { folder: this.#toGitPath(folder) || '.', root: this.#toGitPath(this.#places.root) || '.' };
  }

  /** From the root of the work tree. @param path from the repository's root, or absolute. */
  #toGitPath(path: string): string {
    return relative(this.#git.folder, resolve(this.#places.repository, path)).split(sep).join('/');
  }

  #toPath(gitPath: string): string {
    return relative(this.#places.repository, resolve(this.#git.folder, gitPath)).split(sep).join('/');
  }
}

/** With paths that count from a folder of the repository. */
function toInnerTree(tree: FolderTree, prefix: string): FolderTree {
  if (prefix === '.') return tree;
  const cut = (path: string) => (path === prefix ? '.' : path.slice(prefix.length + 1));
  return {
    folder: cut(tree.folder),
    policyRoot: cut(tree.policyRoot),
    ignoredPolicies: tree.ignoredPolicies.filter((path) => isWithin(path, prefix)).map(cut),
    files: tree.files.map(({ path }) => toFoundFile(cut(path))),
    problems: tree.problems.map((problem) => ({ ...problem, file: mask(cut(problem.file)) })),
    read: ({ path }) => {
      const source = tree.read(toFoundFile(`${prefix}/${path}`));
      return 'code' in source ? { ...source, file: mask(path) } : { ...source, path };
    },
  };
}
