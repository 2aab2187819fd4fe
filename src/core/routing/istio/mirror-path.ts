/** One mirror gateway as policies choose it, and the live objects that copies meet on their way to it. */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { safe } from '../../diagnostics/safe-text.ts';
import { mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { Diagnosis, DiagnosisCode, DiagnosisSeverity, ExaminedModel, Subject } from '../examination.ts';
import type { MirrorGatewayChoice } from '../router.ts';
import { toServiceKey } from '../service-key.ts';
import { findRule, isForHost, toPortPolicy } from './destination-rules.ts';
import type { LiveObject, LiveObjects, NamespacedName, Pod } from './live-objects.ts';
import { compare, isSubset, numberAt, rootNamespace, textsAt, toKey, toMap, toPods } from './live-objects.ts';

export interface MirrorPath {
  readonly choice: MirrorGatewayChoice;
  readonly gateway: NamespacedName;
  /** Its Service; undefined: the host is not one of the cluster's. */
  readonly service: (NamespacedName & { readonly host: string }) | undefined;
  /** Whether it is the mirror gateway that `plugin/chart` installs. */
  readonly isOurs: boolean;
  readonly models: readonly ExaminedModel[];
}

/** Each mirror gateway once, with the models that use it. */
export function toMirrorPaths(models: readonly ExaminedModel[]): MirrorPath[] {
  const paths = new Map<string, MirrorPath & { readonly models: ExaminedModel[] }>();
  for (const model of models) {
    const choice = model.policy.mirrorGateway;
    const gateway = toFullName(choice.name, model.namespace);
    const serviceKey = toServiceKey(choice.service, model.namespace);
    const key = JSON.stringify([serviceKey, choice.port, choice.tls, toKey(gateway)]);
    const known = paths.get(key);
    if (known !== undefined) known.models.push(model);
    else {
      const [name = '', namespace = '', ...rest] = serviceKey.split('.');
      const isService = rest.length === 1 && rest[0] === 'svc';
      const full = `${name}.${namespace}.svc.`;
      const host = choice.service.startsWith(full) ? choice.service : `${full}${model.policy.clusterDomain}`;
      paths.set(key, {
        choice,
        gateway,
        service: isService ? { namespace, name, host } : undefined,
        isOurs: serviceKey === 'model-mirror-gateway.model-mirror.svc',
        models: [model],
      });
    }
  }
  return [...paths.values()];
}

/** A Gateway's name as a policy or a VirtualService of a namespace has it. */
export function toFullName(name: string, namespace: string): NamespacedName {
  const [first = '', second] = name.split('/');
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}

/** A TLS server or client: mutual TLS with the mesh's certificates, clear text, or something else. */
export type TlsMode = 'mutual' | 'none' | 'other';

export interface Server {
  /** The port that its Pods listen on. */
  readonly port: number;
  readonly tls: TlsMode;
  /** `NAMESPACE/HOST`; `*` for any namespace. */
  readonly hosts: readonly (readonly [namespace: string, host: string])[];
}

/** A path whose Service exists and has Pods. */
export interface LivePath extends MirrorPath {
  readonly service: NonNullable<MirrorPath['service']>;
  readonly servicePort: unknown;
  readonly pods: readonly Pod[];
  /** The port that the Pods listen on. */
  readonly targetPort: number;
  /** Undefined: there is none, or it is not known. */
  readonly gatewayObject: LiveObject | undefined;
  /** The Gateway's server for the port. */
  readonly server: Server | undefined;
  /** How clients connect, by what decides it: the first is how the public gateway does. */
  readonly clients: readonly ClientSide[];
}

/** What holds for the clients of some namespaces. */
export interface ClientSide {
  /** Undefined: no DestinationRule holds. */
  readonly rule: LiveObject | undefined;
  /** Its settings for the port. */
  readonly policy: unknown;
  /** For messages; undefined: of all clients outside of the namespaces of the others. */
  readonly namespace: string | undefined;
}

export function toServers(gateway: LiveObject, servicePort: unknown, targetPort: number): Server[] {
  const published = numberAt(servicePort, ['port']);
  return mapsAt(gateway.spec, ['servers']).map((server) => {
    const number = numberAt(server, ['port', 'number']) ?? 0;
    const mode = textAt(server, ['tls', 'mode']);
    return {
      // The number is that of a port of the Service where there is one, as `resolvePorts` in istiod's gateway.go.
      port: number === published ? targetPort : number,
      tls: mode === 'ISTIO_MUTUAL' ? 'mutual' : valueAt(server, ['tls']) === undefined ? 'none' : 'other',
      hosts: textsAt(server, ['hosts']).map((host) => {
        const [first = '', second] = host.split('/');
        if (second === undefined) return ['*', first];
        return [first === '.' ? gateway.namespace : first, second];
      }),
    };
  });
}

/** Where a Service's port leads; a name is that of a container's port. */
export function toTargetPort(servicePort: unknown, pods: readonly Pod[]): number {
  const target = valueAt(servicePort, ['targetPort']);
  if (typeof target === 'number') return target;
  const ports = pods.flatMap(({ spec }) =>
    mapsAt(spec, ['containers']).flatMap((container) => mapsAt(container, ['ports'])),
  );
  const named = ports.find(({ name }) => name === target);
  return numberAt(named, ['containerPort']) ?? numberAt(servicePort, ['port']) ?? 0;
}

/** Pods of the public gateways that requests of the models enter by. */
export function findPublicPods(path: MirrorPath, live: LiveObjects): Pod[] {
  const selectors = path.models.map(({ policy }) => policy.gateway.selector);
  return toPods(live.list('pod')).filter(({ labels }) => selectors.some((selector) => isSubset(selector, labels)));
}

/** Pods that a Service selects; a Service without a selector selects none. */
export function findServicePods(service: LiveObject | undefined, live: LiveObjects): Pod[] {
  const selector = toMap(valueAt(service?.spec, ['selector']));
  if (service === undefined || Object.keys(selector).length === 0) return [];
  return toPods(live.list('pod', service.namespace)).filter(({ labels }) => isSubset(selector, labels));
}

/** @param servicePort of the Service, with the chosen number. */
export function toLivePath(path: MirrorPath, servicePort: unknown, pods: readonly Pod[], live: LiveObjects): LivePath {
  const { service, choice } = path;
  if (service === undefined) throw new Error('a host that is not a Service has no live path');
  const targetPort = toTargetPort(servicePort, pods);
  const gatewayObject = live.find('gateway', path.gateway);
  const rules = live.list('destinationRule');
  const own = new Set(findPublicPods(path, live).map(({ namespace }) => namespace));
  const gateways = own.size === 0 ? [rootNamespace] : [...own].sort(compare);
  // Sidecars of a namespace with rules of its own go by those.
  const others = rules.filter((rule) => isForHost(rule, service.host)).map(({ namespace }) => namespace);
  const clients = [...gateways, ...others].map((namespace, i): ClientSide => {
    const rule = findRule(rules, namespace, service);
    return { rule, policy: toPortPolicy(rule, choice.port), namespace: i === 0 ? undefined : namespace };
  });
  return {
    ...path,
    service,
    servicePort,
    pods,
    targetPort,
    gatewayObject,
    server: gatewayObject && toServers(gatewayObject, servicePort, targetPort).find(({ port }) => port === targetPort),
    clients: clients.filter(({ rule }, i) => clients.findIndex((one) => one.rule === rule) === i),
  };
}

export interface Words {
  readonly reason: SafeText;
  readonly cure: SafeText;
  readonly details?: Diagnosis['details'];
  /** Absent: all models of the path. */
  readonly models?: readonly ExaminedModel[];
}

export function diagnose(
  path: Pick<MirrorPath, 'models'>,
  code: DiagnosisCode,
  severity: DiagnosisSeverity,
  subject: Subject,
  { reason, cure, details = {}, models = path.models }: Words,
): Diagnosis {
  return { code, severity, subject, models: sortModels(models), details, reason, cure };
}

export function sortModels(models: readonly NamespacedName[]): NamespacedName[] {
  return models.map(({ namespace, name }) => ({ namespace, name })).sort((a, b) => compare(toKey(a), toKey(b)));
}

/** What to do where the parts of the mirror gateway itself are missing or changed. */
export function toInstallCure({ isOurs }: MirrorPath, otherwise: SafeText): SafeText {
  return isOurs ? safe`upgrade the release of plugin/chart to this version` : otherwise;
}
