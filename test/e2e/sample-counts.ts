/** What became of samples: in the Envoys that send them, and in the comparer. */
import type { Comparer, Metrics } from './comparer.ts';
import { sum } from './comparer.ts';
import type { Envoy } from './envoy.ts';

export const comparerHost = 'model-mirror-comparer.model-mirror.svc.cluster.local';
/** What Envoys call it. */
export const comparerCluster = `outbound|80||${comparerHost}`;

export interface SampleCounts {
  /** When the comparer's process was started: it counts from then on. */
  readonly run: number;
  readonly received: number;
  readonly compared: number;
  readonly unknown: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** That it is not done with. */
  readonly held: number;
  /** By Envoys. */
  readonly sent: number;
  /** By Envoys: not sent, as too many were in flight. */
  readonly overflow: number;
}

export async function readCounts(comparer: Comparer, envoys: readonly Envoy[]): Promise<SampleCounts> {
  const metrics = await comparer.read();
  const of = (name: string) => metrics.get(`model_mirror_${name}`) ?? [];
  const ofEnvoys = async (which: string) => {
    const pattern = `^cluster\\.${comparerCluster.replaceAll('|', '\\|')}.*\\.upstream_rq_${which}$`;
    const counts = await Promise.all(envoys.map((envoy) => envoy.count(pattern)));
    return counts.reduce((all, count) => all + count, 0);
  };
  return {
    run: sum(metrics.get('process_start_time_seconds') ?? []),
    received: sum(of('copies_received_total')),
    compared: sum(of('pairs_total')),
    unknown: sum(of('pairs_unknown_total')),
    dropped: toReasons(of('copies_dropped_total')),
    held: sum(of('copies_held')),
    sent: await ofEnvoys('total'),
    overflow: await ofEnvoys('active_overflow'),
  };
}

/** @param before of the same run, or else all that was counted since its start is what is more. */
export function toMore(before: SampleCounts, now: SampleCounts): SampleCounts {
  const [sent, overflow] = [now.sent - before.sent, now.overflow - before.overflow];
  if (before.run !== now.run) return { ...now, sent, overflow };
  const dropped = Object.entries(now.dropped).map(
    ([reason, count]) => [reason, count - (before.dropped[reason] ?? 0)] as const,
  );
  return {
    ...{ ...now, sent, overflow },
    received: now.received - before.received,
    compared: now.compared - before.compared,
    unknown: now.unknown - before.unknown,
    dropped: Object.fromEntries(dropped.filter(([, count]) => count > 0)),
  };
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

/** Samples that each Envoy has under way to a Pod of the comparer: the most. */
export async function readInFlight(envoys: readonly Envoy[]): Promise<number> {
  const pages = await Promise.all(envoys.map((envoy) => envoy.ask('/clusters')));
  const lines = pages.flatMap((page) => String(page).split('\n'));
  const found = lines.filter((line) => line.startsWith(`${comparerCluster}::`) && line.includes('::rq_active::'));
  return Math.max(0, ...found.map((line) => Number(line.split('::').at(-1))));
}

function toReasons(found: NonNullable<ReturnType<Metrics['get']>>): Record<string, number> {
  const byReason = Map.groupBy(found, ([labels]) => /reason="([^"]*)"/.exec(labels)?.[1] ?? '');
  return Object.fromEntries([...byReason].map(([reason, values]) => [reason, sum(values)]));
}
