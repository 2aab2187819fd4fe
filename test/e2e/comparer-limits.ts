/** What Envoys have of the limits for samples, out of their configuration dumps. */
import { mapsAt, textAt, valueAt } from '../../src/core/input/plain-value.ts';
import type { Envoy } from './envoy.ts';

/** HTTP/2 windows of a sidecar's connections to one port of its Pod, each once; 0 is Envoy's default. */
export async function findInboundWindows(envoy: Envoy, port: number): Promise<number[]> {
  const dump = await envoy.ask('/config_dump?resource=dynamic_listeners');
  const listeners = mapsAt(dump, ['configs']).map((one) => valueAt(one, ['active_state', 'listener']));
  const inbound = listeners.find((one) => textAt(one, ['name']) === 'virtualInbound');
  const chains = mapsAt(inbound, ['filter_chains']).filter(
    (chain) => valueAt(chain, ['filter_chain_match', 'destination_port']) === port,
  );
  const configs = chains
    .flatMap((chain) => mapsAt(chain, ['filters']))
    .filter((filter) => textAt(filter, ['name']) === 'envoy.filters.network.http_connection_manager')
    .map((filter) => valueAt(filter, ['typed_config', 'http2_protocol_options', 'initial_connection_window_size']));
  return [...new Set(configs.map((size) => Number(size ?? 0)))];
}

/** Of a cluster: requests in flight, whether it has HTTP/2 at once, and whether a certificate of the mesh. */
export async function findLimits(
  envoy: Envoy,
  name: string,
): Promise<[requests: number, http2: boolean, tls: boolean]> {
  const dump = await envoy.ask('/config_dump?resource=dynamic_active_clusters');
  const cluster = mapsAt(dump, ['configs'])
    .map((one) => valueAt(one, ['cluster']))
    .find((one) => textAt(one, ['name']) === name);
  const [threshold] = mapsAt(cluster, ['circuit_breakers', 'thresholds']);
  const text = JSON.stringify(cluster ?? {});
  return [
    Number(valueAt(threshold, ['max_requests']) ?? 0),
    text.includes('"explicit_http_config":{"http2_protocol_options"'),
    text.includes('spiffe://cluster.local/ns/model-mirror/sa/model-mirror-comparer'),
  ];
}
