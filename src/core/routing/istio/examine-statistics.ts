/** What proxies counted: copies that were dropped, failed, or had no route. */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { mask, safe } from '../../diagnostics/safe-text.ts';
import type { Diagnosis, DiagnosisCode, DiagnosisSeverity, PodStatistics, StatisticsRequest } from '../examination.ts';
import type { LiveObjects, NamespacedName, Pod } from './live-objects.ts';
import { toNamedSubject, toShown } from './live-objects.ts';
import type { LivePath, Words } from './mirror-path.ts';
import { diagnose, findPublicPods } from './mirror-path.ts';
import { read } from './read.ts';
import { copiesSubset, toMirrorName } from './render.ts';
import type { Counters } from './statistics.ts';
import { metrics, readCounters, statisticsPath, statisticsPort } from './statistics.ts';

/** Of each kind of proxy: enough to see what is wrong, and few enough to read. */
const maxPods = 10;

export function toRequests(path: LivePath, live: LiveObjects): StatisticsRequest[] {
  const toRequest = ({ namespace, name }: Pod, query: StatisticsRequest['query']): StatisticsRequest => ({
    ...{ namespace, pod: name, port: statisticsPort, path: statisticsPath, query },
  });
  const cluster = toCluster(path).replaceAll('.', '\\.').replaceAll('|', '\\|');
  return [
    ...toRead(findPublicPods(path, live)).map((pod) =>
      toRequest(pod, { filter: `^cluster\\.${cluster};?\\.upstream_rq_([245]xx|active_overflow)$` }),
    ),
    ...toRead(path.pods).map((pod) =>
      // It has clusters of all Services: those that dropped nothing are left out.
      toRequest(pod, {
        filter:
          '^(http|listener)\\..*(\\.no_route|connection_error|cx_protocol_error)$|^cluster\\.outbound.*_overflow$',
        usedonly: '',
      }),
    ),
  ];
}

function toRead(pods: readonly Pod[]): Pod[] {
  return pods.filter(({ isReady }) => isReady).slice(0, maxPods);
}

function toCluster({ service, choice }: LivePath): string {
  return `outbound|${choice.port}||${service.host}`;
}

/** What a Pod's proxy counted, once or twice. */
interface Readings {
  readonly pod: NamespacedName;
  readonly counters: readonly Counters[];
  /** Between the two. */
  readonly seconds: number;
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
  const publicPods = findPublicPods(path, live);
  const [clients, gateways] = [of(publicPods), of(path.pods)];
  const failed = [...clients, ...gateways].filter(({ failure }) => failure !== undefined);
  return [
    ...(publicPods.length === 0 ? [toNobody(path)] : []),
    ...examineUnread(path, failed),
    ...toReadings(clients).flatMap((readings) => examineClient(path, readings)),
    ...toReadings(gateways).flatMap((readings) => [
      ...examineGatewayPod(path, readings),
      ...examineCandidates(path, readings, live),
    ]),
  ];
}

function toReadings(statistics: readonly PodStatistics[]): Readings[] {
  return statistics.flatMap(({ request, texts, seconds }) =>
    texts.length === 0
      ? []
      : [{ pod: { namespace: request.namespace, name: request.pod }, counters: texts.map(readCounters), seconds }],
  );
}

/** A Gateway that is managed elsewhere may have other Pods than the default of a policy. */
function toNobody(path: LivePath): Diagnosis {
  return diagnose(
    path,
    'statistics-unread',
    'note',
    { code: 'object', kind: 'Pod', namespace: undefined, name: undefined },
    {
      reason: safe`no Pod was found with the labels in routing.gateway.selector, so copies that the public gateway loses do not show`,
      cure: safe`set routing.gateway.selector to the labels of the public gateway's Pods, also if its Gateway is managed elsewhere`,
      details: { code: 'none', pods: 0 },
    },
  );
}

/** One for all Pods: the reason is the same. */
function examineUnread(path: LivePath, failed: readonly PodStatistics[]): Diagnosis[] {
  const [first] = failed;
  if (first?.failure === undefined) return [];
  const { request, failure } = first;
  const pod = { namespace: request.namespace, name: request.pod };
  const orPrometheus = safe`or look at the statistics in Prometheus (docs/operations.md, "Copies that are lost")`;
  return [
    diagnose(path, 'statistics-unread', 'note', toNamedSubject('pod', pod), {
      reason: safe`the statistics of the Pod ${toShown(pod)} cannot be read, so lost copies do not show: ${failure.message}`,
      cure:
        failure.code === 'refused'
          ? safe`ask for the right to get pods/proxy, ${orPrometheus}`
          : safe`check that a NetworkPolicy lets the API server reach port ${request.port}, ${orPrometheus}`,
      details: { code: failure.code, pods: failed.length },
    }),
  ];
}

