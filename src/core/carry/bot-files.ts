/**
 * Which files of a folder are the watcher's: status files and pages. On the deploy branch they are its alone, so those
 * of the source branch do not count.
 *
 * Another program's file may have such a name. A status file is one that is next to its model, and what a watcher
 * wrote is known by its text.
 */
import { isPageName, isStatusText, pageMark, toStatusParts } from '../input/file-role.ts';
import { isLeftOut } from '../repository/entries.ts';
import type { CarryEntry, FolderVersions } from './folders.ts';
import { isRegular, listChanged, toFile } from './folders.ts';

/** By blob id; undefined: there is none, or it cannot be read. */
export type Texts = ReadonlyMap<string, string | undefined>;

/** Hidden folders, and those of packages, have no models. */
export function isIgnored(path: string): boolean {
  return path.split('/').some((part) => part !== '.' && isLeftOut(part));
}

/** Ids of the blobs whose texts `isOfBot` takes. */
export function listBotTexts(folder: FolderVersions): string[] {
  if (isIgnored(folder.path)) return [];
  const unsure = listChanged(folder).filter((name) => isPageName(name) || isStrayStatus(folder, name));
  return unsure.flatMap((name) => {
    const entry = toSeen(folder, name);
    return isRegular(entry) ? [entry.oid] : [];
  });
}

/** @param name that the source has changed. */
export function isOfBot(folder: FolderVersions, name: string, texts: Texts): boolean {
  if (isIgnored(folder.path)) return false;
  const text = () => texts.get(toSeen(folder, name)?.oid ?? '') ?? '';
  if (isPageName(name)) return text().startsWith(pageMark);
  if (toStatusParts(name) === undefined) return false;
  return !isStrayStatus(folder, name) || isStatusText(text());
}

/** A name of a status file, without a model. */
function isStrayStatus({ base, source, deploy }: FolderVersions, name: string): boolean {
  const model = toStatusParts(name)?.model;
  return model !== undefined && [base, source, deploy].every((listing) => toFile(listing.get(model)) === undefined);
}

/** As the source has it, or had it. */
function toSeen({ base, source }: FolderVersions, name: string): CarryEntry | undefined {
  return toFile(source.get(name)) ?? toFile(base.get(name));
}
