/** Changes of files → the trees and blobs of a commit that makes them. */
import { toFoundFile, toPath } from '../../core/input/folder-tree.ts';
import { editTree, folderMode, toNameBytes, toObjectId } from './objects.ts';
import type { PackObject } from './pack.ts';
import type { Folder, Folders, Tree } from './tip-folders.ts';
import { emptyTree } from './tip-folders.ts';

export interface FolderEdit {
  /** The id of the new tree. */
  readonly root: string;
  readonly objects: readonly PackObject[];
  /** The folders that change, by path; undefined: it is gone. */
  readonly folders: ReadonlyMap<string, Folder | undefined>;
}

interface NewEntry {
  readonly mode: string;
  readonly oid: string;
}

/** By name; undefined: removed. */
type Entries = ReadonlyMap<string, NewEntry | undefined>;

/**
 * @param changes path → the new text; undefined removes the file.
 * @param isThin whether trees may be sent as differences from those that the server has.
 */
export function editFolders(
  before: Folders,
  changes: ReadonlyMap<string, string | undefined>,
  isThin: boolean,
): FolderEdit {
  const objects: PackObject[] = [];
  const folders = new Map<string, Folder | undefined>();
  // By depth: a folder is made after all that are below it.
  const levels: Map<string, Map<string, NewEntry | undefined>>[] = [];
  const put = (path: string, entry: NewEntry | undefined) => {
    const { folder, name } = toFoundFile(path);
    const depth = folder === '.' ? 0 : folder.split('/').length;
    while (levels.length <= depth) levels.push(new Map());
    const level = levels[depth] as Map<string, Map<string, NewEntry | undefined>>;
    level.set(folder, (level.get(folder) ?? new Map()).set(name, entry));
  };
  for (const [path, text] of changes) {
    if (text === undefined) put(path, undefined);
    else {
      const content = Buffer.from(text, 'utf8');
      objects.push({ type: 'blob', content });
      put(path, { mode: '100644', oid: toObjectId('blob', content) });
    }
  }
  let root = '';
  for (let level = levels.pop(); level !== undefined; level = levels.pop())
    for (const [path, entries] of level) {
      const old = before.get(path);
      if (old !== undefined && old.tree === undefined) throw new Error(`the folder ${path} was not read`);
      const tree = old?.tree ?? emptyTree;
      const raw = Buffer.from(tree.raw, 'latin1');
      const { content, parts } = editTree(
        raw,
        new Map([...entries].map(([name, entry]) => [toNameBytes(name), entry])),
      );
      const id = toObjectId('tree', content);
      if (path === '.') root = id;
      if (content.length === 0 && path !== '.') {
        folders.set(path, undefined);
        put(path, undefined);
        continue;
      }
      folders.set(path, { id, tree: { raw: content.toString('latin1'), ...toWanted(path, tree, entries) } });
      const base = isThin && old !== undefined ? { oid: old.id, length: raw.length, parts } : undefined;
      objects.push({ type: 'tree', content, ...(base === undefined ? {} : { base }) });
      if (path !== '.') put(path, { mode: folderMode, oid: id });
    }
  return { root, objects, folders };
}

/** What is wanted of an edited folder: files and folders that were written, without those that were removed. */
function toWanted(path: string, tree: Tree, entries: Entries): Omit<Tree, 'raw'> {
  const files = new Map(tree.files);
  const folders = new Set(tree.folders);
  for (const [name, entry] of entries) {
    const inner = toPath(path, name);
    if (entry === undefined) {
      if (!folders.delete(inner)) files.delete(name);
    } else if (entry.mode === folderMode) folders.add(inner);
    else files.set(name, entry.oid);
  }
  return {
    files: [...files],
    folders: [...folders],
    links: tree.links.filter((name) => !entries.has(name)),
    refusals: tree.refusals.filter(([name]) => !entries.has(name)),
  };
}
