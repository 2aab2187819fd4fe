/**
 * What a carry changes on the deploy branch: three-way by path, with the source's tree that was carried last as the base.
 *
 * - A path that the source has not changed since then stays as the deploy branch has it.
 * - One that it has changed becomes the source's, whatever the deploy branch has.
 * - Status files and pages are always the deploy branch's.
 */

import { compareText } from '../diagnostics/problem.ts';
import { isPageName, toStatusParts } from '../input/file-role.ts';
import { toPath } from '../input/folder-tree.ts';
import type { Texts } from './bot-files.ts';
import { isIgnored, isOfBot, listBotTexts } from './bot-files.ts';
import type { CarriedTrees, CarryEntry, CarryObjects, FolderVersions } from './folders.ts';
import { compareFolders, isFolder, isSame, listChanged, toFile } from './folders.ts';
import { listStatusTexts, placeStatuses } from './statuses.ts';

/** Path → what is there after the carry; undefined: nothing. */
export type CarryChanges = ReadonlyMap<string, CarryEntry | undefined>;

export interface CarryPlan {
  /** Of the deploy branch, in the order of the paths. */
  readonly changes: CarryChanges;
  /** The files that were changed on the deploy branch itself, and become the source's. Sorted. */
  readonly undone: readonly string[];
}

/** @param trees without a base, nothing was carried yet: then status files of the source are taken over where there are none. */
export async function planCarry(
  { base, source, deploy }: Omit<CarriedTrees, 'base'> & { readonly base: string | undefined },
  objects: CarryObjects,
): Promise<CarryPlan> {
  const folders = await compareFolders({ base: base ?? deploy, source, deploy }, objects);
  const ids = folders.flatMap((folder) => [...listBotTexts(folder), ...listStatusTexts(folder)]);
  const texts = await objects.readTexts([...new Set(ids)]);
  const changes = new Map<string, CarryEntry | undefined>();
  const undone = new Set<string>();
  for (const folder of folders) mergeFiles(folder, texts, base === undefined, changes, undone);
  for (const [path, entry] of placeStatuses(folders, texts)) changes.set(path, entry);
  if (base === undefined) for (const folder of folders) takeOver(folder, texts, changes);
  makeRoom(folders, changes, undone);
  return {
    changes: new Map([...changes].sort(([a], [b]) => compareText(a, b))),
    undone: [...undone].sort(compareText),
  };
}

/** The files of people that differ between two trees of the deploy branch. Sorted. */
export async function findEdits(before: string, after: string, objects: CarryObjects): Promise<string[]> {
  const folders = await compareFolders({ base: before, source: after, deploy: after }, objects);
  const texts = await objects.readTexts([...new Set(folders.flatMap(listBotTexts))]);
  const edits = folders.flatMap((folder) => {
    const { path, base, source } = folder;
    const files = listChanged(folder).filter((name) => toFile(base.get(name)) ?? toFile(source.get(name)));
    return files.filter((name) => !isOfBot(folder, name, texts)).map((name) => toPath(path, name));
  });
  return edits.sort(compareText);
}

function mergeFiles(
  folder: FolderVersions,
  texts: Texts,
  isFirst: boolean,
  changes: Map<string, CarryEntry | undefined>,
  undone: Set<string>,
): void {
  const { path: at, base, source, deploy } = folder;
  for (const name of listChanged(folder)) {
    const [before, wanted, here] = [base.get(name), toFile(source.get(name)), deploy.get(name)];
    if (wanted === undefined && (toFile(before) === undefined || toFile(here) === undefined)) continue;
    if (isSame(wanted, here) || isOfBot(folder, name, texts)) continue;
    const path = toPath(at, name);
    changes.set(path, wanted);
    // Of a folder that becomes a file, what was changed in it is found below.
    const isEdit = !isSame(before, here) && !(isFolder(before) && isFolder(here));
    if (isFirst ? here !== undefined : isEdit) undone.add(path);
  }
}

/** Status files and pages that only the source has: it was deployed itself until now. */
function takeOver(folder: FolderVersions, texts: Texts, changes: Map<string, CarryEntry | undefined>): void {
  const { path: at, source, deploy } = folder;
  if (isIgnored(at)) return;
  for (const name of listChanged(folder)) {
    const path = toPath(at, name);
    const [entry, model] = [toFile(source.get(name)), toStatusParts(name)?.model];
    const isThere = changes.has(path) ? changes.get(path) !== undefined : deploy.has(name);
    if (entry === undefined || isThere || !isOfBot(folder, name, texts)) continue;
    if (model === undefined || toFile(source.get(model)) !== undefined) changes.set(path, entry);
  }
}

/** A path cannot be both a file and a folder: what the carry puts there wins. */
function makeRoom(
  folders: readonly FolderVersions[],
  changes: Map<string, CarryEntry | undefined>,
  undone: Set<string>,
): void {
  const byPath = new Map(folders.map((folder) => [folder.path, folder]));
  for (const path of [...changes.keys()].filter((one) => changes.get(one) !== undefined))
    for (const { outer, at, name } of toAncestors(path)) {
      const file = toFile(byPath.get(at)?.deploy.get(name));
      if (file === undefined || changes.has(outer)) continue;
      changes.set(outer, undefined);
      undone.add(outer);
    }
  const isReplaced = (path: string) => toAncestors(path).some(({ outer }) => changes.get(outer) !== undefined);
  for (const path of [...changes.keys()].filter(isReplaced)) changes.delete(path);
  for (const { path: at, base, deploy } of folders.filter(({ path }) => isReplaced(`${path}/`)))
    for (const name of deploy.keys())
      if (!base.has(name) && !isPageName(name) && toStatusParts(name) === undefined) undone.add(toPath(at, name));
}

/** The folders around a path, from the outermost inwards, without the root; each with the folder and name that it has there. */
function toAncestors(path: string): { readonly outer: string; readonly at: string; readonly name: string }[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((name, i) => ({
    outer: parts.slice(0, i + 1).join('/'),
    at: i === 0 ? '.' : parts.slice(0, i).join('/'),
    name,
  }));
}
