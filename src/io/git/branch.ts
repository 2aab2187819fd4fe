/**
 * The tracked branch of a remote repository: a shallow clone in memory, without a work tree, to read from, and commits
 * that change a few files to write.
 *
 * Invariants: a commit changes the given files alone; the server gets the commit that the new one follows, and refuses
 * it if the branch has moved, so nothing is ever overwritten; the clone is a cache: if anything is missing in it, it is
 * thrown away and fetched again. What this program pushed itself is never fetched.
 */
import { readCarried } from '../../core/carry/trailer.ts';
import { toNetworkReason } from '../../core/diagnostics/fault.ts';
import type { Finding } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { GitTransport } from '../../core/ports/git-transport.ts';
import type { Clock, Snapshot, StatusBranch, StatusCommit } from '../../core/ports/watch.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import { toFileText, toTooLarge } from '../../core/repository/file-text.ts';
import { toBranchList } from './branch-list.ts';
import type { OpenService } from './discovery.ts';
import { openService } from './discovery.ts';
import type { FetchLimit } from './fetch-limit.ts';
import { toFetchLimit } from './fetch-limit.ts';
import type { FetchedCommit } from './fetched-objects.ts';
import { FetchedObjects } from './fetched-objects.ts';
import { editFolders } from './folder-edit.ts';
import { KnownFolders } from './known-folders.ts';
import { toCommit, toObjectId } from './objects.ts';
import { writePack } from './pack.ts';
import { pushPack } from './receive-pack.ts';
import type { TipScope } from './tip-folders.ts';
import { findMissing, listWanted } from './tip-folders.ts';
import { followLinks, listLinkIds, noLinks } from './tip-links.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface BranchOptions extends TipScope {
  readonly transport: GitTransport;
  readonly branch: string;
  readonly author: Person;
  readonly committer: Person;
  readonly clock: Pick<Clock, 'date'>;
  /** Adds a signature to the content of a commit; absent: commits are not signed. */
  readonly sign?: ((content: Buffer) => Buffer) | undefined;
  /** Absent: as much as the memory of the process allows. */
  readonly fetchLimit?: FetchLimit;
  /** Full names of refs that are looked up with the branch, for `onRefs`. */
  readonly otherRefs?: readonly string[];
  /** Called with these refs and the branch, of those that exist, at each look. */
  readonly onRefs?: (refs: ReadonlyMap<string, string>) => void;
  /** Called with how long each part of the work took, in seconds. */
  readonly onPhase?: (phase: 'look' | 'fetch' | 'pack' | 'send', seconds: number) => void;
}

type Tip = Pick<FetchedCommit, 'commit' | 'head' | 'tree'>;

export class GitBranch implements StatusBranch {
  sent: string | undefined;
  readonly #options: BranchOptions;
  readonly #ref: string;
  readonly #objects: FetchedObjects;
  readonly #folders = new KnownFolders();
  #links = noLinks;
  #snapshot: Snapshot | undefined;
  /** Of the last fetch: what it left out is loaded when it is read. */
  #signal = new AbortController().signal;
  /** The tip that was refused last, and why. */
  #tooLarge: { readonly tip: string; readonly trouble: BranchTrouble } | undefined;

  constructor(options: BranchOptions) {
    this.#options = options;
    this.#ref = `refs/heads/${options.branch}`;
    this.#objects = new FetchedObjects(options.transport, options.fetchLimit ?? toFetchLimit(undefined));
  }

