/**
 * Carries the source branch to the deploy branch, in memory.
 *
 * Invariants: a commit follows both branches, and differs from the deploy branch only where the source has changed; the
 * server gets the commit that the new one follows, so nothing is ever overwritten; what was fetched or pushed before is
 * known by its commit alone, and what is needed of it is loaded by its id.
 */

import type { SourceCommit } from '../../../core/carry/carry.ts';
import { toParents } from '../../../core/carry/carry.ts';
import type { CarryObjects, Listing } from '../../../core/carry/folders.ts';
import type { CarryChanges, CarryPlan } from '../../../core/carry/plan.ts';
import { findEdits, planCarry } from '../../../core/carry/plan.ts';
import { carrySearch, readCarried } from '../../../core/carry/trailer.ts';
import { mask, safe } from '../../../core/diagnostics/safe-text.ts';
import type { Carried } from '../../../core/ports/watch.ts';
import { BranchTrouble } from '../../../core/ports/watch.ts';
import { toFileText } from '../../../core/repository/file-text.ts';
import { toCarryMessage } from '../../../output/words/carry.ts';
import type { MessageOptions } from '../../../output/words/status-commit.ts';
import type { BranchOptions } from '../branch.ts';
import { openService } from '../discovery.ts';
import type { FetchLimit } from '../fetch-limit.ts';
import { toFetchLimit } from '../fetch-limit.ts';
import type { FetchedCommit } from '../fetched-objects.ts';
import { FetchedObjects } from '../fetched-objects.ts';
import { parseCommit, parseTree, toCommit, toObjectId } from '../objects.ts';
import type { PackObject } from '../pack.ts';
import { writePack } from '../pack.ts';
import { noCommit, pushPack } from '../receive-pack.ts';
import { editTrees } from './tree-edit.ts';

export interface CarrierOptions
  extends Pick<BranchOptions, 'transport' | 'branch' | 'committer' | 'clock' | 'sign' | 'fetchLimit'> {
  readonly sourceBranch: string;
  readonly message: MessageOptions;
}

/** What the newest commit that names one has carried. */
export interface FoundCarry {
  /** The source's commit; undefined: none was carried, as far back as it is searched. */
  readonly id: string | undefined;
  /** The files that people have changed on the deploy branch since then. */
  readonly edits: readonly string[];
}

/** How many commits of the deploy branch are fetched to find the last carry: few at first. */
const depths = [4, 32, carrySearch];

export class Carrier {
  readonly #options: CarrierOptions;
  readonly #limit: FetchLimit;
  readonly #refs: { readonly source: string; readonly deploy: string };
  #objects: FetchedObjects;
  #givesById = true;

  constructor(options: CarrierOptions) {
    this.#options = options;
    this.#limit = options.fetchLimit ?? toFetchLimit(undefined);
    this.#refs = { source: `refs/heads/${options.sourceBranch}`, deploy: `refs/heads/${options.branch}` };
    this.#objects = this.#open();
  }

  /** To be called after a failure: whatever was fetched is fetched again. */
  forget(): void {
    this.#objects = this.#open();
  }

