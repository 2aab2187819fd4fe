/**
 * The tracked branch of a remote repository: a shallow clone without a work tree to read from, and
 * commits that touch a few files to write.
 *
 * Invariants: a commit changes the given files alone; the server is told which commit the new one
 * follows and refuses if the branch has moved, so nothing is ever overwritten; the clone is a cache: if
 * anything is missing in it, it is thrown away and made anew.
 *
 * Of the tip, the trees are kept that lead to files that are wanted. The rest of what was fetched is
 * forgotten once it was read, and what this program pushed itself is never fetched at all.
 */
import git from 'isomorphic-git';
import { toNetworkReason } from '../../core/diagnostics/fault.ts';
import type { Finding, Problem } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import { toFileRole } from '../../core/input/file-role.ts';
import { isWithin } from '../../core/input/folder-tree.ts';
import type { Clock, MissingFolder, Snapshot, StatusBranch, StatusCommit } from '../../core/ports/watch.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import type { Refusal } from '../../core/repository/entries.ts';
import { decideEntry, isLeftOut, isPolicy, toRefused, toSubmodule } from '../../core/repository/entries.ts';
import { toFileText } from '../../core/repository/file-text.ts';
import { answerLater, followLink } from '../../core/repository/links.ts';
import { toBranchList } from './branch-list.ts';
import type { ReadAuthorization } from './credentials.ts';
import { toHttpClient } from './http.ts';
import { localUrl, toLocalClient } from './local.ts';
import { MemoryFiles } from './memory-files.ts';
import type { TreeEntry } from './objects.ts';
import { editTree, parseTree, toCommit, toEntry, toObjectId } from './objects.ts';
import type { PackObject } from './pack.ts';
import { writePack } from './pack.ts';
import type { Advertisement, Remote } from './receive-pack.ts';
import { discoverReceivePack, sendPack } from './receive-pack.ts';
import type { FetchLimit } from './size.ts';
import { checkPack, limitDownload, toFetchLimit } from './size.ts';
import { toUploadPackClient } from './upload-pack.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface BranchOptions {
  /** `https://…`, `http://` on loopback, or `file://…`; without credentials. */
  readonly url: string;
  readonly branch: string;
  /** Only what lies below is read; `.` for all. */
  readonly path: string;
  readonly isWanted: (folder: string, name: string) => boolean;
  readonly author: Person;
  readonly committer: Person;
  readonly authorization: ReadAuthorization;
  readonly clock: Pick<Clock, 'date'>;
  /** Absent: as much as the process's memory allows. */
  readonly fetchLimit?: FetchLimit;
  /** How long the server may be silent, in milliseconds. */
  readonly silenceMs?: number;
  /** Told how long each part of the work took, in seconds. */
  readonly onPhase?: (phase: 'look' | 'fetch' | 'pack' | 'send', seconds: number) => void;
}

/** A folder of the tip. */
interface Folder {
  readonly id: string;
  /** The tree object; undefined where nothing in it or below is wanted. */
  readonly tree: Tree | undefined;
}

interface Tree {
  /** Byte for byte in latin1: ten thousand small Buffers would take several times as much. */
  readonly raw: string;
  readonly files: readonly (readonly [name: string, id: string])[];
  readonly folders: readonly string[];
  /** Links to be followed, by their names. */
  readonly links: readonly string[];
  /** What is in the folder and cannot be read. */
  readonly refusals: readonly (readonly [name: string, refusal: Refusal])[];
}

const gitdir = '/clone';
const folderMode = '40000';
const emptyTree: Tree = { raw: '', files: [], folders: [], links: [], refusals: [] };

export class GitBranch implements StatusBranch {
  readonly #options: BranchOptions;
  readonly #ref: string;
  #files: MemoryFiles | undefined;
  #folders = new Map<string, Folder>();
  /** Where links led the last time: folders beside those that are wanted, and texts of links, by id. */
  #beside: ReadonlyMap<string, string> = new Map();
  #targets: ReadonlyMap<string, string> = new Map();
  #snapshot: Snapshot | undefined;
  #cache: object = {};
  readonly #limit: FetchLimit;
  /** The tip that was refused last, and why. */
  #tooLarge: { readonly tip: string; readonly trouble: BranchTrouble } | undefined;

