/**
 * Takes copies of requests for which there is a place; `Pairs` asks both versions of the model the same, and `Tally` counts
 * what came of it.
 *
 * Invariants: every copy that is received ends as compared, unknown or dropped with a reason, exactly once; at most two
 * calls are in flight at a model's primary; what is held at once stays within the budget; whatever arrives, and however
 * slowly or wrongly versions answer, none of the three throws or waits for the sender.
 */
import type { BlockPage } from '../core/analysis/block.ts';
import type { CompareMeter, CopyHead, CopyReceiver, DropReason, ModelName, Reception } from '../core/ports/compare.ts';
import { Arrival } from './arrival.ts';
import type { BudgetLimits, Share } from './budget.ts';
import { Budget } from './budget.ts';
import { toCalls } from './calls.ts';
import type { Example } from './examples.ts';
import { Lane } from './lane.ts';
import type { PairOptions, PairPorts } from './pairs.ts';
import { Pairs } from './pairs.ts';
import { Tally } from './tally.ts';
import type { Target } from './target.ts';

export interface CompareOptions extends PairOptions {
  /** Of this run of this process alone. */
  readonly replica: string;
  readonly budget: BudgetLimits;
}

export interface ComparePorts extends PairPorts {
  readonly meter: CompareMeter;
}

/** Copies are dropped while this process is so many milliseconds late. */
const tooLateMs = 250;
/** For so many milliseconds back. */
const lateWindowMs = 500;
/** Of the budget's calls, so that one model whose candidate hangs leaves the others theirs. */
const shareOfOneModel = 0.25;
const sweepMs = 1000;

export class Comparer implements CopyReceiver {
  readonly #options: CompareOptions;
  readonly #ports: ComparePorts;
  readonly #budget: Budget;
  readonly #tally: Tally;
  readonly #pairs: Pairs;
  /** By namespace and model. */
  readonly #lanes = new Map<string, Lane>();
  readonly #arriving = new Set<Arrival>();
  readonly #maxPairs: number;
  #sweptAt = 0;
  #isEnding = false;
  /** Why what is known of the routes may be out of date; undefined: it is not. */
  staleness: string | undefined = 'nothing is known of the routes yet';

  constructor(options: CompareOptions, ports: ComparePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#budget = new Budget(options.budget);
    this.#tally = new Tally(options.replica, (key, model) => this.#isCompared(key, model), ports);
    this.#pairs = new Pairs(options, ports, this.#tally);
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
      if (!lane.isIdle || this.#ports.routes.findTarget(lane.host) !== undefined) continue;
      this.#lanes.delete(key);
      this.#tally.forgetExamples(key);
    }
    return this.#tally.read(after);
  }

  get examples(): readonly Example[] {
    return this.#tally.examples;
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
      this.#tally.drop(target, reason ?? 'full-calls');
      return undefined;
    }
    const arrival = new Arrival(share, lane, now, this.#options.maxSize, toLength(head), {
      drop: (why) => {
        this.#arriving.delete(arrival);
        this.#tally.drop(target, why);
      },
      whole: (body) => {
        this.#arriving.delete(arrival);
        this.#pairs.add({ target, calls, host: head.host, body, share, since: now }, lane);
      },
    });
    this.#arriving.add(arrival);
    return arrival;
  }

  /** Takes no more copies, and waits for the pairs under way, at most until the signal is aborted. */
  async end(signal: AbortSignal): Promise<void> {
    this.#isEnding = true;
    for (const arrival of [...this.#arriving]) arrival.drop('ending');
    await this.#pairs.end(this.#lanes.values(), signal);
  }

  #isCompared(key: string, { namespace, model }: ModelName): boolean {
    const lane = this.#lanes.get(`${namespace}/${model}`);
    return lane !== undefined && this.#ports.routes.findTarget(lane.host)?.key === key;
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
}

/** The length that a copy announces, in bytes; 0: none. */
function toLength({ headers }: Pick<CopyHead, 'headers'>): number {
  const length = Number(headers['content-length'] ?? 0);
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}
