/** The mirror gateway, as the files that users install make it. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Built } from '../install/kustomize.ts';
import { build } from '../install/kustomize.ts';
import type { ClusterObject } from './cluster.ts';
import { addresses } from './network.ts';
import type { Pod, ServicePort } from './pods.ts';
import { toEndpoints, toPodObjects } from './pods.ts';
import { scratch } from './sandbox.ts';

const source = join(import.meta.dirname, '../../plugin/install/mirror-gateway');
const folder = join(scratch, 'mirror-gateway');

interface Deployment extends Built {
  readonly spec: {
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations: Readonly<Record<string, string>>;
      };
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

const deployment = find<Deployment>('Deployment', build(source));
const { template } = deployment.spec;

/** The Pod that the Deployment would make, with the gateway that Istio's injector would make of it. */
export const mirrorPod: Pod = {
  name: 'mirror',
  namespace: deployment.metadata.namespace ?? '',
  account: template.spec.serviceAccountName,
  address: addresses.mirror,
  labels: template.metadata.labels,
  annotations: template.metadata.annotations,
  proxy: 'router',
  spec: template.spec,
};

/**
 * With what controllers would write.
 * @param components of those beside the base.
 */
export function toMirrorGatewayObjects(...components: readonly string[]): ClusterObject[] {
  const built = components.length === 0 ? build(source) : buildWith(components);
  const { metadata, spec } = find<Service>('Service', built);
  const containerPorts = template.spec.containers.flatMap(({ ports }) => ports);
  const ports = spec.ports.map((port) => {
    const target = containerPorts.find(({ name }) => name === port.targetPort);
    if (target === undefined) throw new Error(`the Service's port ${port.name} leads to no port of the Pod`);
    return { ...port, targetPort: target.containerPort };
  });
  return [...built, ...toPodObjects(mirrorPod), toEndpoints(metadata.name, mirrorPod, ports)];
}

/** As a user's own kustomization would. */
function buildWith(components: readonly string[]): Built[] {
  cpSync(source, join(folder, 'base'), { recursive: true });
  const kustomization = { resources: ['base'], components: components.map((name) => `base/components/${name}`) };
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  return build(folder);
}

function find<T extends Built>(kind: string, built: readonly Built[]): T {
  const found = built.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`${source} has no ${kind}`);
  return found as T;
}
