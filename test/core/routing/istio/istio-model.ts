/**
 * A small model of what Istio makes of Gateways, VirtualServices and ServiceEntries, Kubernetes of Services, KServe of
 * InferenceServices in Standard mode, and ModelMesh of a request's headers: where a request goes, and where its copies go.
 * Written from Istio's `pilot/pkg/networking/core` (gateway.go, httproute.go, route/route.go) and
 * `pilot/pkg/serviceregistry/kube` (conversion.go, protocol selection), Envoy's router filter, ModelMesh's GrpcSupport and
 * KServe's label of Pods, not from what model-mirror renders: it is the oracle for what policies and patches may do.
 */
import { isMap, type PlainMap, valueAt } from '../../../../src/core/input/plain-value.ts';
import type { Manifest } from '../../../../src/core/manifests/manifest.ts';

/** A request as it reaches the first proxy. */
export interface SentRequest {
  /** Pods of a gateway, a client's sidecar in a namespace, or a client without one. */
  readonly from: { readonly gateway: string } | { readonly sidecar: string } | 'no proxy';
  readonly port: number;
  readonly authority: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What becomes of it. Equal for equal treatment, and JSON throughout. */
export interface Outcome {
  /** Who answers, with all by which it tells requests apart. */
  readonly end: string;
  /** Faults on the way. */
  readonly faults: readonly unknown[];
  /** Of a copy: how often it is sent, and whether anything ends it. */
  readonly tries?: unknown;
  readonly isBounded?: boolean;
  /** Each with the share of the requests that it is made of, and the host and port that it is sent to. */
  readonly copies: readonly { readonly share: unknown; readonly to: string; readonly outcome: Outcome }[];
}

const domain = 'svc.cluster.local';
/** Pods of gateways, by the Service that picks them. */
const gateways: Readonly<Record<string, { readonly namespace: string; readonly labels: PlainMap }>> = {
  'istio-ingressgateway': {
    namespace: 'istio-system',
    labels: { istio: 'ingressgateway', app: 'istio-ingressgateway' },
  },
  'istio-egressgateway': { namespace: 'istio-system', labels: { istio: 'egressgateway', app: 'istio-egressgateway' } },
  'model-mirror-gateway': { namespace: 'model-mirror', labels: { istio: 'model-mirror-gateway' } },
};

interface Proxy {
  readonly namespace: string;
  readonly labels: PlainMap;
  /** Undefined: a sidecar. */
  readonly gateway: string | undefined;
}

interface Request {
  readonly port: number;
  readonly authority: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** How often it has been copied. */
  readonly depth: number;
}

/** The objects of a cluster, and requests through them. */
export class IstioModel {
  readonly #objects: readonly Manifest[];

  constructor(objects: readonly Manifest[]) {
    this.#objects = objects;
  }

  send({ from, port, authority, path, headers }: SentRequest): Outcome {
    const request: Request = {
      port,
      authority,
      path,
      headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
      depth: 0,
    };
    if (from === 'no proxy')
      return this.#atService(findShortHost(authority), port, request) ?? end('no such host and port');
    return 'gateway' in from
      ? this.#atGateway(from.gateway, request)
      : this.#atSidecar({ namespace: from.sidecar, labels: { app: 'client' }, gateway: undefined }, request);
  }

