/**
 * The real KServe with its own webhooks, and the controllers of Kubernetes that make Pods of what it writes. Nothing
 * runs the Pods: a kubelet does.
 *
 * What KServe needs: its module's `config` folder, and facts that were executed on 0.20.0: flags, the place of the
 * certificate ($TMPDIR/k8s-webhook-server/serving-certs), and that its ConfigMap must be there before it starts.
 */
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { build } from '../install/kustomize.ts';
import { sourcesOf, stackFolder } from '../stack/build.ts';
import { findFreePorts } from '../stack/kube-apiserver.ts';
import type { Cluster, ClusterObject } from './cluster.ts';
import { Program, until } from './program.ts';

const kserveNamespace = 'kserve';
/** In the module, `config/`. */
const config = join(sourcesOf('kserve-manager'), 'config');
const crds = 'crd/full/{,clusterstoragecontainer/}*.yaml';
/** HPA needs an API of metrics: Deployments keep one replica, whatever minReplicas says. */
/** How long a kind may take to be served. */
const applyMs = 60_000;
const controllers = ['deployment', 'replicaset', 'endpointslice', 'garbage-collector', 'namespace'];

export interface KServeOptions {
  readonly cluster: Cluster;
  /** Where it keeps what it needs and what it says. */
  readonly folder: string;
  /** Whose InferenceServices and Pods the webhooks see. */
  readonly namespace: string;
  /** More of the ConfigMap inferenceservice-config, by key: fields that replace KServe's own. */
  readonly settings?: Readonly<Record<string, object>>;
}

export interface KServe {
  readonly manager: Program;
  /** kube-controller-manager. */
  readonly controllers: Program;
}

/** Starts both, and waits until the webhooks answer. */
export async function startKServe({ cluster, folder, namespace, settings = {} }: KServeOptions): Promise<KServe> {
  const { api } = cluster;
  mkdirSync(folder, { recursive: true });
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig(), { mode: 0o600 });
  const [webhookPort = 0, probePort = 0] = await findFreePorts(2);
  await apply(cluster, [toNamespace(kserveNamespace), toNamespace(namespace), ...readCrds(), toConfigMap(settings)]);
  const controllerManager = startControllers(kubeconfig, folder);
  const manager = startManager({ cluster, folder, kubeconfig, webhookPort, probePort });
  await manager.until('KServe is ready', async () => (await fetch(`http://127.0.0.1:${probePort}/readyz`)).ok);
  const webhooks = readWebhooks(webhookPort, readFileSync(api.certificate.crt), namespace);
  // They check runtimes too.
  await apply(cluster, [...webhooks, ...readRuntimes()]);
  return { manager, controllers: controllerManager };
}

interface ManagerOptions extends Pick<KServeOptions, 'cluster' | 'folder'> {
  readonly kubeconfig: string;
  readonly webhookPort: number;
  readonly probePort: number;
}

function startManager({ cluster, folder, kubeconfig, webhookPort, probePort }: ManagerOptions): Program {
  const certificates = join(folder, 'k8s-webhook-server/serving-certs');
  mkdirSync(certificates, { recursive: true });
  const { crt, key } = cluster.api.certificate;
  cpSync(crt, join(certificates, 'tls.crt'));
  cpSync(key, join(certificates, 'tls.key'));
  return new Program({
    name: 'kserve-manager',
    command: join(stackFolder, 'kserve-manager'),
    words: [
      ...['-kubeconfig', kubeconfig, '-metrics-addr', '0', '-webhook-port', `${webhookPort}`],
      ...['-health-probe-addr', `127.0.0.1:${probePort}`],
    ],
    environment: { TMPDIR: folder, POD_NAMESPACE: kserveNamespace },
    folder,
    logs: folder,
  });
}

function startControllers(kubeconfig: string, folder: string): Program {
  const names = controllers.map((name) => `${name}-controller`);
  return new Program({
    name: 'kube-controller-manager',
    command: join(stackFolder, 'kube-controller-manager'),
    words: [
      ...['--kubeconfig', kubeconfig, '--leader-elect=false', '--secure-port=0'],
      `--controllers=${names.join()}`,
    ],
    folder,
    logs: folder,
  });
}

function readObjects(file: string): ClusterObject[] {
  return parseAllDocuments(readFileSync(join(config, file), 'utf8'))
    .map((document) => document.toJS() as ClusterObject | null)
    .filter((object) => object !== null);
}

function readCrds(): ClusterObject[] {
  return globSync(crds, { cwd: config })
    .flatMap(readObjects)
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
}

function readRuntimes(): ClusterObject[] {
  return ['runtimes', 'storagecontainers'].flatMap((folder) => build(join(config, folder)));
}

/** In Standard mode, and without Istio's VirtualService, which only Knative's Services need. */
function toConfigMap(settings: Readonly<Record<string, object>>): ClusterObject {
  const [map] = readObjects('configmap/inferenceservice.yaml');
  if (map === undefined) throw new Error('KServe has no ConfigMap');
  const { _example: _, ...data } = map['data'] as Record<string, string>;
  const ours: Readonly<Record<string, object>> = {
    deploy: { defaultDeploymentMode: 'Standard' },
    ingress: { disableIstioVirtualHost: true },
    ...settings,
  };
  for (const [key, fields] of Object.entries(ours))
    data[key] = JSON.stringify({ ...(parse(data[key] ?? '{}') as object), ...fields });
  return { ...map, metadata: { ...map.metadata, namespace: kserveNamespace }, data };
}

interface Webhook {
  readonly clientConfig: { readonly service: { readonly path: string } };
}

/** Without the one for ModelMesh's namespace, whose defaults come from a policy. */
function readWebhooks(port: number, caBundle: Buffer, namespace: string): ClusterObject[] {
  return readObjects('webhook/manifests.yaml').map((object) => ({
    ...object,
    metadata: { name: object.metadata.name },
    webhooks: (object['webhooks'] as readonly Webhook[]).map((webhook) => ({
      ...webhook,
      clientConfig: {
        url: `https://127.0.0.1:${port}${webhook.clientConfig.service.path}`,
        caBundle: caBundle.toString('base64'),
      },
      // Runtimes of the cluster are in none.
      ...(JSON.stringify(webhook).includes('clusterservingruntimes')
        ? {}
        : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }),
    })),
  }));
}

/** What it is a kind of may not be served yet, and webhooks may not answer. */
async function apply(cluster: Cluster, objects: readonly ClusterObject[]): Promise<void> {
  for (const object of objects) {
    const isApplied = () => cluster.apply(object).then(() => true);
    await until(`${object.kind} ${object.metadata.name} is applied`, isApplied, applyMs);
  }
}

function toNamespace(name: string): ClusterObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
