/**
 * Reads the trees of commits as rendering reads a work tree.
 *
 * Invariants: nothing is written, except for objects that a partial clone fetches when they are read; an object that a
 * shallow clone does not have is a fault with a hint how to get it, and never read as empty.
 */

import { Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { toWholeProblem } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toFileRole } from '../../core/input/file-role.ts';
import type { FolderTree, FoundFile } from '../../core/input/folder-tree.ts';
import { toFolderChain, toFoundFile, toPath } from '../../core/input/folder-tree.ts';
import type { SourceFile } from '../../core/input/source-file.ts';
import type { TreePart } from '../../core/ports/revisions.ts';
import { decideEntry, toRefused, toSubmodule, toUnreadable } from '../../core/repository/entries.ts';
import { answerLater, followLink } from '../../core/repository/links.ts';
import { toSource } from '../files/source-file.ts';
import type { TreeEntry } from '../git/objects.ts';
import { parseTree, toEntry, toNameText } from '../git/objects.ts';
import type { TreeEntries } from '../git/tree-lookup.ts';
import { TreeLookup } from '../git/tree-lookup.ts';
import type { Git } from './git.ts';
import type { GitObject, GitObjects } from './objects.ts';
import type { RevisionNames } from './revision-names.ts';

/** Trees by their ids. What has been read of them is kept. */
export class CommitTrees {
  readonly #git: Git;
  readonly #objects: GitObjects;
  readonly #names: RevisionNames;
  readonly #trees = new Map<string, Promise<TreeEntries>>();
  readonly #blobs = new Map<string, Promise<Buffer>>();

  constructor(git: Git, objects: GitObjects, names: RevisionNames) {
    this.#git = git;
    this.#objects = objects;
    this.#names = names;
  }

  /**
   * The files as rendering reads them: the same as `openFolderTree` returns for a work tree. A folder that does not
   * exist is empty.
   */
  async readTree(tree: string, part: TreePart): Promise<FolderTree> {
    const ignored = await this.#findFiles(tree, toFolderChain(part.root).slice(0, -1), undefined);
    const found = await this.#findFiles(tree, toOuterChain(part), part.folder);
    const followed = await this.follow(tree, found.blobs, part.folder);
    await this.#fetchMissing(tree, part, new Set(followed.flatMap(({ oid }) => oid ?? [])));
    return this.open(
      followed,
      [...(await this.#findSubmodules(tree, part.folder)), ...found.problems],
      part,
      ignored.blobs
        .map(({ file }) => file)
        .filter(({ name }) => toFileRole(name)?.kind === 'MirrorPolicy')
        .map(({ path }) => path),
    );
  }

  /** Submodules in which the folder would be. */
  async #findSubmodules(tree: string, folder: string): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const at of toFolderChain(folder)) {
      const entry = await this.findEntry(tree, at);
      if (entry !== undefined && toEntry(entry).kind === 'submodule') problems.push(toRefused(at, toSubmodule(true)));
    }
    return problems;
  }

  /** @returns the file or folder at a path in a commit's tree; undefined when there is none. */
  findEntry(tree: string, path: string): Promise<TreeEntry | undefined> {
    return this.#look(tree).find(path);
  }

  #look(tree: string): TreeLookup {
    const readLink = async (oid: string) => (await this.#readBlob(oid)).toString('utf8');
    return new TreeLookup(tree, (oid) => this.#readEntries(oid), readLink);
  }

  /**
   * @param outer folders in which only policies count.
   * @param folder in which, and below which, all files count.
   */
  async #findFiles(
    tree: string,
    outer: readonly string[],
    folder: string | undefined,
  ): Promise<{ readonly blobs: readonly FoundBlob[]; readonly problems: readonly Problem[] }> {
    // The folders of a level are read at once; the results are in the order of their names.
    const read = async (at: string, oid: string, isAbove: boolean): Promise<readonly (FoundBlob | Problem)[]> => {
      const found = [...(await this.#readEntries(oid)).values()].map((entry) => {
        const path = toPath(at, entry.name);
        const use = decideEntry(toEntry(entry), toFileRole(entry.name), isAbove);
        if (use === 'folder') return read(path, entry.oid, isAbove);
        if (use === 'file' || use === 'link') return toBlob(at, entry);
        return use === 'nothing' ? [] : toRefused(path, use);
      });
      return (await Promise.all(found)).flat();
    };
    const found: (FoundBlob | Problem)[] = [];
    for (const at of folder === undefined ? outer : [...outer, folder]) {
      const start = await this.findEntry(tree, at);
      if (start !== undefined && isFolder(start)) found.push(...(await read(at, start.oid, at !== folder)));
    }
    return {
      blobs: found.filter((one) => 'oid' in one),
      problems: found.filter((one) => 'code' in one),
    };
  }

  /** Follows links; those that do not concern us are left out. */
  async follow(tree: string, found: readonly FoundBlob[], folder: string): Promise<readonly FollowedBlob[]> {
    if (found.every(({ isLink }) => !isLink)) return found.map(({ file, oid }) => ({ file, oid }));
    const lookup = this.#look(tree);
    const followed: FollowedBlob[] = [];
    for (const { file, oid, isLink } of found) {
      const end = isLink ? await answerLater(followLink(file.path, folder), lookup) : { file: file.path };
      if (end === undefined) continue;
      if (!('file' in end)) followed.push({ file, refusal: toRefused(file.path, end) });
      else followed.push({ file, oid: isLink ? ((await lookup.find(end.file))?.oid ?? '') : oid });
    }
    return followed;
  }

