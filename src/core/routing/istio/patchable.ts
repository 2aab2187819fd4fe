/** What patches may change of Istio's objects; see `manifests/patchable.ts`. */
import * as v from 'valibot';
import { mapsAt, valueAt } from '../../input/plain-value.ts';
import { dnsLabel, duration, toMilliseconds } from '../../input/schema-parts.ts';
import type { Manifest } from '../../manifests/manifest.ts';
import type { Patchable } from '../../manifests/patchable.ts';
import { allow, metadata } from '../../manifests/patchable.ts';

const texts = v.array(v.string());

/** Names a route in statistics and access logs. */
const routeName = allow('spec.http[…].name', v.pipe(v.string(), v.regex(/^[\w.-]{1,253}$/)));

/**
 * The first hop. Request headers are not listed: Envoy sets them before it copies a request, so they
 * reach the candidate too, and some of them name a model, a path or a host (`:path`, `x-envoy-…`).
 * Neither is exportTo: without the VirtualService a sidecar or gateway sends requests on without an id.
 */
const firstHop: Patchable = {
  fields: [
    ...metadata,
    routeName,
    // As routing.timeout; the same field for a policy that must be a patch.
    allow('spec.http[…].timeout', duration()),
    // Of the client's own request, at the primary; a copy is never retried.
    allow('spec.http[…].retries', toRetries()),
    // What a browser may do with an answer. Envoy answers the preflight itself; inference calls pass.
    allow('spec.http[…].corsPolicy', toCorsPolicy()),
    // What is added to the primary's answer, on its way back.
    allow('spec.http[…].headers.response', toResponseHeaders()),
  ],
  check: checkDestinations,
};

/** The second hop. Its responses are discarded, so nothing that shapes one is of use; and it must not retry. */
const secondHop: Patchable = {
  fields: [
    ...metadata,
    routeName,
    // As routing.mirrorTimeout. Required: nothing else bounds a mirrored request.
    allow('spec.http[…].timeout', duration(), { isRequired: true }),
  ],
  check: checkDestinations,
};

/** Set by routing.maxCopiesInFlight; anything else of it could lose all copies. */
const limits: Patchable = { fields: metadata };

/**
 * Everything else of a ServiceEntry decides which sidecars know the hosts, and whether they take what
 * goes there for HTTP: otherwise calls arrive without any id.
 */
const serviceEntry: Patchable = { fields: metadata };

/**
 * How requests enter: TLS, and further ports. Not hosts, namespaces, pods or the port number: those decide
 * whether a request enters. No httpsRedirect: it would answer in place of the model.
 */
const publicGateway: Patchable = {
  fields: [
    ...metadata,
    allow('spec.servers[0].port.name', toPortName(), { isRequired: true }),
    allow('spec.servers[0].port.protocol', toProtocol(), { isRequired: true }),
    allow('spec.servers[0].tls', toServerTls()),
    allow('spec.servers[1…]', toServer()),
  ],
  check: checkServers,
};

/** Copies arrive as the first hop sends them: with another port or TLS all of them are lost, silently. */
const mirrorGateway: Patchable = { fields: metadata };

export const patchable = {
  firstHop,
  secondHop,
  limits,
  serviceEntry,
  publicGateway,
  mirrorGateway,
} as const;

/** The values that Istio's webhook takes (validateHTTPRetry); Envoy would refuse others with all routes beside them. */
function toRetries() {
  const condition =
    /^(5xx|gateway-error|reset|connect-failure|refused-stream|retriable-4xx|retriable-status-codes|cancelled|deadline-exceeded|internal|resource-exhausted|unavailable|[1-5]\d\d)$/;
  return v.pipe(
    v.strictObject({
      attempts: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)),
      perTryTimeout: v.optional(duration()),
      backoff: v.optional(duration()),
      retryOn: v.optional(
        v.pipe(
          v.string(),
          v.check((on) => on.split(',').every((one) => condition.test(one))),
        ),
      ),
      retryRemoteLocalities: v.optional(v.boolean()),
      retryIgnorePreviousHosts: v.optional(v.boolean()),
    }),
    v.check(
      ({ attempts, ...rest }) => attempts > 0 || Object.keys(rest).length === 0,
      'Istio takes no other field beside attempts: 0\nleave the others out',
    ),
  );
}

/**
 * Without regular expressions: Istio refuses those that RE2 does not know. It refuses an empty origin too, and
 * a maxAge that is not in whole seconds (validateCORSPolicy).
 */
