/** Pods as the API server has them: there are no nodes and no injector, so all of it is written by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterObject } from './cluster.ts';
import { addresses } from './network.ts';

export const systemNamespace = 'istio-system';
export const clientNamespace = 'clients';
/** Where people's models are; ModelMesh's Service gives the namespace its routes. */
export const modelNamespace = 'modelmesh-serving';

export interface Pod {
  /** Of its network namespace too. */
  readonly name: string;
  readonly namespace: string;
  readonly account: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: it is not part of the mesh. */
  readonly proxy?: 'router' | 'sidecar';
  readonly annotations?: Readonly<Record<string, string>>;
  /** Beyond the least that the API server takes. */
  readonly spec?: object;
}

/** What docs/operations.md says that clients' Envoys need in order to show copies that are lost. */
const annotations = { 'proxy.istio.io/config': readStatistics() };

export const ingressPod: Pod = {
  name: 'ingress',
  namespace: systemNamespace,
  account: 'istio-ingressgateway',
  address: addresses.ingress,
  labels: { app: 'istio-ingressgateway', istio: 'ingressgateway' },
  annotations,
  proxy: 'router',
};

export const clientPod: Pod = {
  name: 'client',
  namespace: clientNamespace,
  account: 'client',
  address: addresses.client,
  labels: { app: 'client' },
  annotations,
  proxy: 'sidecar',
};

export const modelMeshPod: Pod = {
  name: 'modelmesh',
  namespace: modelNamespace,
  account: 'modelmesh',
  address: addresses.modelmesh,
  labels: { 'modelmesh-service': 'modelmesh-serving' },
  proxy: 'sidecar',
};

function readStatistics(): string {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const [, block] = /^```yaml\n(proxyStatsMatcher:.*?)^```/ms.exec(page) ?? [];
  if (block === undefined) throw new Error('docs/operations.md has no proxyStatsMatcher');
  return block;
}

/** With the labels that Istio's injector adds: its template for gateways has none of tlsMode. */
export function labelsOf({ labels, proxy }: Pod): Readonly<Record<string, string>> {
  return proxy === 'sidecar' ? { ...labels, 'security.istio.io/tlsMode': 'istio' } : labels;
}

export function toPodObjects(pod: Pod): ClusterObject[] {
  const { name, namespace, account, address, spec = { containers: [{ name: 'main', image: 'none' }] } } = pod;
  const now = new Date().toISOString();
  const conditions = ['Ready', 'ContainersReady', 'Initialized', 'PodScheduled'].map((type) => ({
    ...{ type, status: 'True', lastTransitionTime: now },
  }));
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: labelsOf(pod), annotations: pod.annotations ?? {} },
      spec: { ...spec, nodeName: 'node', serviceAccountName: account },
      status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }], conditions },
    },
  ];
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  readonly appProtocol?: string;
}

/** Where a Service leads: nobody else writes it. */
export function toEndpoints(
  service: string,
  pods: readonly [Pod, ...Pod[]],
  ports: readonly ServicePort[],
): ClusterObject {
  const [{ namespace }] = pods;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: service, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: pods.map(({ name, address }) => ({
      addresses: [address],
      conditions: { ready: true, serving: true },
      nodeName: 'node',
      targetRef: { kind: 'Pod', name, namespace },
    })),
    ports: ports.map(({ targetPort, name: portName, appProtocol }) => ({
      ...{ name: portName, port: targetPort, protocol: 'TCP' },
      ...(appProtocol === undefined ? {} : { appProtocol }),
    })),
  };
}

/** A Service with its endpoints, which select one Pod. */
export function toService(
  name: string,
  pod: Pod,
  ports: readonly ServicePort[],
  more: Readonly<Record<string, unknown>> = {},
): ClusterObject[] {
  const { namespace, labels } = pod;
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, labels },
      spec: { ...more, selector: labels, ports },
    },
    toEndpoints(name, [pod], ports),
  ];
}
