/**
 * How requests reach a version: all models of a namespace share one Service. Over gRPC a header names the version, over
 * REST the path does: ModelMesh takes no header instead (executed, as is the rewriting of paths at both hops).
 */

import { toFullHost } from '../../routing/service-key.ts';
import type { Backend, RequestMatch } from '../../routing/traffic.ts';
import type { ServedVersion, ServiceAddress, VersionPlace } from '../serving-mode.ts';

const grpcPort = 8033;
const restPort = 8008;

/** ModelMesh's way to name a model by header. Set, never added: two values make a multi-model call. */
const vModelHeader = 'mm-vmodel-id';
/**
 * Beside `mm-vmodel-id` either of these makes ModelMesh answer INVALID_ARGUMENT, so a client's own are
 * removed. The other headers that name a model, `mm-vmodel-id-bin` and `tas-model-id`, give way to
 * `mm-vmodel-id` (GrpcSupport.java lists all of them; executed).
 */
const modelHeaders = ['mm-model-id', 'mm-model-id-bin'];

/** gRPC first: what is left is REST. */
const grpcOnly: RequestMatch = { contentType: 'application/grpc' };

export function toBackends(version: ServedVersion): Backend[] {
  const { name, protocols } = version;
  const host = toHost(version);
  const grpc: Backend = {
    version: name,
    host,
    port: toService(version).port,
    setHeaders: { [vModelHeader]: name },
    removeHeaders: modelHeaders,
  };
  if (!protocols.includes('rest')) return [grpc];
  const rest: Backend = {
    version: name,
    host,
    port: restPort,
    setHeaders: {},
    removeHeaders: [...modelHeaders, vModelHeader],
    ...toPaths(version),
  };
  return protocols.includes('grpc') ? [{ ...grpc, only: grpcOnly }, rest] : [rest];
}

/** The model's own host leads to the same pods as the Service that all models share, and copies alone are sent to it. */
function toHost(version: ServedVersion): string {
  const { role, model, namespace, clusterDomain } = version;
  return role === 'candidate' ? `${model}.${namespace}.svc.${clusterDomain}` : toService(version).host;
}

/**
 * V2 has a slash behind the model's name, V1 a colon. Requests name the model; copies have been rewritten at the first
 * hop and name its primary, whichever that is at the moment, so every name becomes the candidate's.
 */
function toPaths({ name, role, model }: ServedVersion): Pick<Backend, 'only' | 'rewrite'> {
  const written = role === 'primary' ? model.replaceAll(/[^-\w]/g, '\\$&') : '[^/:]+';
  return {
    only: { path: `/v[12]/models/${written}([:/].*)?` },
    rewrite: { match: `^/(v[12])/models/${written}([:/].*)?$`, to: `/\\1/models/${name}\\2` },
  };
}

/** The hosts of versions are known by a ServiceEntry alone, whose ports are for any HTTP. */
export function isUndeclaredHttp2({ setHeaders }: Backend): boolean {
  return setHeaders[vModelHeader] !== undefined;
}

/** @returns undefined for none, as somebody may have edited it. */
export function readVersion({ setHeaders, rewrite }: Backend): string | undefined {
  return setHeaders[vModelHeader] || /^\/\\1\/models\/([-a-z0-9]+)\\2$/.exec(rewrite?.to ?? '')?.[1];
}

export function toService({ namespace, clusterDomain, service }: VersionPlace): ServiceAddress {
  return {
    host: toFullHost(service.host ?? 'modelmesh-serving', namespace, clusterDomain),
    port: service.port ?? grpcPort,
  };
}

/** ModelMesh labels its pods with the name of their Service. */
export function toPodLabels(version: ServedVersion): Readonly<Record<string, string>> {
  const { host } = toService(version);
  return { 'modelmesh-service': host.split('.')[0] ?? host };
}
