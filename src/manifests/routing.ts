/**
 * A rollout → its ServiceEntry, VirtualServices and Gateways: the two hops that carry a copy of a
 * request to the candidate.
 *
 * 1. `<model>`, on the public gateway and the mesh: every request goes to ModelMesh with the
 *    primary's name in `mm-vmodel-id`; a share of them is mirrored to the mirror gateway.
 * 2. `<model>-mirror`, on the mirror gateway only: what arrives there goes to ModelMesh with the
 *    candidate's name.
 *
 * One hop cannot do it: Envoy sets the headers before it copies the request, so both copies would
 * carry the primary's name (`finalizeRequestHeaders` in Envoy's source/common/router/router.cc).
 */
import type { IGateway } from '@kubernetes-models/istio/networking.istio.io/v1/Gateway';
import type { IServiceEntry } from '@kubernetes-models/istio/networking.istio.io/v1/ServiceEntry';
import type { IVirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService';
import type { GatewayChoice } from '../rollout/effective-policy.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';
import type { Manifest } from './manifest.ts';
import { pathAnnotation, policiesFromAnnotation, toOwnLabels } from './manifest.ts';

export type VirtualService = Manifest<'VirtualService', NonNullable<IVirtualService['spec']>>;
export type ServiceEntry = Manifest<'ServiceEntry', NonNullable<IServiceEntry['spec']>>;
export type Gateway = Manifest<'Gateway', NonNullable<IGateway['spec']>>;

const apiVersion = 'networking.istio.io/v1';

/** ModelMesh's way to name a model by header. Set, never added: two values make a multi-model call. */
const vModelHeader = 'mm-vmodel-id';
/**
 * Beside `mm-vmodel-id` either of these makes ModelMesh answer INVALID_ARGUMENT, so a client's own are
 * removed. The other headers that name a model, `mm-vmodel-id-bin` and `tas-model-id`, give way to
 * `mm-vmodel-id` (GrpcSupport.java lists all of them; executed).
 */
const modelHeaders = ['mm-model-id', 'mm-model-id-bin'];

/**
 * Hop 1: clients to the primary, copies to the mirror gateway.
 *
 * @param percentage 0 to 100; 0 renders no mirror at all.
 */
export function renderVirtualService(rollout: Rollout, percentage: number): VirtualService {
  const { policy } = rollout;
  return {
    apiVersion,
    kind: 'VirtualService',
    metadata: {
      name: rollout.name,
      namespace: rollout.namespace,
      labels: toOwnLabels(rollout.name),
      annotations: {
        [pathAnnotation]: rollout.file.folder,
        ...(policy.root === '.' ? {} : { [policiesFromAnnotation]: policy.root }),
      },
    },
    spec: {
      gateways: [policy.gateway.name, 'mesh'],
      hosts: [...rollout.hosts],
      http: [
        {
          headers: { request: { remove: [...modelHeaders] } },
          route: [toDestination(rollout, rollout.primary)],
          ...(policy.timeout === undefined ? {} : { timeout: policy.timeout }),
          ...(percentage === 0
            ? {}
            : {
                mirror: { host: policy.mirrorGateway.service, port: { number: policy.mirrorGateway.port } },
                mirrorPercentage: { value: percentage },
              }),
        },
      ],
    },
  };
}

/**
 * Hop 2: copies to the candidate. Rendered whenever there is a candidate, open gate or not: without
 * hop 1's mirror nothing arrives here, and an opening is then one change to one object.
 */
export function renderMirrorVirtualService(rollout: Rollout, candidate: RolloutVersion): VirtualService {
  return {
    apiVersion,
    kind: 'VirtualService',
    metadata: {
      name: toMirrorName(rollout.name),
      namespace: rollout.namespace,
      labels: toOwnLabels(rollout.name),
    },
    spec: {
      gateways: [rollout.policy.mirrorGateway.name],
      // A host that a policy adds may be another's second form, and Istio refuses a host that is there twice.
      hosts: [...new Set(rollout.hosts.flatMap((host) => [host, ...toShadowHosts(host)]))],
      http: [
        {
          headers: { request: { remove: [...modelHeaders] } },
          route: [toDestination(rollout, candidate)],
          // Istio's default retries tripled the load on a candidate that answers UNAVAILABLE.
          retries: { attempts: 0 },
          // Nothing else bounds a mirrored request: nobody waits for its answer.
          timeout: rollout.policy.mirrorTimeout,
        },
      ],
    },
  };
}

/**
 * Istio up to 1.27 appends "-shadow" to a mirrored request's host, later ones do not. Where that makes the
 * last label too long for DNS, Istio's webhook would refuse the whole VirtualService for it.
 */
function toShadowHosts(host: string): string[] {
  const shadow = `${host}-shadow`;
  return shadow.length - shadow.lastIndexOf('.') - 1 > 63 ? [] : [shadow];
}

/** The name of hop 2's VirtualService. */
export function toMirrorName(model: string): string {
  return `${model}-mirror`;
}

function toDestination(rollout: Rollout, version: RolloutVersion) {
  return {
    destination: { host: rollout.serviceHost, port: { number: rollout.policy.service.port } },
    headers: { request: { set: { [vModelHeader]: version.name } } },
  };
}

/**
 * Makes the hosts known to sidecars: a host without a Service gets routes on port 80 only, and calls
 * to 8033 would arrive without any header. No client ever connects to its endpoints directly.
 */
export function renderServiceEntry(rollout: Rollout): ServiceEntry {
  const service = rollout.serviceHost.split('.')[0] ?? rollout.serviceHost;
  return {
    apiVersion,
    kind: 'ServiceEntry',
    metadata: { name: rollout.name, namespace: rollout.namespace, labels: toOwnLabels(rollout.name) },
    spec: {
      hosts: [...rollout.hosts],
      location: 'MESH_INTERNAL',
      ports: [{ name: 'http', number: rollout.policy.service.port, protocol: 'HTTP' }],
      resolution: 'DNS',
      // ModelMesh labels its pods with the name of their Service.
      workloadSelector: { labels: { 'modelmesh-service': service } },
    },
  };
}

/** The Gateway of a choice, if the policy wants it rendered; models of one namespace share it. */
export function renderGateways({ namespace }: Rollout, gateway: GatewayChoice): Gateway[] {
  return gateway.create ? [renderGateway(gateway, namespace)] : [];
}

function renderGateway(gateway: GatewayChoice, namespace: string): Gateway {
  return {
    apiVersion,
    kind: 'Gateway',
    metadata: { name: gateway.name, namespace, labels: toOwnLabels(gateway.name) },
    spec: {
      selector: { ...gateway.selector },
      servers: [
        { hosts: toAdmitted(gateway.namespaces), port: { name: 'http', number: gateway.port, protocol: 'HTTP' } },
      ],
    },
  };
}

/**
 * Whose VirtualServices a Gateway admits. With `*` alone those of every namespace may bind to it, take a
 * model's host on the public gateway, or send what arrives at the mirror gateway elsewhere. Istio takes `./`
 * for the Gateway's own namespace (sanitizeServerHostNamespace in pilot/pkg/model/gateway.go), the one that
 * the VirtualServices of both hops are in.
 */
function toAdmitted(namespaces: readonly string[]): string[] {
  return namespaces.includes('*') ? ['*'] : ['./*', ...namespaces.map((namespace) => `${namespace}/*`).toSorted()];
}
