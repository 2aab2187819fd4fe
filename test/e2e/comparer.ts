/**
 * The comparer as its installation runs it: with the rights, the limits and the sidecar of `plugin/chart`, one
 * replica of it or two.
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { user } from '../image/container.ts';
import { renderChart } from '../install/helm.ts';
import type { Cluster, ClusterObject } from './cluster.ts';
import type { Envoy } from './envoy.ts';
import { apiName, nameServices } from './host-names.ts';
import { findArguments, findVariables, toInstalledObjects, toInstalledPod } from './installed-pod.ts';
import { addresses } from './network.ts';
import { startOwn } from './own-program.ts';
import type { Pod } from './pods.ts';
import type { Program } from './program.ts';
import { scratch } from './sandbox.ts';
import type { Stack } from './stack.ts';

const built = renderChart({
  watcher: { enabled: false },
  mirrorGateway: { enabled: false },
  comparer: { enabled: true },
});
const toPod = (name: string, address: string) => toInstalledPod(built, { name, address, proxy: 'sidecar' });
const first = toPod('comparer', addresses.comparer);
const second = toPod('comparer-2', addresses.secondComparer);
const blocksService = 'model-mirror-comparer-blocks';
const folder = join(scratch, 'comparer');

/** A metric's values by its labels, as they are written. */
export type Metrics = ReadonlyMap<string, readonly (readonly [labels: string, value: number])[]>;

/** A replica. */
export interface Comparer {
  readonly pod: Pod;
  /** What is installed of it, with what controllers would write if it is the only one. */
  readonly objects: readonly ClusterObject[];
  readonly envoy: Envoy;
  readonly program: Program;
  readonly untilReady: () => Promise<void>;
  /** All of its metrics as they are at one moment. */
  readonly read: () => Promise<Metrics>;
  /** The sum of a counter of its metrics, by its labels where there are some. */
  readonly count: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
}

/** Those that have been started once, by their Pods' names; and the API server's port for them. */
const known = new Map<string, Promise<Comparer>>();
let apiPort: Promise<number> | undefined;

/** One replica, and no other. Once what it is to ask about is there: it finds no Service that is made later. */
export async function startComparer(stack: Stack, namespace: string): Promise<Comparer> {
  const comparer = await start(stack, namespace, first);
  await (await known.get(second.name))?.program.stop();
  return comparer;
}

/** Two replicas. */
export async function startComparers(stack: Stack, namespace: string): Promise<readonly [Comparer, Comparer]> {
  return [await start(stack, namespace, first, second), await start(stack, namespace, second, first)];
}

/** @param others that samples go to as well. */
async function start(stack: Stack, namespace: string, pod: Pod, ...others: readonly Pod[]): Promise<Comparer> {
  const { cluster } = stack;
  const pods = [pod, ...others] as const;
  await cluster.apply(...toInstalledObjects(built, ...pods));
  await nameServices(
    cluster,
    namespace,
    pods.map(({ address, namespace: own }) => [address, blocksService, own] as const),
  );
  const starting = known.get(pod.name) ?? startReplica(stack, pod);
  known.set(pod.name, starting);
  const comparer = await starting;
  if (!comparer.program.isRunning) comparer.program.start();
  await comparer.untilReady();
  return comparer;
}

async function startReplica(stack: Stack, pod: Pod): Promise<Comparer> {
  const { cluster } = stack;
  mkdirSync(folder, { recursive: true });
  const envoy = await stack.addPod(pod);
  apiPort ??= forward(new URL(cluster.api.url));
  const kubeconfig = await writeKubeconfig(cluster, pod, await apiPort);
  const program = startOwn({
    name: pod.name,
    network: pod.name,
    files: [kubeconfig],
    words: [...findArguments(built), '--kubeconfig', kubeconfig, '--log', 'text'],
    environment: findVariables(built),
  });
  const read = async () => parseMetrics(await (await fetchPage(pod, '/metrics')).text());
  return {
    ...{ pod, envoy, program, read },
    objects: toInstalledObjects(built, pod),
    untilReady: () => program.until('the comparer is ready', async () => (await fetchPage(pod, '/readyz')).ok),
    count: async (name, labels = {}) => {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      const found = (await read()).get(name) ?? [];
      return sum(found.filter(([of]) => wanted.every((one) => of.includes(one))));
    },
  };
}

function parseMetrics(text: string): Metrics {
  const lines = text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm);
  const all = [...lines].map(([, name = '', labels = '', value]) => ({ name, labels, value: Number(value) }));
  const byName = Map.groupBy(all, ({ name }) => name);
  return new Map(
    [...byName].map(([name, found]) => [name, found.map(({ labels, value }) => [labels, value] as const)]),
  );
}

export function sum(values: NonNullable<ReturnType<Metrics['get']>>): number {
  return values.reduce((all, [, value]) => all + value, 0);
}

function fetchPage({ address }: Pod, path: string): Promise<Response> {
  return fetch(`http://${address}:8081${path}`, { signal: AbortSignal.timeout(5000) });
}

/** The API server listens on loopback alone, which Pods do not reach. @returns the port for them. */
async function forward({ hostname, port }: URL): Promise<number> {
  const server = createServer((from) => {
    const to = connect({ host: hostname, port: Number(port) });
    from.on('error', () => to.destroy()).pipe(to);
    to.on('error', () => from.destroy()).pipe(from);
  });
  await new Promise<void>((listening) => server.listen(0, addresses.core, listening));
  server.unref();
  return (server.address() as AddressInfo).port;
}

async function writeKubeconfig(
  cluster: Cluster,
  { name: replica, namespace, account }: Pod,
  port: number,
): Promise<string> {
  const admin = JSON.parse(cluster.api.kubeconfig()) as {
    readonly clusters: readonly [{ readonly name: string; readonly cluster: object }];
  };
  const [{ name, cluster: server }] = admin.clusters;
  const token = await cluster.createToken(namespace, account);
  const file = join(folder, `${replica}-kubeconfig.json`);
  const clusters = [{ name, cluster: { ...server, server: `https://${apiName}:${port}` } }];
  const users = [{ name: 'admin', user: { token } }];
  writeFileSync(file, JSON.stringify({ ...admin, clusters, users }), { mode: 0o600 });
  chownSync(file, user, user);
  return file;
}
