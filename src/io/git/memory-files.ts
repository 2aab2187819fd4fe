/**
 * A file system in memory for isomorphic-git: what is fetched is read once and then forgotten, so it needs no disk,
 * leaves nothing behind when the process is killed, and costs no system calls (isomorphic-git looks for each object as a
 * file of its own before it looks into the pack).
 *
 * A folder exists as long as there are files below it; whoever writes a file need not make its folder.
 */
import type { PromiseFsClient } from 'isomorphic-git';

type Files = PromiseFsClient['promises'];

export class MemoryFiles implements PromiseFsClient {
  readonly #check: (path: string, content: Uint8Array | string) => void;
  readonly #files = new Map<string, Uint8Array>();

  readonly promises: Files = {
    readFile: async (path: string, options?: { readonly encoding?: string } | string) => {
      const content = this.#files.get(path);
      if (content === undefined) throw toError('ENOENT', path);
      const encoding = typeof options === 'string' ? options : options?.encoding;
      return encoding === 'utf8' ? Buffer.from(content).toString('utf8') : content;
    },
    writeFile: async (path: string, content: Uint8Array | string) => {
      this.#check(path, content);
      this.#files.set(path, typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
    },
    unlink: async (path: string) => {
      if (!this.#files.delete(path)) throw toError('ENOENT', path);
    },
    readdir: async (path: string) => this.#list(path),
    mkdir: async () => {},
    rmdir: async () => {},
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

  /** Forgets the files with certain paths. */
  forget(isForgotten: (path: string) => boolean): void {
    for (const path of this.#files.keys()) if (isForgotten(path)) this.#files.delete(path);
  }

  #list(folder: string): string[] {
    const start = `${folder}/`;
    const below = [...this.#files.keys()].filter((path) => path.startsWith(start));
    return [...new Set(below.map((path) => path.slice(start.length).split('/')[0] ?? ''))];
  }

  #stat(path: string) {
    const content = this.#files.get(path);
    const isFolder = content === undefined;
    if (isFolder && this.#list(path).length === 0) throw toError('ENOENT', path);
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

function toError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
