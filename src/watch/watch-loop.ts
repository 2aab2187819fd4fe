/**
 * The loop: read the branch, plan what is to be written, apply the plan; again after each event.
 *
 * Invariants: one call to git at a time, so never two pushes in flight; nothing is pushed before all kinds
 * of objects were listed and the branch was read; no event in the meantime is lost.
 */
import { mask, safe } from '../core/diagnostics/safe-text.ts';
import type { CandidateStatus } from '../core/input/schema.ts';
import { findStatusChanges } from '../core/observe/status-change.ts';
import type { Clock, Log, Meter, PushTrouble, Snapshot, StatusBranch } from '../core/ports/watch.ts';
import type { MessageOptions } from '../output/words/status-commit.ts';
import { toCommitMessage } from '../output/words/status-commit.ts';
import type { Notify } from './announcements.ts';
import { Announcements } from './announcements.ts';
import type { BranchAccess } from './branch-access.ts';
import type { BranchFiles } from './branch-files.ts';
import { CommitWindow } from './commit-window.ts';
import type { LiveCache } from './live-cache.ts';
import type { ModelsView } from './models-view.ts';
import type { Plan, Planner, PlanOptions } from './planner.ts';
import { Reports } from './reports.ts';
import type { PlannedStatus } from './status-planner.ts';

export interface WatcherOptions extends PlanOptions, MessageOptions {
  /** How long to collect changes after the first one, in milliseconds. */
  readonly batchMs: number;
  /** How often to fetch the branch although nothing happens, in milliseconds. */
  readonly pollMs: number;
  /** Fetch, look once at what was counted if there is anything to judge, commit if needed, and end. */
  readonly once: boolean;
}

export interface WatcherPorts {
  readonly branch: StatusBranch;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /**
   * Called after a push, and when others have pushed, with what Argo CD wrote on the routes of
   * models that are now rendered differently.
   */
  readonly refresh: ((trackings: readonly string[]) => void) | undefined;
  readonly notify?: Notify | undefined;
  /** What becomes of carries; absent: nothing is carried. */
  readonly carries?: { readonly trouble: PushTrouble | undefined } | undefined;
}

/** A loop without a turn for so long hangs: a push may take half a minute. */
const aliveMs = 120_000;
const longestWaitMs = 5000;
/** A refresh that is requested during ours is lost in Argo CD: after this time, the branch is fetched again. */
const secondFetchMs = 3000;

/** What the loop works on. */
interface LoopParts {
  readonly live: LiveCache;
  readonly files: BranchFiles;
  readonly planner: Planner;
  readonly branch: BranchAccess;
  readonly view: ModelsView;
}

export class WatchLoop {
  readonly #options: WatcherOptions;
  readonly #ports: WatcherPorts;
  readonly #live: LiveCache;
  readonly #files: BranchFiles;
  readonly #planner: Planner;
  readonly #branch: BranchAccess;
  readonly #view: ModelsView;
  readonly #reports: Reports;
  readonly #window: CommitWindow;
  readonly #announcements: Announcements;
  #lastTurn = Number.NEGATIVE_INFINITY;
  #wake = new AbortController();

  constructor(options: WatcherOptions, ports: WatcherPorts, { live, files, planner, branch, view }: LoopParts) {
    this.#options = options;
    this.#ports = ports;
    this.#live = live;
    this.#files = files;
    this.#planner = planner;
    this.#branch = branch;
    this.#view = view;
    this.#reports = new Reports(ports.log);
    this.#window = new CommitWindow(options.batchMs);
    this.#announcements = new Announcements(ports.notify);
  }

  /** Whether it is running. */
  get isAlive(): boolean {
    return this.#ports.clock.now() - this.#lastTurn < aliveMs;
  }

  /** Takes the next turn at once. */
  wake(): void {
    this.#wake.abort();
  }

  /** Takes the next turn at once, because of an event that may change something. */
  noteEvent(): void {
    this.#window.noteEvent(this.#ports.clock.now());
    this.wake();
  }

