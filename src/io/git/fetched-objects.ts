/**
 * The objects of fetched commits, in memory. It is a cache: whatever is missing in it is fetched again from scratch.
 *
 * Where the server allows it, the files of a commit are left out at first and fetched by their ids once it is known which
 * are read. Otherwise they all pass by, and what is small is kept until then.
 */
import { readCarried } from '../../core/carry/trailer.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { GitTransport } from '../../core/ports/git-transport.ts';
import type { CommitHead } from '../../core/ports/watch.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import { maxFileBytes } from '../../core/repository/file-text.ts';
import type { OpenService } from './discovery.ts';
import { openService } from './discovery.ts';
import type { FetchLimit } from './fetch-limit.ts';
import { FetchBudget } from './fetch-limit.ts';
import type { FindFolder } from './known-folders.ts';
import { toObjectId } from './objects.ts';
import { ObjectStore } from './pack-reader/object-store.ts';
import { readPack } from './pack-reader/read-pack.ts';
import { readCommit } from './read-commit.ts';
import type { PackRequest } from './upload-pack.ts';
import { requestPack } from './upload-pack.ts';
import { isRefusal, WantBatches } from './want-batches.ts';

export interface FetchedCommit {
  /** The id. */
  readonly commit: string;
  /** The commit object. */
  readonly content: Buffer;
  readonly head: CommitHead;
  /** The id. */
  readonly tree: string;
}

/** What is read of the repository, and how large its files may be, in bytes. */
interface Request extends Omit<PackRequest, 'filter'> {
  /** Whether files may be left out. */
  readonly isWithoutFiles?: boolean;
  readonly maxBytes: number;
  readonly findFolder?: FindFolder | undefined;
}

interface LoadOptions {
  /** Files that are larger are not kept. */
  readonly maxBytes?: number | undefined;
  /** There may be folders among them: what is in those is not needed. */
  readonly hasFolders?: boolean;
}

/** How many files are asked for one by one. */
const mostAlone = 100;

export class FetchedObjects {
  readonly #transport: GitTransport;
  readonly #budget: FetchBudget;
  readonly #store: ObjectStore;
  /** The commits that are known here, by id. */
  #known: ReadonlyMap<string, Buffer> = new Map();
  /** What was fetched last: as long as no commit is known, that is fetched again. */
  #last: Pick<Request, 'wants' | 'depth'> = { wants: [] };
  /** Whether the server has never refused to leave files out, to return objects by their ids, and to return folders alone. */
  #leavesOut = true;
  #givesById = true;
  #givesFoldersAlone = true;
  readonly #batches = new WantBatches();

  constructor(transport: GitTransport, limit: FetchLimit) {
    this.#transport = transport;
    this.#budget = new FetchBudget(limit);
    this.#store = new ObjectStore(this.#budget);
  }

  /** Whether no commit is known. */
  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** Also the commits that are known: the next fetch brings everything. */
  forget(): void {
    this.#known = new Map();
    this.retain(new Set());
  }

