/** The changes of a carry → the trees that its commit needs. Files need not be sent: the server has them all. */
import { isFolder } from '../../../core/carry/folders.ts';
import type { CarryChanges } from '../../../core/carry/plan.ts';
import { editTree, folderMode, parseTree, toObjectId } from '../objects.ts';
import type { PackObject } from '../pack.ts';

interface Edited {
  /** The id of the new tree. */
  readonly root: string;
  readonly objects: readonly PackObject[];
}

/** What becomes of a path: of the entry itself, and of what is below it. */
interface Node {
  /** Absent: it stays; undefined: it is removed. */
  entry?: { readonly mode: string; readonly oid: string } | undefined;
  readonly inner: Map<string, Node>;
}

/**
 * @param root the id of the tree that is changed.
 * @param readFolder a tree object; those with changes in them are read.
 * @param isThin whether trees may be sent as differences from those that the server has.
 */
export function editTrees(
  root: string,
  changes: CarryChanges,
  readFolder: (id: string) => Buffer,
  isThin: boolean,
): Edited {
  const top: Node = { inner: new Map() };
  for (const [path, entry] of changes) {
    let node = top;
    for (const name of path.split('/')) {
      const next: Node = node.inner.get(name) ?? { inner: new Map() };
      node.inner.set(name, next);
      node = next;
    }
    node.entry = entry;
  }
  const objects: PackObject[] = [];
  const edit = (id: string | undefined, { inner }: Node): string | undefined => {
    const raw = id === undefined ? Buffer.alloc(0) : readFolder(id);
    const before = new Map(parseTree(raw, (name) => inner.has(name)).map((entry) => [entry.name, entry]));
    const entries = new Map<string, { readonly mode: string; readonly oid: string } | undefined>();
    for (const [name, node] of inner) {
      const old = before.get(name);
      if (node.inner.size === 0 || node.entry !== undefined) entries.set(name, node.entry);
      else {
        const oid = edit(isFolder(old) ? old.oid : undefined, node);
        entries.set(name, oid === undefined ? undefined : { mode: folderMode, oid });
      }
    }
    const { content, parts } = editTree(raw, entries);
    if (content.length === 0) return undefined;
    const oid = toObjectId('tree', content);
    if (oid !== id)
      objects.push({
        type: 'tree',
        content,
        ...(isThin && id !== undefined ? { base: { oid: id, length: raw.length, parts } } : {}),
      });
    return oid;
  };
  const edited = edit(root, top);
  if (edited !== undefined) return { root: edited, objects };
  const content = Buffer.alloc(0);
  return { root: toObjectId('tree', content), objects: [...objects, { type: 'tree', content }] };
}
