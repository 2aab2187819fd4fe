/**
 * The loop: live objects and the branch's state in, status commits out.
 *
 * Invariants: one call to git at a time, so never two pushes in flight; nothing is pushed before both
 * kinds of objects were listed and the branch was read; whatever fails is tried again, later and later
 * but without an end, and nothing that was seen meanwhile is lost. Reading and pushing fail for reasons of
 * their own, so that neither's success ends the other's pause.
 */
import type { SafeText } from '../input/safe-text.ts';
import { mask, quote, safe } from '../input/safe-text.ts';
import type { Live } from '../observe/live-object.ts';
import { computeBackoff } from './backoff.ts';
import type { MessageOptions } from './commit-message.ts';
import { toCommitMessage } from './commit-message.ts';
import type { Clock, Log, Meter, MissingFolder, Snapshot, StatusBranch } from './ports.ts';
import { BranchTrouble } from './ports.ts';
import { PushPace } from './push-pace.ts';
import type { BookOptions, Plan } from './status-book.ts';
import { StatusBook } from './status-book.ts';

export interface WatcherOptions extends BookOptions, MessageOptions {
  /** How long to collect changes after the first one, in milliseconds. */
  readonly batchMs: number;
  /** How often to look at the branch although nothing happens, in milliseconds. */
  readonly pollMs: number;
  /** Look, commit if needed, and end. */
  readonly once: boolean;
}

interface WatcherPorts {
  readonly branch: StatusBranch;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /**
   * Called after a push, and when others have pushed, with what Argo CD wrote on the VirtualServices of
   * models that are rendered otherwise now.
   */
  readonly refresh: ((trackings: readonly string[]) => void) | undefined;
}

/** Why pushes fail. */
export interface PushTrouble {
  readonly message: SafeText;
  /** So many in a row. */
  readonly failures: number;
  /** When the first of them failed, in seconds since 1970. */
  readonly since: number;
}

