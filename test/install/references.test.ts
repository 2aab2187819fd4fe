import test from 'ava';
import type { Built } from './kustomize.ts';
import { findLooseEnds } from './references.ts';

const namespace = 'here';
const labels = { app: 'it' };

const whole: Readonly<Record<string, Built>> = {
  namespace: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  account: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'it', namespace } },
  map: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'it', namespace } },
  deployment: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'it', namespace },
    spec: {
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: 'it',
          containers: [{ envFrom: [{ configMapRef: { name: 'it' } }], ports: [{ name: 'http' }] }],
        },
      },
    },
  },
  service: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'it', namespace, labels },
    spec: { selector: labels, ports: [{ name: 'http', targetPort: 'http' }] },
  },
  policy: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'it', namespace },
    spec: { podSelector: { matchLabels: labels } },
  },
  budget: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'it', namespace },
    spec: { selector: { matchLabels: labels } },
  },
  rule: {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'it', namespace },
    spec: { host: 'it' },
  },
  filter: {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name: 'it', namespace },
    spec: { workloadSelector: { labels } },
  },
  gateway: {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'it', namespace },
    spec: { selector: labels },
  },
  authorization: {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'it', namespace },
    spec: { selector: { matchLabels: labels } },
  },
  scaler: {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'it', namespace },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'it' } },
  },
  monitor: {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'it', namespace },
    spec: { selector: { matchLabels: labels }, endpoints: [{ port: 'http' }] },
  },
  binding: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'it', namespace: 'there' },
    subjects: [{ kind: 'ServiceAccount', name: 'it', namespace }],
  },
};

const without = (name: string) =>
  findLooseEnds(Object.entries(whole).flatMap(([key, object]) => (key === name ? [] : [object])));

test('what names only what is there is fine', (t) => {
  t.deepEqual(findLooseEnds(Object.values(whole)), []);
});

for (const [name, troubles] of Object.entries({
  namespace: ['Deployment here/it: the namespace here is not here'],
  account: [
    'Deployment here/it: the ServiceAccount it is not here',
    'RoleBinding there/it: its subject, the ServiceAccount here/it, is not here',
  ],
  map: ['Deployment here/it: the ConfigMap it is not here'],
  deployment: [
    'Service here/it: selects nothing',
    'NetworkPolicy here/it: selects nothing',
    'PodDisruptionBudget here/it: selects nothing',
    'EnvoyFilter here/it: selects nothing',
    'Gateway here/it: selects nothing',
    'AuthorizationPolicy here/it: selects nothing',
    'HorizontalPodAutoscaler here/it: what it scales is not here',
  ],
  service: [
    'DestinationRule here/it: its host, the Service it, is not here',
    'ServiceMonitor here/it: no Service that it selects has a port http',
  ],
}))
  test(`without the ${name} something leads nowhere`, (t) => {
    t.deepEqual(without(name), troubles);
  });

test('a port by a name that no container has leads nowhere', (t) => {
  const service = { ...whole['service'], spec: { selector: labels, ports: [{ name: 'http', targetPort: 'web' }] } };
  const objects = Object.values({ ...whole, service: service as Built });
  t.deepEqual(findLooseEnds(objects), ['Service here/it: no container has a port web']);
});