  /** What this proxy's istiod knows: of its revision, exported to its namespace, and not garbage. */
  #visible(kind: string, namespace: string): Manifest[] {
    return this.#objects.filter(({ apiVersion, kind: own, metadata, spec }) => {
      if (own !== kind || !/^networking\.istio\.io\//.test(apiVersion)) return false;
      if (![undefined, 'default'].includes(metadata.labels?.['istio.io/rev'])) return false;
      if ('ownerReferences' in metadata) return false;
      const exportTo = valueAt(spec, ['exportTo']);
      return (
        !Array.isArray(exportTo) ||
        exportTo.length === 0 ||
        exportTo.some((to) => to === '*' || to === namespace || (to === '.' && metadata.namespace === namespace))
      );
    });
  }

  #atGateway(service: string, request: Request): Outcome {
    const { namespace, labels } = gateways[service] ?? { namespace: '', labels: {} };
    const proxy = { namespace, labels, gateway: service };
    const servers = this.#visible('Gateway', '*').flatMap((gateway) => {
      const selector = valueAt(gateway.spec, ['selector']);
      const isPicked = isMap(selector) && Object.entries(selector).every(([key, value]) => proxy.labels[key] === value);
      const list = isPicked ? toList(valueAt(gateway.spec, ['servers'])) : [];
      return list
        .filter((server) => valueAt(server, ['port', 'number']) === request.port)
        .map((server) => ({ gateway, server }));
    });
    if (servers.length === 0) return end(`nobody listens on ${service}:${request.port}`);
    const found = servers.flatMap(({ gateway, server }) => {
      const protocol = String(valueAt(server, ['port', 'protocol'])).toUpperCase();
      const mode = valueAt(server, ['tls', 'mode']);
      if (!['HTTP', 'HTTP2', 'GRPC', 'HTTPS'].includes(protocol) || /PASSTHROUGH/.test(String(mode))) return [];
      const name = `${gateway.metadata.namespace}/${gateway.metadata.name}`;
      return this.#visible('VirtualService', proxy.namespace).flatMap((route) =>
        toList(valueAt(route.spec, ['gateways'])).some((to) => toFull(String(to), route) === name)
          ? toHosts(route)
              .filter((host) =>
                toList(valueAt(server, ['hosts'])).some((to) => admits(String(to), gateway, route, host)),
              )
              .map((host) => ({ host, route, name, server }))
          : [],
      );
    });
    const chosen = pick(found, request.authority);
    if (chosen.length === 0) return end('404: no virtual host');
    if (chosen.some(({ server }) => valueAt(server, ['tls', 'httpsRedirect']) === true)) return end('301: https');
    return this.#alongRoutes(
      proxy,
      request,
      // Routes of several VirtualServices with one host are joined at a gateway.
      chosen.flatMap(({ route, name }) => toHttp(route).map((http) => ({ http, route, gateway: name }))),
    );
  }

  #atSidecar(proxy: Proxy, request: Request): Outcome {
    const routes = this.#visible('VirtualService', proxy.namespace)
      .filter(({ spec }) => {
        const gateways = valueAt(spec, ['gateways']);
        return gateways === undefined || toList(gateways).includes('mesh');
      })
      .flatMap((route) => toHosts(route).map((host) => ({ host, route })));
    const services = this.#visible('ServiceEntry', proxy.namespace).flatMap((entry) =>
      toHosts(entry).map((host) => ({ host, entry })),
    );
    const entry = pick(services, request.authority)[0]?.entry;
    const host = findShortHost(request.authority);
    const service = this.#findServicePort(host, request.port);
    const port =
      toList(valueAt(entry?.spec, ['ports'])).find((one) => valueAt(one, ['number']) === request.port) ?? service;
    // A host that belongs to no Service has a route on port 80 only.
    if (port === undefined && request.port !== 80) return end('passed through: no such host and port');
    if (port !== undefined && !/^(HTTP|HTTP2|GRPC)$/i.test(service?.speaks ?? String(valueAt(port, ['protocol']))))
      return end(`a connection to ${JSON.stringify(entry?.spec ?? service)}`);
    const chosen = pick(routes, request.authority)[0];
    if (chosen === undefined && service !== undefined)
      return this.#atService(host, request.port, request) ?? end('no such Service');
    if (chosen === undefined) return end(`no route: ${JSON.stringify(entry?.spec ?? null)} with ${toIds(request)}`);
    return this.#alongRoutes(
      proxy,
      request,
      toHttp(chosen.route).map((http) => ({ http, route: chosen.route, gateway: 'mesh' })),
    );
  }

  #alongRoutes(
    proxy: Proxy,
    request: Request,
    routes: readonly { readonly http: unknown; readonly route: Manifest; readonly gateway: string }[],
  ): Outcome {
    for (const { http, route, gateway } of routes) {
      const matches = valueAt(http, ['match']);
      const isMatch =
        matches === undefined ||
        toList(matches).length === 0 ||
        toList(matches).some((match) => isMatching(match, request, proxy, route, gateway));
      if (!isMatch) continue;
      const delegate = valueAt(http, ['delegate']);
      if (!isMap(delegate)) return this.#along(proxy, request, http, route);
      const other = this.#visible('VirtualService', proxy.namespace).find(
        ({ metadata }) =>
          metadata.name === delegate['name'] &&
          metadata.namespace === (delegate['namespace'] ?? route.metadata.namespace),
      );
      // Istio leaves out a route whose delegate is not there.
      if (other === undefined) continue;
      const own = toHttp(other).map((inner) => ({ http: inner, route: other, gateway }));
      return request.depth > 3 ? end('loop') : this.#alongRoutes(proxy, { ...request, depth: request.depth + 1 }, own);
    }
    return end('404: no route');
  }

  #along(proxy: Proxy, arrived: Request, http: unknown, { metadata: { namespace } }: Manifest): Outcome {
    const fault = valueAt(http, ['fault']);
    const redirect = valueAt(http, ['redirect']);
    const direct = valueAt(http, ['directResponse']);
    if (redirect !== undefined) return end(`redirect ${JSON.stringify(redirect)}`);
    if (direct !== undefined) return end(`direct response ${JSON.stringify(direct)}`);
    if (arrived.depth > 3) return end('loop');
    const destinations = toList(valueAt(http, ['route'])).filter(
      (one, _, { length }) => length === 1 || Number(valueAt(one, ['weight']) ?? 0) > 0,
    );
    const sent = destinations.map((one) => {
      const rewritten = rewrite(arrived, valueAt(http, ['rewrite']));
      // Of one destination the route's operations come first; of several the destination's do.
      const operations = [valueAt(http, ['headers', 'request']), valueAt(one, ['headers', 'request'])];
      const request = (destinations.length === 1 ? operations : operations.toReversed()).reduce(operate, rewritten);
      return { request, weight: valueAt(one, ['weight']) ?? 100, to: valueAt(one, ['destination']) };
    });
    const [first] = sent;
    if (first === undefined) return end('503: no destination');
    // Envoy copies a request after it has changed path, authority and headers.
    const copies = toMirrors(http).flatMap(({ to, share }) =>
      sent.flatMap(({ request }) =>
        // Istio up to 1.27 appends to the host of a copy, later ones do not.
        ['', '-shadow'].map((suffix) => ({
          share,
          to: toAddress(to),
          outcome: this.#deliver(to, namespace, {
            ...request,
            authority: request.authority.replace(/(:\d+)?$/, `${suffix}$1`),
            depth: request.depth + 1,
          }),
        })),
      ),
    );
    const ends = sent.map(({ request, weight, to }) => ({ weight, outcome: this.#deliver(to, namespace, request) }));
    const only = ends.length === 1 ? ends[0]?.outcome : undefined;
    return {
      end: only?.end ?? JSON.stringify(ends),
      faults: [...(fault === undefined ? [] : [fault]), ...(only?.faults ?? [])],
      ...(arrived.depth === 0 || proxy.gateway === undefined
        ? {}
        : {
            tries: valueAt(http, ['retries', 'attempts']) ?? 'as often as Istio does',
            isBounded: /[1-9]/.test(String(valueAt(http, ['timeout']) ?? '')),
          }),
      copies: [...copies, ...(only?.copies ?? [])],
    };
  }

  #deliver(to: unknown, namespace: string, request: Request): Outcome {
    const written = String(valueAt(to, ['host'])).toLowerCase();
    const host = written.includes('.') ? written : `${written}.${namespace}.${domain}`;
    const port = Number(valueAt(to, ['port', 'number']));
    const subset = valueAt(to, ['subset']);
    const [service = '', of = ''] = host.split('.');
    const isThere = subset === undefined || this.#hasWholeSubset(host, namespace, subset);
    if (!isThere || host !== `${service}.${of}.${domain}`) return end(`503: ${JSON.stringify(to)}`);
    if (service === 'model-mirror-comparer' && of === 'model-mirror' && port === 80) return end('the comparer');
    if (gateways[service]?.namespace === of) return this.#atGateway(service, { ...request, port });
    const answered = this.#atService(host, port, request);
    if (answered !== undefined) return answered;
    const entry = this.#objects.find(
      ({ kind, metadata, spec }) =>
        kind === 'ServiceEntry' &&
        metadata.namespace === namespace &&
        toList(valueAt(spec, ['hosts'])).includes(host) &&
        valueAt(spec, ['workloadSelector', 'labels', 'modelmesh-service']) === 'modelmesh-serving',
    );
    const isModelMesh = service === 'modelmesh-serving' || entry !== undefined;
    if (isModelMesh && port === 8033) return end(this.#atModelMesh(of, request));
    if (isModelMesh && port === 8008) return end(this.#atRestProxy(of, request));
    return end(`503: ${host}:${port}`);
  }

  /** Whether a DestinationRule names a subset that all pods of the host are in. */
  #hasWholeSubset(host: string, namespace: string, subset: unknown): boolean {
    return this.#objects.some(
      ({ kind, metadata, spec }) =>
        kind === 'DestinationRule' &&
        metadata.namespace === namespace &&
        valueAt(spec, ['host']) === host &&
        toList(valueAt(spec, ['subsets'])).some(
          (one) => valueAt(one, ['name']) === subset && valueAt(one, ['labels']) === undefined,
        ),
    );
  }

  /** A port of a Service of Kubernetes, with the protocol that Istio takes it for. */
  #findServicePort(host: string, port: number) {
    const [name, namespace] = host.split('.');
    const service = this.#objects.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === name && metadata.namespace === namespace,
    );
    const found = toList(valueAt(service?.spec, ['ports'])).find((one) => valueAt(one, ['port']) === port);
    if (found === undefined || service === undefined || valueAt(service.spec, ['type']) !== 'ClusterIP')
      return undefined;
    const written = String(valueAt(found, ['appProtocol']) ?? String(valueAt(found, ['name'])).split('-')[0]);
    const speaks = /^(kubernetes\.io\/h2c|http2|grpc)$/i.test(written)
      ? 'HTTP2'
      : /^http$/i.test(written)
        ? 'HTTP'
        : 'no HTTP';
    return { service, target: valueAt(found, ['targetPort']) ?? port, speaks };
  }

  /** Undefined: no Service of Kubernetes has the host and the port. */
  #atService(host: string, port: number, request: Request): Outcome | undefined {
    const found = this.#findServicePort(host, port);
    if (found === undefined) return undefined;
    const { service, target, speaks } = found;
    const selector = valueAt(service.spec, ['selector']);
    const { namespace } = service.metadata;
    const models = this.#objects.filter(
      (object) =>
        object.kind === 'InferenceService' &&
        object.metadata.namespace === namespace &&
        Object.entries(toStandardPod(object)).length > 0 &&
        isMap(selector) &&
        Object.keys(selector).length > 0 &&
        Object.entries(selector).every(([key, value]) => toStandardPod(object)[key] === value),
    );
    const by = models.map(({ metadata, spec }) => `${metadata.name}: ${toLoaded(spec)}`);
    return end(
      by.length === 0
        ? `503: no Pod of ${host}:${port}`
        : `${request.path} in ${speaks} at ${target} by ${by.join(' or ')}`,
    );
  }

  /** ModelMesh's answer by header; the message names no model. */
  #atModelMesh(namespace: string, request: Request): string {
    const { headers, path } = request;
    if (headers.has('mm-model-id') || headers.has('mm-model-id-bin')) return 'INVALID_ARGUMENT: two ids';
    const ids = headers.get('mm-vmodel-id') ?? [];
    const models = ids.map((id) => this.#ofModelMesh(namespace, id));
    return `${path} by ${models.length === 0 ? 'INVALID_ARGUMENT: no id' : models.join(' and ')}`;
  }

  /** Its proxy for REST finds the model in the path, and passes headers on. */
  #atRestProxy(namespace: string, request: Request): string {
    const { headers, path } = request;
    const id = /^\/v[12]\/models\/([^/:?]+)/.exec(path)?.[1];
    const others = ['mm-model-id', 'mm-model-id-bin', 'mm-vmodel-id'].filter((name) => headers.has(name));
    if (others.length > 0) return `INVALID_ARGUMENT: ${others.join()} beside a path`;
    // The part of the path that names it is shown by the model.
    return id === undefined
      ? `NOT_FOUND: ${path}`
      : `${path.replace(`/models/${id}`, '/models/…')} by ${this.#ofModelMesh(namespace, id)}`;
  }

  #ofModelMesh(namespace: string, id: string): string {
    const service = this.#objects.find(
      ({ kind, metadata }) => kind === 'InferenceService' && metadata.namespace === namespace && metadata.name === id,
    );
    if (service?.metadata.annotations?.['serving.kserve.io/deploymentMode'] !== 'ModelMesh') return `${id}: NOT_FOUND`;
    return `${id}: ${toLoaded(service.spec)}`;
  }
}

