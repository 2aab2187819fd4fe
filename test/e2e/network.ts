/**
 * The stack's network: a bridge in the sandbox's own namespace, where the control plane and the backends
 * are, and a namespace with an address for each Envoy, as a Pod has.
 */
import { run } from './sandbox.ts';

const bridge = 'cluster';

/** Of the parts, in one network. */
export const addresses = {
  /** istiod, and whatever else Envoys talk to. */
  core: '10.99.0.1',
  modelmesh: '10.99.0.20',
  ingress: '10.99.0.11',
  mirror: '10.99.0.12',
  client: '10.99.0.13',
} as const;

/** As Istio's own sidecar: what it sends is not sent back to it. */
export const proxyUser = 1337;
const outboundPort = 15_001;

export function makeBridge(): void {
  run('ip', ['link', 'add', bridge, 'type', 'bridge']);
  for (const address of [addresses.core, addresses.modelmesh])
    run('ip', ['address', 'add', `${address}/24`, 'dev', bridge]);
  run('ip', ['link', 'set', bridge, 'up']);
}

/** A namespace of this name, reached at the address. */
export function makePod(name: string, address: string): void {
  run('ip', ['netns', 'add', name]);
  run('ip', ['link', 'add', `to-${name}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  run('ip', ['link', 'set', `to-${name}`, 'master', bridge, 'up']);
  run('ip', ['-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
  run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  run('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
  run('ip', ['-n', name, 'route', 'add', 'default', 'via', addresses.core]);
}

/** All TCP that leaves the Pod goes through its sidecar, as istio-init arranges it. */
export function redirectToSidecar(name: string): void {
  const rules = [
    ['-o', 'lo', '-j', 'RETURN'],
    ['-m', 'owner', '--uid-owner', String(proxyUser), '-j', 'RETURN'],
    ['-p', 'tcp', '-j', 'REDIRECT', '--to-ports', String(outboundPort)],
  ];
  for (const rule of rules) run('ip', ['netns', 'exec', name, 'iptables', '-t', 'nat', '-A', 'OUTPUT', ...rule]);
}
