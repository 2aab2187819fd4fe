/**
 * An Envoy as Istio runs it: behind pilot-agent, in the network of its Pod, with a workload certificate from istiod,
 * Istio's own bootstrap and, for a sidecar, Istio's own iptables rules.
 *
 * What pilot-agent needs: istio pkg/istio-agent, manifests/charts/istio-control/istio-discovery/files
 * (injection-template.yaml, gateway-injection-template.yaml).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { Cluster } from './cluster.ts';
import { addresses, exposeLoopback, makeNetwork, runIn } from './network.ts';
import type { Pod } from './pods.ts';
import { labelsOf } from './pods.ts';
import { hangMs, Program } from './program.ts';
import { programs, run, scratch } from './sandbox.ts';

const adminPort = 15_000;
const readinessPort = 15_021;
/** As mesh.yaml says it. */
export const xdsPort = 15_012;
/** As Istio's own: what it sends is not sent back to it. */
const proxyUser = 1337;
const agent = join(programs, 'pilot-agent');

export interface EnvoyOptions {
  readonly pod: Pod;
  readonly cluster: Cluster;
  /** PEM: of istiod's own certificate authority. */
  readonly root: string;
  /** Ports of the Pod that are reached past the sidecar. */
  readonly open?: readonly number[];
  /** There is a network of the Pod's name already. */
  readonly hasNetwork?: boolean;
}

export class Envoy {
  /** pilot-agent, and Envoy with it. */
  readonly program: Program;
  readonly #pod: Pod;

  private constructor(pod: Pod, program: Program) {
    this.#pod = pod;
    this.program = program;
  }

  /** Makes the Pod's network, unless it is there, and starts both in it. */
  static async start({ pod, cluster, root, open = [], hasNetwork = false }: EnvoyOptions): Promise<Envoy> {
    const { name, namespace, account, address, proxy = 'sidecar' } = pod;
    if (!hasNetwork) makeNetwork(name, address);
    exposeLoopback(name, address, adminPort);
    if (proxy === 'sidecar') redirect(name, [15_090, readinessPort, 15_020, ...open]);
    const folder = join(scratch, 'pods', name);
    const token = await cluster.createToken(namespace, account, { audience: 'istio-ca', pod: name });
    const files = {
      'var/run/secrets/tokens/istio-token': token,
      'var/run/secrets/istio/root-cert.pem': root,
      'etc/istio/pod/labels': toLines(labelsOf(pod)),
      'etc/istio/pod/annotations': toLines(pod.annotations ?? {}),
      'etc/istio/proxy/.keep': '',
      'var/run/secrets/workload-spiffe-uds/.keep': '',
      'var/lib/istio/data/.keep': '',
    };
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    run('chown', ['-R', `${proxyUser}:${proxyUser}`, folder]);
    const user = ['setpriv', '--reuid', `${proxyUser}`, '--regid', `${proxyUser}`, '--clear-groups', '--'];
    const program = new Program({
      name: `envoy-${name}`,
      command: 'ip',
      words: [
        ...['netns', 'exec', name, ...user, agent, 'proxy', proxy, '--domain', `${namespace}.svc.cluster.local`],
        ...['--templateFile', join(programs, 'sources/pilot-agent/envoy_bootstrap.json')],
        ...['--concurrency', '1', '--proxyLogLevel', 'warning', '--log_output_level', 'default:warn'],
      ],
      environment: toEnvironment(pod),
      folder,
      isGroup: true,
    });
    return new Envoy(pod, program);
  }

  async untilReady(): Promise<void> {
    const { name, address } = this.#pod;
    await this.program.until(
      `the Envoy ${name} is ready`,
      async () => (await fetch(`http://${address}:${readinessPort}/healthz/ready`)).ok,
    );
  }

  /** The sum of the counters whose name matches. */
  async count(pattern: string): Promise<number> {
    const text = String(await this.ask(`/stats?usedonly&filter=${encodeURIComponent(pattern)}`));
    return [...text.matchAll(/: (\d+)$/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** Of its admin interface. */
  async ask(path: string, method = 'GET', limitMs = hangMs): Promise<unknown> {
    const { name, address } = this.#pod;
    const signal = AbortSignal.timeout(limitMs);
    const response = await fetch(`http://${address}:${adminPort}${path}`, { method, signal });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} answers ${path} with ${response.status}: ${text.slice(0, 200)}`);
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  }
}

/** What istio-init does. */
function redirect(name: string, open: readonly number[]): void {
  runIn(name, agent, [
    ...['istio-iptables', '-p', '15001', '-z', '15006', '-u', `${proxyUser}`, '-m', 'REDIRECT'],
    ...['-i', '*', '-x', '', '-b', '*', '-d', [...open, adminPort].join()],
  ]);
}

function toLines(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    .join('');
}

function toEnvironment({ name, namespace, account, address, proxy, annotations = {} }: Pod): Record<string, string> {
  return {
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    INSTANCE_IP: address,
    SERVICE_ACCOUNT: account,
    TRUST_DOMAIN: 'cluster.local',
    PILOT_CERT_PROVIDER: 'istiod',
    ISTIOD_SAN: `istiod.istio-system.svc`,
    ISTIO_META_CLUSTER_ID: 'Kubernetes',
    ISTIO_META_MESH_ID: 'cluster.local',
    ISTIO_META_WORKLOAD_NAME: name,
    ISTIO_META_INTERCEPTION_MODE: 'REDIRECT',
    ...(proxy === 'router' ? { ISTIO_META_UNPRIVILEGED_POD: 'true' } : {}),
    // Envoy's own build does not have Istio's extensions.
    PEER_METADATA_DISCOVERY: 'false',
    GRPC_XDS_BOOTSTRAP: '',
    PROXY_CONFIG: JSON.stringify({
      discoveryAddress: `${addresses.core}:${xdsPort}`,
      binaryPath: join(programs, 'envoy'),
      configPath: './etc/istio/proxy',
      proxyAdminPort: adminPort,
      concurrency: 1,
      tracing: {},
      // As Istio's injector takes it.
      ...(parse(annotations['proxy.istio.io/config'] ?? '{}') as object),
    }),
  };
}
