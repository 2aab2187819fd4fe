/** A hosts file in place of DNS, for the comparer, which asks versions, and for the watcher, which asks the comparer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mapsAt, textAt } from '../../src/core/input/plain-value.ts';
import type { Cluster, ClusterObject } from './cluster.ts';
import { addresses } from './network.ts';
import { hostsFile } from './sandbox.ts';

/** As every Pod knows the API server, whose certificate is for this name. */
export const apiName = 'kubernetes.default.svc';

let system: string | undefined;

/**
 * Names the Services of a namespace that are there now, and no others.
 * @param more of other namespaces.
 */
export async function nameServices(
  cluster: Cluster,
  namespace: string,
  more: readonly (readonly [address: string, name: string, namespace: string])[],
): Promise<void> {
  const services = await cluster.list({ path: '/api/v1', plural: 'services' }, namespace);
  const slices = await cluster.list({ path: '/apis/discovery.k8s.io/v1', plural: 'endpointslices' }, namespace);
  const lines = services.flatMap(({ metadata: { name }, spec }) => {
    const address = textAt(spec, ['clusterIP']) ?? 'None';
    const found = address === 'None' ? findAddresses(slices, name) : [address];
    return found.map((one) => toLine(one, name, namespace));
  });
  system ??= readFileSync(hostsFile, 'utf8').trimEnd();
  const own = [`${addresses.core} ${apiName}\n`, ...more.map((one) => toLine(...one))];
  writeFileSync(hostsFile, [system, '\n', ...own, ...lines].join(''));
}

/** Those of its Pods: it is headless. */
function findAddresses(slices: readonly ClusterObject[], service: string): string[] {
  return slices
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap((slice) => mapsAt(slice, ['endpoints']))
    .flatMap((endpoint) => textAt(endpoint, ['addresses', 0]) ?? []);
}

function toLine(address: string, name: string, namespace: string): string {
  return `${address} ${name}.${namespace}.svc ${name}.${namespace}.svc.cluster.local\n`;
}
