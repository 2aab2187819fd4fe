/** The files of one model in the trees of commits, found without reading the trees as a whole. */
import { toFileRole } from '../../core/input/file-role.ts';
import { toFolderChain, toFoundFile, toPath } from '../../core/input/folder-tree.ts';
import type { ModelFiles, ModelPaths } from '../../core/ports/revisions.ts';
import { decideEntry, isPolicy } from '../../core/repository/entries.ts';
import { toEntry } from '../git/objects.ts';
import type { CommitTrees, FollowedBlob, FoundBlob } from './commit-trees.ts';
import { isFolder, parseEntries, toBlob } from './commit-trees.ts';
import type { GitObjects } from './objects.ts';

export class ModelFilesFinder {
  readonly #objects: GitObjects;
  readonly #trees: CommitTrees;
  readonly #levels = new Map<string, { readonly id: string; readonly level: Level }>();

  constructor(objects: GitObjects, trees: CommitTrees) {
    this.#objects = objects;
    this.#trees = trees;
  }

  /**
   * One model's files in a commit's tree: its own, its status file, and the policies of its folder and of those around
   * it. Only the folders are read.
   *
   * @param root the outermost folder whose policies count.
   * @returns undefined when there is no such model file.
   */
  async find(tree: string, paths: ModelPaths, root: string): Promise<ModelFiles | undefined> {
    const { folder } = toFoundFile(paths.model);
    const found: FoundBlob[] = [];
    const chain = toFolderChain(folder);
    const outermost = toFolderChain(root).length - 1;
    let oid = tree;
    for (const [i, at] of chain.entries()) {
      const inner = chain[i + 1];
      const level = await this.#readLevel(oid, at, inner, paths);
      if (i >= outermost) found.push(...level.blobs);
      if (inner === undefined) break;
      if (level.inner === undefined) return undefined;
      oid = level.inner;
    }
    if (!found.some(({ file }) => file.path === paths.model)) return undefined;
    const followed = await this.#trees.follow(tree, found, folder);
    const toKey = (blobs: readonly FollowedBlob[]) =>
      blobs.map(({ file, oid, refusal }) => `${file.path} ${oid ?? refusal.message}`).join('\n');
    return {
      isLinked: found.some(({ isLink }) => isLink),
      key: toKey(followed),
      writtenKey: toKey(followed.filter(({ file }) => file.path !== paths.status)),
      read: () => this.#trees.open(followed, [], { folder, root }, []),
    };
  }

  /**
   * What matters to a model in a folder. Folders are large, and a walk through history reads nearly the same ones again
   * and again: only the last one is kept of each, and of that only what matters.
   */
  async #readLevel(oid: string, at: string, inner: string | undefined, { model, status }: ModelPaths): Promise<Level> {
    const key = [at, inner, model, status].join('\n');
    const known = this.#levels.get(key);
    if (known?.id === oid) return known.level;
    const isOwn = (name: string) => [model, status, inner].includes(toPath(at, name));
    const entries = parseEntries(await this.#objects.require(oid), (name) => isOwn(name) || isPolicy(toFileRole(name)));
    const level: Level = {
      inner: entries.find((entry) => isFolder(entry) && toPath(at, entry.name) === inner)?.oid,
      blobs: entries.flatMap((entry) => {
        const use = decideEntry(toEntry(entry), toFileRole(entry.name), false);
        return use === 'file' || use === 'link' ? [toBlob(at, entry)] : [];
      }),
    };
    this.#levels.set(key, { id: oid, level });
    return level;
  }
}

/** What matters to a model in a folder. */
interface Level {
  /** The id of the folder in it that leads to the model; undefined: there is none. */
  readonly inner: string | undefined;
  readonly blobs: readonly FoundBlob[];
}
