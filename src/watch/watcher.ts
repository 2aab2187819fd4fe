/**
 * The loop: live objects and the branch's state in, status commits out.
 *
 * Invariants: one call to git at a time, so never two pushes in flight; nothing is pushed before both
 * kinds of objects were listed and the branch was read; whatever fails is tried again, later and later
 * but without an end, and nothing that was seen meanwhile is lost.
 */
import type { Live } from '../observe/live-object.ts';
import { computeBackoff } from './backoff.ts';
import type { MessageOptions } from './commit-message.ts';
import { toCommitMessage } from './commit-message.ts';
import type { Clock, Log, Meter, Snapshot, StatusBranch } from './ports.ts';
import { BranchTrouble } from './ports.ts';
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

/** Not more often than this because of an event. */
const fetchPauseMs = 1000;
/** So many changes at once are a storm: while it goes on, the window is up to so many times as long. */
const stormSize = 100;
const stormWindows = 4;
const stormPauseMs = 100;
/** A loop that has not turned for so long hangs: a push may take half a minute. */
const aliveMs = 120_000;
const longestWaitMs = 5000;
/** A refresh that is asked for while ours is under way is lost in Argo CD: so long after, git is looked at again. */
const secondLookMs = 3000;

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #ports: WatcherPorts;
  readonly #book: StatusBook;
  readonly #listed = new Set<string>();
  readonly #streamTroubles = new Map<string, string>();
  #snapshot: Snapshot | undefined;
  #wantsFetch = true;
  #lastFetch = Number.NEGATIVE_INFINITY;
  #lastTurn = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #conflicts = 0;
  #retryAt = Number.NEGATIVE_INFINITY;
  #trouble: string | undefined;
  #lastEvent = Number.NEGATIVE_INFINITY;
  #lastPush = Number.NEGATIVE_INFINITY;
  #secondLook = Number.POSITIVE_INFINITY;
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
  trouble(stream: string, message: string | undefined): void {
    if (message === undefined) this.#streamTroubles.delete(stream);
    else this.#streamTroubles.set(stream, message);
  }

  /** Whether the loop turned lately. */
  get isAlive(): boolean {
    return this.#ports.clock.now() - this.#lastTurn < aliveMs;
  }

  /** What keeps it from doing its work; undefined: synced, and able to push. */
  get obstacle(): string | undefined {
    const [streamTrouble] = this.#streamTroubles.values();
    if (streamTrouble !== undefined) return streamTrouble;
    if (!this.#isListed) return 'the cluster was not listed yet';
    return this.#snapshot === undefined ? (this.#trouble ?? 'the branch was not read yet') : this.#trouble;
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
    if (clock.now() < this.#retryAt) return this.#untilRetry();
    const fetchAt = this.#wantsFetch
      ? this.#lastFetch + fetchPauseMs
      : Math.min(this.#lastFetch + pollMs, this.#secondLook);
    if (clock.now() >= fetchAt && !(await this.#fetch(stop))) return this.#untilRetry();
    if (this.#snapshot === undefined || !this.#isListed) return longestWaitMs;
    const now = clock.now();
    const { plan, warnings } = this.#book.plan(now);
    for (const warning of warnings) this.#ports.log.warn(warning);
    this.#ports.meter.models(this.#book.countStates());
    const next = Math.min(plan.due ?? Number.POSITIVE_INFINITY, fetchAt);
    if (plan.files.size === 0) return once && !plan.isSettling ? undefined : Math.max(0, next - now);
    const pushAt = once ? now : this.#toPushTime(plan, now);
    if (now < pushAt) return Math.max(0, Math.min(pushAt, next) - now);
    return this.#push(plan, drop);
  }

  #toPushTime({ since = Number.NEGATIVE_INFINITY, changes }: Plan, now: number): number {
    const { batchMs } = this.#options;
    const calm = this.#lastEvent + Math.min(stormPauseMs, batchMs);
    if (changes.length < stormSize || calm <= now) return since + batchMs;
    // What came while the last push was under way has not waited for a window of its own.
    const start = Math.max(since, this.#lastPush);
    return Math.max(since + batchMs, Math.min(calm, start + stormWindows * batchMs));
  }

  #untilRetry(): number {
    return Math.max(0, this.#retryAt - this.#ports.clock.now());
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
        this.#refresh(trackings);
      }
      this.#succeed();
      return true;
    } catch (error) {
      this.#wantsFetch = true;
      if (!signal.aborted) this.#fail('git-fetch', error);
      return false;
    }
  }

  async #push(plan: Plan, drop: AbortSignal): Promise<number> {
    const { branch, clock, log, meter } = this.#ports;
    const message = toCommitMessage(plan.changes, this.#options);
    try {
      const snapshot = await branch.push({ changes: plan.files, message }, drop);
      if (snapshot === 'moved') {
        this.#conflicts++;
        meter.conflict();
        this.#wantsFetch = true;
        this.#lastFetch = Number.NEGATIVE_INFINITY;
        // The first time somebody else was just quicker; then there is a crowd.
        if (this.#conflicts === 1) return 0;
        const pause = computeBackoff(this.#conflicts - 1, clock.random(), 100);
        this.#retryAt = clock.now() + pause;
        return pause;
      }
      this.#snapshot = snapshot;
      this.#conflicts = 0;
      this.#book.accept(plan, snapshot);
      const now = clock.now();
      this.#lastPush = now;
      meter.commit(plan.changes.map(({ since }) => (now - since) / 1000));
      log.info(message.slice(0, message.indexOf('\n')), { commit: snapshot.commit, models: plan.changes.length });
      this.#succeed();
      const trackings = plan.changes.flatMap(({ tracking, before, after }) =>
        tracking === undefined || !rendersOtherwise(before, after) ? [] : [tracking],
      );
      this.#refresh(trackings);
      return 0;
    } catch (error) {
      if (!drop.aborted) this.#fail('git-push', error);
      // Whether the server took it is not known: the branch will tell.
      this.#wantsFetch = true;
      this.#lastFetch = Number.NEGATIVE_INFINITY;
      return this.#untilRetry();
    }
  }

  #refresh(trackings: readonly string[]): void {
    const { clock, refresh } = this.#ports;
    if (trackings.length === 0 || refresh === undefined) return;
    refresh(trackings);
    this.#secondLook = clock.now() + secondLookMs;
  }

  #succeed(): void {
    if (this.#trouble !== undefined) this.#ports.log.info('git answers again', { after: this.#failures });
    this.#failures = 0;
    this.#trouble = undefined;
  }

  #fail(cause: 'git-fetch' | 'git-push', error: unknown): void {
    if (!(error instanceof BranchTrouble)) throw error;
    const { clock, log, meter } = this.#ports;
    this.#failures++;
    const pause = Math.max(computeBackoff(this.#failures, clock.random()), error.retryAfterMs ?? 0);
    this.#retryAt = clock.now() + pause;
    meter.retry(cause);
    const seconds = Math.round(pause / 100) / 10;
    const say = this.#trouble === error.message ? log.warn : log.error;
    say(error.message, { cause: error.code, attempt: this.#failures, retryInSeconds: seconds });
    this.#trouble = error.message;
  }
}

/** The live VirtualService is told for people; what the plugin renders depends on the versions alone. */
function rendersOtherwise(before: Plan['changes'][number]['before'], after: Plan['changes'][number]['after']): boolean {
  const versions = (status: typeof after) => JSON.stringify([status?.primary, status?.candidate]);
  return versions(before) !== versions(after);
}
