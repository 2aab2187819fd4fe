/**
 * What a repository held at a revision, read without a work tree.
 *
 * Invariants: nothing is written, but for what a partial clone fetches when it is read; what a clone does not have
 * (shallow) is a fault that says how to get it, never an empty answer.
 */
import { toFileRole } from '../../input/file-role.ts';
import type { FolderTree, FoundFile } from '../../input/folder-tree.ts';
import { toFolderChain, toFoundFile } from '../../input/folder-tree.ts';
import type { Problem } from '../../input/problem.ts';
import { toWholeProblem } from '../../input/problem.ts';
import type { SafeText } from '../../input/safe-text.ts';
import { mask, quote, safe } from '../../input/safe-text.ts';
import type { SourceFile } from '../../input/source-file.ts';
import { suggest } from '../../input/suggest.ts';
import { decideEntry, isLeftOut, isPolicy, toRefused, toSubmodule, toUnreadable } from '../../repository/entries.ts';
import { answerLater, followLink } from '../../repository/links.ts';
import { toBranchList } from '../branch-list.ts';
import { Fault } from '../fault.ts';
import { toSource } from '../folder-tree.ts';
import type { CommitContent, TreeEntry } from '../git-objects.ts';
import { parseCommit, parseTree, toEntry } from '../git-objects.ts';
import type { Git } from './git.ts';
import { toSaid } from './git.ts';
import type { GitObject } from './objects.ts';
import { GitObjects } from './objects.ts';
import { toGlob, toLiteral } from './pathspec.ts';

/** Which part of a commit's tree is read; paths from the repository's root, `.` for the root. */
export interface TreePart {
  /** The folder that is rendered. */
  readonly folder: string;
  /** The outermost folder whose policies count: the folder itself, or one around it. */
  readonly root: string;
}

/** A commit on the line of first parents. */
export interface Step {
  readonly id: string;
  /** The first parent; undefined: there is none in this clone. */
  readonly parent: string | undefined;
}

/** A model's file that a commit changed or removed, as it was before that. */
export interface OldModel {
  /** The commit's first parent. */
  readonly commit: string;
  readonly path: string;
  /** Undefined: it cannot be read as a text. */
  readonly source: SourceFile | undefined;
}

/** A repository that is read, with what has been read of it so far. Whoever has it disposes of it. */
export class GitRevisions implements Disposable {
  readonly #git: Git;
  readonly #objects: GitObjects;
  readonly #trees = new Map<string, Promise<readonly TreeEntry[]>>();
  readonly #blobs = new Map<string, Promise<Buffer>>();
  readonly #levels = new Map<string, { readonly id: string; readonly level: Level }>();
  #isShallow: Promise<boolean> | undefined;
  #promisor: Promise<string | undefined> | undefined;

  constructor(git: Git) {
    this.#git = git;
    this.#objects = new GitObjects(git);
  }

  [Symbol.dispose](): void {
    this.#objects[Symbol.dispose]();
  }

