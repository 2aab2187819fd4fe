/**
 * Where the status files of models go that the source branch has changed, moved or removed.
 *
 * Invariants: a status file stays with the model whose name it has, wherever that moves, and goes when the model does;
 * where two models or two status files could be meant, the model has none until it is observed again, which keeps its
 * mirror closed; nothing is taken from the source branch, except once, by the first carry.
 */
import { toFileRole, toStatusName, toStatusParts } from '../input/file-role.ts';
import { toPath } from '../input/folder-tree.ts';
import { parseModel, parseStatus } from '../input/parse-document.ts';
import type { Texts } from './bot-files.ts';
import { isIgnored } from './bot-files.ts';
import type { CarryEntry, FolderVersions } from './folders.ts';
import { isRegular, listChanged, toFile } from './folders.ts';

/** Whom a file is about. */
export interface Subject {
  readonly name: string;
  readonly namespace?: string | undefined;
}

interface Freed {
  readonly path: string;
  readonly entry: CarryEntry;
  readonly subject: Subject | undefined;
  readonly cluster: string | undefined;
}

/** A model that may have lost or gained status files. */
interface Claim {
  readonly folder: string;
  readonly stem: string;
  readonly subject: Subject;
  /** The clusters whose status files stay. */
  readonly kept: ReadonlySet<string | undefined>;
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
  const freed: Freed[] = [];
  const claims: Claim[] = [];
  for (const folder of folders)
    for (const { name, stem, statuses } of listModels(folder)) {
      const file = toFile(folder.source.get(name));
      const subject = readSubject(file, texts, parseModel);
      const kept = new Set<string | undefined>();
      for (const { status, entry, cluster } of statuses) {
        const about = readSubject(entry, texts, parseStatus);
        // What cannot be read is left as it is, as the watcher leaves it.
        if (file !== undefined && (subject === undefined || about === undefined || isAbout(about, subject)))
          kept.add(cluster);
        else freed.push({ path: toPath(folder.path, status), entry, subject: about, cluster });
      }
      if (subject !== undefined) claims.push({ folder: folder.path, stem, subject, kept });
    }
  const changes = new Map<string, CarryEntry | undefined>(freed.map(({ path }) => [path, undefined]));
  for (const [path, entry] of match(freed, claims)) changes.set(path, entry);
  return changes;
}

function* match(freed: readonly Freed[], claims: readonly Claim[]): Iterable<[string, CarryEntry]> {
  const byName = Map.groupBy(claims, ({ subject }) => subject.name);
  const found = freed.flatMap((file) => {
    const { subject, cluster } = file;
    const meant = (subject && byName.get(subject.name)) ?? [];
    const [claim, ...others] = meant.filter(
      (one) => subject && isAbout(subject, one.subject) && !one.kept.has(cluster),
    );
    return claim === undefined || others.length > 0 ? [] : [{ file, claim }];
  });
  const byTarget = Map.groupBy(found, ({ file, claim }) =>
    toPath(claim.folder, toStatusName(claim.stem, file.cluster)),
  );
  for (const [path, [only, ...others]] of byTarget)
    if (only !== undefined && others.length === 0) yield [path, only.file.entry];
}

/** The model files that the source has changed, with the status files that the deploy branch has of them. */
function listModels(folder: FolderVersions) {
  if (isIgnored(folder.path)) return [];
  return listChanged(folder).flatMap((name) => {
    const role = toFileRole(name);
    if (role?.kind !== 'Model') return [];
    return { name, stem: role.stem, statuses: listStatuses(folder, name) };
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

/** A model without a namespace is in that of its Application. */
export function isAbout(status: Subject, model: Subject): boolean {
  return status.name === model.name && (model.namespace === undefined || status.namespace === model.namespace);
}
