/** The folders of the tip that lead to wanted files, with what is in them. The rest of a tip is forgotten once read. */
import type { Problem } from '../../core/diagnostics/problem.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import { toFileRole } from '../../core/input/file-role.ts';
import { isWithin, toFolder, toPath } from '../../core/input/folder-tree.ts';
import type { MissingFolder } from '../../core/ports/watch.ts';
import type { Refusal } from '../../core/repository/entries.ts';
import { decideEntry, isLeftOut, isPolicy, toRefused, toSubmodule } from '../../core/repository/entries.ts';
import { folderMode, parseTree, toEntry, toNameText } from './objects.ts';

/** A folder of the tip. */
export interface Folder {
  readonly id: string;
  /** The tree object; undefined where nothing in it or below is wanted. */
  readonly tree: Tree | undefined;
}

export interface Tree {
  /** The bytes, as latin1: ten thousand small Buffers would take several times as much memory. */
  readonly raw: string;
  readonly files: readonly (readonly [name: string, id: string])[];
  /** By their paths. */
  readonly folders: readonly string[];
  /** Names of the links to follow. */
  readonly links: readonly string[];
  /** What is in the folder and cannot be read. */
  readonly refusals: readonly (readonly [name: string, refusal: Refusal])[];
}

export const emptyTree: Tree = { raw: '', files: [], folders: [], links: [], refusals: [] };

/** Which part of the tip is read. */
export interface TipScope {
  /** Only what is in this folder or below is read, and the policies above; `.` for all. */
  readonly path: string;
  readonly isWanted: (folder: string, name: string) => boolean;
}

/** By path. */
export type Folders = ReadonlyMap<string, Folder>;

/** Where folders are read from. */
export interface FolderSource {
  readonly read: (id: string) => Promise<Buffer>;
  /** Called with a folder that was read, where nothing in it or below is wanted; as latin1. */
  readonly onUnwanted: (id: string, raw: string) => void;
}

/** Undefined for the root. */
function toOuterPath(path: string): string | undefined {
  return path === '.' ? undefined : toFolder(path);
}

/**
 * Reads the folders of a tip.
 *
 * @param root the id of its tree.
 * @param known folders of an earlier tip: those that have not changed are not read again.
 * @throws what `read` throws for an object that was not fetched.
 */
export async function readFolders(
  { path, isWanted }: TipScope,
  root: string,
  known: Folders,
  { read, onUnwanted }: FolderSource,
): Promise<Map<string, Folder>> {
  const found = new Map<string, Folder>();
  /** Above the path, or at it. */
  const isOnTheWay = (folder: string) => isWithin(path, folder);
  const knownWithin = Map.groupBy(known.entries(), ([at]) => toOuterPath(at));
  /** With all that is below it: where nothing is wanted, a neighbour may change next. */
  const keep = (at: string, folder: Folder): void => {
    const kept: [string, Folder][] = [[at, folder]];
    // A loop, as folders may be nested more deeply than a stack.
    for (let next = kept.pop(); next !== undefined; next = kept.pop()) {
      found.set(...next);
      for (const inner of knownWithin.get(next[0]) ?? []) kept.push(inner);
    }
  };
  const walk = async (at: string, id: string): Promise<void> => {
    const before = known.get(at);
    if (before?.id === id) {
      keep(at, before);
      return;
    }
    const raw = await read(id);
    const isAbove = !isWithin(at, path);
    const files: [string, string][] = [];
    const folders: string[] = [];
    const links: string[] = [];
    const refusals: [string, Refusal][] = [];
    for (const entry of parseTree(raw)) {
      const name = toNameText(entry.name);
      const inner = toPath(at, name);
      const { kind } = toEntry(entry);
      const role = toFileRole(name);
      const use = decideEntry({ name, kind }, role, isAbove);
      const isNeeded = () => (!isAbove || isPolicy(role)) && isWanted(at, name);
      if (kind === 'folder' && (use === 'folder' || (isAbove && isOnTheWay(inner)))) {
        await walk(inner, entry.oid);
        if (found.get(inner)?.tree !== undefined) folders.push(inner);
      } else if (kind === 'submodule' && isAbove && isOnTheWay(inner)) refusals.push([name, toSubmodule(true)]);
      else if (typeof use === 'object') refusals.push([name, use]);
      else if (use === 'link' && (role === undefined || isNeeded())) links.push(name);
      else if (kind === 'file' && !isLeftOut(name) && isNeeded()) files.push([name, entry.oid]);
    }
    const isKept = [files, folders, links, refusals].some(({ length }) => length > 0) || isOnTheWay(at);
    const tree: Tree = { raw: raw.toString('latin1'), files, folders, links, refusals };
    if (!isKept) onUnwanted(id, tree.raw);
    found.set(at, { id, tree: isKept ? tree : undefined });
  };
  await walk('.', root);
  return found;
}

/** What is wanted of the folders, by its path; links are not followed yet. */
export function listWanted(folders: Folders): {
  readonly files: Map<string, string>;
  readonly problems: Problem[];
  readonly links: readonly string[];
} {
  const files = new Map<string, string>();
  const problems: Problem[] = [];
  const links: string[] = [];
  const collect = (at: string): void => {
    const tree = folders.get(at)?.tree ?? emptyTree;
    for (const [name, id] of tree.files) files.set(toPath(at, name), id);
    for (const [name, refusal] of tree.refusals) problems.push(toRefused(toPath(at, name), refusal));
    for (const name of tree.links) links.push(toPath(at, name));
    for (const inner of tree.folders) collect(inner);
  };
  collect('.');
  return { files, problems, links };
}

/** The first folder on the way to a path that the tip does not have; undefined: all exist. */
export function findMissing(path: string, folders: Folders): MissingFolder | undefined {
  let at = '.';
  for (const name of path === '.' ? [] : path.split('/')) {
    const raw = Buffer.from(folders.get(at)?.tree?.raw ?? '', 'latin1');
    const names = parseTree(raw).flatMap((entry) => (entry.mode === folderMode ? [toNameText(entry.name)] : []));
    if (!names.includes(name)) {
      const similar = suggest(name, names);
      return { path: toPath(at, name), similar: similar && toPath(at, similar) };
    }
    at = toPath(at, name);
  }
  return undefined;
}
