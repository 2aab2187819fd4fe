/**
 * Calls that go on while faults come and go, each between periods of calm: what is slow without any fault is the
 * machine's doing. A fault is compared with the calm just before and after it, and with how much calm periods that
 * follow each other differ.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Envoy } from './envoy.ts';
import type { CallRecord, LoadSummary } from './load.ts';
import { median, quantile } from './statistics.ts';
import type { Traffic, TrafficOptions } from './traffic.ts';

export interface Fault {
  readonly what: string;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Calls of one kind: from one side, by one protocol. */
export interface Caller {
  readonly from: string;
  readonly call: (load: Load) => Promise<Traffic>;
}

export type Load = Omit<TrafficOptions, 'origin' | 'to' | 'model' | 'namespace' | 'path'>;

export interface InterleaveOptions {
  /** All call at the same time. */
  readonly callers: readonly Caller[];
  /** Of each of them. */
  readonly load: Load;
  /** Each fault is run through so many times, all in turn. */
  readonly rounds: number;
  readonly calmMs: number;
  readonly faultMs: number;
  /** Whose memory is looked at, by what they are called. */
  readonly envoys: Readonly<Record<string, Envoy>>;
}

interface Period {
  /** Undefined: calm. */
  readonly fault: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly memory: Memory;
  /** Whether Envoys held as little as in calm again after it. */
  readonly isRested: boolean;
}

/** In bytes, by Envoy: the most that was seen. */
export type Memory = Readonly<Record<string, number>>;

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export interface Outcome {
  /** Undefined: calm. */
  readonly fault: string | undefined;
  /** Which caller. */
  readonly from: string;
  readonly calls: number;
  readonly failed: number;
  /** In milliseconds, medians over the periods, and in these over windows as long as a period of calm. */
  readonly latency: Latency;
  /**
   * The least, over the periods, by which the fault's is beyond the calm around it: milliseconds of p50, and times of
   * p99. What a fault does, it does each time. Of calm: the most by which two that follow each other differ.
   */
  readonly excess: Latency;
  /** The largest p50 of a window: a stall, even if it comes only once. */
  readonly stall: number;
  readonly slowest: number;
}

export interface Interleaved {
  readonly outcomes: readonly Outcome[];
  /** By caller: of all its calls. */
  readonly summaries: ReadonlyMap<string, LoadSummary>;
  /** By fault; `undefined` is calm. */
  readonly memory: ReadonlyMap<string | undefined, Memory>;
  /** Faults after which Envoys did not come back to what they hold in calm. */
  readonly restless: readonly string[];
}

const megabyte = 1 << 20;
const memoryMs = 250;
/** What is back to calm holds no more than this beyond it. */
const restBytes = 30 * megabyte;
const restMs = 30_000;

export async function interleave(faults: readonly Fault[], options: InterleaveOptions): Promise<Interleaved> {
  const { callers, load, rounds, calmMs, faultMs, envoys } = options;
  const traffic = await Promise.all(callers.map(({ call }) => call({ ...load, isRecorded: true })));
  const periods: Period[] = [];
  try {
    // Connections are made by the first calls.
    await sleep(1500);
    periods.push(await observe(undefined, calmMs, envoys));
    for (let round = 0; round < rounds; round++)
      for (const { what, begin, end } of faults) {
        await begin();
        const period = await observe(what, faultMs, envoys);
        await end();
        const isRested = await rest(toMemory(undefined, periods), envoys);
        periods.push({ ...period, isRested }, await observe(undefined, calmMs, envoys));
      }
  } finally {
    for (const one of traffic) void one.stop().catch(() => {});
  }
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  const all = [undefined, ...faults.map(({ what }) => what)];
  return {
    outcomes: all.flatMap((fault) =>
      summaries.map(({ calls = [] }, i) => toOutcome(fault, callers[i]?.from ?? '', calls, periods, calmMs)),
    ),
    summaries: new Map(summaries.map((summary, i) => [callers[i]?.from ?? '', summary])),
    memory: new Map(all.map((fault) => [fault, toMemory(fault, periods)])),
    restless: periods.flatMap(({ fault, isRested }) => (fault === undefined || isRested ? [] : [fault])),
  };
}

async function observe(fault: string | undefined, ms: number, envoys: InterleaveOptions['envoys']): Promise<Period> {
  const from = Date.now();
  const seen: Memory[] = [];
  while (Date.now() < from + ms) {
    await sleep(Math.min(memoryMs, from + ms - Date.now()));
    seen.push(await readMemory(envoys));
  }
  return { fault, from, to: from + ms, memory: toMost(seen), isRested: true };
}

