import { Fault } from '../../src/core/diagnostics/fault.ts';
import { quote, safe } from '../../src/core/diagnostics/safe-text.ts';
import { toFileRole } from '../../src/core/input/file-role.ts';
import type { FolderTree } from '../../src/core/input/folder-tree.ts';
import { isWithin, toFoundFile } from '../../src/core/input/folder-tree.ts';
import type {
  Commit,
  History,
  ModelFiles,
  ModelPaths,
  OldModel,
  Step,
  TreePart,
} from '../../src/core/ports/revisions.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';

interface MemoryCommit extends Commit {
  readonly files: Files;
}

interface CommitOptions {
  /** Undefined: the branch's last commit. */
  readonly parents?: readonly string[];
  readonly author?: string;
}

/** A repository in memory, without links. Each commit is one minute after the previous one. */
export class MemoryRevisions implements History {
  readonly #commits = new Map<string, MemoryCommit>();
  readonly #branches = new Map<string, string>();
  defaultBranch: string | undefined;
  isShallow = false;

  readonly names: History['names'] = {
    resolve: (revision) => {
      const commit = this.#branches.get(revision) ?? (this.#commits.has(revision) ? revision : undefined);
      if (commit !== undefined) return Promise.resolve(commit);
      return Promise.reject(new Fault('usage', safe`no revision ${quote(revision)}`, safe`commit first`));
    },
    findDefaultBranch: () => Promise.resolve(this.defaultBranch),
    findMergeBase: (one, other) => {
      const known = new Set(this.#listFirstParents(one).map(({ id }) => id));
      const base = this.#listFirstParents(other).find(({ id }) => known.has(id));
      return base === undefined
        ? Promise.reject(new Fault('environment', safe`no common commit`, safe`fetch more`))
        : Promise.resolve(base.id);
    },
    isShallow: () => Promise.resolve(this.isShallow),
  };

  readonly models: History['models'] = {
    find: (tree, paths, root) => Promise.resolve(this.#findModelFiles(this.#require(tree).files, paths, root)),
  };

  /** @returns the new commit's id. */
  commit(branch: string, message: string, files: Files, { parents, author = 'Ada' }: CommitOptions = {}): string {
    const last = this.#branches.get(branch);
    const number = this.#commits.size + 1;
    const id = number.toString(16).padStart(40, '0');
    this.#commits.set(id, {
      tree: id,
      parents: parents ?? (last === undefined ? [] : [last]),
      author: { name: author },
      committer: { date: 1_700_000_000 + 60 * number },
      message,
      files,
    });
    this.#branches.set(branch, id);
    this.#branches.set('HEAD', id);
    return id;
  }

  /** A name of a commit. */
  point(name: string, commit: string): void {
    this.#branches.set(name, commit);
  }

  /** As a shallow clone: without the commit's parents. */
  forget(commit: string): void {
    this.#commits.delete(commit);
    this.isShallow = true;
  }

  readTree(commit: string, { folder, root }: TreePart): Promise<FolderTree> {
    const tree = toMemoryTree(this.#require(commit).files);
    const files = tree.files.filter((file) => isWithin(file.folder, folder));
    return Promise.resolve({ ...tree, folder, policyRoot: root, files });
  }

  readCommit(commit: string): Promise<Commit> {
    return Promise.resolve(this.#require(commit));
  }

  isCut({ id, parent }: Step): Promise<boolean> {
    return Promise.resolve(parent === undefined && this.#require(id).parents.length > 0);
  }

  findAuthor(commit: string): Promise<string | undefined> {
    return Promise.resolve(this.#commits.get(commit)?.author.name);
  }

  listSteps(tip: string): Promise<readonly Step[]> {
    return Promise.resolve(this.#listFirstParents(tip));
  }

  listModelSteps(tip: string): Promise<readonly Step[]> {
    return this.listSteps(tip);
  }

  async *readOldModels(tip: string, { folder }: TreePart): AsyncGenerator<OldModel> {
    const seen = new Set<string>();
    for (const { id, parent } of this.#listFirstParents(tip)) {
      if (parent === undefined) continue;
      const now = this.#require(id).files;
      for (const [path, text] of Object.entries(this.#require(parent).files)) {
        const file = toFoundFile(path);
        const isModel = isWithin(file.folder, folder) && toFileRole(file.name)?.kind === 'Model';
        if (!isModel || now[path] === text || seen.has(`${path}\n${text}`)) continue;
        seen.add(`${path}\n${text}`);
        yield await Promise.resolve({ commit: id, before: parent, path, source: { path, text } });
      }
    }
  }

  #require(commit: string): MemoryCommit {
    const found = this.#commits.get(commit);
    if (found === undefined) throw new Fault('environment', safe`no commit ${quote(commit)}`, safe`fetch more`);
    return found;
  }

  #listFirstParents(tip: string): Step[] {
    const steps: Step[] = [];
    for (let id: string | undefined = tip; id !== undefined; ) {
      const { parents }: MemoryCommit = this.#require(id);
      const [first] = parents;
      const parent: string | undefined = first !== undefined && this.#commits.has(first) ? first : undefined;
      steps.push({ id, parent });
      id = parent;
    }
    return steps;
  }

  #findModelFiles(files: Files, { model, status }: ModelPaths, root: string): ModelFiles | undefined {
    if (files[model] === undefined) return undefined;
    const { folder } = toFoundFile(model);
    const isPolicy = (path: string) => {
      const file = toFoundFile(path);
      const isAround = isWithin(folder, file.folder) && isWithin(file.folder, root);
      return isAround && toFileRole(file.name)?.kind === 'MirrorPolicy';
    };
    const toKey = (entries: readonly (readonly string[])[]) => JSON.stringify(entries);
    const found = Object.entries(files).filter(([path]) => path === model || path === status || isPolicy(path));
    const tree = { ...toMemoryTree(Object.fromEntries(found)), folder, policyRoot: root };
    return {
      isLinked: false,
      key: toKey(found),
      writtenKey: toKey(found.filter(([path]) => path !== status)),
      read: () => Promise.resolve(tree),
    };
  }
}
