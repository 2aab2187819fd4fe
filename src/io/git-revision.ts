/**
 * What a repository held at a revision, read without a work tree and without git installed.
 *
 * Invariants: nothing is written and nothing is fetched; what a clone does not have (shallow, partial)
 * is a fault that says how to get it, never an empty answer.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import git from 'isomorphic-git';
import { toFileRole } from '../input/file-role.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { toFolderChain, toFoundFile } from '../input/folder-tree.ts';
import type { Problem } from '../input/problem.ts';
import { toWholeProblem } from '../input/problem.ts';
import type { SafeText } from '../input/safe-text.ts';
import { mask, quote, safe } from '../input/safe-text.ts';
import type { SourceFile } from '../input/source-file.ts';
import { suggest } from '../input/suggest.ts';
import { decideEntry, isLeftOut, isPolicy, toRefused, toSubmodule, toUnreadable } from '../repository/entries.ts';
import { answerLater, followLink } from '../repository/links.ts';
import { toBranchList } from './branch-list.ts';
import { Fault } from './fault.ts';
import { toSource } from './folder-tree.ts';
import type { GitFolder } from './git-folder.ts';
import { openGitFolder } from './git-folder.ts';
import { findMergeBases } from './git-merge-base.ts';
import type { CommitContent, TreeEntry } from './git-objects.ts';
import { parseCommit, parseTree, toEntry } from './git-objects.ts';
import { GitPacks } from './git-packs.ts';

/** Which part of a commit's tree is read; paths from the repository's root, `.` for the root. */
export interface TreePart {
  /** The folder that is rendered. */
  readonly folder: string;
  /** The outermost folder whose policies count: the folder itself, or one around it. */
  readonly root: string;
}

/** How many objects are asked for at once. */
const readsAtOnce = 64;

/** A repository that is read, with what has been read of it so far. */
export class GitRevisions {
  readonly #folder: GitFolder;
  readonly #packs: GitPacks;
  /** The library's own: the packs that it has opened. */
  readonly #cache: object = {};
  readonly #trees = new Map<string, Promise<readonly TreeEntry[]>>();
  readonly #blobs = new Map<string, Promise<Buffer>>();
  readonly #levels = new Map<string, { readonly oid: string; readonly level: Level }>();

  /**
   * @param folder a work tree's root, or a bare repository.
   * @throws Fault when git's files cannot be read.
   */
  constructor(folder: string) {
    this.#folder = openGitFolder(folder);
    this.#packs = new GitPacks(this.#folder.common);
  }

  /**
   * The commit that a text names: `HEAD`, a branch, a tag, a commit's id or its beginning, each with
   * `~2` or `^2` behind it (gitrevisions(7)). A branch that is only at the remote `origin` counts too.
   *
   * @throws Fault when there is none, or the clone does not reach so far.
   */
  async resolve(revision: string): Promise<string> {
    const { name, steps } = splitSteps(revision);
    let commit = await this.#toCommit(await this.#resolveName(name === '' || name === '@' ? 'HEAD' : name), name);
    for (const [, sign, digits = ''] of steps.matchAll(/([~^])(\d*)/g)) {
      const count = digits === '' ? 1 : Number(digits);
      if (sign === '~') for (let i = 0; i < count; i++) commit = await this.#parent(commit, 1, revision);
      else if (count > 0) commit = await this.#parent(commit, count, revision);
    }
    return commit;
  }

