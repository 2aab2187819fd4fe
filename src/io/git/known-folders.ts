/**
 * The folders of the last tip. A host sends only those that have changed since, and those as differences from what they
 * were: also where nothing in them is wanted, the next tip cannot be read without their bytes.
 */
import type { Folder, Folders, TipScope } from './tip-folders.ts';
import { readFolders } from './tip-folders.ts';

/** The content of a folder that is known from before; undefined: it is not known. */
export type FindFolder = (id: string) => Buffer | undefined;

/** Folders with about 200,000 files: a name and 28 bytes for each. */
const mostUnwanted = 8 * 2 ** 20;
/** Of a folder and what leads to it, in bytes. */
const folderOverhead = 200;

export class KnownFolders {
  readonly #mostUnwanted: number;
  #byPath = new Map<string, Folder>();
  /** What is in folders where nothing is wanted, by id, as latin1: the one that was used last is at the end. */
  readonly #unwanted = new Map<string, string>();
  #unwantedSize = 0;

  /** @param most bytes that are kept of folders where nothing is wanted. */
  constructor(most = mostUnwanted) {
    this.#mostUnwanted = most;
  }

  get byPath(): Folders {
    return this.#byPath;
  }

  /** @returns what finds the folders that are known now, wherever they are. */
  toFinder(): FindFolder {
    const wanted = new Map<string, string>();
    for (const { id, tree } of this.#byPath.values()) if (tree !== undefined) wanted.set(id, tree.raw);
    return (id) => {
      const raw = wanted.get(id) ?? this.#use(id);
      return raw === undefined ? undefined : Buffer.from(raw, 'latin1');
    };
  }

  /**
   * Goes on to the next tip.
   *
   * @param root the id of its tree.
   * @throws what `read` throws, for an object that was not fetched: the folders stay those of the last tip.
   */
  async read(scope: TipScope, root: string, read: (id: string) => Buffer): Promise<void> {
    const source = {
      read: async (id: string) => read(id),
      onUnwanted: (id: string, raw: string) => this.#keepUnwanted(id, raw),
    };
    this.#byPath = await readFolders(scope, root, this.#byPath, source);
  }

  /** @param changes by path; undefined: it is gone. */
  apply(changes: ReadonlyMap<string, Folder | undefined>): void {
    for (const [path, folder] of changes) {
      if (folder === undefined) this.#byPath.delete(path);
      else this.#byPath.set(path, folder);
    }
  }

  #use(id: string): string | undefined {
    const raw = this.#unwanted.get(id);
    if (raw === undefined) return undefined;
    this.#unwanted.delete(id);
    this.#unwanted.set(id, raw);
    return raw;
  }

  #keepUnwanted(id: string, raw: string): void {
    if (toCost(raw) > this.#mostUnwanted || this.#use(id) !== undefined) return;
    this.#unwanted.set(id, raw);
    this.#unwantedSize += toCost(raw);
    for (const [oldest, old] of this.#unwanted) {
      if (this.#unwantedSize <= this.#mostUnwanted) break;
      this.#unwanted.delete(oldest);
      this.#unwantedSize -= toCost(old);
    }
  }
}

function toCost(raw: string): number {
  return folderOverhead + raw.length;
}
