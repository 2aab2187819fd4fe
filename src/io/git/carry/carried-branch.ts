/**
 * The deploy branch, to which the source branch is carried whenever either is looked at.
 *
 * Invariant: a carry that fails, or that the server refuses, keeps no status file from being read or pushed.
 */

import { toNetworkReason } from '../../../core/diagnostics/fault.ts';
import { mask, safe } from '../../../core/diagnostics/safe-text.ts';
import { PushPace } from '../../../core/pacing/push-pace.ts';
import type { Carried, CarryReports, Clock, Snapshot, StatusBranch, StatusCommit } from '../../../core/ports/watch.ts';
import { BranchTrouble } from '../../../core/ports/watch.ts';
import { withCarried } from '../../../output/words/carry.ts';
import type { BranchOptions } from '../branch.ts';
import { GitBranch } from '../branch.ts';
import type { CarrierOptions, FoundCarry } from './carrier.ts';
import { Carrier } from './carrier.ts';

export interface CarriedBranchOptions
  extends Omit<BranchOptions, 'clock' | 'otherRefs' | 'onRefs'>,
    Omit<CarrierOptions, 'clock'> {
  readonly clock: Pick<Clock, 'now' | 'date' | 'random'>;
  readonly reports: CarryReports;
}

/** After so many pushes that others were faster than, the next look goes on. */
const attempts = 3;
/** So long a carry may keep status files waiting. */
const patienceMs = 60_000;

export class CarriedBranch implements StatusBranch {
  readonly #options: CarriedBranchOptions;
  readonly #sourceRef: string;
  readonly #branch: GitBranch;
  readonly #carrier: Carrier;
  readonly #pace = new PushPace();
  #refs: ReadonlyMap<string, string> = new Map();
  /** What the tip of the deploy branch has carried. */
  #found: (FoundCarry & { readonly tip: string }) | undefined;
  /** Why the last carry failed; undefined: it did not. */
  #trouble: BranchTrouble | undefined;

  constructor(options: CarriedBranchOptions) {
    this.#options = options;
    this.#sourceRef = `refs/heads/${options.sourceBranch}`;
    this.#branch = new GitBranch({
      ...options,
      otherRefs: [this.#sourceRef],
      onRefs: (refs) => {
        this.#refs = refs;
      },
    });
    this.#carrier = new Carrier(options);
  }

  get sent(): string | undefined {
    return this.#branch.sent;
  }

  readonly read: StatusBranch['read'] = (ids, maxBytes) => this.#branch.read(ids, maxBytes);

  async fetch(signal: AbortSignal): Promise<Snapshot> {
    let snapshot = await this.#look(signal);
    for (let attempt = 0; attempt < attempts; attempt++) {
      if ((await this.#carry(snapshot, signal)) === 'nothing') break;
      snapshot = await this.#branch.fetch(signal);
    }
    return snapshot;
  }

  async push(commit: StatusCommit, signal: AbortSignal): Promise<Snapshot | 'moved'> {
    const message = withCarried(commit.message, this.#found?.id);
    const snapshot = await this.#branch.push({ ...commit, message }, signal);
    if (snapshot !== 'moved' && this.#found !== undefined) this.#found = { ...this.#found, tip: snapshot.commit };
    return snapshot;
  }

  /** The deploy branch as it is; it is made where there is none. */
  async #look(signal: AbortSignal): Promise<Snapshot> {
    try {
      return await this.#branch.fetch(signal);
    } catch (error) {
      const source = this.#refs.get(this.#sourceRef);
      if (!(error instanceof BranchTrouble) || error.code !== 'no-branch' || source === undefined) throw error;
      if (!this.#isDue(source)) throw this.#trouble ?? error;
      this.#options.reports.behind();
      await this.#try(source, signal, (limited) => this.#carrier.carry(undefined, undefined, limited));
      if (this.#trouble !== undefined) throw this.#trouble;
    }
    return this.#branch.fetch(signal);
  }

  async #carry(snapshot: Snapshot, signal: AbortSignal): Promise<'nothing' | 'again'> {
    const { sourceBranch, reports } = this.#options;
    const source = this.#refs.get(this.#sourceRef);
    if (this.#isKnown(snapshot) && this.#found?.id === source) return this.#rest();
    if (!this.#isDue(source ?? '')) return 'nothing';
    return this.#try(source ?? '', signal, async (limited) => {
      if (source === undefined)
        throw new BranchTrouble(
          'no-branch',
          safe`the repository has no branch ${mask(sourceBranch)}, from which to carry`,
        );
      if (!this.#isKnown(snapshot) && !(await this.#search(snapshot, limited))) return 'moved';
      if (this.#found?.id === source) return 'nothing';
      reports.behind();
      return this.#carrier.carry(this.#found?.id, snapshot.commit, limited);
    });
  }

  /** @returns whether the branch is to be read again. */
  async #try(
    source: string,
    signal: AbortSignal,
    work: (limited: AbortSignal) => Promise<Carried | 'moved' | 'nothing'>,
  ): Promise<'nothing' | 'again'> {
    const { clock, reports } = this.#options;
    this.#pace.start(clock.now());
    try {
      const done = await work(AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
      if (done === 'nothing') return this.#rest();
      if (done === 'moved') this.#pace.conflict(clock.now(), clock.random());
      else {
        this.#end();
        reports.carried(done);
      }
      return 'again';
    } catch (error) {
      if (!(error instanceof BranchTrouble)) this.#carrier.forget();
      const trouble = toTrouble(error);
      if (signal.aborted) throw trouble;
      this.#trouble = trouble;
      const retryMs = this.#pace.fail(trouble, source, clock.now(), clock.random());
      reports.failed(trouble, this.#pace.failures, retryMs);
      return 'nothing';
    }
  }

  /** Whether it is known what the tip has carried: bots say so in each of their commits. */
  #isKnown({ commit, head }: Snapshot): boolean {
    if (this.#found?.tip === commit) return true;
    if (head.carried === undefined) return false;
    this.#found = { tip: commit, id: head.carried, edits: [] };
    return true;
  }

  /** @returns whether the branch is still there. */
  async #search({ commit }: Snapshot, signal: AbortSignal): Promise<boolean> {
    const found = await this.#carrier.search(commit, signal);
    if (found === undefined) return false;
    this.#found = { ...found, tip: commit };
    if (found.edits.length > 0) this.#options.reports.edited(commit, found.edits);
    return true;
  }

  #isDue(source: string): boolean {
    return this.#options.clock.now() >= this.#pace.toStart(source);
  }

  /** Nothing is to be carried. */
  #rest(): 'nothing' {
    this.#end();
    this.#options.reports.current();
    return 'nothing';
  }

  #end(): void {
    this.#pace.succeed();
    this.#trouble = undefined;
  }
}

function toTrouble(error: unknown): BranchTrouble {
  if (error instanceof BranchTrouble) return error;
  const message = safe`the source branch cannot be carried: ${toNetworkReason(error)}`;
  return new BranchTrouble('unreachable', message, undefined, { cause: error });
}