  /**
   * Runs until `stop` is aborted, or once.
   *
   * @param drop aborted when a push in flight must be given up.
   */
  async run(stop: AbortSignal, drop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#lastTurn = this.#ports.clock.now();
      this.#wake = new AbortController();
      const wait = await this.#turn(stop, drop);
      if (wait === undefined) return;
      const pause = Math.max(0, Math.min(wait - this.#ports.clock.now(), longestWaitMs));
      await this.#ports.clock.sleep(pause, AbortSignal.any([stop, this.#wake.signal]));
    }
  }

  /** @returns when to take the next turn, by the clock; undefined: all is done. */
  async #turn(stop: AbortSignal, drop: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#ports;
    const { once } = this.#options;
    const branch = this.#branch;
    if (clock.now() < branch.pausedUntil) return this.#judgeMeanwhile(branch.pausedUntil);
    if (clock.now() >= branch.fetchAt && !(await this.#read(stop))) return branch.pausedUntil;
    if (!this.isRead) return Number.POSITIVE_INFINITY;
    // One look is all that there will be at what replicas have counted.
    if (once && this.#live.isJudging && this.#live.evidence === undefined) return Number.POSITIVE_INFINITY;
    const now = clock.now();
    const plan = this.#plan(now);
    const next = Math.min(plan.due ?? Number.POSITIVE_INFINITY, branch.fetchAt);
    if (plan.statuses.length === 0 && plan.page === undefined) {
      branch.endPushTrouble(safe`nothing is left to push`);
      return once && !plan.isSettling ? undefined : next;
    }
    const applyAt = Math.max(once ? now : this.#window.findEnd(plan.statuses, now), branch.pushAt);
    if (now < applyAt) return Math.min(applyAt, next);
    await this.#apply(plan, drop);
    return branch.pausedUntil;
  }

  /** Whether all that a plan takes was read at some time. */
  get isRead(): boolean {
    return this.#branch.snapshot !== undefined && this.#live.isComplete;
  }

  /** Replicas keep what they counted for minutes: it is looked at also while git does not answer for longer. */
  #judgeMeanwhile(until: number): number {
    if (!this.isRead || !this.#live.isJudging) return until;
    const { due } = this.#plan(this.#ports.clock.now());
    return Math.min(due ?? Number.POSITIVE_INFINITY, until);
  }

  /** @returns whether the branch was read. */
  #read(signal: AbortSignal): Promise<boolean> {
    const { branch, clock } = this.#ports;
    const take = async (snapshot: Snapshot) => {
      this.#announcements.fetched(snapshot.commit);
      const change = await this.#files.update(snapshot, (ids, maxBytes) => branch.read(ids, maxBytes));
      this.#reports.files(change.warnings);
      this.#reports.models(this.#files.models.size, this.#options.path, snapshot.missing);
      this.#ports.meter.declared(this.#files.models.size);
      this.#view.noteCommit(change, snapshot);
      this.#refresh(this.#planner.noteCommit(change, clock.now()));
    };
    return this.#branch.read(take, signal);
  }

  #plan(now: number): Plan {
    const plan = this.#planner.plan(now);
    this.#reports.plan(plan.warnings);
    this.#ports.meter.models(this.#planner.countStates());
    return plan;
  }

  async #apply(plan: Plan, drop: AbortSignal): Promise<void> {
    const { branch, clock, log, meter } = this.#ports;
    const { statuses, page } = plan;
    const changed = statuses.map((one) => ({ ...one, changes: findStatusChanges(one.before, one.after) }));
    const message = toCommitMessage(changed, this.#options);
    const written = page === undefined ? statuses : [...statuses, page];
    const changes = new Map(written.map(({ file, text }) => [file, text]));
    const snapshot = await this.#branch.push({ changes, message }, drop);
    if (snapshot === undefined) {
      this.#announcements.unsure(branch.sent, statuses);
      this.#announcements.pushed(this.#branch);
      return;
    }
    const now = clock.now();
    this.#window.notePush(now);
    this.#view.notePush(statuses, snapshot, () => this.#planner.accept(plan, snapshot, now));
    meter.commit(statuses.map(({ since }) => (now - since) / 1000));
    log.info(mask(message.slice(0, message.indexOf('\n'))), {
      commit: mask(snapshot.commit),
      models: statuses.length,
    });
    this.#announcements.committed(snapshot.commit, statuses);
    this.#branch.endPushTrouble(safe`pushes are accepted again`);
    this.#announcements.pushed(this.#branch);
    const rendered = statuses.filter(isRenderedDifferently);
    if (this.#ports.refresh !== undefined) this.#reports.untracked(rendered);
    this.#refresh(rendered.flatMap(({ route }) => route?.tracking ?? []));
  }

  #refresh(trackings: readonly string[]): void {
    const { clock, refresh } = this.#ports;
    if (trackings.length === 0 || refresh === undefined) return;
    refresh(trackings);
    this.#branch.fetchBy(clock.now() + secondFetchMs);
  }
}

/** The status of the live mirror is for people, and the object for the watcher; the plugin renders by the rest alone. */
function isRenderedDifferently({ before, after }: PlannedStatus): boolean {
  const toRest = ({ mirror: _, uid: __, ...rest }: Partial<CandidateStatus> = {}) => rest;
  const versions = (status: typeof after) =>
    JSON.stringify([toRest(status?.primary), status?.candidates.map(toRest) ?? []]);
  return versions(before) !== versions(after);
}
