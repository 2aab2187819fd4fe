/**
 * When the branch is fetched and pushed to, and what is reported of it when that fails.
 *
 * Invariants: whatever fails is retried, with growing pauses but without end; fetches and pushes fail for
 * different reasons, so the success of one does not end the pause of the other.
 */
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, safe } from '../core/diagnostics/safe-text.ts';
import { computeBackoff } from '../core/pacing/backoff.ts';
import { PushPace } from '../core/pacing/push-pace.ts';
import type { Clock, Log, Meter, PushTrouble, Snapshot, StatusBranch, StatusCommit } from '../core/ports/watch.ts';
import { BranchTrouble } from '../core/ports/watch.ts';
import { toTimeText } from '../output/time-text.ts';

interface BranchPorts {
  readonly branch: StatusBranch;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Events cause at most one fetch in this time. */
const fetchPauseMs = 1000;
/** A branch that does not fit into memory will not fit soon, and each attempt may download much of it. */
const tooLargePauses = { first: 60_000, longest: 300_000 };
/** How often to fetch while pushes are refused: a tip that moved is tried at once. */
const refusedPollMs = 4000;

export class BranchAccess {
  readonly #ports: BranchPorts;
  readonly #pollMs: number;
  readonly #pace = new PushPace();
  #snapshot: Snapshot | undefined;
  #fetchIsWanted = true;
  #fetchBy = Number.POSITIVE_INFINITY;
  #lastFetch = Number.NEGATIVE_INFINITY;
  #fetchFailures = 0;
  #fetchTrouble: SafeText | undefined;
  #fetchFailsSince: number | undefined;
  #readAt: number | undefined;
  #pushTrouble: PushTrouble | undefined;
  #conflicts = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #leftAloneUntil = Number.NEGATIVE_INFINITY;
  /** What the last fetch and the last push failed with: what is repeated is no news. */
  readonly #said: { fetch?: SafeText; push?: SafeText } = {};

  constructor(ports: BranchPorts, pollMs: number) {
    this.#ports = ports;
    this.#pollMs = pollMs;
  }

  /** The branch as it was last fetched or pushed; undefined: it was not read yet. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Why the last fetch failed; undefined: it did not. */
  get fetchTrouble(): SafeText | undefined {
    return this.#fetchTrouble;
  }

  /** When the first fetch in a row failed, in seconds since 1970; undefined: the last one did not. */
  get fetchFailsSince(): number | undefined {
    return this.#fetchFailsSince;
  }

  /** When the branch was last found to be as the snapshot is, in seconds since 1970; undefined: never. */
  get readAt(): number | undefined {
    return this.#readAt;
  }

  /** Why what is to be written is not in git; undefined: the last push was accepted, or there is nothing to push. */
  get pushTrouble(): PushTrouble | undefined {
    return this.#pushTrouble;
  }

  /** Whether the branch is not only out of reach for pushes, but does not accept them. */
  get isRefused(): boolean {
    return this.#pushTrouble !== undefined && this.#pace.isRefused;
  }