/** What a server loads. */
function toLoaded(spec: unknown): string {
  const [framework, model] = Object.entries(valueAt(spec, ['predictor']) ?? {}).find(
    ([, value]) => isMap(value) && ('storageUri' in value || 'storage' in value),
  ) ?? ['', {}];
  const loaded = [['modelFormat', 'name'], ['storageUri'], ['storage', 'path'], ['storage', 'parameters']];
  return `${framework} ${JSON.stringify(loaded.map((field) => valueAt(model, field) ?? null))}`;
}

/** The label by which Services select the Pods that answer: a transformer's, where there is one. */
function toStandardPod({ metadata, spec }: Manifest): Readonly<Record<string, string>> {
  if (metadata.annotations?.['serving.kserve.io/deploymentMode'] !== 'Standard') return {};
  if (isMap(valueAt(spec, ['transformer']))) return { app: `isvc.${metadata.name}-transformer` };
  const own = valueAt(spec, ['predictor', 'name']);
  return { app: `isvc.${metadata.name}-${typeof own === 'string' && own !== '' ? `${own}-` : ''}predictor` };
}

/** `HOST:PORT` as written. */
function toAddress(to: unknown): string {
  return `${valueAt(to, ['host'])}:${valueAt(to, ['port', 'number'])}`;
}

