/** Paths in the tree of a commit, looked up where links are followed (`core/repository/links.ts`). */
import { toPath } from '../../core/input/folder-tree.ts';
import type { Entry, EntryKind } from '../../core/repository/entries.ts';
import type { TreeEntry } from './objects.ts';
import { folderMode, toEntry } from './objects.ts';

/** By name, in UTF-8. */
export type TreeEntries = ReadonlyMap<string, TreeEntry>;

export class TreeLookup {
  readonly #root: string;
  readonly #readFolder: (id: string, path: string) => Promise<TreeEntries>;
  readonly #readLink: (id: string) => Promise<string>;

  /** @param root the id of the tree. */
  constructor(
    root: string,
    readFolder: (id: string, path: string) => Promise<TreeEntries>,
    readLink: (id: string) => Promise<string>,
  ) {
    this.#root = root;
    this.#readFolder = readFolder;
    this.#readLink = readLink;
  }

  /** @returns undefined when there is neither a file nor a folder at the path. */
  async find(path: string): Promise<TreeEntry | undefined> {
    let found: TreeEntry = { mode: folderMode, name: '', oid: this.#root };
    let at = '.';
    for (const part of path.split('/').filter((word) => word !== '.' && word !== '')) {
      if (toEntry(found).kind !== 'folder') return undefined;
      const next = (await this.#readFolder(found.oid, at)).get(part);
      if (next === undefined) return undefined;
      found = next;
      at = toPath(at, part);
    }
    return found;
  }

  async kindOf(path: string): Promise<EntryKind | undefined> {
    const entry = await this.find(path);
    return entry && toEntry(entry).kind;
  }

  async targetOf(path: string): Promise<string> {
    const link = await this.find(path);
    return link === undefined ? '' : this.#readLink(link.oid);
  }

  async list(path: string): Promise<Entry[]> {
    const entry = await this.find(path);
    if (entry === undefined || toEntry(entry).kind !== 'folder') return [];
    return [...(await this.#readFolder(entry.oid, path)).values()].map(toEntry);
  }
}
