/** When each alert fires, and when it is silent: what `promtool test rules` tries. */

/** Series in promtool's notation, a value a minute: `1x10` is eleven times 1, `_x5` nothing for five minutes. */
export interface AlertCase {
  readonly alert: string;
  readonly title: string;
  readonly series: Readonly<Record<string, string>>;
  /** In minutes. */
  readonly silent: readonly number[];
  readonly fires?: {
    readonly at: readonly number[];
    /** Of each alert, without the severity. */
    readonly labels: readonly Readonly<Record<string, string>>[];
    /** What `{{ $value }}` becomes, with whatever formats it. */
    readonly value?: string;
  };
}

const of = { namespace: 'models', model: 'wisdom', role: 'candidate', version: 'v2' };
const toSeries = (name: string, labels: Readonly<Record<string, string>>) =>
  `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(',')}}`;
const verdict = (value: string, more = {}) => toSeries('model_mirror_verdict', { ...of, verdict: value, ...more });
const share = toSeries('model_mirror_mirror_share_ratio', of);
const state = (value: string, role = 'candidate') =>
  toSeries('model_mirror_version_state', { ...of, role, state: value });
const blind = (reason: string) => toSeries('model_mirror_blind', { ...of, reason });
const watcher = { job: 'watcher', instance: '10.0.0.1:8080' };
const copies = (name: string, more = {}) => toSeries(`model_mirror_copies_${name}_total`, { ...of, ...more });
const client = {
  namespace: 'istio-system',
  pod: 'gateway-1',
  cluster_name: 'outbound|443||model-mirror-gateway.model-mirror.svc.cluster.local',
};
const gateway = { namespace: 'model-mirror', pod: 'model-mirror-gateway-1' };
const ofClient = [{ namespace: 'istio-system', pod: 'gateway-1' }];

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'ModelMirrorCandidateFailing',
    title: 'at once, once for two watchers, and until another candidate takes its place',
    series: {
      [verdict('Failing', { instance: '1' })]: '_x2 1x10 _x20',
      [verdict('Failing', { instance: '2' })]: '_x2 1x10 _x20',
    },
    silent: [1, 20],
    fires: { at: [3, 10], labels: [of] },
  },
  {
    alert: 'ModelMirrorCandidateFailing',
    title: 'never for any other verdict',
    series: {
      [verdict('Passing')]: '1x30',
      [verdict('Unknown', { model: 'm' })]: '1x30',
      [verdict('Inconclusive', { model: 'n' })]: '1x30',
    },
    silent: [1, 29],
  },
  {
    alert: 'ModelMirrorCandidateUnknown',
    title: 'after half an hour with an open mirror, and on while a watcher restarts',
    series: { [verdict('Unknown')]: '1x35 _x2 1x30', [share]: '0.2x35 _x2 0.2x30' },
    silent: [0, 5, 29],
    fires: { at: [31, 37, 60], labels: [of] },
  },
  {
    alert: 'ModelMirrorCandidateUnknown',
    title: 'not while the mirror is closed',
    series: { [verdict('Unknown')]: '1x60', [share]: '0x60' },
    silent: [10, 45, 60],
  },
  {
    alert: 'ModelMirrorCandidateUnknown',
    title: 'not where it became known within half an hour',
    series: { [verdict('Unknown')]: '1x20 _x40', [verdict('Inconclusive')]: '_x20 1x40', [share]: '0.2x60' },
    silent: [10, 29, 31, 60],
  },
  {
    alert: 'ModelMirrorCandidateFailed',
    title: 'after five minutes',
    series: { [state('Ready')]: '1x2', [state('Failed')]: '_x2 1x30' },
    silent: [1, 5],
    fires: { at: [8, 30], labels: [of] },
  },
  {
    alert: 'ModelMirrorCandidateFailed',
    title: 'not for a primary, nor for a candidate that loads or that is not there',
    series: { [state('Failed', 'primary')]: '1x30', [state('Loading')]: '1x30' },
    silent: [10, 30],
  },
  {
    alert: 'ModelMirrorNoCopies',
    title: 'while the mirror is open and nothing arrives',
    series: { [blind('no-copies')]: '1x30', [share]: '0.2x15 0x15' },
    silent: [4, 17, 30],
    fires: { at: [6, 14], labels: [of] },
  },
  {
    alert: 'ModelMirrorNoCopies',
    title: 'not when something else is missing',
    series: { [blind('no-comparer')]: '1x30', [share]: '0.2x30' },
    silent: [10, 30],
  },
  {
    alert: 'ModelMirrorPushesRefused',
    title: 'after a quarter of an hour',
    series: { [toSeries('model_mirror_push_failures', watcher)]: '0 1 2 3 4 5x20 0x10' },
    silent: [0, 10, 15, 27],
    fires: { at: [17, 24], labels: [watcher], value: '5' },
  },
  {
    alert: 'ModelMirrorNotCarried',
    title: 'once a commit of the source waits for more than five minutes',
    series: { [toSeries('model_mirror_carry_behind_seconds', watcher)]: '0 60 120 180 240 300 360 420 0x10' },
    silent: [0, 4, 5, 8, 12],
    fires: { at: [7], labels: [watcher], value: '7m 0s' },
  },
  {
    alert: 'ModelMirrorNotCarried',
    title: 'not for a watcher that carries nothing, or at once',
    series: { [toSeries('model_mirror_carry_behind_seconds', watcher)]: '0x10 5 0x10 30 0x5' },
    silent: [5, 10, 11, 21, 25],
  },
  {
    alert: 'ModelMirrorWatcherDown',
    title: 'when a watcher is no longer there, once',
    series: { [toSeries('up', watcher)]: '1x10 0x20', [toSeries('model_mirror_ready', watcher)]: '1x10 _x20' },
    silent: [1, 10, 14],
    fires: { at: [17, 30], labels: [watcher] },
  },
  {
    alert: 'ModelMirrorWatcherDown',
    title: 'when one of two watchers is no longer there',
    series: {
      [toSeries('up', watcher)]: '1x10 0x20',
      [toSeries('model_mirror_ready', watcher)]: '1x10 _x20',
      [toSeries('up', { ...watcher, instance: '10.0.0.2:8080' })]: '1x30',
      [toSeries('model_mirror_ready', { ...watcher, instance: '10.0.0.2:8080' })]: '1x30',
    },
    silent: [10],
    fires: { at: [17, 30], labels: [watcher] },
  },
  {
    alert: 'ModelMirrorWatcherDown',
    title: 'as the same alert for hours',
    series: { [toSeries('up', watcher)]: '1x10 0x300', [toSeries('model_mirror_ready', watcher)]: '1x10 _x300' },
    silent: [10],
    fires: { at: [17, 60, 72, 90, 300], labels: [watcher] },
  },
  {
    alert: 'ModelMirrorWatcherDown',
    title: 'when there never was one',
    series: { [toSeries('up', { job: 'other', instance: '1' })]: '0x30' },
    silent: [4],
    fires: { at: [6, 30], labels: [{}] },
  },
  {
    alert: 'ModelMirrorWatcherDown',
    title: 'not when it restarts, nor when another Pod takes its place',
    series: {
      [toSeries('up', watcher)]: '1x10 0 0 1x10 _x20',
      [toSeries('model_mirror_ready', watcher)]: '1x10 _ _ 1x10 _x20',
      [toSeries('up', { ...watcher, instance: '10.0.0.9:8080' })]: '_x24 1x20',
      [toSeries('model_mirror_ready', { ...watcher, instance: '10.0.0.9:8080' })]: '_x24 1x20',
    },
    silent: [10, 12, 14, 20, 24, 30, 40],
  },
  {
    alert: 'ModelMirrorWatcherNotInStep',
    title: 'when it cannot read the cluster or the branch for ten minutes',
    series: {
      [toSeries('model_mirror_ready', watcher)]: '1x5 0x20 1x10',
      // Time begins at 0 here, and it looks every minute.
      [toSeries('model_mirror_last_look_timestamp_seconds', watcher)]: '0+60x40',
    },
    silent: [4, 14, 27],
    fires: { at: [17, 24], labels: [watcher] },
  },
  {
    alert: 'ModelMirrorWatcherNotInStep',
    title: 'when it has not looked at git for long although nothing is wrong as far as it knows',
    series: {
      [toSeries('model_mirror_ready', watcher)]: '1x60',
      [toSeries('model_mirror_last_look_timestamp_seconds', watcher)]: '0+60x10 600x50',
    },
    silent: [10, 20, 29],
    fires: { at: [32, 50], labels: [watcher] },
  },
  {
    alert: 'ModelMirrorComparerDropping',
    title: 'when it cannot keep up with a model',
    series: {
      [copies('received')]: '0+100x60',
      [copies('dropped', { reason: 'full-calls' })]: '0+15x60',
      [copies('dropped', { reason: 'event-loop-late' })]: '0+5x60',
    },
    silent: [10],
    fires: { at: [20, 50], labels: [{ namespace: 'models', model: 'wisdom' }], value: '20%' },
  },
  {
    alert: 'ModelMirrorComparerDropping',
    title: 'not when it spares the primary, nor for one copy in a hundred, nor when nothing arrives',
    series: {
      [copies('received')]: '0+100x60',
      [copies('dropped', { reason: 'busy-primary' })]: '0+90x60',
      [copies('dropped', { reason: 'full-bytes' })]: '0+1x60',
      [copies('received', { model: 'silent' })]: '0x60',
      [copies('dropped', { model: 'silent', reason: 'full-calls' })]: '0x60',
    },
    silent: [20, 50],
  },
  {
    alert: 'ModelMirrorCopiesDropped',
    title: 'when the limit of the DestinationRule is reached',
    series: { [toSeries('envoy_cluster_upstream_rq_active_overflow', client)]: '0x10 0+5x30' },
    silent: [10, 14],
    fires: { at: [20, 39], labels: ofClient },
  },
  {
    alert: 'ModelMirrorCopiesFailed',
    title: 'also where no copy was ever dropped',
    series: { [toSeries('envoy_cluster_upstream_rq', { ...client, response_code_class: '5xx' })]: '0x10 0+5x30' },
    silent: [10, 14],
    fires: { at: [20, 39], labels: ofClient },
  },
  {
    alert: 'ModelMirrorCopiesFailed',
    title: 'not for copies that were dropped, which another alert is for',
    series: {
      [toSeries('envoy_cluster_upstream_rq', { ...client, response_code_class: '5xx' })]: '0+5x40',
      [toSeries('envoy_cluster_upstream_rq_active_overflow', client)]: '0+5x40',
    },
    silent: [20, 39],
  },
  {
    alert: 'ModelMirrorCopiesNotRouted',
    title: 'for the mirror gateway alone',
    series: {
      [toSeries('envoy_http_no_route', gateway)]: '0x10 0+5x30',
      [toSeries('envoy_http_no_route', { namespace: 'istio-system', pod: 'gateway-1' })]: '0+5x40',
    },
    silent: [10, 14],
    fires: { at: [20, 39], labels: [{ namespace: 'model-mirror' }] },
  },
  {
    alert: 'ModelMirrorGatewayRefusesConnections',
    title: 'whichever way they are refused, where the other statistic is missing, too',
    series: { [toSeries('envoy_listener_ssl_connection_error', gateway)]: '0x10 0+5x30' },
    silent: [10, 14],
    fires: { at: [20, 39], labels: [{ namespace: 'model-mirror' }] },
  },
];
