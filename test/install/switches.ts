/**
 * What can be switched in the chart, and which objects an installation then consists of: an oracle that knows no template.
 */
import type { Values } from './helm.ts';

/** Each by the values that turn it from its default. */
const changes = {
  'no watcher': { watcher: { enabled: false } },
  'watcher of some namespaces': { watcher: { watchNamespaces: ['modelmesh-serving', 'models'] } },
  'ConfigMap of one’s own': { watcher: { repo: '', existingConfigMap: 'model-mirror-watcher' } },
  page: { watcher: { page: true } },
  'no Standard mode': { watcher: { readWorkloads: false } },
  'argocd refresh': { watcher: { argocdRefresh: { enabled: true, namespaces: ['argocd', 'argocd-ml'] } } },
  proxy: { watcher: { proxy: { httpsProxy: 'http://proxy.example.com:3128', noProxy: '10.0.0.0/8' } } },
  'proxy by a Secret': { watcher: { proxy: { existingSecret: 'model-mirror-proxy' } } },
  'signed commits': { watcher: { signing: { existingSecret: 'model-mirror-signing' } } },
  'a private authority': { watcher: { ca: { configMap: 'model-mirror-ca' } } },
  SSH: {
    watcher: {
      repo: 'git@git.example.com:ml/deployments.git',
      git: { knownHosts: { configMap: 'model-mirror-known-hosts' } },
    },
  },
  'a notified address': { watcher: { notifyUrlSecret: { name: 'model-mirror-notify' } } },
  'no policy for the watcher': { watcher: { networkPolicy: { enabled: false } } },
  'no budget for the watcher': { watcher: { podDisruptionBudget: { enabled: false } } },
  'no mirror gateway': { mirrorGateway: { enabled: false } },
  'mirror gateway in clear text': { mirrorGateway: { clearText: true } },
  'who may send copies': {
    mirrorGateway: { authorization: { enabled: true, namespaces: ['istio-system', 'clients'] } },
  },
  'no limits for copies': { mirrorGateway: { clientLimits: { enabled: false } } },
  'no autoscaling': { mirrorGateway: { autoscaling: { enabled: false } } },
  'no policy for the mirror gateway': { mirrorGateway: { networkPolicy: { enabled: false } } },
  'no budget for the mirror gateway': { mirrorGateway: { podDisruptionBudget: { enabled: false } } },
  comparer: { comparer: { enabled: true } },
  'comparer of some namespaces': { comparer: { watchNamespaces: ['models'] } },
  'comparer in clear text': { comparer: { clearText: true } },
  'who may send samples': { comparer: { authorization: { enabled: true } } },
  'no limits for samples': { comparer: { clientLimits: { enabled: false } } },
  'no policy for the comparer': { comparer: { networkPolicy: { enabled: false } } },
  'no budget for the comparer': { comparer: { podDisruptionBudget: { enabled: false } } },
  'limits of the egress gateway': { egressGatewayLimits: { enabled: true } },
  monitors: { monitoring: { monitors: { enabled: true, labels: { release: 'prometheus' } } } },
  rules: { monitoring: { rules: { enabled: true } } },
  dashboard: { monitoring: { dashboard: { enabled: true } } },
} as const satisfies Readonly<Record<string, Values>>;

export type Switch = keyof typeof changes;
export const switches = Object.keys(changes) as Switch[];

/** The chart refuses to name workloads by certificates in clear text, and two places for the repository's address. */
export const excluded: readonly (readonly [Switch, Switch])[] = [
  ['mirror gateway in clear text', 'who may send copies'],
  ['comparer in clear text', 'who may send samples'],
  ['ConfigMap of one’s own', 'SSH'],
];

/** With the namespace, so that nothing leads out of the installation. */
export function toValues(on: readonly Switch[]): Values {
  const base = { namespace: { create: true }, watcher: { repo: 'https://git.example.com/ml/deployments' } };
  return on.map((name) => changes[name]).reduce(merge, base);
}

function merge(values: Values, more: Values): Values {
  const entries = Object.entries(more).map(([key, value]) => {
    const before = values[key];
    return [key, isMap(before) && isMap(value) ? merge(before, value) : value];
  });
  return { ...values, ...Object.fromEntries(entries) };
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of an installation in the namespace `model-mirror`, as `KIND NAMESPACE/NAME`, sorted. */
export function toExpectedObjects(on: readonly Switch[]): string[] {
  const is = (name: Switch) => on.includes(name);
  const [watcher, gateway, comparer] = [!is('no watcher'), !is('no mirror gateway'), is('comparer')];
  const part = (name: string, kinds: Readonly<Record<string, boolean>>) =>
    Object.keys(kinds).flatMap((kind) => (kinds[kind] ? [`${kind} model-mirror/model-mirror-${name}`] : []));
  const rights = (name: string, namespaces: readonly string[]) =>
    namespaces.length === 0
      ? [`ClusterRole model-mirror-${name}`, `ClusterRoleBinding model-mirror-${name}`]
      : namespaces.flatMap((place) => ['Role', 'RoleBinding'].map((kind) => `${kind} ${place}/model-mirror-${name}`));
  return [
    'Namespace model-mirror',
    ...(watcher
      ? [
          ...part('watcher', {
            ServiceAccount: true,
            ConfigMap: !is('ConfigMap of one’s own'),
            Deployment: true,
            Service: true,
            NetworkPolicy: !is('no policy for the watcher'),
            PodDisruptionBudget: !is('no budget for the watcher'),
            ServiceMonitor: is('monitors'),
          }),
          ...rights('watcher', is('watcher of some namespaces') ? ['modelmesh-serving', 'models'] : []),
          ...(is('argocd refresh') ? rights('watcher-refresh', ['argocd', 'argocd-ml']) : []),
          ...(is('rules') ? ['PrometheusRule model-mirror/model-mirror'] : []),
        ]
      : []),
    ...(gateway
      ? [
          ...part('gateway', {
            ServiceAccount: true,
            Deployment: true,
            HorizontalPodAutoscaler: !is('no autoscaling'),
            PodDisruptionBudget: !is('no budget for the mirror gateway'),
            Service: true,
            NetworkPolicy: !is('no policy for the mirror gateway'),
            Gateway: true,
            DestinationRule: true,
            EnvoyFilter: true,
            AuthorizationPolicy: is('who may send copies'),
            PodMonitor: is('monitors'),
            PrometheusRule: is('rules'),
          }),
          ...(is('no limits for copies') ? [] : ['EnvoyFilter istio-system/model-mirror-gateway-clients']),
        ]
      : []),
    ...(comparer
      ? [
          ...part('comparer', {
            ServiceAccount: true,
            Deployment: true,
            PodDisruptionBudget: !is('no budget for the comparer'),
            Service: true,
            NetworkPolicy: !is('no policy for the comparer'),
            DestinationRule: true,
            EnvoyFilter: true,
            PeerAuthentication: true,
            AuthorizationPolicy: is('who may send samples'),
            PodMonitor: is('monitors'),
          }),
          'Service model-mirror/model-mirror-comparer-blocks',
          ...rights('comparer', is('comparer of some namespaces') ? ['models'] : []),
          ...(is('no limits for samples') ? [] : ['EnvoyFilter istio-system/model-mirror-comparer-clients']),
        ]
      : []),
    ...(is('limits of the egress gateway')
      ? ['DestinationRule', 'EnvoyFilter'].map((kind) => `${kind} istio-system/model-mirror-egress-gateway`)
      : []),
    ...(is('dashboard') ? ['ConfigMap model-mirror/model-mirror-dashboard'] : []),
  ].sort();
}
