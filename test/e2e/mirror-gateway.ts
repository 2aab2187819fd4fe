/** The mirror gateway, as the files that users install make it. */
import { join } from 'node:path';
import type { Built } from '../install/kustomize.ts';
import { build } from '../install/kustomize.ts';
import type { ClusterObject } from './cluster.ts';
import { addresses } from './network.ts';
import type { Pod, ServicePort } from './pods.ts';
import { toEndpoints, toPodObjects } from './pods.ts';

const folder = join(import.meta.dirname, '../../plugin/install/mirror-gateway');

interface Deployment extends Built {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly {
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
        }[];
      };
    };
  };
}

interface Service extends Built {
  readonly spec: { readonly ports: readonly (Omit<ServicePort, 'targetPort'> & { readonly targetPort: string })[] };
}

const built = build(folder);
const deployment = find<Deployment>('Deployment');
const { template } = deployment.spec;

/** The Pod that the Deployment would make, with the gateway that Istio's injector would make of it. */
export const mirrorPod: Pod = {
  name: 'mirror',
  namespace: deployment.metadata.namespace ?? '',
  account: template.spec.serviceAccountName,
  address: addresses.mirror,
  labels: template.metadata.labels,
  proxy: 'router',
  spec: template.spec,
};

/** With what controllers would write. */
export function toMirrorGatewayObjects(): ClusterObject[] {
  const { metadata, spec } = find<Service>('Service');
  const containerPorts = template.spec.containers.flatMap(({ ports }) => ports);
  const ports = spec.ports.map((port) => {
    const target = containerPorts.find(({ name }) => name === port.targetPort);
    if (target === undefined) throw new Error(`the Service's port ${port.name} leads to no port of the Pod`);
    return { ...port, targetPort: target.containerPort };
  });
  return [...built, ...toPodObjects(mirrorPod), toEndpoints(metadata.name, mirrorPod, ports)];
}

function find<T extends Built>(kind: string): T {
  const found = built.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`${folder} has no ${kind}`);
  return found as T;
}
