/**
 * The real side of the folder port: finds and reads the files below a folder.
 *
 * Threats: a repository is somebody's input. A link may point out of it, a file may be huge or no
 * text, a folder may not be readable: each is a problem at its place, because leaving the file out
 * in silence would let Argo CD prune what it declared.
 */
import type { Dirent } from 'node:fs';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { Fault, toReason } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { toWholeProblem } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toFileRole } from '../../core/input/file-role.ts';
import type { FolderTree, FoundFile } from '../../core/input/folder-tree.ts';
import { isWithin, toFolderChain, toFoundFile } from '../../core/input/folder-tree.ts';
import type { SourceFile } from '../../core/input/source-file.ts';
import type { EntryKind } from '../../core/repository/entries.ts';
import { decideEntry, isLeftOut, toRefused, toSubmodule, toUnreadable } from '../../core/repository/entries.ts';
import { maxFileBytes, toFileText } from '../../core/repository/file-text.ts';
import type { Lookup } from '../../core/repository/links.ts';
import { answer, followLink, lookForModels } from '../../core/repository/links.ts';

export interface FolderPlaces {
  /** What there is of the repository: an absolute path without links. */
  readonly repository: string;
  /** The path of that folder in the whole repository; `.` when it is the root itself. */
  readonly repositoryPath: string;
  /** The folder to render: the same, and not outside of the repository. */
  readonly folder: string;
  /** The outermost folder whose policies count: the repository, unless an option names a folder further in. */
  readonly root: string;
}

/** Reads the folders, not yet the files. */
export function openFolderTree({ repository, repositoryPath, folder, root }: FolderPlaces): FolderTree {
  const problems: Problem[] = [];
  const files: FoundFile[] = [];
  /** Of links, the paths of the files that are read in their places. */
  const targets = new Map<string, string>();
  const unreadable = new Map<string, Problem>();
  const disk = new DiskLookup(repository, repositoryPath);
  const { toAbsolute } = disk;
  const toPath = (absolute: string) =>
    posix.join(repositoryPath, relative(repository, absolute).split(sep).join('/')) || '.';
  const from = toPath(folder);

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
      const path = at === '.' ? name : `${at}/${name}`;
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
        // What is wrong with a status file is told where it is read: it must not stop the rest.
        files.push({ path, folder: at, name });
      }
    }
  };

  const sent = toFolderChain(from).slice(toFolderChain(repositoryPath).length - 1);
  for (const at of sent)
    if (at !== '.' && existsSync(join(toAbsolute(at), '.git'))) problems.push(toRefused(at, toSubmodule(true)));
  read(from, false);
  const outermost = toPath(root);
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

/** What is on the disk, by paths from the repository's root, where links are followed. */
class DiskLookup implements Lookup {
  readonly #repository: string;
  readonly #repositoryPath: string;
  readonly #known = new Map<string, ReadonlyMap<string, EntryKind>>();
  #submodules: ReadonlySet<string> | undefined;

  constructor(repository: string, repositoryPath: string) {
    this.#repository = repository;
    this.#repositoryPath = repositoryPath;
  }

  readonly toAbsolute = (path: string) => join(this.#repository, posix.relative(this.#repositoryPath, path));

  /** As it is written: a file system may not tell large letters from small ones, but git does. */
  readonly kindOf = (path: string) => {
    const { folder, name } = toFoundFile(path);
    let known = this.#known.get(folder);
    if (known === undefined) {
      known = new Map(this.list(folder).map((entry) => [entry.name, entry.kind]));
      this.#known.set(folder, known);
    }
    return known.get(name);
  };

  readonly targetOf = (path: string) => {
    try {
      return readlinkSync(this.toAbsolute(path));
    } catch {
      return '';
    }
  };

  readonly list = (path: string) => {
    // What Argo CD has not sent.
    const isSent = isWithin(path, this.#repositoryPath);
    if (!isSent) {
      const inner = isWithin(this.#repositoryPath, path) ? posix.relative(path, this.#repositoryPath) : '';
      return inner === '' ? [] : [{ name: inner.split('/')[0] ?? '', kind: 'folder' as const }];
    }
    // Git's own files are not in the repository: no link may lead to a credential in its configuration.
    const entries = this.#readEntries(path).filter(({ name }) => name !== '.git');
    return entries.map((entry) => {
      const kind = toKind(entry);
      const at = path === '.' ? entry.name : `${path}/${entry.name}`;
      const isSubmodule = kind === 'folder' && this.isSubmodule(at, this.#readEntries(at));
      return { name: entry.name, kind: isSubmodule ? ('submodule' as const) : kind };
    });
  };

  /** One that is not checked out is an empty folder. */
  isSubmodule(path: string, entries: readonly Dirent[]): boolean {
    if (entries.length > 0) return entries.some(({ name }) => name === '.git');
    this.#submodules ??= new Set(readSubmodulePaths(this.toAbsolute('.gitmodules')));
    return this.#submodules.has(path);
  }

  #readEntries(path: string): readonly Dirent[] {
    try {
      return readdirSync(this.toAbsolute(path), { withFileTypes: true });
    } catch {
      return [];
    }
  }
}

/** As gitmodules(5) writes them. */
function readSubmodulePaths(file: string): string[] {
  const source = existsSync(file) ? readSource(file, '.gitmodules') : undefined;
  if (source === undefined || 'code' in source) return [];
  return source.text.split('\n').flatMap((line) => {
    const [key, value] = line.split('=', 2);
    return key?.trim() === 'path' && value !== undefined ? [value.trim().replace(/^"|"$/g, '')] : [];
  });
}

function toKind(entry: Dirent): EntryKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

/** The text of a file, or why there is none. */
export function readSource(absolute: string, path: string): SourceFile | Problem {
  try {
    return toSource(path, readStart(absolute));
  } catch (error) {
    return toWholeProblem(path, toUnreadable(safe`the file cannot be read: ${toReason(error)}`));
  }
}

/** What is piped into the program. */
export function readStandardInput(): SourceFile | Problem {
  try {
    return toSource('(standard input)', readFileSync(0));
  } catch (error) {
    return toWholeProblem('(standard input)', toUnreadable(safe`it cannot be read: ${toReason(error)}`));
  }
}

/** A file's bytes, or its first ones when there are too many → its text, or why it is none. */
export function toSource(path: string, bytes: Uint8Array): SourceFile | Problem {
  const text = toFileText(bytes);
  return typeof text === 'string' ? { path, text } : toWholeProblem(path, text);
}

/** Most files fit into it, and are read by one call to the system. */
const readBuffer = Buffer.allocUnsafe(16 * 1024);

/** A file's bytes, or a byte more than is allowed of a larger one. Valid until the next file is read. */
function readStart(absolute: string): Buffer {
  const file = openSync(absolute, 'r');
  try {
    const first = readSync(file, readBuffer, 0, readBuffer.length, null);
    if (first < readBuffer.length) return readBuffer.subarray(0, first);
    const large = Buffer.allocUnsafe(maxFileBytes + 1);
    let length = readBuffer.copy(large);
    for (let more = 1; more > 0 && length < large.length; length += more)
      more = readSync(file, large, length, large.length - length, null);
    return large.subarray(0, length);
  } finally {
    closeSync(file);
  }
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