  /**
   * The commit that a text names, in whatever way git takes it (gitrevisions(7)). A branch that is only at the
   * remote `origin` counts too.
   *
   * @throws Fault when there is none, or the clone does not reach so far.
   */
  async resolve(revision: string): Promise<string> {
    const name = revision === '' ? 'HEAD' : revision;
    const found = (await this.#tryCommit(name)) ?? (await this.#tryCommit(`refs/remotes/origin/${name}`));
    if (found !== undefined) return found;
    throw await this.#toUnknown(name);
  }

  /** The branch that others are merged into, as `origin/main`; undefined when nothing tells. */
  async findDefaultBranch(): Promise<string | undefined> {
    const refs = ['remotes/origin/HEAD', 'remotes/origin/main', 'remotes/origin/master', 'heads/main', 'heads/master'];
    const names = refs.map((ref) => `refs/${ref}`);
    const listed = await this.#git.read(['for-each-ref', '--format=%(refname) %(symref)', ...names]);
    const known = new Map(listed.split('\n').map((line) => line.split(' ') as [string, string | undefined]));
    const [found] = names.filter((name) => known.has(name));
    return found && toShortName(known.get(found) || found);
  }

  /**
   * The commit at which two lines of history parted.
   *
   * @throws Fault when there is none in this clone.
   */
  async findMergeBase(one: string, other: string): Promise<string> {
    const base = await this.#git.ask(['merge-base', one, other]);
    if (base !== undefined) return base.trim();
    throw new Fault(
      'environment',
      safe`${toShortId(one)} and ${toShortId(other)} have no common commit in this clone`,
      (await this.isShallow()) ? deepen : safe`they are of different histories: name both revisions`,
    );
  }

  /** Whether older commits were left out when this clone was made. */
  async isShallow(): Promise<boolean> {
    this.#isShallow ??= this.#git
      .read(['rev-parse', '--is-shallow-repository'])
      .then((answer) => answer.trim() === 'true');
    return this.#isShallow;
  }

  /** Whether a commit has parents that are not in this clone. */
  async isCut({ id, parent }: Step): Promise<boolean> {
    return parent === undefined && (await this.readCommit(id)).parents.length > 0;
  }

  /** Who wrote a commit; undefined when this clone does not have it. */
  async findAuthor(commit: string): Promise<string | undefined> {
    const found = await this.#objects.read(commit);
    return found === undefined ? undefined : (await this.readCommit(commit)).author.name;
  }

  async readCommit(commit: string): Promise<CommitContent> {
    const { content } = await this.#readObject(commit);
    try {
      return parseCommit(content);
    } catch (error) {
      throw toBroken(commit, error);
    }
  }

  /** A commit and its first parents, as far as the clone has them; the newest first. */
  async listSteps(tip: string): Promise<Step[]> {
    return toSteps(await this.#git.read(['rev-list', '--first-parent', '--format=%P', tip, '--']));
  }

  /**
   * Those of them that may have changed what a model is: its own file, its status file, and the policies of its
   * folder and of those around it.
   */
  async listModelSteps(tip: string, paths: ModelPaths, root: string): Promise<Step[]> {
    const chain = toFolderChain(toFoundFile(paths.model).folder).slice(toFolderChain(root).length - 1);
    const policies = chain.map((at) => toGlob(at, '*policy.y*ml'));
    const own = [paths.model, paths.status].map(toLiteral);
    return toSteps(await this.#git.read(['rev-list', '--first-parent', '--format=%P', tip, '--', ...own, ...policies]));
  }

  /**
   * The models' files below a folder that were there and are not any more, or otherwise, the same content once; those
   * that were there last come first.
   */
  async *readOldModels(tip: string, { folder }: TreePart): AsyncGenerator<OldModel> {
    const steps = await this.listSteps(tip);
    const pairs = steps.filter(({ parent }) => parent !== undefined).map(({ id, parent }) => `${id} ${parent}\n`);
    const paths = folder === '.' ? [] : ['--', toLiteral(folder)];
    const words = ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', ...paths];
    const parts = (await this.#git.read(words, { input: pairs.join('') })).split('\0');
    const parents = new Map(steps.map(({ id, parent }) => [id, parent]));
    const seen = new Set<string>();
    let commit: string | undefined;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] ?? '';
      if (!part.startsWith(':')) {
        commit = parents.get(part);
        continue;
      }
      const path = parts[++i] ?? '';
      const [mode = '', , id = ''] = part.slice(1).split(' ');
      const { kind } = toEntry({ name: path, mode });
      const isModel = !path.split('/').some(isLeftOut) && toFileRole(toFoundFile(path).name)?.kind === 'Model';
      if (commit === undefined || mode === '000000' || !isModel || seen.has(id)) continue;
      seen.add(id);
      const { content } = kind === 'link' ? await this.#readLinked(commit, path, folder) : await this.#readObject(id);
      const source = toSource(path, content);
      yield { commit, path, source: 'code' in source ? undefined : source };
    }
  }

  /** What a link leads to; nothing when that is not to be read. */
  async #readLinked(commit: string, path: string, folder: string): Promise<{ readonly content: Buffer }> {
    const { tree } = await this.readCommit(commit);
    const link = { file: toFoundFile(path), oid: '', isLink: true };
    const [blob] = await this.#follow(tree, [link], folder);
    return blob?.oid === undefined ? { content: Buffer.alloc(0) } : this.#readObject(blob.oid);
  }

  /**
   * The files of a commit as rendering reads them: the same as `openFolderTree` gives of its work tree.
   * A folder that the commit does not have is empty.
   */
  async readTree(commit: string, part: TreePart): Promise<FolderTree> {
    const { tree } = await this.readCommit(commit);
    const ignored = await this.#findFiles(tree, toFolderChain(part.root).slice(0, -1), undefined);
    const found = await this.#findFiles(tree, toOuterChain(part), part.folder);
    const followed = await this.#follow(tree, found.blobs, part.folder);
    await this.#fetchMissing(tree, part, new Set(followed.flatMap(({ oid }) => oid ?? [])));
    return this.#toFolderTree(
      followed,
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
  async findModelFiles(tree: string, paths: ModelPaths, root: string): Promise<ModelFiles | undefined> {
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
      isLinked: found.some(({ isLink }) => isLink),
      key: toKey(followed),
      writtenKey: toKey(followed.filter(({ file }) => file.path !== paths.status)),
      read: () => this.#toFolderTree(followed, [], { folder, root }, []),
    };
  }

  /**
   * What of a folder matters to a model. Folders are large, and walks ask for nearly the same ones again
   * and again: of each only the last answer is kept, and of that only what matters.
   */
  async #readLevel(oid: string, at: string, inner: string | undefined, { model, status }: ModelPaths): Promise<Level> {
    const key = [at, inner, model, status].join('\n');
    const known = this.#levels.get(key);
    if (known?.id === oid) return known.level;
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
    this.#levels.set(key, { id: oid, level });
    return level;
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
    // The folders of a level are asked for at once, and come in the order of their names.
    const read = async (at: string, oid: string, isAbove: boolean): Promise<readonly (FoundBlob | Problem)[]> => {
      const found = (await this.#readEntries(oid)).map((entry) => {
        const path = at === '.' ? entry.name : `${at}/${entry.name}`;
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
    await Promise.all(found.map(read));
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
    const entries = this.#readObject(oid).then((tree) => parseEntries(tree, () => true));
    this.#trees.set(oid, entries);
    return entries;
  }

  #readBlob(oid: string): Promise<Buffer> {
    const known = this.#blobs.get(oid) ?? this.#readObject(oid).then(({ content }) => content);
    this.#blobs.set(oid, known);
    return known;
  }

  async #readObject(oid: string): Promise<GitObject> {
    const found = await this.#objects.read(oid);
    if (found !== undefined) return found;
    throw new Fault(
      'environment',
      safe`this clone does not have ${toShortId(oid)}`,
      (await this.isShallow()) ? deepen : safe`run git fsck, or clone it again`,
    );
  }

