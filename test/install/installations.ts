/**
 * Installations that are looked at: the chart with each of its switches, with random selections of them, and in other namespaces;
 * and the plugin's sidecar in an Argo CD.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Values } from './helm.ts';
import { renderChart } from './helm.ts';
import type { Built } from './kustomize.ts';
import { build } from './kustomize.ts';
import type { Switch } from './switches.ts';
import { excluded, switches, toExpectedObjects, toValues } from './switches.ts';

interface Installation {
  readonly name: string;
  readonly values: Values;
  readonly namespace: string;
  /** What it must consist of, where that is known otherwise than by the templates. */
  readonly expected?: readonly string[];
  /** Somebody else's objects that it names. */
  readonly besides?: readonly Built[];
}

const repo = 'https://git.example.com/ml/deployments';
const create = { namespace: { create: true } };
/** Only the part with that name. */
const comparerIn = (namespace: string, values: Values = {}): Installation => ({
  name: `a comparer of its own in ${namespace}`,
  namespace,
  values: {
    ...create,
    watcher: { enabled: false },
    mirrorGateway: { enabled: false },
    comparer: { enabled: true, watchNamespaces: [namespace], ...values },
  },
});

/** All of them are whole: nothing of them may lead nowhere. */
export function listInstallations(): Installation[] {
  const selections = fc
    .sample(fc.subarray(switches), { numRuns: 60, seed: 18 })
    .filter((on) => !excluded.some((pair) => pair.every((one) => on.includes(one))));
  return [
    toInstallation('by default', []),
    ...switches.map((name) => toInstallation(name, [name])),
    ...selections.map((on, index) => toInstallation(`selection ${index + 1}`, on)),
    {
      name: 'in ml-tools',
      namespace: 'ml-tools',
      values: { ...create, watcher: { repo }, comparer: { enabled: true } },
    },
    // Digits alone are a namespace's name, too, and a number in YAML unless they are quoted.
    ...['model-mirror', 'ml-tools', 'ml-others', '2026'].map((namespace) => ({
      name: `with all that reaches out of ${namespace}`,
      namespace,
      values: {
        ...create,
        watcher: { repo, watchNamespaces: ['modelmesh-serving'], argocdRefresh: { enabled: true } },
        comparer: { enabled: true, watchNamespaces: ['modelmesh-serving'], authorization: { enabled: true } },
        mirrorGateway: { authorization: { enabled: true } },
        egressGatewayLimits: { enabled: true },
        monitoring: { monitors: { enabled: true }, rules: { enabled: true }, dashboard: { enabled: true } },
      },
      besides: egressGateway,
    })),
    comparerIn('models-a'),
    comparerIn('models-b'),
    comparerIn('models-c', { clientLimits: { enabled: false } }),
    { name: 'all values', namespace: 'model-mirror', values: allValues },
  ];
}

function toInstallation(name: string, on: readonly Switch[]): Installation {
  const besides = [
    ...(on.includes('limits of the egress gateway') ? egressGateway : []),
    ...(on.includes('ConfigMap of one’s own') ? [configMap] : []),
  ];
  return { name, namespace: 'model-mirror', values: toValues(on), expected: toExpectedObjects(on), besides };
}

const configMap: Built = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'model-mirror-watcher', namespace: 'model-mirror' },
};
/** Istio's own. */
const egressGateway: readonly Built[] = [
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
].map((object) => ({
  ...object,
  metadata: { name: 'istio-egressgateway', namespace: 'istio-system' },
  spec: { template: { metadata: { labels: { istio: 'egressgateway' } } } },
}));

const pods = {
  podLabels: { team: 'ml' },
  podAnnotations: { 'example.com/cost': 'ml' },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'ml', effect: 'NoSchedule' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
      },
    },
  },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
  priorityClassName: 'system-cluster-critical',
};
const container = { extraArgs: ['--log', 'json'], env: [{ name: 'NODE_OPTIONS', value: '--max-semi-space-size=4' }] };

const from = [
  { namespaceSelector: {}, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } } },
  { ipBlock: { cidr: '10.0.0.0/24' } },
];

const mount = { name: 'from-a-store', mountPath: '/mnt/git' };
const mounted = {
  name: mount.name,
  csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true, volumeAttributes: { secretProviderClass: 'git' } },
};

