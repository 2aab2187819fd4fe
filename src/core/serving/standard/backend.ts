/** How requests reach a version: each has a Service of its own, with a declared port for each protocol. */
import type { Backend } from '../../routing/traffic.ts';
import { isHttp } from '../protocol.ts';
import type { ServedVersion, ServiceAddress, VersionPlace } from '../serving-mode.ts';
import { readBackendHost, toBackendName } from './names.ts';

/** The ports of our Services. They are the same whatever the runtime, so that a promotion changes none. */
export const httpPort = 80;
export const grpcPort = 9000;

/** gRPC first: what is left is HTTP. OpenAI's paths are on the port of REST. */
export function toBackends(version: ServedVersion): Backend[] {
  const { name, protocols } = version;
  const { host } = toService(version);
  const to = (port: number): Backend => ({ version: name, host, port, setHeaders: {}, removeHeaders: [] });
  const [hasGrpc, hasHttp] = [protocols.includes('grpc'), protocols.some(isHttp)];
  return [
    ...(hasGrpc ? [{ ...to(grpcPort), ...(hasHttp && { only: { contentType: 'application/grpc' } }) }] : []),
    ...(hasHttp ? [to(httpPort)] : []),
  ];
}

export function toService({ name, namespace, clusterDomain, protocols }: VersionPlace): ServiceAddress {
  return {
    host: `${toBackendName(name)}.${namespace}.svc.${clusterDomain}`,
    port: protocols.some(isHttp) ? httpPort : grpcPort,
  };
}

export function readVersion({ host }: Backend): string | undefined {
  return readBackendHost(host);
}