  /**
   * A partial clone fetches what it does not have when it is read, each object for itself. Here as git does it for a
   * checkout (promisor-remote.c, `fetch_objects`): all at once.
   */
  async #fetchMissing(tree: string, { folder }: TreePart, wanted: ReadonlySet<string>): Promise<void> {
    this.#promisor ??= this.#git
      .ask(['config', '--get-regexp', '--name-only', '^remote\\..*\\.promisor$'])
      .then((keys) => keys?.split('\n')[0]?.slice('remote.'.length, -'.promisor'.length));
    const promisor = await this.#promisor;
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

  /** The commit of a name; an annotated tag leads to one. */
  async #tryCommit(name: string): Promise<string | undefined> {
    const words = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${name}^{commit}`];
    return (await this.#git.ask(words))?.trim();
  }

  /** Why there is no such commit. */
  async #toUnknown(name: string): Promise<Fault> {
    // Whether git takes it for a repository at all.
    await this.#git.read(['rev-parse', '--git-dir']);
    const words = ['rev-parse', '--verify', '--end-of-options'];
    const other = await this.#git.ask(['cat-file', '-t', (await this.#git.ask([...words, name]))?.trim() ?? '']);
    if (other !== undefined && other.trim() !== 'commit')
      return new Fault(
        'usage',
        safe`${quote(name)} is a ${mask(other.trim())}, not a commit`,
        safe`name a commit, a branch or a tag`,
      );
    const base = splitSteps(name);
    const start = base === name ? undefined : await this.#tryCommit(base === '' ? 'HEAD' : base);
    if (start !== undefined) {
      const isShallow = await this.isShallow();
      const message = safe`${quote(name)} goes further back than the history${isShallow ? ' of this clone' : ''}`;
      return new Fault(isShallow ? 'environment' : 'usage', message, isShallow ? deepen : safe`name a later revision`);
    }
    if (name === 'HEAD') return new Fault('usage', safe`there is no commit yet`, safe`commit first`);
    const { complaint } = await this.#git.run([...words, name]);
    const format = '--format=%(refname)';
    const listed = await this.#git.read(['for-each-ref', format, 'refs/heads', 'refs/remotes/origin']);
    const branches = listed.split('\n').filter(Boolean).map(toShortName);
    const meant = suggest(name, branches);
    // Of a beginning of an id that several have, git lists all.
    const said = complaint.trim().includes('\n') ? safe`: ${toSaid(complaint) ?? ''}` : '';
    const otherwise = (await this.isShallow()) ? deepen : safe`${toBranchList(branches)}; or fetch it first`;
    return new Fault(
      'usage',
      safe`there is no revision ${quote(name)} in this clone${said}`,
      meant === undefined ? otherwise : safe`did you mean "${mask(meant)}"?`,
    );
  }
}

/** Of one model. */
export interface ModelPaths {
  readonly model: string;
  readonly status: string;
}

/** The files that say what a model is. */
export interface ModelFiles {
  /** Whether one of them is a link, so that what it leads to counts as well. */
  readonly isLinked: boolean;
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
function parseEntries({ id, content }: GitObject, isWanted: (name: string) => boolean): TreeEntry[] {
  const toName = (name: string) => (/[\x80-\xff]/.test(name) ? Buffer.from(name, 'latin1').toString('utf8') : name);
  try {
    const entries = parseTree(content, (name) => isWanted(toName(name)), id.length / 2);
    return entries.map((entry) => ({ ...entry, name: toName(entry.name) }));
  } catch (error) {
    throw toBroken(id, error);
  }
}

function toBroken(id: string, error: unknown): Fault {
  return new Fault(
    'environment',
    safe`${toShortId(id)} cannot be read: ${mask((error as Error).message)}`,
    safe`run git fsck`,
    { cause: error },
  );
}

const deepen = safe`the clone is shallow: run git fetch --unshallow, or have CI fetch the whole history`;

/** What `rev-list --format=%P` prints: a line with the commit, and one with its parents. */
function toSteps(listed: string): Step[] {
  const steps: Step[] = [];
  const lines = listed.split('\n');
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [parent = ''] = (lines[i + 1] ?? '').split(' ');
    steps.push({ id: (lines[i] ?? '').slice('commit '.length), parent: parent === '' ? undefined : parent });
  }
  return steps;
}

/** `main~2^` → `main` */
function splitSteps(revision: string): string {
  let end = revision.length;
  while (end > 0 && /[~^\d]/.test(revision.charAt(end - 1))) end--;
  const sign = revision.slice(end).search(/[~^]/);
  return sign < 0 ? revision : revision.slice(0, end + sign);
}

function toShortName(ref: string): string {
  return ref.replace(/^refs\/(remotes|heads)\//, '');
}

function isFolder(entry: TreeEntry): boolean {
  return toEntry(entry).kind === 'folder';
}

/** A commit's id as people write it. */
export function toShortId(commit: string): SafeText {
  return mask(commit.slice(0, 7));
}
