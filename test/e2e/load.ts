/**
 * Sends calls, by gRPC or by REST, and tells what became of them.
 *
 * Invariant: every call that was sent is either answered or an error.
 */
import type { Caller, CallOptions } from './caller.ts';
import { GrpcCaller } from './grpc-caller.ts';
import { RestCaller } from './rest-caller.ts';

export interface LoadOptions extends CallOptions {
  /** How many; absent: until `seconds` are over or it is stopped. */
  readonly calls?: number;
  /** For how long new calls are sent. */
  readonly seconds?: number;
  /** Calls a second, evenly spaced and whatever becomes of them; 0, the default: as fast as `parallel` allows. */
  readonly rate?: number;
  /** How many calls are under way at once when there is no rate; default 50. */
  readonly parallel?: number;
  /** Of each call, sent along and kept here; default 10 000. */
  readonly deadlineMs?: number;
  /** Whether the summary has a timeline. */
  readonly timeline?: boolean;
  /** Whether it has every call. */
  readonly isRecorded?: boolean;
}

export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Of the calls that were sent in one second. Latencies are those of all of them, in milliseconds. */
export interface LoadSecond {
  /** Since 1970. */
  readonly second: number;
  readonly sent: number;
  readonly answered: number;
  readonly errors: number;
  readonly p99: number;
  readonly max: number;
}

/** When it was sent, in milliseconds since 1970; until it was answered or failed, in milliseconds; whether it was answered. */
export type CallRecord = readonly [sentAt: number, ms: number, isAnswered: 0 | 1];

export interface LoadSummary {
  readonly sent: number;
  /** With status OK and a message. */
  readonly answered: number;
  /** How many by gRPC status, or by what happened to the connection or the stream. */
  readonly errors: Readonly<Record<string, number>>;
  /**
   * Answers by the model's name in them: with ModelMesh the concrete model's, `wisdom-0__isvc-58aa08371b`. Of several inputs
   * each has its own: `#3 ` and so on before it.
   */
  readonly byModel: Readonly<Record<string, number>>;
  /** Of the answered calls, from the moment each was sent; 0 when there is none. */
  readonly latencyMs: Latencies;
  readonly seconds: number;
  readonly timeline?: readonly LoadSecond[];
  readonly calls?: readonly CallRecord[];
}

interface Bucket {
  sent: number;
  answered: number;
  errors: number;
  readonly latencies: number[];
}

/** Starts to send at once. */
export class Load {
  /** When it has come to its end and all calls to theirs. */
  readonly summary: Promise<LoadSummary>;
  readonly #options: LoadOptions;
  readonly #caller: Caller;
  readonly #deadlineMs: number;
  readonly #rate: number;
  readonly #parallel: number;
  /** How many calls at most. */
  readonly #calls: number;
  readonly #start = performance.now();
  readonly #errors = new Map<string, number>();
  readonly #byModel = new Map<string, number>();
  readonly #latencies: number[] = [];
  readonly #records: CallRecord[] = [];
  readonly #seconds = new Map<number, Bucket>();
  readonly #resolve: (summary: LoadSummary) => void;
  #sent = 0;
  #open = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoadOptions) {
    const { deadlineMs = 10_000 } = options;
    const { calls = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY, rate = 0, parallel = 50 } = options;
    this.#options = options;
    this.#deadlineMs = deadlineMs;
    this.#rate = rate;
    this.#parallel = parallel;
    this.#calls = rate === 0 ? calls : Math.min(calls, Math.ceil(rate * seconds));
    this.#caller =
      options.path === undefined ? new GrpcCaller(options, deadlineMs) : new RestCaller(options, options.path);
    const { promise, resolve } = Promise.withResolvers<LoadSummary>();
    this.summary = promise;
    this.#resolve = resolve;
    if (rate === 0 && Number.isFinite(seconds)) this.#timer = setTimeout(() => this.stop(), seconds * 1000);
    this.#go();
  }

  /** No new calls; the summary comes when those under way are at their end. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#settle();
  }

  #go(): void {
    if (this.#rate === 0)
      while (!this.#isStopped && this.#open < this.#parallel && this.#sent < this.#calls) this.#send();
    else {
      const due = Math.min(this.#calls, 1 + Math.floor(((performance.now() - this.#start) / 1000) * this.#rate));
      while (this.#sent < due) this.#send();
      const nextMs = this.#start + (this.#sent / this.#rate) * 1000 - performance.now();
      this.#timer = setTimeout(() => this.#go(), Math.max(0, nextMs));
    }
    if (this.#sent >= this.#calls) this.stop();
  }

  #send(): void {
    const sentAt = performance.now();
    const bucket = this.#bucket();
    const { inputs = [] } = this.#options;
    const index = this.#sent++;
    const turn = inputs.length > 1 ? `#${index % inputs.length} ` : '';
    this.#open++;
    bucket.sent++;
    let isOver = false;
    const end = (error: string | undefined, model = '') => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      const latency = performance.now() - sentAt;
      bucket.latencies.push(latency);
      if (this.#options.isRecorded)
        this.#records.push([Math.round(performance.timeOrigin + sentAt), round(latency), error === undefined ? 1 : 0]);
      if (error === undefined) {
        bucket.answered++;
        this.#latencies.push(latency);
        add(this.#byModel, `${turn}${model}`);
      } else {
        bucket.errors++;
        add(this.#errors, error);
      }
      this.#open--;
      if (this.#isStopped) this.#settle();
      else if (this.#rate === 0) this.#go();
    };
    const cancel = this.#caller.send(index, end);
    const timer = setTimeout(() => {
      end('DEADLINE_EXCEEDED');
      cancel();
    }, this.#deadlineMs);
  }

  #bucket(): Bucket {
    const second = Math.floor(Date.now() / 1000);
    const bucket = this.#seconds.get(second) ?? { sent: 0, answered: 0, errors: 0, latencies: [] };
    this.#seconds.set(second, bucket);
    return bucket;
  }

  #settle(): void {
    if (this.#open > 0) return;
    this.#caller.close();
    this.#resolve({
      sent: this.#sent,
      answered: this.#latencies.length,
      errors: Object.fromEntries(this.#errors),
      byModel: Object.fromEntries(this.#byModel),
      latencyMs: toLatencies(this.#latencies),
      seconds: round((performance.now() - this.#start) / 1000),
      ...(this.#options.timeline ? { timeline: this.#timeline() } : {}),
      ...(this.#options.isRecorded ? { calls: this.#records } : {}),
    });
  }

  #timeline(): LoadSecond[] {
    return [...this.#seconds].map(([second, { sent, answered, errors, latencies }]) => {
      const { p99, max } = toLatencies(latencies);
      return { second, sent, answered, errors, p99, max };
    });
  }
}

function toLatencies(latencies: readonly number[]): Latencies {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