function examineClient(path: LivePath, readings: Readings): Diagnosis[] {
  const labels = { cluster_name: toCluster(path) };
  const toResponses = (counters: Counters, of: string) =>
    counters.sum(metrics.responses, { ...labels, response_code_class: of }) ?? 0;
  const { pod } = readings;
  const dropped = toGrowth(readings, (counters) => counters.sum(metrics.dropped, labels));
  if (dropped === undefined)
    return [
      diagnose(path, 'statistics-hidden', 'note', toNamedSubject('pod', pod), {
        reason: safe`the Pod ${toShown(pod)} does not show the statistics of ${mask(path.service.name)}, so lost copies do not show: Istio hides them by default`,
        cure: safe`set proxyStatsMatcher for it as docs/operations.md shows in "Copies that are lost"`,
      }),
    ];
  // What is dropped is answered with 503 within the proxy, and so counted there too.
  const failed = toGrowth(
    readings,
    (counters) => toResponses(counters, '5xx') - (counters.sum(metrics.dropped, labels) ?? 0),
  );
  const total = toGrowth(readings, (counters) =>
    ['2xx', '4xx', '5xx'].reduce((sum, of) => sum + toResponses(counters, of), 0),
  );
  const toOf = ({ count, isNow }: Growth) =>
    total !== undefined && total.isNow === isNow && total.count >= count
      ? safe`${count} of ${total.count} copies`
      : safe`${count} copies`;
  return [
    ...toLoss(path, 'copies-dropped', 'error', dropped, pod, (growth) => ({
      reason: safe`the Pod ${toShown(pod)} dropped ${toOf(growth)} ${growth.when}: too many were in flight to the mirror gateway`,
      cure: safe`look for a candidate that hangs with ${mask('`model-mirror status --live`')}, shorten routing.mirrorTimeout, or raise http2MaxRequests`,
    })),
    ...toLoss(path, 'copies-failed', 'warning', failed, pod, (growth) => ({
      reason: safe`${toOf(growth)} from the Pod ${toShown(pod)} failed ${growth.when}: the mirror gateway did not take them, or candidates answered with an error`,
      cure: safe`fix the other findings first; if there are none, check how candidates answer`,
    })),
  ];
}

function examineGatewayPod(path: LivePath, readings: Readings): Diagnosis[] {
  const { pod } = readings;
  const { targetPort, gateway } = path;
  const listener = { http_conn_manager_prefix: `outbound_0.0.0.0_${targetPort}` };
  const noRoute = toGrowth(readings, (counters) => counters.sum(metrics.noRoute, listener));
  const refused = toGrowth(readings, (counters) =>
    addUp(
      counters.sum(metrics.tlsErrors, { listener_address: `0.0.0.0_${targetPort}` }),
      counters.sum(metrics.protocolErrors, listener),
    ),
  );
  return [
    ...toLoss(path, 'copies-not-routed', 'error', noRoute, pod, ({ count, when }) => ({
      reason: safe`the mirror gateway's Pod ${toShown(pod)} had no route for ${count} copies ${when}`,
      cure: safe`check that each model's VirtualService for copies is bound to the Gateway ${toShown(gateway)}`,
    })),
    ...toLoss(path, 'connections-refused', 'warning', refused, pod, ({ count, when }) => ({
      reason: safe`the mirror gateway's Pod ${toShown(pod)} refused ${count} connections ${when}: they did not have the TLS that its Gateway expects`,
      cure: safe`fix the findings about TLS; if there are none, somebody outside the mesh tries to connect`,
    })),
  ];
}

/** What each candidate's own limit dropped: a candidate that hangs costs only copies of its own. */
function examineCandidates(path: LivePath, readings: Readings, live: LiveObjects): Diagnosis[] {
  const { pod } = readings;
  return path.models.flatMap((model) => {
    const route = live.find('virtualService', { namespace: model.namespace, name: toMirrorName(model.name) });
    const { candidate = [] } = (route && read([route.value]).copies) ?? {};
    if (!model.hasCandidate) return [];
    const clusters = [...new Set(candidate.map(({ host, port }) => `outbound|${port}|${copiesSubset}|${host}`))];
    const dropped = toGrowth(readings, (counters) =>
      clusters
        .flatMap((name) => [metrics.dropped, metrics.droppedWaiting].map((metric) => ({ metric, name })))
        .map(({ metric, name }) => counters.sum(metric, { cluster_name: name }))
        .reduce(addUp, undefined),
    );
    return toLoss(path, 'candidate-slow', 'warning', dropped, pod, ({ count, when }) => ({
      reason: safe`the mirror gateway's Pod ${toShown(pod)} dropped ${count} copies of requests to ${mask(model.name)} ${when}: too many were waiting for its candidate`,
      cure: safe`check whether the candidate hangs with ${mask(`\`model-mirror status ${model.name} --live\``)}, or raise routing.maxCopiesInFlight`,
      models: [model],
    }));
  });
}

interface Growth {
  readonly count: number;
  /** Whether it grew between the two readings; otherwise it is the count since the proxy started. */
  readonly isNow: boolean;
  readonly when: SafeText;
}

/** @returns undefined for what no reading shows. */
function toGrowth(
  { counters, seconds }: Readings,
  count: (counters: Counters) => number | undefined,
): Growth | undefined {
  const counts = counters.map(count);
  if (counts.every((one) => one === undefined)) return undefined;
  const [first = 0, last] = counts.map((one) => one ?? 0);
  if (last === undefined) return { count: first, isNow: false, when: safe`since it started` };
  // A proxy that was restarted in between counts from 0.
  const grown = last < first ? last : last - first;
  const span = safe`in the last ${Math.round(seconds)} s`;
  return grown > 0
    ? { count: grown, isNow: true, when: span }
    : { count: last, isNow: false, when: safe`since it started, but none ${span}` };
}

function addUp(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0);
}

/** What is over is a note. */
function toLoss(
  path: LivePath,
  code: DiagnosisCode,
  severity: DiagnosisSeverity,
  growth: Growth | undefined,
  pod: NamespacedName,
  toWords: (growth: Growth) => Omit<Words, 'details'>,
): Diagnosis[] {
  if (growth === undefined || growth.count <= 0) return [];
  const { count, isNow } = growth;
  const details = { count, when: isNow ? 'now' : 'since-start' };
  return [diagnose(path, code, isNow ? severity : 'note', toNamedSubject('pod', pod), { ...toWords(growth), details })];
}
