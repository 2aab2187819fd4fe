/** The comparer's metrics, in the format of Prometheus: numbers by model, and nothing of any request. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CompareMeter, ModelName } from '../../core/ports/compare.ts';

export interface CompareMetrics extends CompareMeter {
  readonly retry: (cause: string) => void;
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

/** @param held calls and bytes that are held now. */
export function createCompareMetrics(
  version: string,
  held: () => { readonly calls: number; readonly bytes: number },
): CompareMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const ofModel = ['namespace', 'model'] as const;
  const received = new Counter({
    name: 'model_mirror_copies_received_total',
    help: 'Copies of requests that arrived: each is compared, unknown or dropped.',
    registers,
  });
  const pairs = new Counter({
    name: 'model_mirror_pairs_total',
    help: 'Copies that both versions were asked, by what came of it.',
    labelNames: [...ofModel, 'result'],
    registers,
  });
  const unknown = new Counter({
    name: 'model_mirror_pairs_unknown_total',
    help: 'Copies that versions were asked, of which nobody can tell whether a version failed, by reason.',
    labelNames: [...ofModel, 'reason'],
    registers,
  });
  const dropped = new Counter({
    name: 'model_mirror_copies_dropped_total',
    help: 'Copies that were not compared, by reason; without a model where none is known.',
    labelNames: [...ofModel, 'reason'],
    registers,
  });
  const retries = new Counter({
    name: 'model_mirror_retries_total',
    help: 'Attempts that failed and are made again, by cause.',
    labelNames: ['cause'],
    registers,
  });
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
  new Gauge({ name: 'model_mirror_build_info', help: 'Always 1.', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  retries.inc({ cause: 'api' }, 0);
  const labels = ({ namespace, model }: ModelName) => ({ namespace, model });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    retry: (cause) => retries.inc({ cause }),
    received: () => received.inc(),
    compared: (model, result, overheadMs) => {
      pairs.inc({ ...labels(model), result });
      overhead.observe(overheadMs / 1000);
    },
    unknown: (model, reason) => unknown.inc({ ...labels(model), reason }),
    dropped: (model, reason) => dropped.inc({ ...labels(model ?? { namespace: '', model: '' }), reason }),
  };
}
