/**
 * The loop: read the branch, plan what is to be written, apply the plan; again after each event.
 *
 * Invariants: one call to git at a time, so never two pushes in flight; nothing is pushed before all kinds
 * of objects were listed and the branch was read; no event in the meantime is lost.
 */
import { isSameSubject } from '../core/analysis/subject.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, safe } from '../core/diagnostics/safe-text.ts';
import type { AnalysisSubject } from '../core/input/verdict-schema.ts';
import type { Evidence } from '../core/observe/judged-candidate.ts';
import type { Live } from '../core/observe/live-object.ts';
import { findStatusChanges } from '../core/observe/status-change.ts';
import type { Reading } from '../core/ports/evidence.ts';
import type { LiveAnalyses } from '../core/ports/live-analyses.ts';
import type { VersionReading } from '../core/ports/metrics.ts';
import type { Clock, Log, Meter, PushTrouble, Snapshot, StatusBranch } from '../core/ports/watch.ts';
import type { CommittedModel } from '../output/change-event.ts';
import type { WatchedModels } from '../output/watched-models.ts';
import type { MessageOptions } from '../output/words/status-commit.ts';
import { toCommitMessage } from '../output/words/status-commit.ts';
import { BranchAccess } from './branch-access.ts';
import { BranchFiles } from './branch-files.ts';
import { toLiveAnalyses } from './live-analyses.ts';
import type { LiveChange } from './live-cache.ts';
import { LiveCache } from './live-cache.ts';
import { ModelsView } from './models-view.ts';
import type { Plan, PlanOptions } from './planner.ts';
import { Planner } from './planner.ts';
import { toReadings } from './readings.ts';
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

interface WatcherPorts {
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
}

/** Who learns what happens, once it is in git. */
export interface Notify {
  /** What a commit of this watcher records: that of another watcher is reported by that one. */
  readonly committed: (commit: string, models: readonly CommittedModel[]) => void;
  /** Pushes on top of a commit are refused; without a trouble: they are accepted again. */
  readonly pushes: (tip: string, trouble: PushTrouble | undefined) => void;
}