  /**
   * @param base the source's commit that was carried last; undefined: none was.
   * @param deploy the tip of the deploy branch; undefined: there is none yet.
   * @returns `moved` when one of the branches has moved.
   * @throws BranchTrouble
   */
  async carry(base: string | undefined, deploy: string | undefined, signal: AbortSignal): Promise<Carried | 'moved'> {
    const prepared = await this.#prepare(base, deploy, signal);
    if (prepared === 'moved') return 'moved';
    const { source, start, changes, undone } = prepared;
    const code = deploy === undefined ? 'created' : base === undefined ? 'first' : 'carried';
    await using server = await openService(this.#options.transport, 'git-receive-pack', [this.#refs.deploy], signal);
    const from = deploy ?? noCommit;
    if ((server.refs.get(this.#refs.deploy) ?? noCommit) !== from) return 'moved';
    const isThin = !server.capabilities.has('no-thin');
    const edit = changes.size === 0 ? { root: start, objects: [] } : this.#edit(start, changes, isThin);
    const { committer, clock, message, sign = (unsigned) => unsigned } = this.#options;
    const about: SourceCommit = { id: source.commit, author: source.head.author, subject: source.head.subject };
    const content = sign(
      toCommit({
        tree: edit.root,
        parents: toParents({ source: source.commit, deploy }),
        author: parseCommit(source.content).author,
        committer: { ...committer, date: clock.date() },
        message: toCarryMessage(about, undone, code === 'first', message),
      }),
    );
    const commit = toObjectId('commit', content);
    const pack = writePack([{ type: 'commit', content }, ...edit.objects]);
    const update = { ref: this.#refs.deploy, from, to: commit };
    if ((await pushPack(server, this.#options.transport, update, pack, signal)) === 'moved') return 'moved';
    this.#objects.keep([source.content, content]);
    this.#objects.retain(new Set());
    return { source: about, commit, code, undone };
  }

  /**
   * Searches the deploy branch's first parents for the newest commit that names what was carried.
   *
   * @returns undefined when the branch has moved.
   */
  async search(deploy: string, signal: AbortSignal): Promise<FoundCarry | undefined> {
    for (const depth of depths) {
      const objects = this.#open();
      const [tip] = await objects.fetch([this.#refs.deploy], signal, { depth });
      if (tip?.commit !== deploy) return undefined;
      let next: string | undefined = deploy;
      for (let i = 0; i < depth && next !== undefined && objects.has(next); i++) {
        const { message, parents, tree } = parseCommit(objects.read(next) ?? Buffer.alloc(0));
        const id = readCarried(message);
        if (id !== undefined) return { id, edits: await findEdits(tree, tip.tree, toReader(objects, signal)) };
        next = parents[0];
      }
      if (next === undefined) break;
    }
    return { id: undefined, edits: [] };
  }

  #open(): FetchedObjects {
    return new FetchedObjects(this.#options.transport, this.#limit);
  }

  /** What is to be carried; the folders that it changes are here afterwards. */
  async #prepare(base: string | undefined, deploy: string | undefined, signal: AbortSignal) {
    const wants = [this.#refs.source, ...(deploy === undefined ? [] : [this.#refs.deploy])];
    if (this.#givesById)
      try {
        const found = await this.#objects.fetch(base === undefined ? wants : [...wants, base], signal);
        return await this.#plan(found, deploy, base === undefined ? undefined : found.at(-1), signal);
      } catch (error) {
        if (signal.aborted || (error instanceof BranchTrouble && error.code !== 'unavailable')) throw error;
      }
    // The server may give nothing by its id that no branch is at. The last carry's commit has the base as a parent.
    for (const depth of depths) {
      this.forget();
      const found = await this.#objects.fetch(wants, signal, { depth: depth + 1 });
      if (base !== undefined && !this.#objects.has(base)) continue;
      const from = base === undefined ? undefined : parseCommit(this.#objects.read(base) ?? Buffer.alloc(0));
      const plan = await this.#plan(found, deploy, from, signal);
      this.#givesById = false;
      return plan;
    }
    throw new BranchTrouble(
      'unsupported',
      safe`the commit that was carried last, ${mask((base ?? '').slice(0, 8))}, is not among the last ${carrySearch} of the deploy branch, and the git server returns no commits by their ids; run model-mirror carry --push in a clone`,
    );
  }

  async #plan(
    [source, tip]: readonly FetchedCommit[],
    deploy: string | undefined,
    from: { readonly tree: string } | undefined,
    signal: AbortSignal,
  ) {
    if (source === undefined) throw new Error('the source branch is missing');
    if (deploy === undefined) return { source, start: source.tree, ...nothing };
    if (tip?.commit !== deploy) return 'moved';
    const trees = { base: from?.tree, source: source.tree, deploy: tip.tree };
    return { source, start: tip.tree, ...(await planCarry(trees, toReader(this.#objects, signal))) };
  }

  /** What the server has is not sent again. */
  #edit(root: string, changes: CarryChanges, isThin: boolean): { root: string; objects: PackObject[] } {
    const edit = editTrees(root, changes, (id) => this.#objects.readFolder(id), isThin);
    const isNew = ({ content }: PackObject) => !this.#objects.has(toObjectId('tree', content));
    return { root: edit.root, objects: edit.objects.filter(isNew) };
  }
}

const nothing: CarryPlan = { changes: new Map(), undone: [] };

function toReader(objects: FetchedObjects, signal: AbortSignal): CarryObjects {
  const readFolder = (id: string): Listing =>
    new Map(parseTree(objects.readFolder(id)).map(({ name, mode, oid }) => [name, { mode, oid }]));
  const readText = (id: string): string | undefined => {
    const content = objects.read(id);
    const text = content && toFileText(content);
    return typeof text === 'string' ? text : undefined;
  };
  return {
    readTrees: async (ids) => {
      await objects.load(ids, signal, { hasFolders: true });
      return new Map(ids.map((id) => [id, readFolder(id)]));
    },
    readTexts: async (ids) => {
      await objects.load(ids, signal);
      return new Map(ids.map((id) => [id, readText(id)]));
    },
  };
}
