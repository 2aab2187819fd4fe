/** What is on the disk, where links are followed. */
import type { Dirent } from 'node:fs';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isWithin, toFoundFile, toPath } from '../../core/input/folder-tree.ts';
import type { EntryKind } from '../../core/repository/entries.ts';
import type { Lookup } from '../../core/repository/links.ts';
import { readSource } from './source-file.ts';

/** Looks up files and folders by their paths from the repository's root. */
export class DiskLookup implements Lookup {
  readonly #repository: string;
  readonly #repositoryPath: string;
  readonly #known = new Map<string, ReadonlyMap<string, EntryKind>>();
  #submodules: ReadonlySet<string> | undefined;

  constructor(repository: string, repositoryPath: string) {
    this.#repository = repository;
    this.#repositoryPath = repositoryPath;
  }

  readonly toAbsolute = (path: string) => join(this.#repository, posix.relative(this.#repositoryPath, path));

  /** By the exact name: a file system may ignore the difference between upper and lower case, but git does not. */
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
    // Argo CD has not sent what is outside.
    const isSent = isWithin(path, this.#repositoryPath);
    if (!isSent) {
      const inner = isWithin(this.#repositoryPath, path) ? posix.relative(path, this.#repositoryPath) : '';
      return inner === '' ? [] : [{ name: inner.split('/')[0] ?? '', kind: 'folder' as const }];
    }
    // Git's own files are not in the repository: no link may lead to a credential in its configuration.
    const entries = this.#readEntries(path).filter(({ name }) => name !== '.git');
    return entries.map((entry) => {
      const kind = toKind(entry);
      const at = toPath(path, entry.name);
      const isSubmodule = kind === 'folder' && this.isSubmodule(at, this.#readEntries(at));
      return { name: entry.name, kind: isSubmodule ? ('submodule' as const) : kind };
    });
  };

  /** A submodule that is not checked out is an empty folder. */
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

/** The paths in a `.gitmodules` file (gitmodules(5)). */
function readSubmodulePaths(file: string): string[] {
  const source = existsSync(file) ? readSource(file, '.gitmodules') : undefined;
  if (source === undefined || 'code' in source) return [];
  return source.text.split('\n').flatMap((line) => {
    const [key, value] = line.split('=', 2);
    return key?.trim() === 'path' && value !== undefined ? [value.trim().replace(/^"|"$/g, '')] : [];
  });
}

export function toKind(entry: Dirent): EntryKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
