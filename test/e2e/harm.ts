/** What of a fault is harm to clients: what its periods, and the calm around them, show. */
import type { Interleaved, Outcome } from './interleaved.ts';
import type { Report } from './report.ts';

export const kilobyte = 1 << 10;
export const megabyte = 1 << 20;
/** Of the installed DestinationRule: copies in flight per client Envoy. */
export const limit = 50;
/** What a fault may add to half of the calls of a while, and to an Envoy. */
const allowed = { stallMs: 1000, bytes: 100 * megabyte } as const;
/** What a fault should add to latencies at most, beyond what calm differs by itself: milliseconds and times. */
const aim = { p50: 0.3, p99: 1.5 } as const;

export interface Trial extends Interleaved {
  /** A second, of each caller. */
  readonly rate: number;
  /** What a fault may add to what an Envoy holds in calm. */
  readonly mostBytes: number;
}

/**
 * Bodies of copies in flight are held by the Envoys that they pass; so many are allowed by the limit.
 * @param sent calls through one Envoy in one period of a fault.
 * @param spare what it may gain beside them.
 */
export function toMostBytes(bytes: number, sent: number, spare: number | undefined): number {
  if (spare !== undefined) return spare + bytes * Math.min(limit, sent);
  return allowed.bytes + (bytes > megabyte ? bytes * Math.min(limit, sent) : 0);
}

/**
 * Failed calls, stalls, and memory. Latencies are shown and not judged: clients share the machine's cores with what a
 * fault makes Envoys and the candidate do, so how much they differ says as much about the machine.
 */
export function findHarm(outcome: Outcome, { outcomes, memory, restless, mostBytes }: Trial): string[] {
  const { fault = '', from, calls, failed, stall } = outcome;
  const calm = findCalm(outcomes, from);
  return [
    ...(failed === 0 ? [] : [`${failed} of ${calls} calls failed`]),
    ...(stall <= calm.stall + allowed.stallMs ? [] : [`half of the calls took more than ${stall.toFixed(0)} ms`]),
    ...beyondCalm(fault, memory)
      .filter(([, more]) => more > mostBytes)
      .map(([name, more]) => `${name} holds ${toText(more)} more than in calm`),
    ...(restless.includes(fault) ? ['Envoys do not come back to what they held before'] : []),
  ];
}

function findCalm(outcomes: readonly Outcome[], from: string): Outcome {
  const calm = outcomes.find((one) => one.fault === undefined && one.from === from);
  if (calm === undefined) throw new Error('there was no calm');
  return calm;
}

function isWithinAim({ from, excess }: Outcome, outcomes: readonly Outcome[]): boolean {
  const calm = findCalm(outcomes, from);
  return excess.p50 <= calm.excess.p50 + aim.p50 && excess.p99 <= calm.excess.p99 * aim.p99;
}

function beyondCalm(fault: string, memory: Interleaved['memory']): [name: string, bytes: number][] {
  const calm = memory.get(undefined) ?? {};
  return Object.entries(memory.get(fault) ?? {}).map(([name, most]) => [name, Math.max(0, most - (calm[name] ?? 0))]);
}

const columns = [
  'body, rate',
  'what happens',
  'from',
  'calls',
  'failed',
  'p50',
  'p99',
  'slowest',
  'beyond calm',
  'memory',
];

/** @param how the faults differ from what they are called. */
export function show(report: Report, what: string, { outcomes, memory }: Interleaved, how = ''): void {
  for (const outcome of outcomes) {
    const { fault, from, calls, failed, latency, excess, slowest } = outcome;
    const held = fault === undefined ? Object.entries(memory.get(undefined) ?? {}) : beyondCalm(fault, memory);
    const difference =
      fault === undefined
        ? `differs by ${excess.p50.toFixed(1)} ms, × ${excess.p99.toFixed(1)}`
        : `${excess.p50.toFixed(1)} ms, × ${excess.p99.toFixed(1)}${isWithinAim(outcome, outcomes) ? '' : ' **(!)**'}`;
    report.row(columns, [
      ...[what, fault === undefined ? '**calm**' : [fault, how].join(' ').trim(), from, calls, failed],
      ...[`${latency.p50.toFixed(1)} ms`, `${latency.p99.toFixed(0)} ms`, `${slowest.toFixed(0)} ms`, difference],
      held.map(([name, bytes]) => `${name} ${fault === undefined ? '' : '+'}${toText(bytes)}`).join(', '),
    ]);
  }
}

export function toText(bytes: number): string {
  return bytes < megabyte / 2 ? `${(bytes / kilobyte).toFixed(0)} KB` : `${(bytes / megabyte).toFixed(0)} MB`;
}
