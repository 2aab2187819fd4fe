import { Fault } from '../../src/core/diagnostics/fault.ts';
import { quote, safe } from '../../src/core/diagnostics/safe-text.ts';
import type { FolderTree } from '../../src/core/input/folder-tree.ts';
import { isWithin } from '../../src/core/input/folder-tree.ts';
import type { Revisions, TreePart } from '../../src/core/ports/revisions.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';

interface MemoryCommit {
  readonly parent: string | undefined;
  readonly files: Files;
}

/** A repository in memory. Every commit has at most one parent. */
export class MemoryRevisions implements Revisions {
  readonly commits = new Map<string, MemoryCommit>();
  readonly branches = new Map<string, string>();
  defaultBranch: string | undefined;
  readonly names: Revisions['names'] = {
    resolve: (revision) => {
      const commit = this.branches.get(revision) ?? (this.commits.has(revision) ? revision : undefined);
      if (commit !== undefined) return Promise.resolve(commit);
      return Promise.reject(new Fault('usage', safe`no revision ${quote(revision)}`, safe`commit first`));
    },
    findDefaultBranch: () => Promise.resolve(this.defaultBranch),
    findMergeBase: (one, other) => {
      const known = new Set(this.#listHistory(one));
      const base = this.#listHistory(other).find((id) => known.has(id));
      return base === undefined
        ? Promise.reject(new Fault('environment', safe`no common commit`, safe`fetch more`))
        : Promise.resolve(base);
    },
  };

  /** @returns the new commit's id. */
  commit(branch: string, files: Files, parent = this.branches.get(branch)): string {
    const id = (this.commits.size + 1).toString(16).padStart(40, '0');
    this.commits.set(id, { parent, files });
    this.branches.set(branch, id);
    this.branches.set('HEAD', id);
    return id;
  }

  readTree(commit: string, { folder, root }: TreePart): Promise<FolderTree> {
    const tree = toMemoryTree(this.commits.get(commit)?.files ?? {});
    const files = tree.files.filter((file) => isWithin(file.folder, folder));
    return Promise.resolve({ ...tree, folder, policyRoot: root, files });
  }

  #listHistory(tip: string): string[] {
    const ids: string[] = [];
    for (let id: string | undefined = tip; id !== undefined; id = this.commits.get(id)?.parent) ids.push(id);
    return ids;
  }
}
