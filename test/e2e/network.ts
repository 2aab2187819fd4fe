/**
 * The stack's network: a bridge in the sandbox's own namespace, where the control plane is, and a namespace with an
 * address for each Pod.
 */
import { run } from './sandbox.ts';

const bridge = 'cluster';

/** Of the parts, in one network. */
export const addresses = {
  /** istiod, and whatever else Pods talk to. */
  core: '10.99.0.1',
  ingress: '10.99.0.11',
  mirror: '10.99.0.12',
  client: '10.99.0.13',
  egress: '10.99.0.14',
  comparer: '10.99.0.15',
  secondComparer: '10.99.0.16',
  flooder: '10.99.0.18',
  modelmesh: '10.99.0.20',
  candidate: '10.99.0.21',
} as const;

export function makeBridge(): void {
  run('ip', ['link', 'add', bridge, 'type', 'bridge']);
  run('ip', ['address', 'add', `${addresses.core}/24`, 'dev', bridge]);
  run('ip', ['link', 'set', bridge, 'up']);
}

/** A namespace of this name, reached at the address. */
export function makeNetwork(name: string, address: string): void {
  run('ip', ['netns', 'add', name]);
  run('ip', ['link', 'add', interfaceOf(name), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  run('ip', ['link', 'set', interfaceOf(name), 'master', bridge, 'up']);
  run('ip', ['-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
  run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  run('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
  run('ip', ['-n', name, 'route', 'add', 'default', 'via', addresses.core]);
}

/** Once nothing runs in it any more. */
export function removeNetwork(name: string): void {
  run('ip', ['netns', 'delete', name]);
}

/** The bridge's end of a Pod's wire. Linux has 15 characters for it; the ends of the names of Pods are random. */
export function interfaceOf(name: string): string {
  return `to-${name.slice(-12)}`;
}

/** Connections to this port of the Pod's address reach what listens on its loopback. */
export function exposeLoopback(name: string, address: string, port: number): void {
  runIn(name, 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet']);
  const match = ['-p', 'tcp', '-d', address, '--dport', `${port}`];
  runIn(name, 'iptables', ['-t', 'nat', '-A', 'PREROUTING', ...match, '-j', 'DNAT', '--to-destination', '127.0.0.1']);
}

/** Runs a program in a Pod's network. @throws Error with what the program says. */
export function runIn(name: string, program: string, words: readonly string[]): string {
  return run('ip', ['netns', 'exec', name, program, ...words]);
}