  /**
   * Fetches commits with what is new in them since those that are known. What was fetched before is dropped. Some of what
   * is new may be missing: a host may send it as a difference from what is not kept.
   *
   * @param wants full names of refs, whose commits are those of this moment, or ids of commits.
   * @param findFolder among those of the known commits.
   * @param depth how many commits of each line come with them; only the wanted ones are returned.
   * @returns the commits in the same order.
   * @throws BranchTrouble when they do not fit into memory, or a ref does not exist.
   */
  async fetch(
    wants: readonly string[],
    signal: AbortSignal,
    { findFolder, depth = 1 }: { readonly findFolder?: FindFolder; readonly depth?: number } = {},
  ): Promise<FetchedCommit[]> {
    this.retain(new Set());
    const request = {
      wants,
      haves: [...this.#known.keys()],
      isWithoutFiles: this.#leavesOut,
      maxBytes: maxFileBytes,
      findFolder,
      depth,
    };
    const ids = await this.#fetchCommits(request, signal);
    this.#last = { wants, depth };
    return Promise.all(ids.map((id) => this.#toCommit(id)));
  }

  /**
   * Fetches objects of the known commits that are not here, or of those that were fetched last where none is known.
   *
   * @throws Error when the server does not have them.
   */
  async load(ids: Iterable<string>, signal: AbortSignal, options: LoadOptions = {}): Promise<void> {
    const { maxBytes = maxFileBytes } = options;
    const wanted = new Set(ids);
    if (this.#listMissing(wanted, maxBytes).length === 0) return;
    const hasById = this.#givesById && (await this.#loadById(wanted, { ...options, maxBytes }, signal));
    if (hasById) return;
    const kept = new Set([...wanted, ...this.#store.ids()]);
    const request = this.isEmpty ? this.#last : { wants: [...this.#known.keys()] };
    await this.#fetchCommits({ ...request, maxBytes }, signal);
    // Of what was fetched last, more is about to be read.
    if (!this.isEmpty) this.retain(kept);
    // Not before the same was seen to work in another way: the server may just have been unwell.
    this.#givesById = false;
    const [missing] = this.#listMissing(wanted, maxBytes);
    if (missing !== undefined) throw new Error(`the object ${missing} is missing`);
  }

  has(id: string): boolean {
    return this.#store.find(id) !== undefined;
  }

  /** @returns undefined for a file that is too large. @throws Error when it is not here. */
  read(id: string): Buffer | undefined {
    const object = this.#store.find(id);
    if (object !== undefined) return this.#store.read(object);
    if (this.#store.sizeOfTooLarge(id) !== undefined) return undefined;
    throw new Error(`the object ${id} is missing`);
  }

  /** @throws Error when it is not here. */
  readFolder(id: string): Buffer {
    const object = this.#store.find(id);
    if (object?.type !== 'tree') throw new Error(`the folder ${id} is missing`);
    return this.#store.read(object);
  }

  /**
   * From now on these are the known commits, fetched or pushed. The server assumes that whoever has a commit has all that
   * is in it, so that the next fetch brings only what is new.
   *
   * @param commits commit objects.
   */
  keep(commits: readonly Buffer[]): void {
    this.#known = new Map(commits.map((content) => [toObjectId('commit', content), content]));
  }

  /** Drops all objects but these. */
  retain(ids: ReadonlySet<string>): void {
    this.#store.retain(ids);
  }

  async #toCommit(id: string): Promise<FetchedCommit> {
    const content = this.#known.get(id) ?? this.read(id);
    if (content === undefined) throw new Error(`the object ${id} is no commit`);
    const { author, committer, message, tree } = await readCommit(id, content);
    const [subject = ''] = message.split('\n', 1);
    const head = { author: author.name, time: committer.timestamp, subject, carried: readCarried(message) };
    return { commit: id, content, head, tree };
  }

  /** @returns the ids of the commits. */
  async #fetchCommits(request: Request, signal: AbortSignal): Promise<string[]> {
    await using service = await openService(this.#transport, 'git-upload-pack', request.wants, signal);
    const ids = request.wants.map((want) => toId(want, service));
    const { haves = [] } = request;
    const wants = [...new Set(ids)].filter((id) => !haves.includes(id));
    if (wants.length === 0) return ids;
    const isWithoutFiles = request.isWithoutFiles === true && this.#givesById && offersFilter(service);
    try {
      // What is missing of what is new is asked for by its id. A host that does not return it sends everything.
      await this.#read(service, {
        ...request,
        wants,
        haves: this.#givesById ? haves : [],
        depth: request.depth ?? 1,
        filter: isWithoutFiles ? 'blob:none' : undefined,
      });
      return ids;
    } catch (error) {
      if (!isWithoutFiles || !isRefusal(error)) throw error;
    }
    const again = await this.#fetchCommits({ ...request, wants: ids, isWithoutFiles: false }, signal);
    this.#leavesOut = false;
    return again;
  }

  /** @returns whether they are all here now. */
  async #loadById(
    wanted: ReadonlySet<string>,
    { maxBytes, hasFolders = false }: LoadOptions & { readonly maxBytes: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    const load = async (wants: readonly string[]) => {
      const result = hasFolders && this.#givesFoldersAlone ? await this.#loadAlone(wants, maxBytes, signal) : 'untried';
      if (result === 'loaded') return;
      await using service = await openService(this.#transport, 'git-upload-pack', [], signal);
      await this.#read(service, { wants, maxBytes });
      // Not before the same was seen to work without.
      if (result === 'refused') this.#givesFoldersAlone = false;
    };
    const listMissing = () => this.#listMissing(wanted, maxBytes);
    try {
      await this.#batches.load(listMissing, load);
      // A difference from a file that is too large: alone, it comes as it is.
      const rest = listMissing();
      if (rest.length <= mostAlone) for (const id of rest) await load([id]);
      return listMissing().length === 0;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  /** Folders without what is in them. `broken`: an old server may not know how, or the network has failed. */
  async #loadAlone(
    wants: readonly string[],
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<'loaded' | 'refused' | 'broken'> {
    await using service = await openService(this.#transport, 'git-upload-pack', [], signal);
    if (!offersFilter(service)) return 'refused';
    try {
      await this.#read(service, { wants, maxBytes, filter: 'tree:0' });
      return 'loaded';
    } catch (error) {
      if (isRefusal(error)) return 'refused';
      if (error instanceof BranchTrouble && error.code === 'unreachable' && !signal.aborted) return 'broken';
      throw error;
    }
  }

  async #read(
    service: OpenService,
    { maxBytes, findFolder, ...request }: PackRequest & Pick<Request, 'maxBytes' | 'findFolder'>,
  ): Promise<void> {
    await readPack(requestPack(service, request), {
      store: this.#store,
      budget: this.#budget,
      maxFileBytes: maxBytes,
      ...(findFolder === undefined ? {} : { findFolder }),
    });
  }

  #listMissing(ids: ReadonlySet<string>, maxBytes: number): string[] {
    return [...ids].filter((id) => !this.has(id) && (this.#store.sizeOfTooLarge(id) ?? 0) <= maxBytes);
  }
}

function toId(want: string, { refs }: OpenService): string {
  if (!want.startsWith('refs/')) return want;
  const id = refs.get(want);
  if (id === undefined) throw new BranchTrouble('no-branch', safe`the repository has no ${mask(want)}: waiting for it`);
  return id;
}

/** Whether files can be left out, and be asked for later (gitprotocol-capabilities(5)). */
function offersFilter({ capabilities }: OpenService): boolean {
  return (
    capabilities.has('filter') &&
    (capabilities.has('allow-tip-sha1-in-want') || capabilities.has('allow-reachable-sha1-in-want'))
  );
}
