/**
 * Takes copies of requests, asks both versions of the model the same, and counts what came of it.
 *
 * Invariants: every copy that is received ends as compared, unknown or dropped with a reason, exactly once; at most two
 * calls are in flight at a model's primary; what is held at once stays within the budget; whatever arrives, and however
 * slowly or wrongly versions answer, nothing here throws or waits for the sender.
 */
import type { BlockPage } from '../core/analysis/block.ts';
import type {
  Answer,
  Asker,
  CompareMeter,
  CopyHead,
  CopyReceiver,
  DropReason,
  ModelName,
  Punctuality,
  Reception,
} from '../core/ports/compare.ts';
import type { Clock } from '../core/ports/watch.ts';
import { Arrival } from './arrival.ts';
import type { PairOutcomes } from './ask-pair.ts';
import { askPair } from './ask-pair.ts';
import type { BudgetLimits, Share } from './budget.ts';
import { Budget } from './budget.ts';
import type { CallHead } from './calls.ts';
import { toCalls } from './calls.ts';
import type { Counted } from './count-pair.ts';
import { countPair } from './count-pair.ts';
import type { Example } from './examples.ts';
import { Examples } from './examples.ts';
import type { Work } from './lane.ts';
import { Lane, maxWaitMs } from './lane.ts';
import { Ledger } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import type { RouteTable } from './route-table.ts';
import type { Target } from './target.ts';

export interface CompareOptions {
  /** Of this run of this process alone. */
  readonly replica: string;
  /** How long each version may take for a whole answer, in milliseconds. */
  readonly deadlineMs: number;
  readonly budget: BudgetLimits;
  /** Of a request and of an answer, in bytes. */
  readonly maxSize: number;
}

export interface ComparePorts {
  readonly routes: RouteTable;
  /** Over HTTP/1.1. */
  readonly http: Asker;
  readonly grpc: Asker;
  readonly clock: Clock;
  readonly punctuality: Punctuality;
  readonly meter: CompareMeter;
}

/** Copies are dropped while this process is so many milliseconds late. */
const tooLateMs = 250;
/** For so many milliseconds back. */
const lateWindowMs = 500;
/** Of the budget's calls, so that one model whose candidate hangs leaves the others theirs. */
const shareOfOneModel = 0.25;
const sweepMs = 1000;
/** Two ticks of what measures how late this process is. */
const noticeMs = 10;

export class Comparer implements CopyReceiver {
  readonly #options: CompareOptions;
  readonly #ports: ComparePorts;
  readonly #budget: Budget;
  readonly #ledger: Ledger;
  readonly #examples = new Examples();
  /** By namespace and model. */
  readonly #lanes = new Map<string, Lane>();
  readonly #arriving = new Set<Arrival>();
  readonly #cancels = new Set<() => void>();
  readonly #maxPairs: number;
  #sweptAt = 0;
  readonly #stop = new AbortController();
  #isEnding = false;
  #onIdle: (() => void) | undefined;
  /** Why what is known of the routes may be out of date; undefined: it is not. */
  staleness: string | undefined = 'nothing is known of the routes yet';

  constructor(options: CompareOptions, ports: ComparePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#budget = new Budget(options.budget);
    this.#ledger = new Ledger(options.replica, (key, model) => this.#isCompared(key, model));
    this.#maxPairs = Math.max(4, Math.floor(options.budget.calls * shareOfOneModel));
  }

  /** Calls and bytes that are held now. */
  get held(): BudgetLimits {
    return this.#budget.used;
  }

  /**
   * What was counted since. Also forgets models that are not compared any more.
   *
   * @param after what a page before named as next; undefined: from the start.
   */
  read(after: string | undefined): BlockPage {
    for (const [key, lane] of this.#lanes) {
      const found = this.#ports.routes.find(lane.host);
      if (!lane.isIdle || (typeof found === 'object' && 'task' in found)) continue;
      this.#lanes.delete(key);
      this.#examples.forget(key);
    }
    return this.#ledger.read(after, this.#epochMs);
  }

  get examples(): readonly Example[] {
    return this.#examples.all;
  }

