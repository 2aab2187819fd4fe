/** The comparer as its installation runs it: with the rights, the limits and the sidecar of `plugin/install/comparer`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { textAt } from '../../src/core/input/plain-value.ts';
import { build } from '../install/kustomize.ts';
import type { Cluster } from './cluster.ts';
import type { Envoy } from './envoy.ts';
import { findArguments, toInstalledObjects, toInstalledPod } from './installed-pod.ts';
import { addresses } from './network.ts';
import { Program } from './program.ts';
import { run, scratch } from './sandbox.ts';
import type { Stack } from './stack.ts';

const built = build(join(import.meta.dirname, '../../plugin/install/comparer'));
const pod = toInstalledPod(built, { name: 'comparer', address: addresses.comparer, proxy: 'sidecar' });
const blocksService = 'model-mirror-comparer-blocks';
const folder = join(scratch, 'comparer');
const hostsFile = join(folder, 'hosts');
/** As every Pod knows the API server, whose certificate is for this name. */
const apiName = 'kubernetes.default.svc';

export interface Comparer {
  readonly envoy: Envoy;
  readonly program: Program;
  /** The sum of a counter of its metrics, by its labels where there are some. */
  readonly count: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
}

/** Once what it is to ask about is there: it finds no Service that is made later. */
export async function startComparer(stack: Stack, namespace: string): Promise<Comparer> {
  const { cluster } = stack;
  mkdirSync(folder, { recursive: true });
  await cluster.apply(...toInstalledObjects(built, pod));
  const envoy = await stack.addPod(pod);
  const kubeconfig = await writeKubeconfig(cluster, await forward(new URL(cluster.api.url)));
  await nameServices(cluster, namespace);
  const program = new Program({
    name: 'comparer',
    command: 'ip',
    words: [
      ...['netns', 'exec', pod.name, process.execPath, '/opt/model-mirror/dist/model-mirror.cjs'],
      ...findArguments(built),
      ...['--kubeconfig', kubeconfig, '--log', 'text'],
    ],
  });
  const page = (path: string) => fetch(`http://${pod.address}:8081${path}`, { signal: AbortSignal.timeout(5000) });
  await program.until('the comparer is ready', async () => (await page('/readyz')).ok);
  return {
    envoy,
    program,
    count: async (name, labels = {}) => {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      const lines = (await (await page('/metrics')).text()).split('\n');
      const found = lines.filter((line) => line.startsWith(name) && wanted.every((one) => line.includes(one)));
      return found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
  };
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

async function writeKubeconfig(cluster: Cluster, port: number): Promise<string> {
  const admin = JSON.parse(cluster.api.kubeconfig()) as {
    readonly clusters: readonly [{ readonly name: string; readonly cluster: object }];
  };
  const [{ name, cluster: server }] = admin.clusters;
  const token = await cluster.createToken(pod.namespace, pod.account);
  const file = join(folder, 'kubeconfig.json');
  const clusters = [{ name, cluster: { ...server, server: `https://${apiName}:${port}` } }];
  const users = [{ name: 'admin', user: { token } }];
  writeFileSync(file, JSON.stringify({ ...admin, clusters, users }), { mode: 0o600 });
  return file;
}

/** In place of DNS, for the comparer, and for the watcher, which asks it. */
async function nameServices(cluster: Cluster, namespace: string): Promise<void> {
  const services = await cluster.list({ path: '/api/v1', plural: 'services' }, namespace);
  const lines = services.flatMap(({ metadata: { name }, spec }) => {
    const address = textAt(spec, ['clusterIP']) ?? 'None';
    return address === 'None' ? [] : [toLine(address, name, namespace)];
  });
  const own = [`${addresses.core} ${apiName}\n`, toLine(pod.address, blocksService, pod.namespace)];
  writeFileSync(hostsFile, [readFileSync('/etc/hosts', 'utf8').trimEnd(), '\n', ...own, ...lines].join(''));
  run('mount', ['--bind', hostsFile, '/etc/hosts']);
}

function toLine(address: string, name: string, namespace: string): string {
  return `${address} ${name}.${namespace}.svc ${name}.${namespace}.svc.cluster.local\n`;
}