/** Each value that no switch sets. */
const allValues: Values = {
  ...create,
  image: {
    repository: 'images.example.com:5000/ml/model-mirror',
    digest: `sha256:${'0'.repeat(64)}`,
    pullPolicy: 'IfNotPresent',
    pullSecrets: ['registry'],
  },
  istio: { rootNamespace: 'mesh-config', clusterDomain: 'example.internal', revision: 'canary' },
  watcher: {
    ...{ repo, branch: 'deploy', path: 'models', cluster: 'west', replicas: 2 },
    ...{ comparers: ['model-mirror-comparer-blocks.models.svc:8081'], ca: { secret: 'ca' } },
    ...{ notifyUrl: 'https://hooks.example.com/x', networkPolicy: { egressPorts: [443, 6443, 3128], from } },
    ...{ git: { existingSecret: '' }, extraVolumes: [mounted], extraVolumeMounts: [{ ...mount, readOnly: true }] },
    ...{ ...pods, ...container, extraArgs: [`--git-credentials=${mount.mountPath}`, ...container.extraArgs] },
  },
  mirrorGateway: {
    ...{ namespaces: ['models'], maxCopiesInFlight: 20, replicas: 3, autoscaling: { maxReplicas: 2 } },
    ...{ clientLimits: { maxRequestBytes: 1048576 }, networkPolicy: { clientCidrs: ['10.0.0.0/24'] } },
    ...pods,
  },
  comparer: {
    ...{ enabled: true, replicas: 3, maxSamplesInFlight: 20, clientLimits: { maxRequestBytes: 1048576 } },
    ...{ networkPolicy: { gatewayNamespaces: ['gateways'], clientCidrs: ['10.0.0.0/24'] } },
    ...{ ...pods, ...container },
  },
  monitoring: {
    monitors: { enabled: true, interval: '1m' },
    rules: { enabled: true, labels: { release: 'prometheus' } },
    dashboard: { enabled: true, annotations: { folder: 'Models' } },
  },
};

/** The watcher with the right to refresh, as tests of the loop run it. */
export function renderRefreshingWatcher(): Built[] {
  return renderChart({
    ...create,
    watcher: { repo, argocdRefresh: { enabled: true } },
    mirrorGateway: { enabled: false },
  });
}

/** An Argo CD that kustomize installs, with the sidecar's component. @param folder is filled. */
export function buildSidecars(folder: string): Map<string, Built[]> {
  cpSync(join(import.meta.dirname, '../../plugin/install/sidecar'), join(folder, 'sidecar'), { recursive: true });
  return new Map(
    Object.entries(exclusions).map(([name, lines], index) => {
      const place = join(folder, `argocd-${index}`);
      mkdirSync(place);
      writeFileSync(join(place, 'repo-server.yaml'), toRepoServer(lines));
      const image = { name: 'model-mirror', newName: 'images.example.com/model-mirror', newTag: '9.8.7' };
      const kustomization = { resources: ['repo-server.yaml'], components: ['../sidecar'], images: [image] };
      writeFileSync(join(place, 'kustomization.yaml'), JSON.stringify(kustomization));
      return [`sidecar, ${name}`, build(place)];
    }),
  );
}

/** How the Deployment has the variable that the sidecar's component sets. */
const exclusions: Readonly<Record<string, string>> = {
  'where nothing is excluded': '',
  // argo-cd manifests/base/repo-server/argocd-repo-server-deployment.yaml
  'where a ConfigMap may exclude': `
            - name: ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS
              valueFrom:
                configMapKeyRef: {name: argocd-cmd-params-cm, key: reposerver.plugin.tar.exclusions, optional: true}`,
  'where something is excluded': `
            - {name: ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS, value: docs/*}`,
};

/** What the component relies on in Argo CD's own Deployment: names, volumes, and the init container. */
export function toRepoServer(exclusion: string): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server, namespace: argocd}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-repo-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-repo-server}}
    spec:
      containers:
        - name: argocd-repo-server
          image: argocd:v3.5.7
          env:
            - {name: HELM_CACHE_HOME, value: /helm-working-dir}${exclusion}
          resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}
          securityContext: &restricted
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
            seccompProfile: {type: RuntimeDefault}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            - {name: plugins, mountPath: /home/argocd/cmp-server/plugins}
      initContainers:
        - name: copyutil
          image: argocd:v3.5.7
          resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}
          securityContext: *restricted
          volumeMounts:
            - {name: var-files, mountPath: /var/run/argocd}
      volumes:
        - {name: tmp, emptyDir: {}}
        - {name: var-files, emptyDir: {}}
        - {name: plugins, emptyDir: {}}
`;
}
