/**
 * A file system for isomorphic-git in memory: what is fetched is read once and then forgotten, so it
 * needs no disk, leaves nothing behind when the process is killed, and costs no calls to the system
 * (isomorphic-git looks for each object as a file of its own before it looks into the pack).
 */
import type { PromiseFsClient } from 'isomorphic-git';

type Files = PromiseFsClient['promises'];

interface Stats {
  readonly isFile: () => boolean;
  readonly isDirectory: () => boolean;
  readonly isSymbolicLink: () => boolean;
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

export class MemoryFiles implements PromiseFsClient {
  readonly #check: (path: string, content: Uint8Array | string) => void;
  readonly #files = new Map<string, Uint8Array>();
  readonly #folders = new Map<string, Set<string>>([['/', new Set()]]);

  readonly promises: Files = {
    readFile: async (path: string, options?: { readonly encoding?: string } | string) => {
      const content = this.#files.get(path);
      if (content === undefined) throw toError('ENOENT', path);
      const encoding = typeof options === 'string' ? options : options?.encoding;
      return encoding === 'utf8' ? Buffer.from(content).toString('utf8') : content;
    },
    writeFile: async (path: string, content: Uint8Array | string) => {
      const [folder, name] = toParent(path);
      const entries = this.#folders.get(folder);
      if (entries === undefined) throw toError('ENOENT', path);
      this.#check(path, content);
      entries.add(name);
      this.#files.set(path, typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
    },
    unlink: async (path: string) => {
      if (!this.#files.delete(path)) throw toError('ENOENT', path);
      const [folder, name] = toParent(path);
      this.#folders.get(folder)?.delete(name);
    },
    readdir: async (path: string) => {
      const entries = this.#folders.get(path);
      if (entries === undefined) throw toError('ENOENT', path);
      return [...entries];
    },
    mkdir: async (path: string) => {
      if (this.#folders.has(path)) throw toError('EEXIST', path);
      const [folder, name] = toParent(path);
      const entries = this.#folders.get(folder);
      if (entries === undefined) throw toError('ENOENT', path);
      entries.add(name);
      this.#folders.set(path, new Set());
    },
    rmdir: async (path: string) => {
      if (!this.#folders.delete(path)) throw toError('ENOENT', path);
      const [folder, name] = toParent(path);
      this.#folders.get(folder)?.delete(name);
    },
    stat: async (path: string) => this.#stat(path),
    lstat: async (path: string) => this.#stat(path),
    readlink: async (path: string) => {
      throw toError('EINVAL', path);
    },
    symlink: async (_: string, path: string) => {
      throw toError('EPERM', path);
    },
  };

  /** @param check throws for what must not be written. */
  constructor(check: (path: string, content: Uint8Array | string) => void = () => {}) {
    this.#check = check;
  }

  /** Forgets the files whose path the test takes. */
  forget(isForgotten: (path: string) => boolean): void {
    for (const path of this.#files.keys())
      if (isForgotten(path)) {
        this.#files.delete(path);
        const [folder, name] = toParent(path);
        this.#folders.get(folder)?.delete(name);
      }
  }

  #stat(path: string): Stats {
    const content = this.#files.get(path);
    const isFolder = this.#folders.has(path);
    if (content === undefined && !isFolder) throw toError('ENOENT', path);
    return {
      isFile: () => !isFolder,
      isDirectory: () => isFolder,
      isSymbolicLink: () => false,
      size: content?.length ?? 0,
      mode: isFolder ? 0o40755 : 0o100644,
      mtimeMs: 0,
      ctimeMs: 0,
    };
  }
}

function toParent(path: string): [folder: string, name: string] {
  const end = path.lastIndexOf('/');
  return [end <= 0 ? '/' : path.slice(0, end), path.slice(end + 1)];
}

function toError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