/** Of those that answer: one that is stopped does not. */
async function readMemory(envoys: InterleaveOptions['envoys']): Promise<Memory> {
  const read = await Promise.all(
    Object.entries(envoys).map(async ([name, envoy]) => {
      try {
        const { allocated } = (await envoy.ask('/memory', 'GET', 1000)) as { readonly allocated: string };
        return [[name, Number(allocated)] as const];
      } catch {
        return [];
      }
    }),
  );
  return Object.fromEntries(read.flat());
}

/** Waits for all to hold as little as in calm again. @returns whether they do. */
async function rest(calm: Memory, envoys: InterleaveOptions['envoys']): Promise<boolean> {
  for (const end = Date.now() + restMs; Date.now() < end; await sleep(memoryMs)) {
    const memory = await readMemory(envoys);
    const isRested = Object.keys(envoys).every(
      (name) => (memory[name] ?? Number.POSITIVE_INFINITY) <= (calm[name] ?? 0) + restBytes,
    );
    if (isRested) return true;
  }
  return false;
}

function toMemory(fault: string | undefined, periods: readonly Period[]): Memory {
  return toMost(periods.filter((period) => period.fault === fault).map(({ memory }) => memory));
}

function toMost(all: readonly Memory[]): Memory {
  const most: Record<string, number> = {};
  for (const memory of all)
    for (const [name, bytes] of Object.entries(memory)) most[name] = Math.max(most[name] ?? 0, bytes);
  return most;
}

/** In so many windows at most: what stalls calls lasts, and a machine that others keep busy pauses for a second or two. */
const mostWindows = 8;

/** @param windowMs periods are cut into windows at least so long: in a longer time a machine has more to disturb it. */
function toOutcome(
  fault: string | undefined,
  from: string,
  calls: readonly CallRecord[],
  periods: readonly Period[],
  windowMs: number,
): Outcome {
  const measured = periods.map((period) => measure(period, calls, windowMs));
  const chosen = periods.flatMap((period, i) => (period.fault === fault ? [i] : []));
  const all = chosen.flatMap((i) => measured[i]?.calls ?? []);
  const of = (which: keyof Latency) => chosen.flatMap((i) => measured[i]?.latency[which] ?? []);
  const around = (i: number, which: keyof Latency) =>
    (fault === undefined ? [i - 2] : [i - 1, i + 1]).flatMap((j) => measured[j]?.latency[which] ?? []);
  const compare = (which: keyof Latency, how: (value: number, calm: number) => number) =>
    chosen.flatMap((i) => {
      // On a busy machine a caller may have sent nothing yet in the first of them.
      const calm = around(i, which).filter(Number.isFinite);
      return calm.length === 0 ? [] : [how(measured[i]?.latency[which] ?? 0, Math.max(...calm))];
    });
  const more = compare('p50', (value, calm) => value - calm);
  const times = compare('p99', (value, calm) => value / calm);
  return {
    fault,
    from,
    calls: all.length,
    failed: all.filter(([, , isAnswered]) => isAnswered === 0).length,
    latency: { p50: median(of('p50')), p99: median(of('p99')) },
    excess:
      fault === undefined
        ? { p50: Math.max(0, ...more.map(Math.abs)), p99: Math.max(1, ...times.map((one) => Math.max(one, 1 / one))) }
        : { p50: Math.min(...more), p99: Math.min(...times) },
    stall: Math.max(...chosen.map((i) => measured[i]?.stall ?? 0)),
    slowest: Math.max(...all.map(([, ms]) => ms)),
  };
}

interface Measured {
  readonly calls: readonly CallRecord[];
  /** Medians over its windows. */
  readonly latency: Latency;
  /** The largest p50 of a window. */
  readonly stall: number;
}

function measure({ from, to }: Period, calls: readonly CallRecord[], windowMs: number): Measured {
  const count = Math.min(mostWindows, Math.max(1, Math.floor((to - from) / windowMs)));
  const ms = (to - from) / count;
  const windows = Array.from({ length: count }, (_, i) => {
    const start = from + i * ms;
    return calls.filter(([sentAt]) => sentAt >= start && sentAt < start + ms);
  }).filter((window) => window.length > 0);
  const of = (share: number) =>
    windows.map((window) =>
      quantile(
        window.map(([, latency]) => latency),
        share,
      ),
    );
  const [p50, p99] = [of(0.5), of(0.99)];
  return { calls: windows.flat(), latency: { p50: median(p50), p99: median(p99) }, stall: Math.max(...p50) };
}
