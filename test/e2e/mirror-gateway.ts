/** The mirror gateway, as the files that users install make it. */
import type { Values } from '../install/helm.ts';
import { renderChart } from '../install/helm.ts';
import type { Built } from '../install/kustomize.ts';
import type { ClusterObject } from './cluster.ts';
import { toInstalledObjects, toInstalledPod } from './installed-pod.ts';
import { addresses } from './network.ts';
import type { Pod } from './pods.ts';

/** With the gateway that Istio's injector would make of it. */
export const mirrorPod: Pod = toInstalledPod(render({}), {
  ...{ name: 'mirror', address: addresses.mirror, proxy: 'router' },
});

/**
 * With what controllers would write.
 * @param values of `mirrorGateway` that are not as by default.
 */
export function toMirrorGatewayObjects(values: Values = {}): ClusterObject[] {
  return toInstalledObjects(render(values), mirrorPod);
}

function render(mirrorGateway: Values): Built[] {
  return renderChart({ watcher: { enabled: false }, mirrorGateway });
}
