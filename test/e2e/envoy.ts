/**
 * Envoys that istiod configures: gateways and a sidecar, as Istio's own bootstrap sets them up.
 *
 * The bootstrap: istio tools/packaging/common/envoy_bootstrap.json.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackFolder } from '../stack/build.ts';
import { addresses, makePod, proxyUser, redirectToSidecar } from './network.ts';
import { Program } from './program.ts';
import { scratch } from './sandbox.ts';

const adminPort = 15_000;
/** As mesh.yaml says it. */
export const xdsPort = 15_010;

export interface EnvoyOptions {
  readonly role: 'router' | 'sidecar';
  /** Of the Pod, and of its network namespace. */
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

export class Envoy {
  readonly program: Program;
  readonly #name: string;
  readonly #address: string;

  /** Makes the Pod's network and starts Envoy in it. */
  constructor(options: EnvoyOptions) {
    const { name, role, address } = options;
    this.#name = name;
    this.#address = address;
    makePod(name, address);
    if (role === 'sidecar') redirectToSidecar(name);
    const file = join(scratch, `${name}.json`);
    writeFileSync(file, JSON.stringify(toBootstrap(options)), { mode: 0o644 });
    const user = [join(stackFolder, 'setpriv'), '--reuid', String(proxyUser), '--clear-groups', '--'];
    this.program = new Program({
      name: `envoy-${name}`,
      command: 'ip',
      words: [
        ...['netns', 'exec', name, ...(role === 'sidecar' ? user : []), join(stackFolder, 'envoy')],
        ...['-c', file, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning'],
      ],
    });
  }

  async untilReady(): Promise<void> {
    await this.program.until(
      `the Envoy ${this.#name} is ready`,
      async () => String(await this.ask('/ready')).trim() === 'LIVE',
    );
  }

  /** Of its admin interface. */
  async ask(path: string, method = 'GET'): Promise<unknown> {
    const response = await fetch(`http://${this.#address}:${adminPort}${path}`, { method });
    const text = await response.text();
    if (!response.ok) throw new Error(`${this.#name} answers ${path} with ${response.status}: ${text.slice(0, 200)}`);
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  }
}

function toBootstrap({ role, name, namespace, address, labels }: EnvoyOptions): object {
  return {
    node: {
      id: `${role}~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${name}.${namespace}`,
      metadata: {
        ISTIO_VERSION: '1.31.0',
        CLUSTER_ID: 'Kubernetes',
        MESH_ID: 'cluster.local',
        NAMESPACE: namespace,
        NAME: name,
        SERVICE_ACCOUNT: 'default',
        INSTANCE_IPS: address,
        INTERCEPTION_MODE: 'REDIRECT',
        LABELS: labels,
      },
    },
    // Istio's own listens on loopback; here it is asked from beside the Pod.
    admin: { address: { socket_address: { address, port_value: adminPort } } },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }],
      },
      cds_config: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' },
      lds_config: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' },
    },
    static_resources: { clusters: [toXdsCluster()] },
    bootstrap_extensions: [
      {
        name: 'envoy.bootstrap.internal_listener',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener',
        },
      },
    ],
  };
}

function toXdsCluster(): object {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const socket = { address: addresses.core, port_value: xdsPort };
  return {
    name: 'xds-grpc',
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      [options]: { '@type': `type.googleapis.com/${options}`, explicit_http_config: { http2_protocol_options: {} } },
    },
    upstream_connection_options: { tcp_keepalive: { keepalive_time: 10 } },
    load_assignment: {
      cluster_name: 'xds-grpc',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: socket } } }] }],
    },
  };
}
