/** istiod, and the objects by which it knows gateways, the client's Pod and ModelMesh's Service. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackFolder } from '../stack/build.ts';
import type { ClusterObject } from './cluster.ts';
import { xdsPort } from './envoy.ts';
import { addresses } from './network.ts';
import { Program } from './program.ts';
import { scratch } from './sandbox.ts';

/** Where people's models are; ModelMesh's Service gives the namespace its routes. */
export const modelNamespace = 'modelmesh-serving';
export const systemNamespace = 'istio-system';
export const clientNamespace = 'clients';

const monitoringPort = 15_014;
const healthPort = 8085;

/** @param kubeconfig a file. */
export function startIstiod(kubeconfig: string): Program {
  const mesh = join(scratch, 'mesh.yaml');
  writeFileSync(
    mesh,
    JSON.stringify({
      enableAutoMtls: false,
      accessLogFile: '',
      defaultProviders: {},
      enablePrometheusMerge: false,
      trustDomain: 'cluster.local',
      rootNamespace: systemNamespace,
      defaultConfig: { discoveryAddress: `${addresses.core}:${xdsPort}`, tracing: {} },
    }),
  );
  return new Program({
    name: 'istiod',
    command: join(stackFolder, 'istiod'),
    words: [
      ...['discovery', '--kubeconfig', kubeconfig, '--meshConfig', mesh],
      ...['--grpcAddr', `${addresses.core}:${xdsPort}`, '--secureGRPCAddr', ''],
      ...['--httpAddr', `${addresses.core}:${healthPort}`, '--httpsAddr', ''],
      ...['--monitoringAddr', `${addresses.core}:${monitoringPort}`],
      ...['--domain', 'cluster.local', '--keepaliveMaxServerConnectionAge', '30m'],
    ],
    environment: {
      POD_NAME: 'istiod-1',
      POD_NAMESPACE: systemNamespace,
      CLUSTER_ID: 'Kubernetes',
      PILOT_CERT_PROVIDER: 'none',
      ENABLE_CA_SERVER: 'false',
      VALIDATION_WEBHOOK_CONFIG_NAME: '',
      INJECTION_WEBHOOK_CONFIG_NAME: '',
      // Envoy's own build has not the two filters of Istio's.
      PILOT_ENABLE_ALPN_FILTER: 'false',
      PILOT_ENABLE_METADATA_EXCHANGE: 'false',
    },
  });
}

export async function isIstiodReady(): Promise<boolean> {
  return (await fetch(`http://${addresses.core}:${healthPort}/ready`)).ok;
}

/** All that a cluster with nodes would have by itself. */
export function toMeshObjects(): ClusterObject[] {
  return [
    // Without certificates there is no mutual TLS, and a sidecar would wait for them for ever.
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: systemNamespace },
      spec: { mtls: { mode: 'DISABLE' } },
    },
    ...toGateway('istio-ingressgateway', addresses.ingress, 'LoadBalancer'),
    ...toGateway('istio-egressgateway', addresses.mirror, 'ClusterIP'),
    ...toModelMesh(),
    ...toPod('client', clientNamespace, addresses.client, { app: 'client' }),
  ];
}

export function gatewayLabels(name: string): Record<string, string> {
  return { app: name, istio: name.replace('istio-', '') };
}

/** Of the Pod in its own network namespace. */
export function gatewayPod(name: string): string {
  return name.replace('istio-', '').replace('gateway', '');
}

function toGateway(name: string, address: string, type: string): ClusterObject[] {
  const labels = gatewayLabels(name);
  const pod = gatewayPod(name);
  return [
    ...toPod(pod, systemNamespace, address, labels),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: systemNamespace, labels },
      spec: { type, selector: labels, ports: [{ name: 'http2', port: 80, targetPort: 8080 }] },
    },
    toSlice(name, systemNamespace, pod, address, { name: 'http2', port: 8080 }),
  ];
}

/** Headless, as ModelMesh makes it. */
function toModelMesh(): ClusterObject[] {
  const name = 'modelmesh-serving';
  const labels = { 'modelmesh-service': name };
  const pod = `${name}-mlserver`;
  return [
    ...toPod(pod, modelNamespace, addresses.modelmesh, labels),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: modelNamespace, labels },
      spec: { clusterIP: 'None', selector: labels, ports: [{ name: 'grpc', port: 8033, targetPort: 8033 }] },
    },
    toSlice(name, modelNamespace, pod, addresses.modelmesh, { name: 'grpc', port: 8033 }),
  ];
}

function toPod(name: string, namespace: string, podIP: string, labels: Readonly<Record<string, string>>) {
  const now = new Date().toISOString();
  const conditions = ['Ready', 'ContainersReady', 'Initialized', 'PodScheduled'].map((type) => ({
    ...{ type, status: 'True', lastTransitionTime: now },
  }));
  const pod: ClusterObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { nodeName: 'node', containers: [{ name: 'main', image: 'none' }] },
    status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions },
  };
  return [pod];
}

function toSlice(
  service: string,
  namespace: string,
  pod: string,
  address: string,
  port: { readonly name: string; readonly port: number },
): ClusterObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: service, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: [address],
        conditions: { ready: true, serving: true },
        nodeName: 'node',
        targetRef: { kind: 'Pod', name: pod, namespace },
      },
    ],
    ports: [{ ...port, protocol: 'TCP' }],
  };
}