  /** The branch that others are merged into, as `origin/main`; undefined when nothing tells. */
  async findDefaultBranch(): Promise<string | undefined> {
    const head = await this.#tryRef('refs/remotes/origin/HEAD', 1);
    if (head?.startsWith('refs/')) return head.replace(/^refs\/(remotes|heads)\//, '');
    for (const name of ['origin/main', 'origin/master', 'main', 'master'])
      if ((await this.#tryRef(name)) !== undefined) return name;
    return undefined;
  }

  /**
   * The commit at which two lines of history parted.
   *
   * @throws Fault when there is none in this clone.
   */
  async findMergeBase(one: string, other: string): Promise<string> {
    const ends = this.readShallow();
    const [base] = await findMergeBases(one, other, async (id) => {
      const { parents, committer } = await this.readCommit(id);
      return { parents: ends.has(id) ? [] : parents, date: committer.date };
    });
    if (base !== undefined) return base;
    throw new Fault(
      'environment',
      safe`${toShortId(one)} and ${toShortId(other)} have no common commit in this clone`,
      this.isShallow() ? deepen : safe`they are of different histories: name both revisions`,
    );
  }

  /** Whether older commits were left out when this clone was made. */
  isShallow(): boolean {
    return this.readShallow().size > 0;
  }

  /** The commits whose parents are not in this clone. */
  readShallow(): ReadonlySet<string> {
    const file = join(this.#folder.common, 'shallow');
    return new Set(
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
        : [],
    );
  }

  /** Who wrote a commit; undefined when this clone does not have it. */
  async findAuthor(commit: string): Promise<string | undefined> {
    try {
      return (await this.readCommit(commit)).author.name;
    } catch {
      return undefined;
    }
  }

  async readCommit(commit: string): Promise<CommitContent> {
    const raw = await this.#readObject(commit);
    return (await this.#read(async () => parseCommit(raw))) as CommitContent;
  }

  /**
   * The files of a commit as rendering reads them: the same as `openFolderTree` gives of its work tree.
   * A folder that the commit does not have is empty.
   */
  async readTree(commit: string, part: TreePart): Promise<FolderTree> {
    const { tree } = await this.readCommit(commit);
    const ignored = await this.#findFiles(tree, toFolderChain(part.root).slice(0, -1), undefined);
    const found = await this.#findFiles(tree, toOuterChain(part), part.folder);
    return this.#toFolderTree(
      await this.#follow(tree, found.blobs, part.folder),
      [...(await this.#findSubmodules(tree, part.folder)), ...found.problems],
      part,
      ignored.blobs
        .map(({ file }) => file)
        .filter(({ name }) => toFileRole(name)?.kind === 'MirrorPolicy')
        .map(({ path }) => path),
    );
  }

  /** Those in which the folder would be. */
  async #findSubmodules(tree: string, folder: string): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const at of toFolderChain(folder)) {
      const entry = await this.findEntry(tree, at);
      if (entry !== undefined && toEntry(entry).kind === 'submodule') problems.push(toRefused(at, toSubmodule(true)));
    }
    return problems;
  }

  /** @returns the id of the file or folder at a path in a commit's tree; undefined when there is none. */
  async findEntry(tree: string, path: string): Promise<TreeEntry | undefined> {
    let entry: TreeEntry = { mode: '40000', name: '', oid: tree };
    for (const part of path.split('/').filter((word) => word !== '.' && word !== '')) {
      if (!isFolder(entry)) return undefined;
      const next = (await this.#readEntries(entry.oid)).find(({ name }) => name === part);
      if (next === undefined) return undefined;
      entry = next;
    }
    return entry;
  }

  /**
   * One model's files in a commit's tree: its own, its status file, and the policies of its folder and
   * of those around it. Nothing is read yet but the folders.
   *
   * @param paths of the model file and of the status file that belongs to it.
   * @returns undefined when there is no such model file.
   */
  async findModelFiles(
    tree: string,
    paths: { readonly model: string; readonly status: string },
    root: string,
  ): Promise<ModelFiles | undefined> {
    const { folder } = toFoundFile(paths.model);
    const found: FoundBlob[] = [];
    const chain = toFolderChain(folder);
    const outermost = toFolderChain(root).length - 1;
    let oid = tree;
    for (const [i, at] of chain.entries()) {
      const inner = chain[i + 1];
      const level = await this.#readLevel(oid, at, inner, paths);
      if (i >= outermost) found.push(...level.blobs);
      if (inner === undefined) break;
      if (level.inner === undefined) return undefined;
      oid = level.inner;
    }
    if (!found.some(({ file }) => file.path === paths.model)) return undefined;
    const followed = await this.#follow(tree, found, folder);
    const toKey = (blobs: readonly FollowedBlob[]) =>
      blobs.map(({ file, oid, refusal }) => `${file.path} ${oid ?? refusal.message}`).join('\n');
    return {
      key: toKey(followed),
      writtenKey: toKey(followed.filter(({ file }) => file.path !== paths.status)),
      read: () => this.#toFolderTree(followed, [], { folder, root }, []),
    };
  }

  /**
   * What of a folder matters to a model. Folders are large, and walks ask for nearly the same ones again
   * and again: of each only the last answer is kept, and of that only what matters.
   */
  async #readLevel(
    oid: string,
    at: string,
    inner: string | undefined,
    { model, status }: { readonly model: string; readonly status: string },
  ): Promise<Level> {
    const key = [at, inner, model, status].join('\n');
    const known = this.#levels.get(key);
    if (known?.oid === oid) return known.level;
    const toPath = (name: string) => (at === '.' ? name : `${at}/${name}`);
    const isOwn = (name: string) => [model, status, inner].includes(toPath(name));
    const entries = parseEntries(await this.#readObject(oid), (name) => isOwn(name) || isPolicy(toFileRole(name)));
    const level: Level = {
      inner: entries.find((entry) => isFolder(entry) && toPath(entry.name) === inner)?.oid,
      blobs: entries.flatMap((entry) => {
        const use = decideEntry(toEntry(entry), toFileRole(entry.name), false);
        return use === 'file' || use === 'link' ? [toBlob(at, entry)] : [];
      }),
    };
    this.#levels.set(key, { oid, level });
    return level;
  }

  /**
   * The models' files below a folder that were in none of the trees before, the same content once: for
   * walks that look for a name.
   *
   * @param seen the ids of what was looked at, which are added to.
   */
  async findNewModels(tree: string, { folder }: TreePart, seen: Set<string>): Promise<SourceFile[]> {
    const found: SourceFile[] = [];
    const search = async (at: string, oid: string): Promise<void> => {
      if (seen.has(oid)) return;
      seen.add(oid);
      // Of so many trees none is kept.
      for (const entry of parseEntries(await this.#readObject(oid), (name) => !isLeftOut(name))) {
        const path = at === '.' ? entry.name : `${at}/${entry.name}`;
        const role = toFileRole(entry.name);
        const use = decideEntry(toEntry(entry), role, false);
        if (use === 'folder') await search(path, entry.oid);
        if ((use !== 'file' && use !== 'link') || role?.kind !== 'Model') continue;
        const [blob] = await this.#follow(tree, [toBlob(at, entry)], folder);
        if (blob?.oid === undefined || seen.has(blob.oid)) continue;
        seen.add(blob.oid);
        const source = toSource(path, await this.#readObject(blob.oid));
        if (!('code' in source)) found.push(source);
      }
    };
    const start = await this.findEntry(tree, folder);
    if (start !== undefined && isFolder(start)) await search(folder, start.oid);
    return found;
  }

  /**
   * @param outer folders of which only policies count.
   * @param folder whose files count, and those of all folders below it.
   */
  async #findFiles(
    tree: string,
    outer: readonly string[],
    folder: string | undefined,
  ): Promise<{ readonly blobs: readonly FoundBlob[]; readonly problems: readonly Problem[] }> {
    const blobs: FoundBlob[] = [];
    const problems: Problem[] = [];
    const read = async (at: string, oid: string, isAbove: boolean): Promise<void> => {
      for (const entry of await this.#readEntries(oid)) {
        const path = at === '.' ? entry.name : `${at}/${entry.name}`;
        const use = decideEntry(toEntry(entry), toFileRole(entry.name), isAbove);
        if (use === 'folder') await read(path, entry.oid, isAbove);
        else if (use === 'file' || use === 'link') blobs.push(toBlob(at, entry));
        else if (use !== 'nothing') problems.push(toRefused(path, use));
      }
    };
    for (const at of folder === undefined ? outer : [...outer, folder]) {
      const start = await this.findEntry(tree, at);
      if (start !== undefined && isFolder(start)) await read(at, start.oid, at !== folder);
    }
    return { blobs, problems };
  }

  /** Files with links in their places read, or refused; a link that is nothing of ours is left out. */
  async #follow(tree: string, found: readonly FoundBlob[], folder: string): Promise<readonly FollowedBlob[]> {
    if (found.every(({ isLink }) => !isLink)) return found.map(({ file, oid }) => ({ file, oid }));
    const findKind = async (path: string) => {
      const entry = await this.findEntry(tree, path);
      return entry && toEntry(entry).kind;
    };
    const lookup = {
      kindOf: findKind,
      targetOf: async (path: string) => {
        const link = await this.findEntry(tree, path);
        return link === undefined ? '' : (await this.#readBlob(link.oid)).toString('utf8');
      },
      list: async (path: string) => {
        const entry = await this.findEntry(tree, path);
        return entry !== undefined && isFolder(entry) ? (await this.#readEntries(entry.oid)).map(toEntry) : [];
      },
    };
    const followed: FollowedBlob[] = [];
    for (const { file, oid, isLink } of found) {
      const end = isLink ? await answerLater(followLink(file.path, folder), lookup) : { file: file.path };
      if (end === undefined) continue;
      if (!('file' in end)) followed.push({ file, refusal: toRefused(file.path, end) });
      else followed.push({ file, oid: isLink ? ((await this.findEntry(tree, end.file))?.oid ?? '') : oid });
    }
    return followed;
  }

  async #toFolderTree(
    found: readonly FollowedBlob[],
    problems: readonly Problem[],
    { folder, root }: TreePart,
    ignoredPolicies: readonly string[],
  ): Promise<FolderTree> {
    const sources = new Map<string, SourceFile | Problem>();
    const read = async ({ file: { path }, oid, refusal }: FollowedBlob) =>
      sources.set(path, oid === undefined ? refusal : toSource(path, await this.#readBlob(oid)));
    for (let at = 0; at < found.length; at += readsAtOnce)
      await Promise.all(found.slice(at, at + readsAtOnce).map(read));
    // What is wrong with a status file is reported where it is read: it must not stop the rest.
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

  #readEntries(oid: string): Promise<readonly TreeEntry[]> {
    const known = this.#trees.get(oid);
    if (known !== undefined) return known;
    const entries = this.#readObject(oid).then((raw) => parseEntries(raw, () => true));
    this.#trees.set(oid, entries);
    return entries;
  }

  #readBlob(oid: string): Promise<Buffer> {
    const known = this.#blobs.get(oid) ?? this.#readObject(oid);
    this.#blobs.set(oid, known);
    return known;
  }

  async #readObject(oid: string): Promise<Buffer> {
    const packed = this.#packs.read(oid);
    if (packed !== undefined) return packed;
    const read = () => git.readObject({ ...this.#folder, cache: this.#cache, oid, format: 'content' });
    return Buffer.from(((await this.#read(read)) as { readonly object: Uint8Array }).object);
  }

  async #resolveName(name: string): Promise<string> {
    const found = (await this.#tryRef(name)) ?? (await this.#tryRef(`origin/${name}`)) ?? (await this.#tryId(name));
    if (found !== undefined) return found;
    const { fs, gitdir } = this.#folder;
    const format = String((await git.getConfig({ fs, gitdir, path: 'extensions.objectformat' })) ?? 'sha1');
    if (format.toLowerCase() !== 'sha1')
      throw new Fault(
        'environment',
        safe`revisions of ${format.toLowerCase() === 'sha256' ? 'SHA-256' : quote(format)} repositories are not supported`,
        safe`leave the revision out to look at the work tree, or use a repository that was made with --object-format=sha1`,
      );
    const branches = await git.listBranches({ fs, gitdir });
    const remote = (await git.listBranches({ fs, gitdir, remote: 'origin' })).map((branch) => `origin/${branch}`);
    const meant = suggest(name, [...branches, ...remote]);
    throw new Fault(
      'usage',
      name === 'HEAD' ? safe`there is no commit yet` : safe`there is no revision ${quote(name)} in this clone`,
      meant !== undefined
        ? safe`did you mean "${mask(meant)}"?`
        : name === 'HEAD'
          ? safe`commit first`
          : safe`${toBranchList([...branches, ...remote])}; or fetch it first`,
    );
  }

  async #tryRef(ref: string, depth?: number): Promise<string | undefined> {
    const { fs, gitdir } = this.#folder;
    try {
      return await git.resolveRef({ fs, gitdir, ref, ...(depth === undefined ? {} : { depth }) });
    } catch {
      return undefined;
    }
  }

  async #tryId(text: string): Promise<string | undefined> {
    if (!/^[0-9a-f]{4,40}$/.test(text)) return undefined;
    try {
      const oid = text.length === 40 ? text : await git.expandOid({ ...this.#folder, cache: this.#cache, oid: text });
      await this.#readObject(oid);
      return oid;
    } catch {
      return undefined;
    }
  }

  /** An annotated tag leads to a commit. */
  async #toCommit(oid: string, name: string): Promise<string> {
    const { type, object } = (await this.#read(() =>
      git.readObject({ ...this.#folder, cache: this.#cache, oid, format: 'parsed' }),
    )) as { readonly type: string; readonly object: unknown };
    if (type === 'commit') return oid;
    if (type === 'tag') return this.#toCommit((object as { readonly object: string }).object, name);
    throw new Fault(
      'usage',
      safe`${quote(name)} is a ${mask(type)}, not a commit`,
      safe`name a commit, a branch or a tag`,
    );
  }

  async #parent(commit: string, number: number, revision: string): Promise<string> {
    const { parents } = await this.readCommit(commit);
    const found = parents[number - 1];
    if (found === undefined)
      throw new Fault(
        'usage',
        safe`${quote(revision)} goes further back than the history: ${toShortId(commit)} has ${parents.length} parents`,
        safe`name a later revision`,
      );
    await this.readCommit(found);
    return found;
  }

  async #read(work: () => Promise<unknown>): Promise<unknown> {
    try {
      return await work();
    } catch (error) {
      const { code, message, data } = error as Error & { code?: string; data?: { what?: string } };
      if (code !== 'NotFoundError')
        throw new Fault('environment', safe`the repository cannot be read: ${mask(message)}`, safe`run git fsck`, {
          cause: error,
        });
      throw new Fault(
        'environment',
        safe`this clone does not have ${toShortId(data?.what ?? 'all')}`,
        this.isShallow() ? deepen : safe`clone it without --filter and without --reference`,
        { cause: error },
      );
    }
  }
}

/** The files that say what a model is. */
export interface ModelFiles {
  /** Equal for equal contents at equal places. */
  readonly key: string;
  /** The same without the status file. */
  readonly writtenKey: string;
  readonly read: () => Promise<FolderTree>;
}

interface FoundBlob {
  readonly file: FoundFile;
  readonly oid: string;
  readonly isLink: boolean;
}

/** What is read in a file's place, or why nothing is. */
type FollowedBlob =
  | { readonly file: FoundFile; readonly oid: string; readonly refusal?: undefined }
  | { readonly file: FoundFile; readonly oid?: undefined; readonly refusal: Problem };

/** What of a folder matters to a model. */
interface Level {
  /** The folder in it that leads to the model; undefined: there is none. */
  readonly inner: string | undefined;
  readonly blobs: readonly FoundBlob[];
}

function toBlob(at: string, { name, mode, oid }: TreeEntry): FoundBlob {
  const path = at === '.' ? name : `${at}/${name}`;
  return { file: { path, folder: at, name }, oid, isLink: toEntry({ name, mode }).kind === 'link' };
}

/** The folders around the one that is rendered, as far as policies count. */
function toOuterChain({ folder, root }: TreePart): string[] {
  return toFolderChain(folder).slice(toFolderChain(root).length - 1, -1);
}

/** With the names as they are meant: in UTF-8. */
function parseEntries(raw: Buffer, isWanted: (name: string) => boolean): TreeEntry[] {
  const toName = (name: string) => (/[\x80-\xff]/.test(name) ? Buffer.from(name, 'latin1').toString('utf8') : name);
  return parseTree(raw, (name) => isWanted(toName(name))).map((entry) => ({ ...entry, name: toName(entry.name) }));
}

const deepen = safe`the clone is shallow: run git fetch --unshallow, or have CI fetch the whole history`;

/** `main~2^` → `main` and `~2^`. */
function splitSteps(revision: string): { readonly name: string; readonly steps: string } {
  let end = revision.length;
  while (end > 0 && /[~^\d]/.test(revision.charAt(end - 1))) end--;
  const sign = revision.slice(end).search(/[~^]/);
  const at = sign < 0 ? revision.length : end + sign;
  return { name: revision.slice(0, at), steps: revision.slice(at) };
}

function isFolder(entry: TreeEntry): boolean {
  return toEntry(entry).kind === 'folder';
}

/** A commit's id as people write it. */
export function toShortId(commit: string): SafeText {
  return mask(commit.slice(0, 7));
}
