/**
 * The files below a folder on the disk, as rendering reads them.
 *
 * Threats: a repository is somebody's input. A link may point out of it, a file may be huge or no text, a folder may not
 * be readable: each is a problem at its place, because leaving a file out silently would let Argo CD prune what it
 * declared.
 */
import type { Dirent } from 'node:fs';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { Fault, toReason } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { toWholeProblem } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toFileRole } from '../../core/input/file-role.ts';
import type { FolderTree, FoundFile } from '../../core/input/folder-tree.ts';
import { toFolderChain, toPath } from '../../core/input/folder-tree.ts';
import { decideEntry, isLeftOut, toRefused, toSubmodule, toUnreadable } from '../../core/repository/entries.ts';
import { answer, followLink, lookForModels } from '../../core/repository/links.ts';
import { DiskLookup, toKind } from './disk-lookup.ts';
import { readSource } from './source-file.ts';

export interface FolderPlaces {
  /** The repository, or the part of it that is here: an absolute path without links. */
  readonly repository: string;
  /** The path of that folder in the whole repository; `.` when it is the root itself. */
  readonly repositoryPath: string;
  /** The folder to render: an absolute path without links, in the repository. */
  readonly folder: string;
  /** The outermost folder whose policies count: the repository, unless an option names a folder in it. */
  readonly root: string;
}

/** Reads the folders; the files are read one by one when they are needed. */
export function openFolderTree({ repository, repositoryPath, folder, root }: FolderPlaces): FolderTree {
  const problems: Problem[] = [];
  const files: FoundFile[] = [];
  /** Path of a link → path of the file that is read in its place. */
  const targets = new Map<string, string>();
  const unreadable = new Map<string, Problem>();
  const disk = new DiskLookup(repository, repositoryPath);
  const { toAbsolute } = disk;
  const toInner = (absolute: string) =>
    posix.join(repositoryPath, relative(repository, absolute).split(sep).join('/')) || '.';
  const from = toInner(folder);

  const read = (at: string, isAbove: boolean): void => {
    let entries: readonly Dirent[];
    try {
      entries = readdirSync(toAbsolute(at), { withFileTypes: true });
    } catch (error) {
      problems.push(toWholeProblem(at, toUnreadable(safe`the folder cannot be listed: ${toReason(error)}`)));
      return;
    }
    if (!isAbove && at !== from && disk.isSubmodule(at, entries)) {
      problems.push(toRefused(at, toSubmodule(lookForModels(at, disk))));
      return;
    }
    for (const entry of entries) {
      const { name } = entry;
      const role = toFileRole(name);
      const path = toPath(at, name);
      const use = decideEntry({ name, kind: toKind(entry) }, role, isAbove);
      if (use === 'nothing') continue;
      if (use === 'folder') read(path, false);
      else if (use === 'file') files.push({ path, folder: at, name });
      else {
        const followed = use === 'link' ? answer(followLink(path, from), disk) : use;
        if (followed === undefined) continue;
        if ('file' in followed) targets.set(path, followed.file);
        else if (role?.kind === 'ModelStatus') unreadable.set(path, toRefused(path, followed));
        else {
          problems.push(toRefused(path, followed));
          continue;
        }
        // A problem of a status file is reported when it is read: it must not stop the rest.
        files.push({ path, folder: at, name });
      }
    }
  };

  const sent = toFolderChain(from).slice(toFolderChain(repositoryPath).length - 1);
  for (const at of sent)
    if (at !== '.' && existsSync(join(toAbsolute(at), '.git'))) problems.push(toRefused(at, toSubmodule(true)));
  read(from, false);
  const outermost = toInner(root);
  for (const at of toFolderChain(from).slice(toFolderChain(outermost).length - 1, -1)) read(at, true);
  return {
    folder: from,
    files,
    policyRoot: outermost,
    ignoredPolicies: toFolderChain(outermost)
      .slice(toFolderChain(repositoryPath).length - 1, -1)
      .flatMap((path) => listPolicies(path, disk)),
    problems,
    read: ({ path }) => unreadable.get(path) ?? readSource(toAbsolute(targets.get(path) ?? path), path),
  };
}

function listPolicies(folder: string, disk: DiskLookup): string[] {
  return disk
    .list(folder)
    .filter(({ name }) => !isLeftOut(name) && toFileRole(name)?.kind === 'MirrorPolicy')
    .map(({ name }) => posix.join(folder, name))
    .sort();
}

/** Whether there is a folder at a path. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The absolute path of a folder, links resolved. Throws a fault when it is not there. */
export function toRealFolder(path: string): string {
  let real: string;
  try {
    real = realpathSync.native(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    throw new Fault('environment', safe`${mask(path)}: ${toReason(error)}`, safe`name an existing folder`, {
      cause: error,
    });
  }
  throw new Fault('usage', safe`${mask(path)} is not a folder`, safe`name the folder that holds the model`);
}

/** The nearest folder with a `.git`, from this one outwards; undefined when there is none. */
export function findRepository(folder: string): string | undefined {
  for (let at = folder; ; ) {
    if (statSync(join(at, '.git'), { throwIfNoEntry: false }) !== undefined) return at;
    const above = join(at, '..');
    if (above === at) return undefined;
    at = above;
  }
}

/** Whether a folder is a repository without a work tree (gitrepository-layout(5)). */
export function isBareRepository(folder: string): boolean {
  return ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(folder, name)));
}
