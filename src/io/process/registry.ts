/**
 * What the metrics of all programs have in common, in the format of Prometheus: the process's own, which program it is, and
 * labels that name one version of a model.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { VersionName } from '../../core/ports/metrics.ts';

/** What a page of metrics shows. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

export interface MetricsRegistry {
  /** For the constructors of metrics. */
  readonly registers: Registry[];
  readonly page: MetricsPage;
  readonly retry: (cause: string) => void;
}

/** @param causes of retries: a rate takes a counter that is there before the first one. */
export function createRegistry(
  program: 'watcher' | 'comparer',
  version: string,
  causes: readonly string[],
): MetricsRegistry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // prom-client names these gauges as counters are named; the same numbers are there by type.
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`);
  new Gauge({
    name: 'model_mirror_build_info',
    help: 'Always 1: which program of model-mirror this is, and of which release.',
    labelNames: ['program', 'version'],
    registers,
  }).set({ program, version }, 1);
  const retries = new Counter({
    name: 'model_mirror_retries_total',
    help: 'Attempts that failed and are made again, by cause.',
    labelNames: ['cause'],
    registers,
  });
  for (const cause of causes) retries.inc({ cause }, 0);
  return {
    registers,
    page: { contentType: registry.contentType, text: toSharedText(registry) },
    retry: (cause) => retries.inc({ cause }),
  };
}

/** Whoever asks while the page is made gets the same: many that ask together cost no more than one. */
function toSharedText(registry: Registry): () => Promise<string> {
  let making: Promise<string> | undefined;
  return () => {
    making ??= toText(registry).finally(() => {
      making = undefined;
    });
    return making;
  };
}

/** One metric after the other, so that no more than one has its values in memory, and probes are answered in between. */
async function toText(registry: Registry): Promise<string> {
  let text = '';
  for (const { name } of registry.getMetricsAsArray()) {
    text += `${await registry.getSingleMetricAsString(name)}\n`;
    await nextTurn();
  }
  return text;
}

/** Of every metric that is about one version of a model. */
export const versionLabels = ['namespace', 'model', 'role', 'version'] as const;

export function toLabels({
  namespace,
  model,
  role,
  version,
}: VersionName): Record<(typeof versionLabels)[number], string> {
  return { namespace, model, role, version };
}