  /** The folder tree of files that were found, with their texts. */
  async open(
    found: readonly FollowedBlob[],
    problems: readonly Problem[],
    { folder, root }: TreePart,
    ignoredPolicies: readonly string[],
  ): Promise<FolderTree> {
    const sources = new Map<string, SourceFile | Problem>();
    const read = async ({ file: { path }, oid, refusal }: FollowedBlob) =>
      sources.set(path, oid === undefined ? refusal : toSource(path, await this.#readBlob(oid)));
    await Promise.all(found.map(read));
    // A problem of a status file is reported when it is read: it must not stop the rest.
    const isRefused = ({ file, refusal }: FollowedBlob) =>
      refusal !== undefined && toFileRole(file.name)?.kind !== 'ModelStatus';
    return {
      folder,
      policyRoot: root,
      ignoredPolicies,
      files: found.filter((blob) => !isRefused(blob)).map(({ file }) => file),
      problems: [...problems, ...found.filter(isRefused).flatMap(({ refusal }) => refusal ?? [])],
      read: ({ path }) =>
        sources.get(path) ?? toWholeProblem(path, toUnreadable(safe`the file is not in this revision`)),
    };
  }

  #readEntries(oid: string): Promise<TreeEntries> {
    const known = this.#trees.get(oid);
    if (known !== undefined) return known;
    const entries = this.#objects
      .require(oid)
      .then((tree) => new Map(parseEntries(tree, () => true).map((entry) => [entry.name, entry])));
    this.#trees.set(oid, entries);
    return entries;
  }

  #readBlob(oid: string): Promise<Buffer> {
    const known = this.#blobs.get(oid) ?? this.#objects.require(oid).then(({ content }) => content);
    this.#blobs.set(oid, known);
    return known;
  }

  /** The content of the file that a link leads to; empty: the link is refused. */
  async readLinked(tree: string, path: string, folder: string): Promise<Buffer> {
    const [blob] = await this.follow(tree, [{ file: toFoundFile(path), oid: '', isLink: true }], folder);
    return blob?.oid === undefined ? Buffer.alloc(0) : this.#readBlob(blob.oid);
  }

  /**
   * Fetches the missing objects of a partial clone together, as git does for a checkout (promisor-remote.c,
   * `fetch_objects`). When they are read, git would fetch them one by one.
   */
  async #fetchMissing(tree: string, { folder }: TreePart, wanted: ReadonlySet<string>): Promise<void> {
    const promisor = await this.#names.findPromisor();
    const start = promisor === undefined ? undefined : await this.findEntry(tree, folder);
    if (promisor === undefined || start === undefined) return;
    const words = ['rev-list', '--objects', '--no-object-names', '--missing=print', start.oid, '--'];
    const listed = (await this.#git.read(words)).split('\n');
    const missing = listed.filter((line) => line.startsWith('?')).map((line) => line.slice(1));
    const input = missing.filter((id) => wanted.has(id)).map((id) => `${id}\n`);
    if (input.length < 2) return;
    const flags = ['--no-tags', '--no-write-fetch-head', '--recurse-submodules=no', '--filter=blob:none', '--stdin'];
    await this.#git.read(['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', '--quiet', ...flags, '--', promisor], {
      input: input.join(''),
    });
  }
}

export interface FoundBlob {
  readonly file: FoundFile;
  readonly oid: string;
  readonly isLink: boolean;
}

/** The blob that is read for a file, or why none is. */
export type FollowedBlob =
  | { readonly file: FoundFile; readonly oid: string; readonly refusal?: undefined }
  | { readonly file: FoundFile; readonly oid?: undefined; readonly refusal: Problem };

export function toBlob(at: string, { name, mode, oid }: TreeEntry): FoundBlob {
  const path = toPath(at, name);
  return { file: { path, folder: at, name }, oid, isLink: toEntry({ name, mode }).kind === 'link' };
}

/** The folders around the rendered one whose policies count. */
function toOuterChain({ folder, root }: TreePart): string[] {
  return toFolderChain(folder).slice(toFolderChain(root).length - 1, -1);
}

/** Entries with their names in UTF-8. */
export function parseEntries({ id, content }: GitObject, isWanted: (name: string) => boolean): TreeEntry[] {
  try {
    const entries = parseTree(content, (name) => isWanted(toNameText(name)), id.length / 2);
    return entries.map((entry) => ({ ...entry, name: toNameText(entry.name) }));
  } catch (error) {
    throw toBroken(id, error);
  }
}

function toBroken(id: string, error: unknown): Fault {
  const message = safe`the tree ${mask(id)} cannot be read: ${mask((error as Error).message)}`;
  return new Fault('environment', message, safe`run git fsck`, { cause: error });
}

export function isFolder(entry: TreeEntry): boolean {
  return toEntry(entry).kind === 'folder';
}