/** Not more often than this because of an event. */
const fetchPauseMs = 1000;
/** So many changes at once are a storm: while it goes on, the window is up to so many times as long. */
const stormSize = 100;
const stormWindows = 4;
const stormPauseMs = 100;
/** A loop that has not turned for so long hangs: a push may take half a minute. */
const aliveMs = 120_000;
const longestWaitMs = 5000;
/** A branch that does not fit into memory will not soon: each attempt may bring much of it. */
const tooLargePauses = { first: 60_000, longest: 300_000 };
/** How often to look at the branch while a push is refused: a tip that moved is tried at once. */
const refusedPollMs = 4000;
/** A refresh that is asked for while ours is under way is lost in Argo CD: so long after, git is looked at again. */
const secondLookMs = 3000;

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #ports: WatcherPorts;
  readonly #book: StatusBook;
  readonly #listed = new Set<string>();
  readonly #streamTroubles = new Map<string, SafeText>();
  #snapshot: Snapshot | undefined;
  #wantsFetch = true;
  #lastFetch = Number.NEGATIVE_INFINITY;
  #lastTurn = Number.NEGATIVE_INFINITY;
  /** What was last reported of the branch's models. */
  #found: string | undefined;
  #fetchFailures = 0;
  #fetchTrouble: SafeText | undefined;
  readonly #pace = new PushPace();
  #pushTrouble: PushTrouble | undefined;
  #conflicts = 0;
  /** Neither read nor pushed before. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #lastEvent = Number.NEGATIVE_INFINITY;
  #lastPush = Number.NEGATIVE_INFINITY;
  #secondLook = Number.POSITIVE_INFINITY;
  #hasReportedUntracked = false;
  #wake = new AbortController();

  constructor(options: WatcherOptions, ports: WatcherPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#book = new StatusBook(options);
  }

  /** A whole list of one kind in one namespace; undefined: in all. */
  replace(kind: Live['kind'], namespace: string | undefined, objects: readonly Live[]): void {
    this.#notice(this.#book.replace(kind, namespace, objects, this.#ports.clock.now()));
    this.#listed.add(`${kind} ${namespace ?? ''}`);
    this.#ports.meter.event(kind, 'listed');
    if (this.#isListed) this.#book.listed();
  }

  /** One object is new or another. */
  put(live: Live): void {
    this.#notice(this.#book.put(live, this.#ports.clock.now()));
    this.#ports.meter.event(live.kind, 'changed');
  }

  /** One object is gone. */
  drop(kind: Live['kind'], namespace: string, name: string): void {
    this.#notice(this.#book.drop(kind, namespace, name, this.#ports.clock.now()));
    this.#ports.meter.event(kind, 'deleted');
  }

  /** What keeps a stream of events from being in step; undefined: nothing any more. */
  trouble(stream: string, message: SafeText | undefined): void {
    if (message === undefined) this.#streamTroubles.delete(stream);
    else this.#streamTroubles.set(stream, message);
  }

  /** Whether the loop turned lately. */
  get isAlive(): boolean {
    return this.#ports.clock.now() - this.#lastTurn < aliveMs;
  }

  /**
   * What keeps it from knowing what it should; undefined: the cluster is in step and the branch was read. A
   * push that is refused is no obstacle: another Pod would be refused as well.
   */
  get obstacle(): SafeText | undefined {
    const [streamTrouble] = this.#streamTroubles.values();
    if (streamTrouble !== undefined) return streamTrouble;
    if (!this.#isListed) return safe`the cluster was not listed yet`;
    return this.#fetchTrouble ?? (this.#snapshot === undefined ? safe`the branch was not read yet` : undefined);
  }

  /** Why what is to be told is not in git; undefined: the last push was taken, or nothing waits. */
  get pushTrouble(): PushTrouble | undefined {
    return this.#pushTrouble;
  }

  get #isListed(): boolean {
    return this.#listed.size === 2 * (this.#options.namespaces?.length ?? 1);
  }

  /**
   * Until `stop` is aborted, or once.
   *
   * @param drop aborted when a push in flight must be given up.
   */
  async run(stop: AbortSignal, drop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#lastTurn = this.#ports.clock.now();
      this.#wake = new AbortController();
      const wait = await this.#turn(stop, drop);
      if (wait === undefined) return;
      await this.#ports.clock.sleep(Math.min(wait, longestWaitMs), AbortSignal.any([stop, this.#wake.signal]));
    }
  }

  #notice(isNews: boolean): void {
    if (isNews) this.#wantsFetch = true;
    this.#lastEvent = this.#ports.clock.now();
    this.#wake.abort();
  }

  /** @returns how long nothing is to be done, in milliseconds; undefined: all is done. */
  async #turn(stop: AbortSignal, drop: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#ports;
    const { pollMs, once } = this.#options;
    if (clock.now() < this.#pausedUntil) return this.#untilResumed();
    const interval = this.#pace.isRefused && this.#pushTrouble !== undefined ? Math.min(pollMs, refusedPollMs) : pollMs;
    const fetchAt = this.#wantsFetch
      ? this.#lastFetch + fetchPauseMs
      : Math.min(this.#lastFetch + interval, this.#secondLook);
    if (clock.now() >= fetchAt && !(await this.#fetch(stop))) return this.#untilResumed();
    if (this.#snapshot === undefined || !this.#isListed) return longestWaitMs;
    const now = clock.now();
    const { plan, warnings } = this.#book.plan(now);
    for (const warning of warnings) this.#ports.log.warn(warning);
    this.#ports.meter.models(this.#book.countStates());
    const next = Math.min(plan.due ?? Number.POSITIVE_INFINITY, fetchAt);
    if (plan.files.size === 0) {
      this.#endPushTrouble(safe`nothing is left to push`);
      return once && !plan.isSettling ? undefined : Math.max(0, next - now);
    }
    const pushAt = Math.max(once ? now : this.#toPushTime(plan, now), this.#pace.toStart(this.#snapshot.commit));
    if (now < pushAt) return Math.max(0, Math.min(pushAt, next) - now);
    return this.#push(plan, this.#snapshot.commit, drop);
  }

  #toPushTime({ since = Number.NEGATIVE_INFINITY, changes }: Plan, now: number): number {
    const { batchMs } = this.#options;
    const calm = this.#lastEvent + Math.min(stormPauseMs, batchMs);
    if (changes.length < stormSize || calm <= now) return since + batchMs;
    // What came while the last push was under way has not waited for a window of its own.
    const start = Math.max(since, this.#lastPush);
    return Math.max(since + batchMs, Math.min(calm, start + stormWindows * batchMs));
  }

  #untilResumed(): number {
    return Math.max(0, this.#pausedUntil - this.#ports.clock.now());
  }

  async #fetch(signal: AbortSignal): Promise<boolean> {
    const { branch, clock, log } = this.#ports;
    // What comes while the answer is on its way wants another look.
    this.#wantsFetch = false;
    if (clock.now() >= this.#secondLook) this.#secondLook = Number.POSITIVE_INFINITY;
    try {
      const snapshot = await branch.fetch(signal);
      this.#lastFetch = clock.now();
      if (snapshot.commit !== this.#snapshot?.commit) {
        const { warnings, trackings } = await this.#book.readSnapshot(snapshot, branch, clock.now());
        for (const warning of warnings) log.warn(warning);
        this.#snapshot = snapshot;
        this.#reportModels(snapshot);
        this.#refresh(trackings);
      }
      if (this.#fetchTrouble !== undefined) log.info(safe`git answers again`, { after: this.#fetchFailures });
      this.#fetchFailures = 0;
      this.#fetchTrouble = undefined;
      return true;
    } catch (error) {
      this.#wantsFetch = true;
      if (!signal.aborted) this.#failFetch(error);
      return false;
    }
  }

  /** A path that is misspelt would otherwise be watched silently for ever. */
  #reportModels({ missing }: Snapshot): void {
    const { log, meter } = this.#ports;
    const { path } = this.#options;
    const { modelCount } = this.#book;
    meter.declared(modelCount);
    const place = path === '.' ? safe`in the branch` : safe`below ${quote(path)}`;
    const count = modelCount === 0 ? safe`no models` : modelCount === 1 ? safe`1 model` : safe`${modelCount} models`;
    const found =
      missing === undefined ? safe`${count} ${place}` : safe`${count} ${place}: ${describeMissing(missing)}`;
    if (found === this.#found) return;
    this.#found = found;
    (modelCount === 0 ? log.warn : log.info)(found);
  }

  async #push(plan: Plan, tip: string, drop: AbortSignal): Promise<number> {
    const { branch, clock, log, meter } = this.#ports;
    const message = toCommitMessage(plan.changes, this.#options);
    this.#pace.start(clock.now());
    try {
      const snapshot = await branch.push({ changes: plan.files, message }, drop);
      if (snapshot === 'moved') {
        this.#conflicts++;
        this.#pace.conflict(clock.now(), clock.random());
        meter.conflict();
        this.#wantsFetch = true;
        this.#lastFetch = Number.NEGATIVE_INFINITY;
        // The first time somebody else was just quicker; then there is a crowd.
        if (this.#conflicts === 1) return 0;
        const pause = computeBackoff(this.#conflicts - 1, clock.random(), { first: 100 });
        this.#pausedUntil = clock.now() + pause;
        return pause;
      }
      this.#snapshot = snapshot;
      this.#conflicts = 0;
      this.#book.accept(plan, snapshot);
      const now = clock.now();
      this.#lastPush = now;
      meter.commit(plan.changes.map(({ since }) => (now - since) / 1000));
      log.info(mask(message.slice(0, message.indexOf('\n'))), {
        commit: mask(snapshot.commit),
        models: plan.changes.length,
      });
      this.#endPushTrouble(safe`pushes are accepted again`);
      this.#pace.succeed();
      const rendered = plan.changes.filter(({ before, after }) => rendersOtherwise(before, after));
      this.#reportUntracked(rendered);
      this.#refresh(rendered.flatMap(({ tracking }) => tracking ?? []));
      return 0;
    } catch (error) {
      // Whether the server took it is not known: the branch will tell.
      this.#wantsFetch = true;
      this.#lastFetch = Number.NEGATIVE_INFINITY;
      if (drop.aborted) return 0;
      if (error instanceof BranchTrouble && error.isOfLook) this.#failFetch(error);
      else this.#failPush(error, tip);
      return this.#untilResumed();
    }
  }

  /** Once: it is a matter of Argo CD's settings, and so the same for all. */
  #reportUntracked(changes: Plan['changes']): void {
    const { log, refresh } = this.#ports;
    const found = changes.find(({ isApplied, tracking }) => isApplied && tracking === undefined);
    if (found === undefined || refresh === undefined || this.#hasReportedUntracked) return;
    this.#hasReportedUntracked = true;
    log.warn(
      safe`Argo CD was not asked to refresh: VirtualService ${mask(`${found.namespace}/${found.name}`)} does not name its Application; set --argocd-instance-label to the application.instanceLabelKey of argocd-cm`,
    );
  }

  #refresh(trackings: readonly string[]): void {
    const { clock, refresh } = this.#ports;
    if (trackings.length === 0 || refresh === undefined) return;
    refresh(trackings);
    this.#secondLook = clock.now() + secondLookMs;
  }

  #failFetch(error: unknown): void {
    if (!(error instanceof BranchTrouble)) throw error;
    const { clock } = this.#ports;
    this.#fetchFailures++;
    const bounds = error.code === 'too-large' ? tooLargePauses : {};
    const pause = Math.max(computeBackoff(this.#fetchFailures, clock.random(), bounds), error.retryAfterMs ?? 0);
    this.#pausedUntil = clock.now() + pause;
    this.#report('git-fetch', error, this.#fetchFailures, pause);
    this.#fetchTrouble = error.message;
  }

  #failPush(error: unknown, tip: string): void {
    if (!(error instanceof BranchTrouble)) throw error;
    const { clock, meter } = this.#ports;
    const now = clock.now();
    const pause = this.#pace.fail(error, tip, now, clock.random());
    const { failures } = this.#pace;
    meter.pushFailures(failures);
    this.#report('git-push', error, failures, pause);
    this.#pushTrouble = { message: error.message, failures, since: this.#pushTrouble?.since ?? clock.date() };
  }

  #report(cause: 'git-fetch' | 'git-push', { code, message }: BranchTrouble, attempt: number, pause: number): void {
    const { log, meter } = this.#ports;
    meter.retry(cause);
    const isKnown = message === this.#fetchTrouble || message === this.#pushTrouble?.message;
    const say = isKnown ? log.warn : log.error;
    say(message, { cause: safe`${code}`, attempt, retryInSeconds: Math.round(pause / 100) / 10 });
  }

  /** The pace stays: pushes that change back and forth must not make it forget. */
  #endPushTrouble(why: SafeText): void {
    if (this.#pushTrouble === undefined) return;
    const { log, meter } = this.#ports;
    log.info(why, { after: this.#pushTrouble.failures });
    meter.pushFailures(0);
    this.#pushTrouble = undefined;
  }
}

function describeMissing({ path, similar }: MissingFolder): SafeText {
  const advice = similar === undefined ? safe`check --path` : safe`there is ${quote(similar)}, check --path`;
  return safe`the branch has no folder ${quote(path)}; ${advice}`;
}

/** The live VirtualService is told for people; what the plugin renders depends on the versions alone. */
function rendersOtherwise(before: Plan['changes'][number]['before'], after: Plan['changes'][number]['after']): boolean {
  const versions = (status: typeof after) => JSON.stringify([status?.primary, status?.candidate]);
  return versions(before) !== versions(after);
}