  constructor(options: BranchOptions) {
    this.#options = options;
    this.#ref = `refs/heads/${options.branch}`;
    this.#limit = options.fetchLimit ?? toFetchLimit(undefined);
  }

  async fetch(signal: AbortSignal): Promise<Snapshot> {
    return this.#guard('read', signal, async () => {
      const remote = this.#connect(signal);
      const tip = this.#toTip((await this.#look(remote)).refs);
      if (this.#snapshot?.commit === tip) return this.#snapshot;
      // It would be as large once more.
      if (this.#tooLarge?.tip === tip) throw this.#tooLarge.trouble;
      try {
        return await this.#fetchTip(remote, tip);
      } catch (error) {
        if (error instanceof BranchTrouble && error.code === 'too-large') this.#tooLarge = { tip, trouble: error };
        const isHalf = this.#snapshot !== undefined && !(error instanceof BranchTrouble) && !signal.aborted;
        this.#forget();
        if (!isHalf) throw error;
        return await this.#fetchTip(remote, tip);
      }
    });
  }

  async read(ids: ReadonlySet<string>, maxBytes?: number): Promise<ReadonlyMap<string, string | Finding>> {
    if (this.#files === undefined || ids.size === 0) return new Map();
    return this.#guard('read', undefined, async () => {
      const texts = new Map<string, string | Finding>();
      try {
        for (const oid of ids) texts.set(oid, toFileText(await this.#readObject(oid), maxBytes));
      } catch (error) {
        this.#forget();
        throw error;
      }
      return texts;
    });
  }

  async push({ changes, message }: StatusCommit, signal: AbortSignal): Promise<Snapshot | 'moved'> {
    return this.#guard('pushed to', signal, async () => {
      const { author, committer, clock } = this.#options;
      const before = this.#snapshot;
      if (before === undefined) return 'moved';
      const remote = this.#connect(signal);
      const { tip, capabilities } = await this.#lookBeforePush(remote, signal);
      if (tip !== before.commit) return 'moved';
      const start = performance.now();
      const edit = this.#edit(changes, !capabilities.has('no-thin'));
      const date = clock.date();
      const content = toCommit({
        tree: edit.root,
        parents: [before.commit],
        author: { ...author, date },
        committer: { ...committer, date },
        message,
      });
      const commit = toObjectId('commit', content);
      const pack = writePack([{ type: 'commit', content }, ...edit.objects]);
      const packed = performance.now();
      const refusal = await sendPack(remote, { ref: this.#ref, from: before.commit, to: commit }, pack, capabilities);
      this.#options.onPhase?.('pack', (packed - start) / 1000);
      this.#options.onPhase?.('send', (performance.now() - packed) / 1000);
      if (refusal !== undefined) {
        const after = (await discoverReceivePack(remote)).refs.get(this.#ref);
        if (after !== before.commit && after !== commit) return 'moved';
        if (after !== commit)
          throw new BranchTrouble('refused', safe`the git server refuses the push: ${mask(refusal)}`);
      }
      for (const [folder, found] of edit.folders) {
        if (found === undefined) this.#folders.delete(folder);
        else this.#folders.set(folder, found);
      }
      await this.#keepTip(commit, content);
      const written = edit.objects
        .filter(({ type }) => type === 'blob')
        .map((blob) => toObjectId('blob', blob.content));
      this.#snapshot = await this.#toSnapshot(commit, edit.root, new Set(written));
      return this.#snapshot;
    });
  }

  async #look(remote: Remote): Promise<Advertisement> {
    const start = performance.now();
    const advertisement = await discoverReceivePack(remote);
    this.#options.onPhase?.('look', (performance.now() - start) / 1000);
    return advertisement;
  }

  /** What fails here fails for whoever reads, too, and says nothing of pushing. */
  async #lookBeforePush(
    remote: Remote,
    signal: AbortSignal,
  ): Promise<{ readonly tip: string; readonly capabilities: ReadonlySet<string> }> {
    try {
      return await this.#guard('read', signal, async () => {
        const { refs, capabilities } = await this.#look(remote);
        return { tip: this.#toTip(refs), capabilities };
      });
    } catch (error) {
      if (!(error instanceof BranchTrouble)) throw error;
      const { code, message, retryAfterMs } = error;
      throw new BranchTrouble(code, message, retryAfterMs, { cause: error, isOfLook: true });
    }
  }

  #connect(signal: AbortSignal): Remote {
    const { url, authorization, silenceMs } = this.#options;
    if (url.startsWith('file://'))
      return { http: toLocalClient(decodeURIComponent(new URL(url).pathname), signal), url: localUrl, headers: {} };
    return { http: toHttpClient(signal, silenceMs), url, headers: authorization() };
  }

  #toTip(refs: ReadonlyMap<string, string>): string {
    const tip = refs.get(this.#ref);
    if (tip === undefined)
      throw new BranchTrouble(
        'no-branch',
        safe`the repository has no branch ${mask(this.#options.branch)}: waiting for it; ${toBranchList(refs.keys())}`,
      );
    return tip;
  }

  #forget(): void {
    this.#files = undefined;
    this.#snapshot = undefined;
    this.#cache = {};
  }

  async #fetchTip({ http, headers, url }: Remote, tip: string): Promise<Snapshot> {
    const start = performance.now();
    // What was fetched before was read, and isomorphic-git keeps whole packs in its cache.
    this.#cache = {};
    this.#files?.forget((path) => path.startsWith(`${gitdir}/objects/pack/`));
    if (this.#files === undefined) {
      this.#files = new MemoryFiles((path, content) => {
        if (!path.endsWith('.pack') || typeof content === 'string') return;
        checkPack(Buffer.from(content.buffer, content.byteOffset, content.length), this.#limit);
      });
      const fs = this.#files;
      await git.init({ fs, gitdir, bare: true, defaultBranch: this.#options.branch });
      await git.addRemote({ fs, gitdir, remote: 'origin', url });
    }
    const fs = this.#files;
    const { fetchHead } = await git.fetch({
      fs,
      // The size is of use to whoever reads it, but only once worth its bytes.
      http: toUploadPackClient(limitDownload(http, this.#limit, this.#tooLarge === undefined), tip),
      gitdir,
      url,
      ref: this.#ref,
      singleBranch: true,
      depth: 1,
      tags: false,
      headers: { ...headers },
      cache: this.#cache,
    });
    if (fetchHead === null)
      throw new BranchTrouble('no-branch', safe`the repository is empty: waiting for its first commit`);
    const { commit } = await git.readCommit({ fs, gitdir, oid: fetchHead, cache: this.#cache });
    const folders = new Map<string, Folder>();
    await this.#walk('.', commit.tree, folders);
    this.#folders = folders;
    await git.writeRef({ fs, gitdir, ref: this.#ref, value: fetchHead, force: true });
    this.#snapshot = await this.#toSnapshot(fetchHead, commit.tree);
    this.#options.onPhase?.('fetch', (performance.now() - start) / 1000);
    return this.#snapshot;
  }

  /** Reads a folder and what is wanted below; what is as it was is not read again. */
  async #walk(path: string, id: string, into: Map<string, Folder>): Promise<void> {
    const known = this.#folders.get(path);
    if (known?.id === id) {
      this.#keep(path, known, into);
      return;
    }
    const raw = await this.#readObject(id);
    const isAbove = !this.#isBelow(path);
    const files: [string, string][] = [];
    const folders: string[] = [];
    const links: string[] = [];
    const refusals: [string, Refusal][] = [];
    for (const entry of parseTree(raw)) {
      const name = toText(entry.name);
      const inner = path === '.' ? name : `${path}/${name}`;
      const { kind } = toEntry(entry);
      const role = toFileRole(name);
      const use = decideEntry({ name, kind }, role, isAbove);
      const isWanted = () => (!isAbove || isPolicy(role)) && this.#options.isWanted(path, name);
      if (kind === 'folder' && (use === 'folder' || (isAbove && this.#isOnTheWay(inner)))) {
        await this.#walk(inner, entry.oid, into);
        if (into.get(inner)?.tree !== undefined) folders.push(inner);
      } else if (kind === 'submodule' && isAbove && this.#isOnTheWay(inner)) refusals.push([name, toSubmodule(true)]);
      else if (typeof use === 'object') refusals.push([name, use]);
      else if (use === 'link' && (role === undefined || isWanted())) links.push(name);
      else if (kind === 'file' && !isLeftOut(name) && isWanted()) files.push([name, entry.oid]);
    }
    const isNeeded = [files, folders, links, refusals].some(({ length }) => length > 0) || this.#isOnTheWay(path);
    const tree: Tree = { raw: raw.toString('latin1'), files, folders, links, refusals };
    into.set(path, { id, tree: isNeeded ? tree : undefined });
  }

  async #readObject(oid: string): Promise<Buffer> {
    const fs = this.#files as MemoryFiles;
    const { object } = await git.readObject({ fs, gitdir, oid, format: 'content', cache: this.#cache });
    return Buffer.from(object as Uint8Array);
  }

  #keep(path: string, folder: Folder, into: Map<string, Folder>): void {
    into.set(path, folder);
    for (const inner of folder.tree?.folders ?? []) {
      const known = this.#folders.get(inner);
      if (known !== undefined) this.#keep(inner, known, into);
    }
  }

  #isBelow(folder: string): boolean {
    const { path } = this.#options;
    return path === '.' || folder === path || folder.startsWith(`${path}/`);
  }

  /** Above the watcher's path, or at it. */
  #isOnTheWay(folder: string): boolean {
    return isWithin(this.#options.path, folder);
  }

  /**
   * All that is wanted of the tip.
   *
   * @param written ids of files that this program has just pushed, and so need not be read.
   * @throws what git throws when a link leads to what was not fetched.
   */
  async #toSnapshot(commit: string, root: string, written: ReadonlySet<string> = new Set()): Promise<Snapshot> {
    const files = new Map<string, string>();
    const problems: Problem[] = [];
    const links: string[] = [];
    const collect = (path: string) => {
      const tree = this.#folders.get(path)?.tree ?? emptyTree;
      const toPath = (name: string) => (path === '.' ? name : `${path}/${name}`);
      for (const [name, id] of tree.files) files.set(toPath(name), id);
      for (const [name, refusal] of tree.refusals) problems.push(toRefused(toPath(name), refusal));
      for (const name of tree.links) links.push(toPath(name));
      for (const inner of tree.folders) collect(inner);
    };
    collect('.');
    const objects = new TipObjects(root, this.#folders, this.#beside, (oid) => this.#readObject(oid));
    const targets = new Map<string, string>();
    for (const path of links) {
      const followed = await answerLater(followLink(path, this.#options.path), objects);
      if (followed === undefined) continue;
      if (!('file' in followed)) {
        problems.push(toRefused(path, followed));
        continue;
      }
      const oid = (await objects.find(followed.file))?.oid ?? '';
      // What a new link leads to may be old, and then it was not fetched with this tip.
      if (this.#targets.get(path) !== oid && !written.has(oid)) await this.#readObject(oid);
      targets.set(path, oid);
      files.set(path, oid);
    }
    this.#beside = objects.beside;
    this.#targets = targets;
    return { commit, files, problems, missing: this.#findMissing(this.#options.path) };
  }

  /** The first folder on the way to a path that the tip does not have; undefined: all are there. */
  #findMissing(path: string): MissingFolder | undefined {
    let at = '.';
    for (const name of path === '.' ? [] : path.split('/')) {
      const raw = Buffer.from(this.#folders.get(at)?.tree?.raw ?? '', 'latin1');
      const names = parseTree(raw).flatMap((entry) => (entry.mode === folderMode ? [toText(entry.name)] : []));
      const inner = (folder: string) => (at === '.' ? folder : `${at}/${folder}`);
      if (!names.includes(name)) {
        const similar = suggest(name, names);
        return { path: inner(name), similar: similar === undefined ? undefined : inner(similar) };
      }
      at = inner(name);
    }
    return undefined;
  }

  /** The trees and blobs of a commit that makes these changes. Changes nothing here. */
  #edit(changes: StatusCommit['changes'], isThin: boolean): Edit {
    const objects: PackObject[] = [];
    const folders = new Map<string, Folder | undefined>();
    // By depth: a folder is made when all below it are.
    const levels: Map<string, Map<string, Entry | undefined>>[] = [];
    const put = (path: string, entry: Entry | undefined) => {
      const [folder, name] = toParent(path);
      const depth = folder === '.' ? 0 : folder.split('/').length;
      while (levels.length <= depth) levels.push(new Map());
      const level = levels[depth] as Map<string, Map<string, Entry | undefined>>;
      const entries = level.get(folder) ?? new Map<string, Entry | undefined>();
      level.set(folder, entries.set(name, entry));
    };
    for (const [path, text] of changes) {
      if (text === undefined) put(path, undefined);
      else {
        const content = Buffer.from(text, 'utf8');
        objects.push({ type: 'blob', content });
        put(path, { mode: '100644', oid: toObjectId('blob', content) });
      }
    }
    let root = '';
    for (let level = levels.pop(); level !== undefined; level = levels.pop())
      for (const [path, entries] of level) {
        const before = this.#folders.get(path);
        if (before !== undefined && before.tree === undefined) throw new Error(`the folder ${path} was not read`);
        const tree = before?.tree ?? emptyTree;
        const base = Buffer.from(tree.raw, 'latin1');
        const names = new Map([...entries].map(([name, entry]) => [toBytes(name), entry]));
        const content = editTree(base, names);
        const isGone = content.length === 0 && path !== '.';
        const id = toObjectId('tree', content);
        folders.set(
          path,
          isGone ? undefined : { id, tree: { raw: content.toString('latin1'), ...toWanted(path, tree, entries) } },
        );
        if (!isGone)
          objects.push({
            type: 'tree',
            content,
            ...(isThin && before !== undefined ? { base: { oid: before.id, content: base } } : {}),
          });
        if (path === '.') root = id;
        else put(path, isGone ? undefined : { mode: folderMode, oid: id });
      }
    return { root, objects, folders };
  }

  /** The commit is all that the server must believe to be here when it is asked for what is new. */
  async #keepTip(commit: string, content: Buffer): Promise<void> {
    const fs = this.#files;
    if (fs === undefined) return;
    await git.writeObject({ fs, gitdir, type: 'commit', object: content, format: 'content', oid: commit });
    await git.writeRef({ fs, gitdir, ref: this.#ref, value: commit, force: true });
    await fs.promises.writeFile(`${gitdir}/shallow`, `${commit}\n`);
    fs.forget((path) => path.startsWith(`${gitdir}/objects/`) && !path.endsWith(commit.slice(2)));
    this.#cache = {};
  }

  async #guard<T>(done: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BranchTrouble) throw error;
      if (signal?.aborted === true) throw new BranchTrouble('unreachable', safe`the git operation was cancelled`);
      throw new BranchTrouble(
        'unreachable',
        safe`the repository cannot be ${mask(done)}: ${toNetworkReason(error)}`,
        undefined,
        {
          cause: error,
        },
      );
    }
  }
}

/** Looks up paths in the tip, where links are followed: among the folders that are kept, or beside them. */
class TipObjects {
  /** Folders and links that were looked at and are not among the folders that are kept, by id. */
  readonly beside = new Map<string, string>();
  readonly #root: string;
  readonly #folders: ReadonlyMap<string, Folder>;
  readonly #known: ReadonlyMap<string, string>;
  readonly #read: (oid: string) => Promise<Buffer>;
  readonly #parsed = new Map<string, ReadonlyMap<string, TreeEntry>>();

  constructor(
    root: string,
    folders: ReadonlyMap<string, Folder>,
    known: ReadonlyMap<string, string>,
    read: (oid: string) => Promise<Buffer>,
  ) {
    this.#root = root;
    this.#folders = folders;
    this.#known = known;
    this.#read = read;
  }

  async find(path: string): Promise<TreeEntry | undefined> {
    let found: TreeEntry = { mode: folderMode, name: '', oid: this.#root };
    let at = '.';
    for (const part of path === '.' ? [] : path.split('/')) {
      if (toEntry(found).kind !== 'folder') return undefined;
      const next = (await this.#readFolder(at, found.oid)).get(part);
      if (next === undefined) return undefined;
      found = next;
      at = at === '.' ? part : `${at}/${part}`;
    }
    return found;
  }

  readonly kindOf = async (path: string) => {
    const entry = await this.find(path);
    return entry && toEntry(entry).kind;
  };

  readonly targetOf = async (path: string) => {
    const entry = await this.find(path);
    return entry === undefined ? '' : toText(await this.#readBeside(entry.oid));
  };

  readonly list = async (path: string) => {
    const entry = await this.find(path);
    if (entry === undefined || toEntry(entry).kind !== 'folder') return [];
    return [...(await this.#readFolder(path, entry.oid)).values()].map(toEntry);
  };

  async #readFolder(path: string, oid: string): Promise<ReadonlyMap<string, TreeEntry>> {
    const known = this.#parsed.get(oid);
    if (known !== undefined) return known;
    const folder = this.#folders.get(path);
    const raw = folder?.id === oid && folder.tree !== undefined ? folder.tree.raw : await this.#readBeside(oid);
    const entries = parseTree(Buffer.from(raw, 'latin1')).map((entry) => ({ ...entry, name: toText(entry.name) }));
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    this.#parsed.set(oid, byName);
    return byName;
  }

  async #readBeside(oid: string): Promise<string> {
    const text = this.#known.get(oid) ?? this.beside.get(oid) ?? (await this.#read(oid)).toString('latin1');
    this.beside.set(oid, text);
    return text;
  }
}

interface Entry {
  readonly mode: string;
  readonly oid: string;
}

interface Edit {
  readonly root: string;
  readonly objects: PackObject[];
  readonly folders: ReadonlyMap<string, Folder | undefined>;
}

function toParent(path: string): [folder: string, name: string] {
  const end = path.lastIndexOf('/');
  return end < 0 ? ['.', path] : [path.slice(0, end), path.slice(end + 1)];
}

/** What of an edited folder is wanted: status files that came or went, and folders. */
function toWanted(path: string, tree: Tree, entries: ReadonlyMap<string, Entry | undefined>): Omit<Tree, 'raw'> {
  const inner = (name: string) => (path === '.' ? name : `${path}/${name}`);
  const files = new Map(tree.files);
  const folders = new Set(tree.folders);
  for (const [name, entry] of entries) {
    const isFolder = entry?.mode === folderMode || (entry === undefined && folders.has(inner(name)));
    if (isFolder) {
      if (entry === undefined) folders.delete(inner(name));
      else folders.add(inner(name));
    } else if (entry === undefined) files.delete(name);
    else files.set(name, entry.oid);
  }
  return {
    files: [...files],
    folders: [...folders],
    links: tree.links.filter((name) => !entries.has(name)),
    refusals: tree.refusals.filter(([name]) => !entries.has(name)),
  };
}

/** Names in a tree are bytes, here one character each. */
function toText(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

function toBytes(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1');
}
