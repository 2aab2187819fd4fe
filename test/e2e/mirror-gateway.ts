/** The mirror gateway, as the files that users install make it. */
import { join } from 'node:path';
import { build } from '../install/kustomize.ts';
import type { ClusterObject } from './cluster.ts';
import { buildWith, toInstalledObjects, toInstalledPod } from './installed-pod.ts';
import { addresses } from './network.ts';
import type { Pod } from './pods.ts';
import { scratch } from './sandbox.ts';

const source = join(import.meta.dirname, '../../plugin/install/mirror-gateway');
const folder = join(scratch, 'mirror-gateway');

/** With the gateway that Istio's injector would make of it. */
export const mirrorPod: Pod = toInstalledPod(build(source), {
  ...{ name: 'mirror', address: addresses.mirror, proxy: 'router' },
});

/**
 * With what controllers would write.
 * @param components of those beside the base.
 */
export function toMirrorGatewayObjects(...components: readonly string[]): ClusterObject[] {
  return toInstalledObjects(components.length === 0 ? build(source) : buildWith(source, folder, components), mirrorPod);
}
