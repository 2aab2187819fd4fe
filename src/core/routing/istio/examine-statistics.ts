/** What proxies counted: copies that were dropped, failed, or had no route. */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { mask, safe } from '../../diagnostics/safe-text.ts';
import type { Diagnosis, DiagnosisCode, DiagnosisSeverity, PodStatistics, StatisticsRequest } from '../examination.ts';
import type { LiveObjects, Pod } from './live-objects.ts';
import { toNamedSubject, toShown } from './live-objects.ts';
import type { LivePath } from './mirror-path.ts';
import { diagnose, findPublicPods } from './mirror-path.ts';
import type { Counters } from './statistics.ts';
import { readCounters, statisticsPath, statisticsPort } from './statistics.ts';

/** Of each kind of proxy: enough to see what is wrong, and few enough to read. */
const maxPods = 10;

/** The metrics that are read, as in `plugin/install/mirror-gateway/components/prometheus`. */
export const metrics = {
  dropped: 'envoy_cluster_upstream_rq_active_overflow',
  responses: 'envoy_cluster_upstream_rq',
  noRoute: 'envoy_http_no_route',
  tlsErrors: 'envoy_listener_ssl_connection_error',
  protocolErrors: 'envoy_http_downstream_cx_protocol_error',
} as const;

export function toRequests(path: LivePath, live: LiveObjects): StatisticsRequest[] {
  const toRequest = ({ namespace, name }: Pod, filter: string): StatisticsRequest => ({
    ...{ namespace, pod: name, port: statisticsPort, path: statisticsPath, query: { filter } },
  });
  const cluster = toCluster(path)
    .split('')
    .map((character) => ('.|'.includes(character) ? `\\${character}` : character))
    .join('');
  return [
    ...toRead(findPublicPods(path, live)).map((pod) =>
      toRequest(pod, `^cluster\\.${cluster};?\\.upstream_rq_([245]xx|active_overflow)$`),
    ),
    ...toRead(path.pods).map((pod) =>
      toRequest(pod, '^(http|listener)\\..*(\\.no_route|connection_error|downstream_cx_protocol_error)$'),
    ),
  ];
}

function toRead(pods: readonly Pod[]): Pod[] {
  return pods.filter(({ isReady }) => isReady).slice(0, maxPods);
}

function toCluster({ service, choice }: LivePath): string {
  return `outbound|${choice.port}||${service.host}`;
}

export function examineStatistics(
  path: LivePath,
  live: LiveObjects,
  statistics: readonly PodStatistics[],
): Diagnosis[] {
  const of = (pods: readonly Pod[]) =>
    statistics.filter(({ request }) =>
      pods.some(({ namespace, name }) => namespace === request.namespace && name === request.pod),
    );
  const clients = of(findPublicPods(path, live));
  const gateways = of(path.pods);
  return [
    ...examineUnread(path, [...clients, ...gateways]),
    ...clients.flatMap((one) => examineClient(path, one)),
    ...gateways.flatMap((one) => examineGatewayPod(path, one)),
  ];
}

/** One for all Pods: the reason is the same. */
function examineUnread(path: LivePath, all: readonly PodStatistics[]): Diagnosis[] {
  const [first] = all.filter(({ failure }) => failure !== undefined);
  if (first?.failure === undefined) return [];
  const { request, failure } = first;
  const pod = { namespace: request.namespace, name: request.pod };
  return [
    diagnose(path, 'statistics-unread', 'note', toNamedSubject('pod', pod), {
      reason: safe`the statistics of the Pod ${toShown(pod)} cannot be read, so lost copies do not show: ${failure.message}`,
      cure:
        failure.code === 'refused'
          ? safe`ask for the right to get pods/proxy, or look at the statistics in Prometheus (docs/operations.md, "Copies that are lost")`
          : safe`check that a NetworkPolicy lets the API server reach port ${request.port}, or look at the statistics in Prometheus (docs/operations.md, "Copies that are lost")`,
      details: { code: failure.code, pods: all.filter((one) => one.failure !== undefined).length },
    }),
  ];
}

interface Growth {
  readonly count: number;
  /** When it grew: in the last seconds, or at some time since the proxy started. */
  readonly isNow: boolean;
  readonly when: SafeText;
}

/** How much a count grew between two readings; if it did not, how much it has in all. */
function toGrowth(
  { texts, seconds }: PodStatistics,
  count: (counters: Counters) => number | undefined,
): Growth | undefined {
  const [first, last] = texts.map((text) => count(readCounters(text)));
  if (first === undefined) return undefined;
  // A proxy that was restarted in between counts from 0.
  const grown = last === undefined ? 0 : last < first ? last : last - first;
  return grown > 0
    ? { count: grown, isNow: true, when: safe`in the last ${Math.round(seconds)} s` }
    : {
        count: last ?? first,
        isNow: false,
        when: safe`since it started, and none in the last ${Math.round(seconds)} s`,
      };
}

