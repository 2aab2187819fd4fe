/**
 * Traffic → ServiceEntry, VirtualServices and DestinationRule: the two hops that carry a copy of a request to the
 * candidate, and how many copies may wait for it.
 *
 * 1. `<model>`, on the public gateway and the mesh: every request goes to the primary; a share of them is
 *    mirrored to the mirror gateway.
 * 2. `<model>-mirror`, on the mirror gateway only: what arrives there goes to the candidate.
 *
 * One hop cannot do it: Envoy sets headers and rewrites the path before it copies the request, so both copies
 * would name the primary (`finalizeRequestHeaders` in Envoy's source/common/router/router.cc).
 */
import type { IDestinationRule } from '@kubernetes-models/istio/networking.istio.io/v1/DestinationRule';
import type { IGateway } from '@kubernetes-models/istio/networking.istio.io/v1/Gateway';
import type { IServiceEntry } from '@kubernetes-models/istio/networking.istio.io/v1/ServiceEntry';
import type { IVirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService';
import type { Manifest } from '../../manifests/manifest.ts';
import {
  analysedVersionAnnotation,
  analysisAnnotation,
  pathAnnotation,
  policiesFromAnnotation,
  toOwnLabels,
} from '../../manifests/manifest.ts';
import type { GatewayChoice, Gateways, RoutedManifest } from '../router.ts';
import type { Backend, Copies, Entry, Requests, Traffic } from '../traffic.ts';
import { patchable } from './patchable.ts';

type VirtualService = Manifest<'VirtualService', NonNullable<IVirtualService['spec']>>;
type DestinationRule = Manifest<'DestinationRule', NonNullable<IDestinationRule['spec']>>;
type ServiceEntry = Manifest<'ServiceEntry', NonNullable<IServiceEntry['spec']>>;
type Gateway = Manifest<'Gateway', NonNullable<IGateway['spec']>>;

/**
 * Numbers requests: Envoy evaluates it before it copies a request, so original and copy have the same value, also where
 * a client reuses its x-request-id. `%UNIQUE_ID%` would be shorter, but an Envoy that does not know a command refuses
 * all routes of the port.
 */
export const setAtFirstHop = { 'x-mirror-of': '%REQ(X-REQUEST-ID)%-%START_TIME(%s%9f)%' };
/** A copy that were led back to a primary would be recognized by it. */
export const copyHeader = 'x-mirror-copy';
/** The certificate that hop 1's proxy had: it would tell the candidate who the client is. */
export const clientHeader = 'x-forwarded-client-cert';

/** All Pods of the candidate's host, as copies go to them. */
export const copiesSubset = 'copies';

/** VirtualServices: what is watched to know what traffic does. */
export const watched = {
  kind: 'VirtualService',
  groupVersion: 'networking.istio.io/v1',
  plural: 'virtualservices',
} as const;
const apiVersion = watched.groupVersion;

export function render(traffic: Traffic): RoutedManifest[] {
  const { copies } = traffic;
  return [
    ...(traffic.entry === undefined
      ? []
      : [{ manifest: renderServiceEntry(traffic, traffic.entry), patchable: patchable.serviceEntry }]),
    { manifest: renderRequests(traffic), patchable: patchable.firstHop },
    ...(copies === undefined
      ? []
      : [
          { manifest: renderCopies(traffic, copies), patchable: patchable.secondHop },
          { manifest: renderLimits(traffic, copies), patchable: patchable.limits },
        ]),
  ];
}

/** The Gateways that a policy wants rendered; models of one namespace share them. */
export function renderGateways(namespace: string, { gateway, mirrorGateway }: Gateways): RoutedManifest[] {
  const open = renderGateway(gateway, namespace, { name: 'http', protocol: 'HTTP' });
  const mirror = renderGateway(mirrorGateway, namespace, { name: 'http2', protocol: 'HTTP2' });
  return [
    ...(gateway.create ? [{ manifest: open, patchable: patchable.publicGateway }] : []),
    ...(mirrorGateway.create ? [{ manifest: mirror, patchable: patchable.mirrorGateway }] : []),
  ];
}

/** Hop 1: clients to the primary, copies to the mirror gateway, and copies of a part of those to the comparer. */
function renderRequests({ model, namespace, folder, policyRoot, hosts, requests }: Traffic): VirtualService {
  const { gateway, primary, timeout, sample } = requests;
  const toFirst = (backend: Backend) => ({
    ...toRoute(backend, { set: setAtFirstHop, remove: [copyHeader] }),
    ...(timeout === undefined ? {} : { timeout }),
  });
  return {
    apiVersion,
    kind: watched.kind,
    metadata: {
      name: model,
      namespace,
      labels: toOwnLabels(model),
      annotations: {
        [pathAnnotation]: folder,
        ...(policyRoot === '.' ? {} : { [policiesFromAnnotation]: policyRoot }),
        ...(sample && { [analysisAnnotation]: sample.task }),
        ...(sample?.version !== undefined && { [analysedVersionAnnotation]: sample.version }),
      },
    },
    spec: {
      gateways: [gateway, 'mesh'],
      hosts: [...hosts],
      http: [
        ...primary.map((backend) => ({ ...toFirst(backend), ...toMirrors(requests) })),
        ...toOthers(primary).map(toFirst),
      ],
    },
  };
}

/**
 * Envoy draws one number per request for all of its mirrors, so what the comparer gets is a part of what the candidate
 * gets (executed: 47 of 47). Istio refuses a route with both fields, and the first is kept where one entry is enough.
 */
function toMirrors({ mirror, sample }: Requests) {
  if (mirror === undefined) return {};
  const destination = ({ host, port }: typeof mirror) => ({ host, port: { number: port } });
  const percentage = ({ percentage: value }: typeof mirror) => ({ value });
  return sample === undefined
    ? { mirror: destination(mirror), mirrorPercentage: percentage(mirror) }
    : { mirrors: [mirror, sample].map((to) => ({ destination: destination(to), percentage: percentage(to) })) };
}

/**
 * Hop 2: copies to the candidate. Rendered whenever there is a candidate, open gate or not: without
 * hop 1's mirror nothing arrives here, and an opening is then one change to one object.
 */
function renderCopies({ model, namespace, hosts }: Traffic, { gateway, candidate, timeout }: Copies): VirtualService {
  return {
    apiVersion,
    kind: watched.kind,
    metadata: { name: toMirrorName(model), namespace, labels: toOwnLabels(model) },
    spec: {
      gateways: [gateway],
      // A host that a policy adds may be another's second form, and Istio refuses a host that is there twice.
      hosts: [...new Set(hosts.flatMap((host) => toHostForms(host).filter(isHost)))],
      // Istio's default retries tripled the load on a candidate that answers UNAVAILABLE.
      http: candidate.map((backend) => ({
        ...toRoute(backend, { set: { [copyHeader]: '1' }, remove: [clientHeader], subset: copiesSubset }),
        retries: { attempts: 0 },
        timeout,
      })),
    },
  };
}

/**
 * How much a candidate may hold up: a copy that waits for it takes one of the few places that each client's proxy has
 * for the copies of all models. With one of ten candidates hanging, 39 % of the others' copies arrived without this and
 * all of them with it (executed). The host is of the model's namespace, so the mirror gateway obeys the rule. It limits a
 * subset that hop 2 alone asks for: in Standard mode a promotion may make the candidate's host the primary's, and until
 * the rule is gone, clients would get 503 beyond the limit.
 */
function renderLimits({ model, namespace }: Traffic, { candidate, http2Ports, maxInFlight }: Copies): DestinationRule {
  const toPool = (isHttp2: boolean) => ({
    connectionPool: {
      http: {
        http1MaxPendingRequests: maxInFlight,
        http2MaxRequests: maxInFlight,
        ...(isHttp2 && { h2UpgradePolicy: 'UPGRADE' as const }),
      },
      tcp: { maxConnections: maxInFlight },
    },
  });
  const isAll = candidate.every(({ port }) => http2Ports.includes(port));
  return {
    apiVersion,
    kind: 'DestinationRule',
    metadata: { name: toMirrorName(model), namespace, labels: toOwnLabels(model) },
    spec: {
      host: candidate[0]?.host ?? '',
      subsets: [
        {
          name: copiesSubset,
          trafficPolicy: {
            ...toPool(isAll),
            // Settings of a port replace all others.
            ...(!isAll &&
              http2Ports.length > 0 && {
                portLevelSettings: http2Ports.map((number) => ({ port: { number }, ...toPool(true) })),
              }),
          },
        },
      ],
    },
  };
}

/** Istio up to 1.27 appends "-shadow" to a mirrored request's host, later ones do not. */
export function toHostForms(host: string): string[] {
  return [host, `${host}-shadow`];
}

/** Istio's webhook would refuse the whole VirtualService for a host whose last label is too long for DNS. */
function isHost(host: string): boolean {
  return host.length - host.lastIndexOf('.') - 1 <= 63;
}

/** The name of hop 2's VirtualService. */
export function toMirrorName(model: string): string {
  return `${model}-mirror`;
}

/**
 * Where requests go that no backend is for: it shows only while all backends are for some requests, and a route that
 * were missing would answer them with 404.
 */
export function toOthers(primary: readonly Backend[]): Backend[] {
  const last = primary.at(-1);
  if (last === undefined || primary.some(({ only }) => only === undefined)) return [];
  const { only: _only, rewrite: _rewrite, ...others } = last;
  return [others];
}

/** A match by `statPrefix` alone matches every request (executed on istiod), and counts them by version. */
function toRoute(
  { version, host, port, setHeaders, removeHeaders, rewrite, only }: Backend,
  own: { readonly set: Readonly<Record<string, string>>; readonly remove: readonly string[]; readonly subset?: string },
) {
  return {
    match: [
      {
        statPrefix: version,
        ...(only?.path !== undefined && { uri: { regex: only.path } }),
        ...(only?.contentType !== undefined && { headers: { 'content-type': { prefix: only.contentType } } }),
      },
    ],
    headers: { request: { set: { ...own.set }, remove: [...removeHeaders, ...own.remove] } },
    ...(rewrite && { rewrite: { uriRegexRewrite: { match: rewrite.match, rewrite: rewrite.to } } }),
    route: [
      {
        destination: { host, port: { number: port }, ...(own.subset !== undefined && { subset: own.subset }) },
        ...(Object.keys(setHeaders).length > 0 && { headers: { request: { set: { ...setHeaders } } } }),
      },
    ],
  };
}

/**
 * Makes the hosts known to sidecars: a host without a Service gets routes on port 80 only, and calls to
 * another port would arrive without any header. No client ever connects to its endpoints directly.
 */
function renderServiceEntry({ model, namespace }: Traffic, { hosts, ports, podLabels }: Entry): ServiceEntry {
  return {
    apiVersion,
    kind: 'ServiceEntry',
    metadata: { name: model, namespace, labels: toOwnLabels(model) },
    spec: {
      hosts: [...hosts],
      location: 'MESH_INTERNAL',
      ports: ports.map((number, i) => ({ name: i === 0 ? 'http' : `http-${number}`, number, protocol: 'HTTP' })),
      resolution: 'DNS',
      workloadSelector: { labels: { ...podLabels } },
    },
  };
}

function renderGateway(
  gateway: GatewayChoice,
  namespace: string,
  protocol: { readonly name: string; readonly protocol: string },
): Gateway {
  return {
    apiVersion,
    kind: 'Gateway',
    metadata: { name: gateway.name, namespace, labels: toOwnLabels(gateway.name) },
    spec: {
      selector: { ...gateway.selector },
      servers: [{ hosts: toAdmitted(gateway.namespaces), port: { ...protocol, number: gateway.port } }],
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