  /** Neither a fetch nor a push may be tried earlier, by the clock. */
  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** How long the server has asked to be left alone still, in seconds; 0: it has not. */
  get waitSeconds(): number {
    return Math.max(0, this.#leftAloneUntil - this.#ports.clock.now()) / 1000;
  }

  /** When the branch is to be fetched next, by the clock. */
  get fetchAt(): number {
    if (this.#fetchIsWanted) return this.#lastFetch + fetchPauseMs;
    return Math.min(
      this.#lastFetch + (this.isRefused ? Math.min(this.#pollMs, refusedPollMs) : this.#pollMs),
      this.#fetchBy,
    );
  }

  /** When a push may be tried, by the clock. */
  get pushAt(): number {
    return this.#snapshot === undefined ? Number.POSITIVE_INFINITY : this.#pace.toStart(this.#snapshot.commit);
  }

  /** Lets the branch be fetched soon. */
  wantFetch(): void {
    this.#fetchIsWanted = true;
  }

  /** Lets the branch be fetched at this time at the latest, by the clock. */
  fetchBy(time: number): void {
    this.#fetchBy = time;
  }

  /**
   * Fetches the branch.
   *
   * @param take called when the branch has moved; the snapshot counts as read once it is done.
   * @returns whether the branch was read; otherwise try again at `fetchAt`, not before `pausedUntil`.
   */
  async read(take: (snapshot: Snapshot) => Promise<void>, signal: AbortSignal): Promise<boolean> {
    const { branch, clock, log, meter } = this.#ports;
    // An event during the fetch causes another one.
    this.#fetchIsWanted = false;
    if (clock.now() >= this.#fetchBy) this.#fetchBy = Number.POSITIVE_INFINITY;
    try {
      const snapshot = await branch.fetch(signal);
      this.#lastFetch = clock.now();
      if (snapshot.commit !== this.#snapshot?.commit) {
        await take(snapshot);
        this.#snapshot = snapshot;
      }
      meter.look();
      if (this.#fetchTrouble !== undefined) log.info(safe`git answers again`, { after: this.#fetchFailures });
      this.#fetchFailures = 0;
      this.#fetchTrouble = undefined;
      delete this.#said.fetch;
      this.#fetchFailsSince = undefined;
      this.#readAt = clock.date();
      return true;
    } catch (error) {
      this.#fetchIsWanted = true;
      if (!signal.aborted) this.#failFetch(error);
      return false;
    }
  }

  /** @returns the branch with the commit; undefined: fetch, plan and try again. */
  async push(commit: StatusCommit, signal: AbortSignal): Promise<Snapshot | undefined> {
    const { branch, clock } = this.#ports;
    this.#pace.start(clock.now());
    try {
      const snapshot = await branch.push(commit, signal);
      if (snapshot !== 'moved') {
        this.#snapshot = snapshot;
        this.#readAt = clock.date();
        this.#conflicts = 0;
        this.#pace.succeed();
        return snapshot;
      }
      this.#meetConflict();
    } catch (error) {
      if (error instanceof BranchTrouble && error.isOfLook && !signal.aborted) this.#failFetch(error);
      else if (!signal.aborted) this.#failPush(error);
    }
    // Also after a failure: whether the server took the commit is not known.
    this.#fetchIsWanted = true;
    this.#lastFetch = Number.NEGATIVE_INFINITY;
    return undefined;
  }

  /** The pace stays: pushes that fail every other time must not make it forget. */
  endPushTrouble(why: SafeText): void {
    if (this.#pushTrouble === undefined) return;
    const { log, meter } = this.#ports;
    log.info(why, { after: this.#pushTrouble.failures });
    meter.pushFailures(0);
    this.#pushTrouble = undefined;
    delete this.#said.push;
  }

  #meetConflict(): void {
    const { clock, meter } = this.#ports;
    this.#conflicts++;
    this.#pace.conflict(clock.now(), clock.random());
    meter.conflict();
    // The first time another client was just faster; after that there are many.
    if (this.#conflicts > 1)
      this.#pausedUntil = clock.now() + computeBackoff(this.#conflicts - 1, clock.random(), { first: 100 });
  }

  #failFetch(error: unknown): void {
    if (!(error instanceof BranchTrouble)) throw error;
    const { clock } = this.#ports;
    this.#fetchFailures++;
    const bounds = error.code === 'too-large' ? tooLargePauses : {};
    const pause = Math.max(computeBackoff(this.#fetchFailures, clock.random(), bounds), error.retryAfterMs ?? 0);
    this.#pausedUntil = clock.now() + pause;
    this.#report('git-fetch', error, this.#fetchFailures, pause);
    this.#said.fetch = error.message;
    this.#fetchTrouble = this.#withWait(error, pause);
    this.#fetchFailsSince ??= clock.date();
  }

  #failPush(error: unknown): void {
    if (!(error instanceof BranchTrouble)) throw error;
    const { clock, meter } = this.#ports;
    const pause = this.#pace.fail(error, this.#snapshot?.commit, clock.now(), clock.random());
    const { failures } = this.#pace;
    meter.pushFailed(error.code);
    meter.pushFailures(failures);
    this.#report('git-push', error, failures, pause);
    this.#said.push = error.message;
    const message = this.#withWait(error, pause);
    this.#pushTrouble = { message, failures, since: this.#pushTrouble?.since ?? clock.date() };
  }

  /** The message, with the end of the pause where the server asks for one. */
  #withWait({ message, retryAfterMs }: BranchTrouble, pause: number): SafeText {
    if (retryAfterMs === undefined) return message;
    const { clock } = this.#ports;
    this.#leftAloneUntil = Math.max(this.#leftAloneUntil, clock.now() + retryAfterMs);
    const until = toTimeText(clock.date() + Math.round(pause / 1000));
    return safe`${message}; it asks to wait until ${mask(until)} UTC`;
  }

  /** An error the first time, and a warning each time it is repeated. */
  #report(cause: 'git-fetch' | 'git-push', { code, message }: BranchTrouble, attempt: number, pause: number): void {
    const { log, meter } = this.#ports;
    meter.retry(cause);
    const isKnown = message === this.#said.fetch || message === this.#said.push;
    const write = isKnown ? log.warn : log.error;
    write(message, { cause: safe`${code}`, attempt, retryInSeconds: Math.round(pause / 100) / 10 });
  }
}