function examineClient(path: LivePath, statistics: PodStatistics): Diagnosis[] {
  const labels = { cluster_name: toCluster(path) };
  const toResponses = (counters: Counters, of: string) =>
    counters.sum(metrics.responses, { ...labels, response_code_class: of }) ?? 0;
  const { request, texts } = statistics;
  if (texts.length === 0) return [];
  const pod = { namespace: request.namespace, name: request.pod };
  const subject = toNamedSubject('pod', pod);
  const dropped = toGrowth(statistics, (counters) => counters.sum(metrics.dropped, labels));
  if (dropped === undefined)
    return [
      diagnose(path, 'statistics-hidden', 'note', subject, {
        reason: safe`the Pod ${toShown(pod)} does not show the statistics of ${mask(path.service.name)}, so lost copies do not show: Istio hides them by default`,
        cure: safe`set proxyStatsMatcher for it as docs/operations.md shows in "Copies that are lost"`,
      }),
    ];
  // What is dropped is answered with 503 within the proxy, and so counted there too.
  const failed = toGrowth(
    statistics,
    (counters) => toResponses(counters, '5xx') - (counters.sum(metrics.dropped, labels) ?? 0),
  );
  const total = toGrowth(statistics, (counters) =>
    ['2xx', '4xx', '5xx'].reduce((sum, of) => sum + toResponses(counters, of), 0),
  );
  const toOf = ({ count, isNow }: Growth) =>
    total !== undefined && total.isNow === isNow && total.count >= count
      ? safe`${count} of ${total.count} copies`
      : safe`${count} copies`;
  return [
    ...toLoss(path, 'copies-dropped', 'error', dropped, subject, (growth) => ({
      reason: safe`the Pod ${toShown(pod)} dropped ${toOf(growth)} ${growth.when}: too many were in flight to the mirror gateway`,
      cure: safe`look for a candidate that hangs with ${mask('`model-mirror status --live`')}, shorten routing.mirrorTimeout, or raise http2MaxRequests`,
    })),
    ...toLoss(path, 'copies-failed', 'warning', failed, subject, (growth) => ({
      reason: safe`${toOf(growth)} from the Pod ${toShown(pod)} failed ${growth.when}: the mirror gateway did not take them, or candidates answered with an error`,
      cure: safe`fix the other findings first; if there are none, check how candidates answer`,
    })),
  ];
}

function examineGatewayPod(path: LivePath, statistics: PodStatistics): Diagnosis[] {
  const { request, texts } = statistics;
  if (texts.length === 0) return [];
  const pod = { namespace: request.namespace, name: request.pod };
  const subject = toNamedSubject('pod', pod);
  const { targetPort } = path;
  const listener = { http_conn_manager_prefix: `outbound_0.0.0.0_${targetPort}` };
  const noRoute = toGrowth(statistics, (counters) => counters.sum(metrics.noRoute, listener));
  const refused = toGrowth(statistics, (counters) => {
    const tls = counters.sum(metrics.tlsErrors, { listener_address: `0.0.0.0_${targetPort}` });
    const protocol = counters.sum(metrics.protocolErrors, listener);
    return tls === undefined && protocol === undefined ? undefined : (tls ?? 0) + (protocol ?? 0);
  });
  return [
    ...toLoss(path, 'copies-not-routed', 'error', noRoute, subject, ({ count, when }) => ({
      reason: safe`the mirror gateway's Pod ${toShown(pod)} had no route for ${count} copies ${when}`,
      cure: safe`check that each model's VirtualService for copies is bound to the Gateway ${toShown(path.gateway)}`,
    })),
    ...toLoss(path, 'connections-refused', 'warning', refused, subject, ({ count, when }) => ({
      reason: safe`the mirror gateway's Pod ${toShown(pod)} refused ${count} connections ${when}: they did not have the TLS that its Gateway expects`,
      cure: safe`fix what else is found about TLS; if nothing is, somebody outside the mesh tries to connect`,
    })),
  ];
}

function toLoss(
  path: LivePath,
  code: DiagnosisCode,
  severity: DiagnosisSeverity,
  growth: Growth | undefined,
  subject: Diagnosis['subject'],
  toWords: (growth: Growth) => { readonly reason: SafeText; readonly cure: SafeText },
): Diagnosis[] {
  if (growth === undefined || growth.count <= 0) return [];
  const { count, isNow } = growth;
  const details = { count, when: isNow ? 'now' : 'since-start' };
  return [diagnose(path, code, isNow ? severity : 'note', subject, { ...toWords(growth), details })];
}
