/**
 * Where the status files of models go that the source branch has changed, moved or removed.
 *
 * Invariant: nothing is taken from the source branch, except once, by the first carry.
 */
import { toFileRole, toStatusParts } from '../input/file-role.ts';
import { toPath } from '../input/folder-tree.ts';
import { parseModel, parseStatus } from '../input/parse-document.ts';
import type { Texts } from './bot-files.ts';
import { isIgnored } from './bot-files.ts';
import type { CarryEntry, FolderVersions } from './folders.ts';
import { isRegular, listChanged, toFile } from './folders.ts';
import type { ModelPlace, StatusPlace, Subject } from './match.ts';
import { matchStatuses, toStatusPath } from './match.ts';

interface DeployedFile extends StatusPlace {
  readonly path: string;
  readonly entry: CarryEntry;
}

/** Ids of the blobs whose texts `placeStatuses` takes. */
export function listStatusTexts(folder: FolderVersions): string[] {
  return listModels(folder).flatMap(({ name, statuses }) => {
    const entries = [folder.source.get(name), ...statuses.map(({ entry }) => entry)];
    return entries.filter(isRegular).map(({ oid }) => oid);
  });
}

/** @returns path → the status file there; undefined: it is removed. */
export function placeStatuses(
  folders: readonly FolderVersions[],
  texts: Texts,
): ReadonlyMap<string, CarryEntry | undefined> {
  const models: ModelPlace[] = [];
  const files: DeployedFile[] = [];
  for (const folder of folders)
    for (const { name, statuses } of listModels(folder)) {
      const modelPath = toPath(folder.path, name);
      const file = toFile(folder.source.get(name));
      if (file !== undefined) models.push({ path: modelPath, subject: readSubject(file, texts, parseModel) });
      for (const { status, entry, cluster } of statuses) {
        const subject = readSubject(entry, texts, parseStatus);
        files.push({ path: toPath(folder.path, status), entry, modelPath, cluster, subject });
      }
    }
  const owners = matchStatuses(models, files);
  const moved = files.filter((file) => owners.get(file) !== file.modelPath);
  const changes = new Map<string, CarryEntry | undefined>(moved.map(({ path }) => [path, undefined]));
  for (const file of moved) {
    const owner = owners.get(file);
    if (owner !== undefined) changes.set(toStatusPath(owner, file.cluster), file.entry);
  }
  return changes;
}

/** The model files that the source has changed, with the status files that the deploy branch has of them. */
function listModels(folder: FolderVersions) {
  if (isIgnored(folder.path)) return [];
  return listChanged(folder).flatMap((name) => {
    const isSameText = isRegular(folder.base.get(name)) && folder.base.get(name)?.oid === folder.source.get(name)?.oid;
    if (toFileRole(name)?.kind !== 'Model' || isSameText) return [];
    return { name, statuses: listStatuses(folder, name) };
  });
}

function listStatuses({ deploy }: FolderVersions, model: string) {
  return [...deploy].flatMap(([status, entry]) => {
    const parts = toStatusParts(status);
    return parts?.model === model && toFile(entry) !== undefined ? [{ status, entry, cluster: parts.cluster }] : [];
  });
}

function readSubject(
  entry: CarryEntry | undefined,
  texts: Texts,
  parse: (source: { readonly path: string; readonly text: string }) => {
    readonly value:
      | { readonly metadata: { readonly name: string; readonly namespace?: string | undefined } }
      | undefined;
  },
): Subject | undefined {
  const text = isRegular(entry) ? texts.get(entry.oid) : undefined;
  if (text === undefined) return undefined;
  const metadata = parse({ path: '', text }).value?.metadata;
  return metadata && { name: metadata.name, namespace: metadata.namespace };
}