/** So many changes at once are a storm: while it lasts, the window is up to so many times as long. */
const stormSize = 100;
const stormWindows = 4;
const stormPauseMs = 100;
/** A loop without a turn for so long hangs: a push may take half a minute. */
const aliveMs = 120_000;
const longestWaitMs = 5000;
/** A refresh that is requested during ours is lost in Argo CD: after this time, the branch is fetched again. */
const secondFetchMs = 3000;

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #ports: WatcherPorts;
  readonly #live: LiveCache;
  readonly #files: BranchFiles;
  readonly #planner: Planner;
  readonly #branch: BranchAccess;
  readonly #reports: Reports;
  readonly #view: ModelsView;
  #lastTurn = Number.NEGATIVE_INFINITY;
  #lastEvent = Number.NEGATIVE_INFINITY;
  #lastPush = Number.NEGATIVE_INFINITY;
  #wake = new AbortController();
  /** A commit of which nobody knows whether the branch has it. */
  #unsure: { readonly commit: string; readonly models: readonly CommittedModel[] } | undefined;
  #isRefusalTold = false;

  constructor(options: WatcherOptions, ports: WatcherPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#live = new LiveCache(options.namespaces);
    this.#files = new BranchFiles(options);
    this.#planner = new Planner(options, this.#files, this.#live);
    this.#reports = new Reports(ports.log);
    this.#branch = new BranchAccess(ports, options.pollMs);
    this.#view = new ModelsView({
      files: this.#files,
      planner: this.#planner,
      live: this.#live,
      branch: this.#branch,
      analyses: this.analyses,
      clock: ports.clock,
      cluster: options.cluster,
    });
  }

  /** For people who look. */
  get models(): WatchedModels {
    return this.#view;
  }

  /** A whole list of one kind in one namespace; undefined: in all. */
  replace(kind: Live['kind'], namespace: string | undefined, objects: readonly Live[]): void {
    this.#note(kind, 'listed', this.#live.replace(kind, namespace, objects));
  }

  /** One object is new or has changed. */
  put(live: Live): void {
    this.#note(live.kind, 'changed', [this.#live.put(live)]);
  }

  /** One object is gone. */
  drop(kind: Live['kind'], namespace: string, name: string): void {
    this.#note(kind, 'deleted', [this.#live.drop(kind, namespace, name)]);
  }

  /** Whether there is anything to learn from the comparer. */
  get isJudging(): boolean {
    return this.#live.isJudging;
  }

  /** What is being judged, as the last look at it showed. */
  readonly analyses: LiveAnalyses = toLiveAnalyses(() => ({
    models: this.#planner.models,
    isReady: this.#isRead,
    isLooked: this.#live.evidence !== undefined,
  }));

  /** Each version as it was last observed, for metrics. */
  get readings(): Iterable<VersionReading> {
    return toReadings(this.#planner.models.values());
  }

  /** Whether that is what the live routes have the comparer compare. @param key the model's. */
  isJudged(key: string, subject: AnalysisSubject): boolean {
    const task = this.#live.routes.get(key)?.task;
    return task !== undefined && isSameSubject(task.subject, subject);
  }

  /**
   * What the comparer has counted.
   *
   * @param changed the models, by their keys, of which there is something new.
   * @param reading who answered.
   */
  judge(evidence: Evidence, changed: readonly string[], reading: Pick<Reading, 'replicas'>): void {
    this.#view.noteReading(reading);
    const isFirst = this.#live.evidence === undefined;
    this.#live.evidence = evidence;
    this.#planner.noteEvidence(changed, this.#ports.clock.now());
    if (isFirst || changed.length > 0) this.#wake.abort();
  }

  /** Why a stream of events is out of date; undefined: it is up to date again. */
  trouble(stream: string, message: SafeText | undefined): void {
    this.#view.noteTrouble(stream, message);
  }

  /** Whether the loop is running. */
  get isAlive(): boolean {
    return this.#ports.clock.now() - this.#lastTurn < aliveMs;
  }

  /**
   * Why the watcher's view is incomplete; undefined: the cluster was listed and the branch was read. A push
   * that is refused is not an obstacle: another Pod would be refused as well.
   */
  get obstacle(): SafeText | undefined {
    const { streamTrouble } = this.#view;
    if (streamTrouble !== undefined) return streamTrouble.message;
    if (!this.#live.isComplete) return safe`the cluster was not listed yet`;
    const { fetchTrouble, snapshot } = this.#branch;
    return fetchTrouble ?? (snapshot === undefined ? safe`the branch was not read yet` : undefined);
  }

  get pushTrouble(): PushTrouble | undefined {
    return this.#branch.pushTrouble;
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

  #note(kind: Live['kind'], event: string, changes: readonly LiveChange[]): void {
    const { clock, meter } = this.#ports;
    const now = clock.now();
    const unexpected = changes.filter((change) => this.#planner.noteEvent(change, now));
    if (unexpected.length > 0) this.#branch.wantFetch();
    meter.event(kind, event);
    // Of twenty thousand Pods and Deployments most events change nothing that counts.
    if (event !== 'listed' && changes.every(({ before, after }) => before === after)) return;
    this.#lastEvent = now;
    this.#wake.abort();
  }

  /** @returns when to take the next turn, by the clock; undefined: all is done. */
  async #turn(stop: AbortSignal, drop: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#ports;
    const { once } = this.#options;
    const branch = this.#branch;
    if (clock.now() < branch.pausedUntil) return this.#judgeMeanwhile(branch.pausedUntil);
    if (clock.now() >= branch.fetchAt && !(await this.#read(stop))) return branch.pausedUntil;
    if (!this.#isRead) return Number.POSITIVE_INFINITY;
    // One look is all that there will be at what replicas have counted.
    if (once && this.isJudging && this.#live.evidence === undefined) return Number.POSITIVE_INFINITY;
    const now = clock.now();
    const plan = this.#plan(now);
    const next = Math.min(plan.due ?? Number.POSITIVE_INFINITY, branch.fetchAt);
    if (plan.statuses.length === 0 && plan.page === undefined) {
      branch.endPushTrouble(safe`nothing is left to push`);
      return once && !plan.isSettling ? undefined : next;
    }
    const applyAt = Math.max(once ? now : this.#toWindowEnd(plan, now), branch.pushAt);
    if (now < applyAt) return Math.min(applyAt, next);
    await this.#apply(plan, drop);
    return branch.pausedUntil;
  }

  /** Whether all that a plan takes was read at some time. */
  get #isRead(): boolean {
    return this.#branch.snapshot !== undefined && this.#live.isComplete;
  }

  /** Replicas keep what they counted for minutes: it is looked at also while git does not answer for longer. */
  #judgeMeanwhile(until: number): number {
    if (!this.#isRead || !this.isJudging) return until;
    const { due } = this.#plan(this.#ports.clock.now());
    return Math.min(due ?? Number.POSITIVE_INFINITY, until);
  }

  /** @returns whether the branch was read. */
  #read(signal: AbortSignal): Promise<boolean> {
    const { branch, clock } = this.#ports;
    const take = async (snapshot: Snapshot) => {
      this.#tellUnsure(snapshot.commit);
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

  /** When the changes have been collected for long enough. */
  #toWindowEnd({ statuses }: Plan, now: number): number {
    const { batchMs } = this.#options;
    if (statuses.length === 0) return now;
    const since = statuses.reduce((first, status) => Math.min(first, status.since), now);
    const calm = this.#lastEvent + Math.min(stormPauseMs, batchMs);
    if (statuses.length < stormSize || calm <= now) return since + batchMs;
    // Changes that came during the last push have not had a window yet.
    const start = Math.max(since, this.#lastPush);
    return Math.max(since + batchMs, Math.min(calm, start + stormWindows * batchMs));
  }

  async #apply(plan: Plan, drop: AbortSignal): Promise<void> {
    const { clock, log, meter } = this.#ports;
    const { statuses, page } = plan;
    const changed = statuses.map((one) => ({ ...one, changes: findStatusChanges(one.before, one.after) }));
    const message = toCommitMessage(changed, this.#options);
    const written = page === undefined ? statuses : [...statuses, page];
    const changes = new Map(written.map(({ file, text }) => [file, text]));
    const snapshot = await this.#branch.push({ changes, message }, drop);
    if (snapshot === undefined) {
      const { sent } = this.#ports.branch;
      this.#unsure = sent === undefined ? undefined : { commit: sent, models: statuses };
      this.#tellRefusal();
      return;
    }
    this.#lastPush = clock.now();
    this.#view.notePush(statuses, snapshot, () => this.#planner.accept(plan, snapshot, this.#lastPush));
    meter.commit(statuses.map(({ since }) => (this.#lastPush - since) / 1000));
    log.info(mask(message.slice(0, message.indexOf('\n'))), {
      commit: mask(snapshot.commit),
      models: statuses.length,
    });
    this.#ports.notify?.committed(snapshot.commit, statuses);
    this.#branch.endPushTrouble(safe`pushes are accepted again`);
    this.#tellRefusal();
    const rendered = statuses.filter(isRenderedDifferently);
    if (this.#ports.refresh !== undefined) this.#reports.untracked(rendered);
    this.#refresh(rendered.flatMap(({ route }) => route?.tracking ?? []));
  }

  /** The connection may break after the branch has taken a commit and before it says so. */
  #tellUnsure(tip: string): void {
    const unsure = this.#unsure;
    this.#unsure = undefined;
    if (unsure?.commit === tip) this.#ports.notify?.committed(tip, unsure.models);
  }

  /** Only a push that is accepted ends it: that nothing is left to push, or nobody can be reached, shows nothing. */
  #tellRefusal(): void {
    const { isRefused, pushTrouble, snapshot } = this.#branch;
    const isAccepted = pushTrouble === undefined;
    if (snapshot === undefined || (this.#isRefusalTold ? !isAccepted : !isRefused)) return;
    this.#isRefusalTold = isRefused;
    this.#ports.notify?.pushes(snapshot.commit, pushTrouble);
  }

  #refresh(trackings: readonly string[]): void {
    const { clock, refresh } = this.#ports;
    if (trackings.length === 0 || refresh === undefined) return;
    refresh(trackings);
    this.#branch.fetchBy(clock.now() + secondFetchMs);
  }
}

/** The status of the live mirror is for people; what the plugin renders depends on the versions alone. */
function isRenderedDifferently({ before, after }: PlannedStatus): boolean {
  const versions = (status: typeof after) =>
    JSON.stringify([status?.primary, (status?.candidates ?? []).map(({ mirror: _, ...version }) => version)]);
  return versions(before) !== versions(after);
}