/** A Service's host in full, of a name with its namespace. */
function findShortHost(authority: string): string {
  const [name = '', namespace = '', ...rest] = authority.replace(/:\d+$/, '').toLowerCase().split('.');
  return ['', 'svc', domain].includes(rest.join('.')) ? `${name}.${namespace}.${domain}` : authority;
}

function end(who: string): Outcome {
  return { end: who, faults: [], copies: [] };
}

function toIds({ headers }: Request): string {
  return JSON.stringify([...headers].filter(([name]) => name.startsWith('mm-')));
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toHttp({ spec }: Manifest): readonly unknown[] {
  return toList(valueAt(spec, ['http']));
}

function toHosts({ spec }: Manifest): string[] {
  return toList(valueAt(spec, ['hosts'])).map(String);
}

/** `name` is of the object's own namespace. */
function toFull(reference: string, { metadata }: Manifest): string {
  return reference.includes('/') ? reference : `${metadata.namespace}/${reference}`;
}

/** Whether a host of a server takes a host of a VirtualService (pickMatchingGatewayHosts). */
function admits(written: string, gateway: Manifest, route: Manifest, host: string): boolean {
  const [namespace, pattern] = written.includes('/') ? (written.split('/') as [string, string]) : ['*', written];
  const of = namespace === '.' ? gateway.metadata.namespace : namespace;
  return (of === '*' || of === route.metadata.namespace) && (covers(pattern, host) || covers(host, pattern));
}

function covers(pattern: string, host: string): boolean {
  return pattern === '*' || pattern === host || (pattern.startsWith('*') && host.endsWith(pattern.slice(1)));
}

/** Those whose host fits best: the same, else the longest end. */
function pick<T extends { readonly host: string }>(all: readonly T[], authority: string): T[] {
  const name = authority.replace(/:\d+$/, '').toLowerCase();
  const fitting = all.filter(({ host }) => covers(host, name));
  const length = (host: string) => (host.startsWith('*') ? host.length : 1000);
  const best = Math.max(...fitting.map(({ host }) => length(host)));
  return fitting.filter(({ host }) => length(host) === best);
}

function isMatching(match: unknown, request: Request, proxy: Proxy, route: Manifest, gateway: string): boolean {
  const at = (field: string) => valueAt(match, [field]);
  const isText = (wanted: unknown, given: string | undefined): boolean => {
    if (wanted === undefined) return true;
    if (given === undefined) return false;
    const [exact, prefix, regex] = ['exact', 'prefix', 'regex'].map((how) => valueAt(wanted, [how]));
    if (exact !== undefined) return given === exact;
    if (prefix !== undefined) return given.startsWith(String(prefix));
    return regex === undefined || new RegExp(`^(?:${regex})$`).test(given);
  };
  const header = (name: string) => request.headers.get(name.toLowerCase())?.join(',');
  const labels = at('sourceLabels');
  const gateways = at('gateways');
  return (
    isText(at('uri'), request.path) &&
    isText(at('authority'), request.authority) &&
    isText(at('method'), 'POST') &&
    isText(at('scheme'), 'http') &&
    Object.entries(at('headers') ?? {}).every(([name, wanted]) => isText(wanted, header(name))) &&
    !Object.entries(at('withoutHeaders') ?? {}).some(([name, wanted]) => isText(wanted, header(name))) &&
    !Object.keys(at('queryParams') ?? {}).some(() => true) &&
    (at('port') === undefined || at('port') === request.port) &&
    (at('sourceNamespace') === undefined || at('sourceNamespace') === proxy.namespace) &&
    Object.entries(labels ?? {}).every(([key, value]) => proxy.labels[key] === value) &&
    (gateways === undefined ||
      toList(gateways).some((one) => one === gateway || (one !== 'mesh' && toFull(String(one), route) === gateway)))
  );
}

function rewrite(request: Request, how: unknown): Request {
  if (!isMap(how)) return request;
  return {
    ...request,
    authority: typeof how['authority'] === 'string' ? how['authority'] : request.authority,
    path: how['uri'] === undefined ? rewriteByRegex(request.path, how['uriRegexRewrite']) : JSON.stringify(how),
  };
}

/** All that matches is replaced, with `\1` for a group. */
function rewriteByRegex(path: string, how: unknown): string {
  const [match, to] = [valueAt(how, ['match']), valueAt(how, ['rewrite'])];
  if (typeof match !== 'string' || typeof to !== 'string') return path;
  return path.replace(new RegExp(match, 'g'), to.replaceAll('$', '$$$$').replace(/\\(\d)/g, '$$$1'));
}

/** Envoy removes before it sets and adds; the host and the path are headers like others. */
function operate(request: Request, operations: unknown): Request {
  const headers = new Map(request.headers);
  let { authority, path } = request;
  for (const name of toList(valueAt(operations, ['remove']))) headers.delete(String(name).toLowerCase());
  for (const how of ['set', 'add'] as const)
    for (const [written, value] of Object.entries(valueAt(operations, [how]) ?? {})) {
      const name = written.toLowerCase();
      if (name === 'host' || name === ':authority') authority = String(value);
      else if (name === ':path') path = String(value);
      else headers.set(name, [...(how === 'add' ? (headers.get(name) ?? []) : []), String(value)]);
    }
  return { ...request, headers, authority, path };
}

/** `mirrors`, or `mirror` with its percentage in any of the three spellings; an absent one is 100. */
function toMirrors(http: unknown): { readonly to: unknown; readonly share: unknown }[] {
  const old = valueAt(http, ['mirror_percent']) ?? valueAt(http, ['mirrorPercent']);
  const share = valueAt(http, ['mirrorPercentage']);
  const all = [
    ...(valueAt(http, ['mirror']) === undefined
      ? []
      : [
          {
            to: valueAt(http, ['mirror']),
            share: share === undefined ? (old ?? 100) : (valueAt(share, ['value']) ?? 0),
          },
        ]),
    ...toList(valueAt(http, ['mirrors'])).map((one) => ({
      to: valueAt(one, ['destination']),
      share: valueAt(one, ['percentage']) === undefined ? 100 : (valueAt(one, ['percentage', 'value']) ?? 0),
    })),
  ];
  return all.filter(({ share: part }) => part !== 0);
}
