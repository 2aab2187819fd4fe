/**
 * The newest files of a ref, for repeated reads (`status --watch`).
 *
 * Invariant: nothing of earlier commits is kept. `GitRevisions` keeps what it has read, which would grow with each
 * commit here.
 */
import type { FolderTree } from '../../core/input/folder-tree.ts';
import type { TreePart } from '../../core/ports/revisions.ts';
import type { Git } from './git.ts';
import { GitRevisions } from './revisions.ts';

interface Latest {
  readonly commit: string;
  readonly tree: FolderTree;
}

export class LatestRevision {
  readonly #git: Git;
  readonly #part: TreePart;
  #latest: Latest | undefined;

  constructor(git: Git, part: TreePart) {
    this.#git = git;
    this.#part = part;
  }

  /**
   * @param ref as `GitRevisions.resolve` takes it.
   * @throws Fault when there is none.
   */
  async read(ref: string): Promise<Latest> {
    using revisions = new GitRevisions(this.#git);
    const commit = await revisions.names.resolve(ref);
    if (this.#latest?.commit !== commit) this.#latest = { commit, tree: await revisions.readTree(commit, this.#part) };
    return this.#latest;
  }
}