  receive(head: CopyHead): Reception | undefined {
    const { meter } = this.#ports;
    const found = this.#find(head.host);
    if (found.is === 'dropped') {
      meter.received(found.name);
      meter.dropped(found.name, found.reason);
      return undefined;
    }
    const { target } = found;
    meter.received(target);
    const calls = toCalls(head, target);
    const now = this.#ports.clock.now();
    const lane = this.#toLane(target, head.host);
    const reason = calls === undefined ? 'not-an-inference-path' : this.#findObstacle(head, lane, now);
    const share = reason === undefined ? this.#open(now) : undefined;
    if (calls === undefined || share === undefined) {
      this.#drop(target, reason ?? 'full-calls');
      return undefined;
    }
    const arrival = new Arrival(share, lane, now, this.#options.maxSize, toLength(head), {
      drop: (why) => {
        this.#arriving.delete(arrival);
        this.#drop(target, why);
      },
      whole: (body) => {
        this.#arriving.delete(arrival);
        lane.waiting.push({ target, calls, host: head.host, body, share, since: now });
        this.#advance(lane);
      },
    });
    this.#arriving.add(arrival);
    return arrival;
  }

  /** Takes no more copies, and waits for the pairs under way, at most until the signal is aborted. */
  async end(signal: AbortSignal): Promise<void> {
    this.#isEnding = true;
    this.#stop.abort();
    for (const arrival of [...this.#arriving]) arrival.drop('ending');
    for (const lane of this.#lanes.values()) for (const work of lane.waiting.splice(0)) this.#giveUp(work, 'ending');
    if (this.#cancels.size > 0 && !signal.aborted)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    for (const cancel of [...this.#cancels]) cancel();
  }

  get #epochMs(): number {
    return this.#ports.clock.date() * 1000;
  }

  #isCompared(key: string, { namespace, model }: ModelName): boolean {
    const lane = this.#lanes.get(`${namespace}/${model}`);
    const found = lane && this.#ports.routes.find(lane.host);
    return typeof found === 'object' && 'task' in found && found.key === key;
  }

  #toLane({ namespace, model }: Target, host: string): Lane {
    const key = `${namespace}/${model}`;
    const lane = this.#lanes.get(key) ?? new Lane();
    if (lane.host === '') this.#lanes.set(key, lane);
    lane.host = host;
    return lane;
  }

  #find(
    host: string,
  ):
    | { readonly is: 'target'; readonly target: Target }
    | { readonly is: 'dropped'; readonly reason: DropReason; readonly name: ModelName | undefined } {
    const toDrop = (reason: DropReason, name?: ModelName) => ({ is: 'dropped', reason, name }) as const;
    if (this.#isEnding) return toDrop('ending');
    if (this.staleness !== undefined) return toDrop('stale-routes');
    const found = this.#ports.routes.find(host);
    if (found === 'unknown-host') return toDrop(found);
    return 'task' in found ? { is: 'target', target: found } : toDrop(found.is, found);
  }

  /** Why a copy would find no place. */
  #findObstacle({ headers }: CopyHead, lane: Lane, now: number): DropReason | undefined {
    if (this.#ports.punctuality.lateness(now - lateWindowMs) > tooLateMs) return 'event-loop-late';
    if (toLength({ headers }) > this.#options.maxSize) return 'too-large';
    if (!lane.hasPlace(now)) return 'busy-primary';
    return lane.pairs >= this.#maxPairs ? 'full-calls' : undefined;
  }

  /** A place for another copy. Those whose bodies take longer to arrive than an answer may give theirs to others. */
  #open(now: number): Share | undefined {
    const share = this.#budget.open();
    if (share !== undefined || now - this.#sweptAt < sweepMs) return share;
    this.#sweptAt = now;
    for (const arrival of this.#arriving) if (now - arrival.since > this.#options.deadlineMs) arrival.drop('cut-off');
    return this.#budget.open();
  }

  /** Asks for as many of the copies that wait as may be in flight. */
  #advance(lane: Lane): void {
    for (;;) {
      const now = this.#ports.clock.now();
      const [next] = lane.waiting;
      if (next === undefined) return;
      const isOld = now - next.since > maxWaitMs;
      if (!isOld && !lane.canStart(now)) break;
      lane.waiting.shift();
      if (isOld) this.#giveUp(next, 'busy-primary');
      else this.#ask(next, lane);
    }
    this.#awaitPause(lane);
  }

  #awaitPause(lane: Lane): void {
    const now = this.#ports.clock.now();
    const until = lane.pace.pauseUntil(now);
    if (until === undefined || lane.isPausing) return;
    lane.isPausing = true;
    void this.#ports.clock.sleep(until - now, this.#stop.signal).then(() => {
      lane.isPausing = false;
      this.#advance(lane);
    });
  }

  #ask(work: Work, lane: Lane): void {
    const { clock, punctuality } = this.#ports;
    const { calls, target } = work;
    const start = clock.now();
    let noticedLateMs = 0;
    lane.pairs++;
    lane.atPrimary++;
    askPair({
      protocol: calls.isGrpc ? 'grpc' : 'http',
      noise: target.task.noise,
      primaryFirst: clock.random() < 0.5,
      ask: (version, done) =>
        this.#call(work, calls[version], (answer) => {
          noticedLateMs = Math.max(noticedLateMs, punctuality.lateness(clock.now() - noticeMs));
          done(answer);
        }),
      // How late this process is must not look as if the primary were slow.
      onPrimary: (outcome, ms) =>
        lane.pace.note(Math.max(0, toPaceMs(outcome, ms) - punctuality.lateness(start)), clock.now()),
      onLeft: () => {
        lane.atPrimary--;
        this.#advance(lane);
      },
      onDone: (outcomes, waitedMs) => {
        lane.pairs--;
        this.#judge(work, { ...outcomes, noticedLateMs }, start, waitedMs);
        this.#advance(lane);
      },
    });
  }

  #call({ body, share, calls }: Work, head: CallHead, done: (answer: Answer) => void): void {
    const { deadlineMs, maxSize } = this.#options;
    const { http, grpc } = this.#ports;
    const call = { ...head, body, deadlineMs, maxBytes: maxSize };
    const cancel = (calls.isGrpc ? grpc : http).ask(call, share, (answer) => {
      this.#cancels.delete(cancel);
      done(answer);
      if (this.#cancels.size === 0) this.#onIdle?.();
    });
    this.#cancels.add(cancel);
  }

  #judge(
    work: Work,
    outcomes: PairOutcomes & { readonly noticedLateMs: number },
    start: number,
    waitedMs: number,
  ): void {
    const { routes, punctuality, clock } = this.#ports;
    const { target, calls, host } = work;
    const found = routes.find(host);
    const isSame = typeof found === 'object' && 'task' in found && found.taskText === target.taskText;
    if (!isSame) {
      this.#giveUp(work, 'changed');
      return;
    }
    const counted = countPair(
      {
        ...outcomes,
        protocol: calls.isGrpc ? 'grpc' : 'http',
        path: calls.path,
        latenessMs: punctuality.lateness(start),
      },
      target.task,
    );
    work.share.close();
    this.#end(target, counted, clock.now() - start - waitedMs);
  }

  #giveUp({ share, target }: Work, reason: DropReason): void {
    share.close();
    this.#drop(target, reason);
  }

  #drop(target: Target, reason: DropReason): void {
    this.#end(target, { end: { is: 'dropped', reason }, counts: [] }, 0);
  }

  #end(target: Target, counted: Counted, overheadMs: number): void {
    const { meter } = this.#ports;
    const { end, example } = counted;
    this.#ledger.add(target, counted, this.#epochMs);
    if (example !== undefined) this.#examples.add(target, example, this.#ports.clock.date());
    if (end.is === 'compared') meter.compared(target, end.result, overheadMs);
    else if (end.is === 'unknown') meter.unknown(target, end.reason);
    else meter.dropped(target, end.reason);
  }
}

/** The length that a copy announces, in bytes; 0: none. */
function toLength({ headers }: Pick<CopyHead, 'headers'>): number {
  const length = Number(headers['content-length'] ?? 0);
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}

/** How long the primary took, as its pace counts it; a failure of it counts as the longest time. */
function toPaceMs(outcome: Outcome, ms: number): number {
  return outcome.is === 'failed' || outcome.is === 'unknown' ? Number.POSITIVE_INFINITY : ms;
}
