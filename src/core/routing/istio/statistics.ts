/**
 * Envoy's statistics in Prometheus' text format, as Istio's bootstrap names them
 * (tools/packaging/common/envoy_bootstrap.json): clusters, listeners and response codes are labels.
 */

/** The port on which every proxy of Istio serves them. */
export const statisticsPort = 15_090;
export const statisticsPath = '/stats/prometheus';

/** The metrics that are read; `plugin/chart/files/mirror-gateway-rules.yaml` has alerts for them. */
export const metrics = {
  dropped: 'envoy_cluster_upstream_rq_active_overflow',
  /** The same over HTTP/1.1. */
  droppedWaiting: 'envoy_cluster_upstream_rq_pending_overflow',
  responses: 'envoy_cluster_upstream_rq',
  noRoute: 'envoy_http_no_route',
  tlsErrors: 'envoy_listener_ssl_connection_error',
  protocolErrors: 'envoy_http_downstream_cx_protocol_error',
} as const;

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Counters {
  /** The sum of a metric's samples that have the labels; undefined: there are none. */
  readonly sum: (name: string, labels: Readonly<Record<string, string>>) => number | undefined;
}

export function readCounters(text: string): Counters {
  const samples = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const start = line.indexOf('{');
    const end = line.lastIndexOf('}');
    const value = Number(line.slice(end + 1).trim());
    if (line.startsWith('#') || start < 0 || end < start || !Number.isFinite(value)) continue;
    const name = line.slice(0, start);
    const sample = { labels: toLabels(line.slice(start + 1, end)), value };
    const known = samples.get(name);
    if (known === undefined) samples.set(name, [sample]);
    else known.push(sample);
  }
  return {
    sum: (name, wanted) => {
      const found = (samples.get(name) ?? []).filter(({ labels }) =>
        Object.entries(wanted).every(([label, value]) => labels[label] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

/** `a="x",b="y"`: values of the labels that are read hold no quotation marks. */
function toLabels(text: string): Record<string, string> {
  const pairs = text.split('",').map((pair): [string, string] => {
    const at = pair.indexOf('="');
    return [pair.slice(0, at), pair.slice(at + 2).replace('"', '')];
  });
  return Object.fromEntries(pairs);
}
