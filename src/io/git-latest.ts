/**
 * The newest files of a ref, looked at again and again (`status --watch`).
 *
 * Invariant: of earlier commits nothing is kept. A reader keeps every object and pack that it has read,
 * which is right for one look and would grow with each commit here.
 */
import type { FolderTree } from '../input/folder-tree.ts';
import type { TreePart } from './git-revision.ts';
import { GitRevisions } from './git-revision.ts';

interface Latest {
  readonly commit: string;
  readonly tree: FolderTree;
}

export class LatestRevision {
  readonly #open: () => Pick<GitRevisions, 'resolve' | 'readTree'>;
  readonly #part: TreePart;
  #revisions: Pick<GitRevisions, 'resolve' | 'readTree'>;
  #latest: Latest | undefined;

  /**
   * @param folder a work tree's root, or a bare repository.
   * @param open gives a reader that knows nothing yet.
   * @throws Fault when git's files cannot be read.
   */
  constructor(folder: string, part: TreePart, open: () => GitRevisions = () => new GitRevisions(folder)) {
    this.#part = part;
    this.#open = open;
    this.#revisions = open();
  }

  /**
   * @param ref as `GitRevisions.resolve` takes it.
   * @throws Fault when there is none.
   */
  async read(ref: string): Promise<Latest> {
    const commit = await this.#revisions.resolve(ref);
    if (this.#latest?.commit === commit) return this.#latest;
    if (this.#latest !== undefined) this.#revisions = this.#open();
    this.#latest = { commit, tree: await this.#revisions.readTree(commit, this.#part) };
    return this.#latest;
  }
}