function toCorsPolicy() {
  const origin = v.pipe(v.string(), v.minLength(1));
  const match = v.union([v.strictObject({ exact: origin }), v.strictObject({ prefix: origin })]);
  const maxAge = v.pipe(
    duration(),
    v.check(
      (value) => (toMilliseconds(value) ?? 1n) % 1000n === 0n,
      'Istio takes a maxAge in whole seconds\nwrite it without a fraction of a second',
    ),
  );
  return v.strictObject({
    allowOrigins: v.optional(v.array(match)),
    allowMethods: v.optional(
      v.array(v.picklist(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])),
    ),
    allowHeaders: v.optional(v.array(toHeaderName())),
    exposeHeaders: v.optional(v.array(toHeaderName())),
    maxAge: v.optional(maxAge),
    allowCredentials: v.optional(v.boolean()),
    unmatchedPreflights: v.optional(v.picklist(['FORWARD', 'IGNORE'])),
  });
}

function toHeaderName() {
  return v.pipe(v.string(), v.regex(/^[A-Za-z0-9][-\w]{0,99}$/));
}

/**
 * No `%`: Envoy takes it for a command, and refuses all routes of a port for one that it does not know.
 * Nor headers that show how a response ended or is framed, nor Host, with which Istio refuses the VirtualService
 * (ValidateHTTPHeaderOperationName).
 */
function toResponseHeaders() {
  const name = v.pipe(
    toHeaderName(),
    v.check(
      (header) => !/^(grpc-.*|content-length|transfer-encoding|connection|x-envoy-.*)$/i.test(header),
      'this header says how an answer ended or is framed\nleave it to the model server',
    ),
    v.check(
      (header) => header.toLowerCase() !== 'host',
      'Istio does not take Host as a header of an answer\nleave it out',
    ),
  );
  const value = v.pipe(v.string(), v.regex(/^[\x20-\x24\x26-\x7e]*$/));
  return v.strictObject({
    set: v.optional(v.record(name, value)),
    add: v.optional(v.record(name, value)),
    remove: v.optional(v.array(name)),
  });
}

function toPortName() {
  return v.pipe(v.string(), v.regex(dnsLabel));
}

function toProtocol() {
  return v.picklist(['HTTP', 'HTTP2', 'GRPC', 'HTTPS']);
}

/** Without PASSTHROUGH, which routes by SNI alone. */
function toServerTls() {
  return v.strictObject({
    mode: v.picklist(['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL', 'ISTIO_MUTUAL']),
    credentialName: v.optional(v.string()),
    serverCertificate: v.optional(v.string()),
    privateKey: v.optional(v.string()),
    caCertificates: v.optional(v.string()),
    subjectAltNames: v.optional(texts),
    verifyCertificateSpki: v.optional(texts),
    verifyCertificateHash: v.optional(texts),
    minProtocolVersion: v.optional(v.picklist(['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'])),
    maxProtocolVersion: v.optional(v.picklist(['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'])),
    cipherSuites: v.optional(texts),
  });
}

/** A further port. `./`: VirtualServices of the Gateway's own namespace, as on the first. */
function toServer() {
  return v.strictObject({
    name: v.optional(v.string()),
    port: v.strictObject({
      number: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
      name: toPortName(),
      protocol: toProtocol(),
    }),
    hosts: v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.regex(
            /^\.\/(\*|(\*\.)?[a-z0-9][-.a-z0-9]{0,200})$/,
            'hosts of a further server must be those of the namespace\nwrite ./*, or ./ and a host',
          ),
        ),
      ),
      v.minLength(1),
    ),
    tls: v.optional(toServerTls()),
  });
}

/** A route that a patch adds has no destination, as none can be patched in: Istio would refuse the whole object. */
function checkDestinations(manifest: Manifest): string | undefined {
  const isWhole = mapsAt(manifest, ['spec', 'http']).every((route) => mapsAt(route, ['route']).length > 0);
  return isWhole ? undefined : 'a patch must not add a route\nchange only the routes that are rendered';
}

/** Istio merges servers of one number, and refuses a Gateway with a port name twice, or TLS without HTTPS. */
function checkServers(manifest: Manifest): string | undefined {
  const servers = valueAt(manifest, ['spec', 'servers']) as readonly {
    readonly port: { readonly number: number; readonly name: string; readonly protocol: string };
    readonly tls?: object;
  }[];
  const isUnique = (field: 'number' | 'name') =>
    new Set(servers.map(({ port }) => port[field])).size === servers.length;
  if (!isUnique('number') || !isUnique('name'))
    return 'two servers of the Gateway would have the same port number or port name\ngive each its own';
  if (servers.some(({ port, tls }) => (port.protocol === 'HTTPS') !== (tls !== undefined)))
    return 'a server of the Gateway would have TLS without the protocol HTTPS, or HTTPS without TLS\npatch both';
  return undefined;
}