  async fetch(signal: AbortSignal): Promise<Snapshot> {
    return this.#guard('read', signal, async () => {
      this.#signal = signal;
      const tip = await this.#look(signal);
      if (this.#snapshot?.commit === tip) {
        // What was fetched has been read.
        this.#objects.retain(new Set());
        return this.#snapshot;
      }
      // It would be as large again.
      if (this.#tooLarge?.tip === tip) throw this.#tooLarge.trouble;
      try {
        return await this.#fetchTip(signal);
      } catch (error) {
        if (error instanceof BranchTrouble && error.code === 'too-large') this.#tooLarge = { tip, trouble: error };
        const isIncomplete = this.#snapshot !== undefined && !(error instanceof BranchTrouble) && !signal.aborted;
        this.#forget();
        if (!isIncomplete) throw error;
        return await this.#fetchTip(signal);
      }
    });
  }

  async read(ids: ReadonlySet<string>, maxBytes?: number): Promise<ReadonlyMap<string, string | Finding>> {
    if (this.#objects.isEmpty || ids.size === 0) return new Map();
    return this.#guard('read', undefined, async () => {
      const texts = new Map<string, string | Finding>();
      try {
        await this.#objects.load(ids, this.#signal, { maxBytes });
        for (const id of ids) {
          const content = this.#objects.read(id);
          texts.set(id, content === undefined ? toTooLarge(maxBytes) : toFileText(content, maxBytes));
        }
      } catch (error) {
        this.#forget();
        throw error;
      }
      return texts;
    });
  }

  async push({ changes, message }: StatusCommit, signal: AbortSignal): Promise<Snapshot | 'moved'> {
    return this.#guard('pushed to', signal, async () => {
      const { author, committer, clock, sign = (content) => content, onPhase } = this.#options;
      const before = this.#snapshot;
      this.sent = undefined;
      if (before === undefined) return 'moved';
      await using server = await this.#openBeforePush(signal);
      if (server.refs.get(this.#ref) !== before.commit) return 'moved';
      const start = performance.now();
      const edit = editFolders(this.#folders.byPath, changes, !server.capabilities.has('no-thin'));
      const date = clock.date();
      const content = sign(
        toCommit({
          tree: edit.root,
          parents: [before.commit],
          author: { ...author, date },
          committer: { ...committer, date },
          message,
        }),
      );
      const commit = toObjectId('commit', content);
      const pack = writePack([{ type: 'commit', content }, ...edit.objects]);
      const packed = performance.now();
      this.sent = commit;
      const update = { ref: this.#ref, from: before.commit, to: commit };
      const result = await pushPack(server, this.#options.transport, update, pack, signal);
      onPhase?.('pack', (packed - start) / 1000);
      onPhase?.('send', (performance.now() - packed) / 1000);
      if (result === 'moved') return 'moved';
      this.#folders.apply(edit.folders);
      this.#objects.keep([content]);
      const [subject = ''] = message.split('\n', 1);
      const head = { author: author.name, time: date, subject, carried: readCarried(message) };
      this.#snapshot = await this.#toSnapshot({ commit, head, tree: edit.root });
      return this.#snapshot;
    });
  }

  /** @returns the tip. It is looked up as for a push: credentials that may only read are noticed at once. */
  async #look(signal: AbortSignal): Promise<string> {
    await using server = await this.#open(signal);
    return server.refs.get(this.#ref) ?? '';
  }

  /** @throws BranchTrouble when there is no such branch, too. */
  async #open(signal: AbortSignal): Promise<OpenService> {
    const start = performance.now();
    const { transport, otherRefs = [] } = this.#options;
    const server = await openService(transport, 'git-receive-pack', [this.#ref, ...otherRefs], signal);
    this.#options.onPhase?.('look', (performance.now() - start) / 1000);
    this.#options.onRefs?.(server.refs);
    if (server.refs.has(this.#ref)) return server;
    await server[Symbol.asyncDispose]();
    throw new BranchTrouble(
      'no-branch',
      safe`the repository has no branch ${mask(this.#options.branch)}: waiting for it; ${toBranchList(server.listRefs())}`,
    );
  }

  /** What fails here would fail for a fetch as well, and is not about pushing. */
  async #openBeforePush(signal: AbortSignal): Promise<OpenService> {
    try {
      return await this.#guard('read', signal, () => this.#open(signal));
    } catch (error) {
      if (!(error instanceof BranchTrouble)) throw error;
      const { code, message, retryAfterMs } = error;
      throw new BranchTrouble(code, message, retryAfterMs, { cause: error, isOfLook: true });
    }
  }

  #forget(): void {
    this.#objects.forget();
    this.#snapshot = undefined;
  }

  async #fetchTip(signal: AbortSignal): Promise<Snapshot> {
    const start = performance.now();
    const findFolder = this.#folders.toFinder();
    const [tip] = await this.#objects.fetch([this.#ref], signal, { findFolder });
    if (tip === undefined) throw new Error('the tip is missing');
    // A folder that is known may be elsewhere now.
    await this.#folders.read(this.#options, tip.tree, (id) => findFolder(id) ?? this.#objects.readFolder(id));
    this.#objects.keep([tip.content]);
    this.#snapshot = await this.#toSnapshot(tip);
    this.#objects.retain(new Set(this.#snapshot.files.values()));
    this.#options.onPhase?.('fetch', (performance.now() - start) / 1000);
    return this.#snapshot;
  }

  async #toSnapshot({ commit, head, tree: root }: Tip): Promise<Snapshot> {
    const { path } = this.#options;
    const folders = this.#folders.byPath;
    const { files, problems, links } = listWanted(folders);
    await this.#objects.load(listLinkIds(folders, this.#links), this.#signal);
    const tip = { root, folders, read: (id: string) => this.#readBeside(id) };
    const followed = await followLinks(tip, links, path, this.#links);
    this.#links = followed;
    for (const [link, id] of followed.targets) files.set(link, id);
    return {
      commit,
      head,
      files,
      problems: [...problems, ...followed.problems],
      missing: findMissing(path, folders),
    };
  }

  /** A folder or a link that is not among the folders that are kept. */
  async #readBeside(id: string): Promise<Buffer> {
    await this.#objects.load([id], this.#signal, { hasFolders: true });
    // No path is that long.
    return this.#objects.read(id) ?? Buffer.alloc(0);
  }

  async #guard<T>(done: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BranchTrouble) throw error;
      if (signal?.aborted === true) throw new BranchTrouble('unreachable', safe`the git operation was cancelled`);
      const message = safe`the repository cannot be ${mask(done)}: ${toNetworkReason(error)}`;
      throw new BranchTrouble('unreachable', message, undefined, { cause: error });
    }
  }
}
