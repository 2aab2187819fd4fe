/** istiod with its own certificate authority, and the objects by which it knows gateways, clients and ModelMesh. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { stackFolder } from '../stack/build.ts';
import type { Cluster, ClusterObject } from './cluster.ts';
import { secrets } from './cluster.ts';
import { xdsPort } from './envoy.ts';
import { addresses } from './network.ts';
import { clientPod, ingressPod, modelMeshPod, systemNamespace, toPodObjects, toService } from './pods.ts';
import { Program, until } from './program.ts';
import { scratch } from './sandbox.ts';

const monitoringPort = 15_014;
const healthPort = 8085;

/** @param kubeconfig a file. */
export function startIstiod(kubeconfig: string): Program {
  const folder = join(scratch, 'istiod');
  mkdirSync(folder, { recursive: true });
  const mesh = join(folder, 'mesh.yaml');
  writeFileSync(
    mesh,
    JSON.stringify({
      enableAutoMtls: true,
      accessLogFile: '',
      // Envoy's own build does not have the extensions for Istio's telemetry.
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
      ...['--grpcAddr', '', '--secureGRPCAddr', `${addresses.core}:${xdsPort}`],
      ...['--httpAddr', `${addresses.core}:${healthPort}`, '--httpsAddr', ''],
      ...['--monitoringAddr', `${addresses.core}:${monitoringPort}`],
      ...['--domain', 'cluster.local', '--keepaliveMaxServerConnectionAge', '30m'],
    ],
    environment: {
      POD_NAME: 'istiod-1',
      POD_NAMESPACE: systemNamespace,
      CLUSTER_ID: 'Kubernetes',
      PILOT_CERT_PROVIDER: 'istiod',
      ENABLE_CA_SERVER: 'true',
      VALIDATION_WEBHOOK_CONFIG_NAME: '',
      INJECTION_WEBHOOK_CONFIG_NAME: '',
      // Envoy's own build does not have the two filters of Istio's.
      PILOT_ENABLE_ALPN_FILTER: 'false',
      PILOT_ENABLE_METADATA_EXCHANGE: 'false',
    },
    folder,
  });
}

export async function isIstiodReady(): Promise<boolean> {
  return (await fetch(`http://${addresses.core}:${healthPort}/ready`)).ok;
}

/** PEM: what istiod, at its first start, signs workload certificates with. */
export async function readMeshRoot(cluster: Cluster): Promise<string> {
  let text: unknown;
  await until('istiod has made its certificate authority', async () => {
    text = valueAt(await cluster.find(secrets, systemNamespace, 'istio-ca-secret'), ['data', 'ca-cert.pem']);
    return typeof text === 'string';
  });
  return Buffer.from(String(text), 'base64').toString('utf8');
}

export type MtlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';

/** For the whole mesh. */
export function toPeerAuthentication(mode: MtlsMode): ClusterObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: systemNamespace },
    spec: { mtls: { mode } },
  };
}

/** All that a cluster with nodes would have by itself. */
export function toMeshObjects(): ClusterObject[] {
  return [
    toPeerAuthentication('STRICT'),
    ...[ingressPod, clientPod, modelMeshPod].flatMap(toPodObjects),
    ...toService('istio-ingressgateway', ingressPod, [{ name: 'http2', port: 80, targetPort: 8080 }], {
      type: 'LoadBalancer',
    }),
    // Headless, as ModelMesh makes it.
    ...toService(
      'modelmesh-serving',
      modelMeshPod,
      [
        { name: 'grpc', port: 8033, targetPort: 8033 },
        { name: 'http', port: 8008, targetPort: 8008 },
      ],
      { clusterIP: 'None' },
    ),
  ];
}
