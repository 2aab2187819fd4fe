/** How clients' proxies connect to the mirror gateway: TLS on both sides, and the limits that protect clients. */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { join, mask, safe } from '../../diagnostics/safe-text.ts';
import { mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { Diagnosis, Subject } from '../examination.ts';
import { isForHost, isWildcard, toPortPolicy } from './destination-rules.ts';
import type { LiveObject, LiveObjects, Pod } from './live-objects.ts';
import {
  isSubset,
  numberAt,
  rootNamespace,
  textsAt,
  toMap,
  toNamedSubject,
  toShown,
  toSubject,
} from './live-objects.ts';
import type { ClientSide, LivePath, TlsMode } from './mirror-path.ts';
import { diagnose, toInstallCure } from './mirror-path.ts';

/** @returns nothing for what is not known. */
export function examineConnection(path: LivePath, live: LiveObjects): Diagnosis[] {
  const { service } = path;
  if (!live.isKnown('destinationRule', service.namespace)) return [];
  return [
    ...examineTls(path, live),
    ...examineIdentity(path),
    ...examineLimit(path, live),
    ...examineMeshWideTls(path, live),
  ];
}

function examineTls(path: LivePath, live: LiveObjects): Diagnosis[] {
  const { clients, server, service, gateway, choice } = path;
  if (server === undefined) return [];
  const modes = clients.map((client) => ({ client, mode: toClientMode(path, client, live) }));
  const wrong = modes.filter(({ mode }) => mode !== server.tls);
  if (wrong.length > 0)
    return wrong.map(({ client, mode }) =>
      diagnose(path, 'tls-one-sided', 'error', toRuleSubject(client, path), {
        reason: safe`clients${toClientText(client)} send copies ${toModeText(mode)} (${toRuleText(client)}), but the Gateway ${toShown(gateway)} expects them ${toModeText(server.tls)}: all of these copies are lost`,
        cure:
          client.rule !== undefined && isWildcard(client.rule)
            ? safe`add a DestinationRule for ${mask(service.host)} in ${mask(client.namespace ?? service.namespace)} that has the tls of the Gateway`
            : toInstallCure(
                path,
                safe`use tls mode ISTIO_MUTUAL on both sides: in the Gateway's server, and in the DestinationRule of the Service for port ${choice.port}`,
              ),
        details: { client: mode, gateway: server.tls, port: choice.port },
      }),
    );
  if (server.tls !== 'none') return [];
  return [
    diagnose(path, 'clear-text', 'warning', toNamedSubject('gateway', gateway), {
      reason: safe`copies reach port ${choice.port} of the Service ${toShown(service)} in clear text: whoever reaches that port can read them and gets the candidates' responses`,
      cure: path.isOurs
        ? safe`remove routing.mirrorGateway.tls: None from the policies, and then mirrorGateway.clearText of plugin/chart`
        : safe`use the mirror gateway of plugin/chart, or add a port with TLS as it has one and set routing.mirrorGateway.tls: IstioMutual`,
      details: { port: choice.port },
    }),
  ];
}

/** Without a setting, a client uses TLS if the Pods are labelled for it, and no PeerAuthentication turns it off. */
function toClientMode({ pods, targetPort }: LivePath, { policy }: ClientSide, live: LiveObjects): TlsMode {
  const mode = textAt(policy, ['tls', 'mode']);
  if (mode === 'ISTIO_MUTUAL') return 'mutual';
  if (mode !== undefined) return mode === 'DISABLE' ? 'none' : 'other';
  const isLabelled = pods.length > 0 && pods.every(({ labels }) => labels['security.istio.io/tlsMode'] === 'istio');
  return isLabelled && !pods.some((pod) => isTurnedOff(pod, targetPort, live)) ? 'mutual' : 'none';
}

function isTurnedOff(pod: Pod, port: number, live: LiveObjects): boolean {
  const all = live.list('peerAuthentication');
  const selects = ({ spec }: LiveObject) => Object.keys(toMap(valueAt(spec, ['selector', 'matchLabels']))).length > 0;
  const own = all.filter(
    (one) =>
      one.namespace === pod.namespace &&
      selects(one) &&
      isSubset(valueAt(one.spec, ['selector', 'matchLabels']), pod.labels),
  );
  const shared = [pod.namespace, rootNamespace].flatMap((namespace) =>
    all.filter((one) => one.namespace === namespace && !selects(one)),
  );
  const modes = [
    ...own.map(({ spec }) => textAt(spec, ['portLevelMtls', String(port), 'mode'])),
    ...[...own, ...shared].map(({ spec }) => textAt(spec, ['mtls', 'mode'])),
  ];
  return modes.find((mode) => mode !== undefined && mode !== 'UNSET') === 'DISABLE';
}

/** A DestinationRule that expects somebody else's certificate. */
function examineIdentity(path: LivePath): Diagnosis[] {
  const { clients, pods, service } = path;
  return clients.flatMap((client) => {
    const names = textsAt(client.policy, ['tls', 'subjectAltNames']);
    const stranger = pods.find(
      ({ namespace, serviceAccount }) =>
        names.length > 0 && !names.some((name) => name.endsWith(`/ns/${namespace}/sa/${serviceAccount}`)),
    );
    if (client.rule === undefined || stranger === undefined) return [];
    return [
      diagnose(path, 'tls-identity', 'error', toSubject(client.rule), {
        reason: safe`the DestinationRule ${toShown(client.rule)} expects ${join(names.map(mask), ', ')}, but the Pods of the Service ${toShown(service)} run as ${mask(stranger.serviceAccount)} in ${mask(stranger.namespace)}: the copies are lost`,
        cure: safe`remove subjectAltNames: Istio checks the identity of the Pods by itself`,
        details: { expected: names.join(' '), serviceAccount: stranger.serviceAccount },
      }),
    ];
  });
}

/** Measured with a mirror gateway that was stopped: without a limit, a client's Envoy buffers whole bodies without end. */
function examineLimit(path: LivePath, live: LiveObjects): Diagnosis[] {
  const { clients, service, choice } = path;
  return clients.flatMap((client, i) => {
    if (toLimit(client.policy) !== undefined) return [];
    const ignored =
      i > 0
        ? undefined
        : live
            .list('destinationRule')
            .find((rule) => isForHost(rule, service.host) && toLimit(toPortPolicy(rule, choice.port)) !== undefined);
    const harm = safe`if the mirror gateway hangs, clients' requests wait with it, and their proxies run out of memory`;
    if (ignored !== undefined)
      return [
        diagnose(path, 'limit-ignored', 'error', toSubject(ignored), {
          reason: safe`the DestinationRule ${toShown(ignored)} limits the copies in flight, but gateways ignore it, since it is ${ignored.namespace === service.namespace ? 'not exported to them' : 'not in the namespace of the Service'}: ${harm}`,
          cure: safe`have it in the namespace of the Service, ${mask(service.namespace)}, without exportTo`,
          details: { namespace: service.namespace },
        }),
      ];
    return [
      diagnose(path, 'limit-missing', 'error', toRuleSubject(client, path), {
        reason: safe`nothing limits the copies in flight from clients${toClientText(client)} to port ${choice.port} of the Service ${toShown(service)} (${toRuleText(client)}): ${harm}`,
        cure: toInstallCure(
          path,
          safe`set connectionPool.http.http2MaxRequests in a DestinationRule for ${mask(service.host)} in ${mask(client.namespace ?? service.namespace)}, and in its portLevelSettings where there are any; see egressGatewayLimits of plugin/chart`,
        ),
        details: { port: choice.port },
      }),
    ];
  });
}

/** Istio's default, 2^32 - 1, is not a limit. */
export function toLimit(policy: unknown): number | undefined {
  const limit = numberAt(policy, ['connectionPool', 'http', 'http2MaxRequests']);
  return limit !== undefined && limit > 0 && limit < 2 ** 31 - 1 ? limit : undefined;
}

/** Guides of the time before auto mTLS have such a rule. Versions without a sidecar then get no request at all. */
function examineMeshWideTls(path: LivePath, live: LiveObjects): Diagnosis[] {
  const hosts = [...new Set(path.models.flatMap(({ serviceHosts }) => serviceHosts))];
  return live.list('destinationRule').flatMap((rule) => {
    if (rule.namespace !== rootNamespace || !isWildcard(rule)) return [];
    if (textAt(rule.spec, ['trafficPolicy', 'tls', 'mode']) !== 'ISTIO_MUTUAL') return [];
    const others = live.list('destinationRule').filter((one) => one !== rule && !isWildcard(one));
    const concerned = hosts.filter(
      (host) => isForHost(rule, host) && !others.some((one) => isForHost(one, host) && hasTls(one)),
    );
    if (concerned.length === 0) return [];
    return [
      diagnose(path, 'mesh-wide-tls', 'warning', toSubject(rule), {
        reason: safe`the DestinationRule ${toShown(rule)} demands TLS of all Services: versions whose Pods have no sidecar, such as those of ${mask(concerned[0] ?? '')}, would get neither requests nor copies`,
        cure: safe`remove it (Istio uses TLS by itself where a Pod has a sidecar), or give the Services of such Pods a DestinationRule with tls mode DISABLE`,
        details: { hosts: concerned.join(' ') },
        models: path.models.filter(({ serviceHosts }) => serviceHosts.some((host) => concerned.includes(host))),
      }),
    ];
  });
}

function hasTls({ spec }: LiveObject): boolean {
  return valueAt(spec, ['trafficPolicy', 'tls', 'mode']) !== undefined;
}

/** A window of 1 MiB was measured to cure the stall; what others do is not known. */
const maxWindow = 1024 * 1024;

/** Whether the mirror gateway's connections fill before the sockets of clients' proxies do. */
export function examineWindow(path: LivePath, live: LiveObjects): Diagnosis[] {
  const { pods, service } = path;
  const namespaces = [...new Set(pods.map(({ namespace }) => namespace))];
  if (pods.length === 0 || !namespaces.every((namespace) => live.isKnown('envoyFilter', namespace))) return [];
  const filters = [...namespaces, rootNamespace].flatMap((namespace) => live.list('envoyFilter', namespace));
  const isProtected = ({ labels }: Pod) =>
    filters.some(
      (filter) => isSubset(valueAt(filter.spec, ['workloadSelector', 'labels']), labels) && hasSmallWindow(filter),
    );
  if (pods.every(isProtected)) return [];
  return [
    diagnose(path, 'window-missing', 'error', toNamedSubject('service', service), {
      reason: safe`no EnvoyFilter gives the Pods of the Service ${toShown(service)} a connection window of at most 1 MiB: if the mirror gateway hangs, clients' requests wait with it`,
      cure: toInstallCure(path, safe`add an EnvoyFilter as egressGatewayLimits of plugin/chart has it for these Pods`),
    }),
  ];
}

function hasSmallWindow({ spec }: LiveObject): boolean {
  return mapsAt(spec, ['configPatches']).some((patch) => {
    const context = textAt(patch, ['match', 'context']) ?? 'ANY';
    const window = numberAt(patch, [
      'patch',
      'value',
      'typed_config',
      'http2_protocol_options',
      'initial_connection_window_size',
    ]);
    return (context === 'GATEWAY' || context === 'ANY') && window !== undefined && window <= maxWindow;
  });
}

function toRuleSubject({ rule }: ClientSide, { service }: LivePath): Subject {
  return rule === undefined ? toNamedSubject('service', service) : toSubject(rule);
}

function toRuleText({ rule }: ClientSide): SafeText {
  return rule === undefined ? safe`no DestinationRule holds` : safe`by the DestinationRule ${toShown(rule)}`;
}

function toClientText({ namespace }: ClientSide): SafeText {
  return namespace === undefined ? safe`` : safe` in ${mask(namespace)}`;
}

function toModeText(mode: TlsMode): SafeText {
  const texts = { mutual: 'with mutual TLS', none: 'in clear text', other: 'with another kind of TLS' } as const;
  return safe`${texts[mode]}`;
}
