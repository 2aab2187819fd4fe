/** The comparer's metrics, in the format of Prometheus: numbers by candidate, and nothing of any request. */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { CompareMeter, CountedName } from '../../core/ports/compare.ts';
import type { LiveValue } from '../process/live-metrics.ts';
import { computeWhenAsked } from '../process/live-metrics.ts';
import type { MetricsPage } from '../process/registry.ts';
import { createRegistry, toLabels, versionLabels } from '../process/registry.ts';
import type { CandidateCount, CountedEnd } from './candidate-counts.ts';
import { CandidateCounts } from './candidate-counts.ts';

export interface CompareMetrics extends CompareMeter, MetricsPage {
  readonly retry: (cause: string) => void;
}

/** What is asked for when Prometheus asks. */
export interface CompareSources {
  /** Calls and bytes that are held now. */
  readonly held: () => { readonly calls: number; readonly bytes: number };
  /** Models and candidates that the live routes have. */
  readonly known: () => Iterable<CountedName>;
  /** Whether what is known of the routes is up to date. */
  readonly isReady: () => boolean;
}

export function createCompareMetrics(version: string, { held, known, isReady }: CompareSources): CompareMetrics {
  const { registers, page, retry } = createRegistry('comparer', version, ['api']);
  const counts = new CandidateCounts(() => performance.now());
  const add = (
    name: string,
    help: string,
    label: string | undefined,
    toValues: (count: CandidateCount) => Iterable<LiveValue>,
  ) => {
    const labelNames = label === undefined ? [...versionLabels] : [...versionLabels, label];
    computeWhenAsked(new Counter({ name, help, labelNames, registers }), () =>
      counts.list(known()).flatMap((one) => [...toValues(one)]),
    );
  };
  const addEnd = (end: CountedEnd, name: string, help: string, label: string) =>
    add(name, help, label, function* ({ of, ends }) {
      for (const [why, value] of ends[end]) yield { value, labels: { ...toCandidateLabels(of), [label]: why } };
    });
  add(
    'model_mirror_copies_received_total',
    'Copies of requests that arrived: each is compared, unknown or dropped. Without a model where none is known.',
    undefined,
    function* ({ of, received }) {
      yield { value: received, labels: toCandidateLabels(of) };
    },
  );
  addEnd('compared', 'model_mirror_pairs_total', 'Copies that both versions were asked, by what came of it.', 'result');
  addEnd(
    'unknown',
    'model_mirror_pairs_unknown_total',
    'Copies that versions were asked, of which nobody can tell whether a version failed, by reason.',
    'reason',
  );
  addEnd(
    'dropped',
    'model_mirror_copies_dropped_total',
    'Copies that were not compared, by reason; without a model where none is known.',
    'reason',
  );
  const overhead = new Histogram({
    name: 'model_mirror_compare_overhead_seconds',
    help: 'What a pair took beside waiting for the slower version.',
    buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1],
    registers,
  });
  new Gauge({
    name: 'model_mirror_copies_held',
    help: 'Copies that arrive, wait or are being compared now.',
    registers,
    collect() {
      this.set(held().calls);
    },
  });
  new Gauge({
    name: 'model_mirror_held_bytes',
    help: 'Of their bodies and of the answers to them.',
    registers,
    collect() {
      this.set(held().bytes);
    },
  });
  new Gauge({
    name: 'model_mirror_routes_known',
    help: '1 while what the comparer knows of the routes is up to date; otherwise 0, and it drops what arrives.',
    registers,
    collect() {
      this.set(isReady() ? 1 : 0);
    },
  });
  return {
    ...page,
    retry,
    received: (of) => counts.receive(of),
    compared: (of, result, overheadMs) => {
      counts.end(of, 'compared', result);
      overhead.observe(overheadMs / 1000);
    },
    unknown: (of, reason) => counts.end(of, 'unknown', reason),
    dropped: (of, reason) => counts.end(of, 'dropped', reason),
  };
}

/** An empty label is the same as none. */
function toCandidateLabels(of: CountedName | undefined): Readonly<Record<string, string>> {
  const { namespace = '', model = '', version = '' } = of ?? {};
  return toLabels({ namespace, model, role: 'candidate', version });
}
