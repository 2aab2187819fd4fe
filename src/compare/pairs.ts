/** The pairs under way: asks both versions for whole copies, as many at once as each model's primary can bear. */
import type { Answer, Asker, DropReason, Punctuality } from '../core/ports/compare.ts';
import type { Clock } from '../core/ports/watch.ts';
import type { PairOutcomes } from './ask-pair.ts';
import { askPair } from './ask-pair.ts';
import type { CallHead } from './calls.ts';
import { countPair } from './count-pair.ts';
import type { Lane, Work } from './lane.ts';
import { maxWaitMs } from './lane.ts';
import type { Outcome } from './outcome.ts';
import type { RouteTable } from './route-table.ts';
import type { Tally } from './tally.ts';

export interface PairOptions {
  /** How long each version may take for a whole answer, in milliseconds. */
  readonly deadlineMs: number;
  /** Of a request and of an answer, in bytes. */
  readonly maxSize: number;
}

export interface PairPorts {
  readonly routes: RouteTable;
  /** Over HTTP/1.1. */
  readonly http: Asker;
  readonly grpc: Asker;
  readonly clock: Clock;
  readonly punctuality: Punctuality;
}

/** Two ticks of what measures how late this process is. */
const noticeMs = 10;

export class Pairs {
  readonly #options: PairOptions;
  readonly #ports: PairPorts;
  readonly #tally: Tally;
  readonly #cancels = new Set<() => void>();
  readonly #stop = new AbortController();
  #onIdle: (() => void) | undefined;

  constructor(options: PairOptions, ports: PairPorts, tally: Tally) {
    this.#options = options;
    this.#ports = ports;
    this.#tally = tally;
  }

  /** @param work is asked for at once or waits in its lane. */
  add(work: Work, lane: Lane): void {
    lane.waiting.push(work);
    this.#advance(lane);
  }

  /** Gives up the copies that wait, and waits for the pairs under way, at most until the signal is aborted. */
  async end(lanes: Iterable<Lane>, signal: AbortSignal): Promise<void> {
    this.#stop.abort();
    for (const lane of lanes) for (const work of lane.waiting.splice(0)) this.#giveUp(work, 'ending');
    if (this.#cancels.size > 0 && !signal.aborted)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    for (const cancel of [...this.#cancels]) cancel();
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
    if (routes.findTarget(host)?.taskText !== target.taskText) {
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
    this.#tally.count(target, counted, clock.now() - start - waitedMs);
  }

  #giveUp({ share, target }: Work, reason: DropReason): void {
    share.close();
    this.#tally.drop(target, reason);
  }
}

/** How long the primary took, as its pace counts it; a failure of it counts as the longest time. */
function toPaceMs(outcome: Outcome, ms: number): number {
  return outcome.is === 'failed' || outcome.is === 'unknown' ? Number.POSITIVE_INFINITY : ms;
}
