/**
 * Compares the trees that a carry takes: of the source branch as it was carried last and as it is now, and of the
 * deploy branch. Folders that the source branch has not changed are not read.
 *
 * Names and paths are as git has them: bytes in any encoding, here one character per byte.
 */
import { toPath } from '../input/folder-tree.ts';

/** A file, link, submodule or folder in a tree. */
export interface CarryEntry {
  /** Octal, as in git's objects. */
  readonly mode: string;
  readonly oid: string;
}

/** By name. */
export type Listing = ReadonlyMap<string, CarryEntry>;

/** Reads objects, many at a time; throws when one of them is missing. */
export interface CarryObjects {
  readonly readTrees: (ids: readonly string[]) => Promise<ReadonlyMap<string, Listing>>;
  /** Undefined: the blob is too large, or not UTF-8. */
  readonly readTexts: (ids: readonly string[]) => Promise<ReadonlyMap<string, string | undefined>>;
}

/** Ids of trees. */
export interface CarriedTrees {
  /** Of the source's commit that was carried last. */
  readonly base: string;
  /** Of the source's newest commit. */
  readonly source: string;
  readonly deploy: string;
}

/** One folder in the three trees; empty where there is no such folder. */
export interface FolderVersions {
  readonly path: string;
  readonly base: Listing;
  readonly source: Listing;
  readonly deploy: Listing;
}

const nothing: Listing = new Map();

/** The folders in which the source differs from the base, those around others first. */
export async function compareFolders(trees: CarriedTrees, objects: CarryObjects): Promise<FolderVersions[]> {
  const found: FolderVersions[] = [];
  let level: { readonly path: string; readonly ids: Partial<CarriedTrees> }[] = [{ path: '.', ids: trees }];
  while (level.length > 0) {
    const wanted = new Set(level.flatMap(({ ids }) => Object.values(ids)));
    const listings = await objects.readTrees([...wanted]);
    const next: typeof level = [];
    for (const { path, ids } of level) {
      const list = (id: string | undefined) => (id === undefined ? nothing : (listings.get(id) ?? nothing));
      const folder = { path, base: list(ids.base), source: list(ids.source), deploy: list(ids.deploy) };
      found.push(folder);
      for (const name of listChanged(folder)) {
        const inner = {
          ...toFolderId('base', folder.base.get(name)),
          ...toFolderId('source', folder.source.get(name)),
        };
        if (Object.keys(inner).length === 0) continue;
        next.push({ path: toPath(path, name), ids: { ...inner, ...toFolderId('deploy', folder.deploy.get(name)) } });
      }
    }
    level = next;
  }
  return found;
}

/** The names that the source has changed. */
export function listChanged({ base, source }: Pick<FolderVersions, 'base' | 'source'>): string[] {
  return [...new Set([...base.keys(), ...source.keys()])].filter((name) => !isSame(base.get(name), source.get(name)));
}

function toFolderId(side: keyof CarriedTrees, entry: CarryEntry | undefined): Partial<CarriedTrees> {
  return isFolder(entry) ? { [side]: entry.oid } : {};
}

export function isFolder(entry: CarryEntry | undefined): entry is CarryEntry {
  return entry !== undefined && toKind(entry) === 0o40000;
}

/** Undefined for a folder, too. */
export function toFile(entry: CarryEntry | undefined): CarryEntry | undefined {
  return isFolder(entry) ? undefined : entry;
}

/** Whether it is a file with a text, and no link or submodule. */
export function isRegular(entry: CarryEntry | undefined): entry is CarryEntry {
  return entry !== undefined && toKind(entry) === 0o100000;
}

/** Old trees write `040000`, too. */
export function isSame(a: CarryEntry | undefined, b: CarryEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.oid === b.oid && Number.parseInt(a.mode, 8) === Number.parseInt(b.mode, 8);
}

function toKind({ mode }: CarryEntry): number {
  return Number.parseInt(mode, 8) & 0o170000;
}
