/** A part of ours that has a proxy, as the files that users install make it. */
import type { Built } from '../install/kustomize.ts';
import type { ClusterObject } from './cluster.ts';
import type { Pod, ServicePort } from './pods.ts';
import { toEndpoints, toPodObjects } from './pods.ts';

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
          readonly args?: readonly string[];
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
        }[];
      };
    };
  };
}

interface Service extends Built {
  readonly spec: { readonly ports: readonly (Omit<ServicePort, 'targetPort'> & { readonly targetPort: string })[] };
}

/** The Pod that the Deployment would make, with what Istio's injector would add to it. */
export function toInstalledPod(
  built: readonly Built[],
  { name, address, proxy }: Required<Pick<Pod, 'name' | 'address' | 'proxy'>>,
): Pod {
  const { metadata, spec } = findDeployment(built);
  const { template } = spec;
  return {
    ...{ name, address, proxy, namespace: metadata.namespace ?? '' },
    account: template.spec.serviceAccountName,
    labels: template.metadata.labels,
    annotations: template.metadata.annotations,
    spec: template.spec,
  };
}

/** What the container of the Pod is started with. */
export function findArguments(built: readonly Built[]): readonly string[] {
  return findDeployment(built).spec.template.spec.containers[0]?.args ?? [];
}

/** The variables of its container that have a value. */
export function findVariables(built: readonly Built[]): Readonly<Record<string, string>> {
  const { env = [] } = findDeployment(built).spec.template.spec.containers[0] ?? {};
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

/** With what controllers would write: the Pods, and where the Services lead. */
export function toInstalledObjects(built: readonly Built[], ...pods: readonly [Pod, ...Pod[]]): ClusterObject[] {
  const containerPorts = findDeployment(built).spec.template.spec.containers.flatMap(({ ports }) => ports);
  const services = built.filter((object): object is Service => object.kind === 'Service');
  const endpoints = services.map(({ metadata, spec }) => {
    const ports = spec.ports.map((port) => {
      const target = containerPorts.find(({ name }) => name === port.targetPort);
      if (target === undefined) throw new Error(`the Service's port ${port.name} leads to no port of the Pod`);
      return { ...port, targetPort: target.containerPort };
    });
    return toEndpoints(metadata.name, pods, ports);
  });
  return [...built, ...pods.flatMap(toPodObjects), ...endpoints];
}

function findDeployment(built: readonly Built[]): Deployment {
  const found = built.find((object) => object.kind === 'Deployment');
  if (found === undefined) throw new Error('there is no Deployment');
  return found as Deployment;
}
