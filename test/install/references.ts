import { isMap, valueAt } from '../../src/core/input/plain-value.ts';
import type { Built } from './kustomize.ts';
import { toLabel } from './kustomize.ts';

/**
 * What names something that is not there: the API server takes a name or a selector that leads nowhere.
 * For whole installations; the Secret with credentials is the user's, and not looked for.
 * @param besides what is there otherwise.
 */
export function findLooseEnds(objects: readonly Built[], besides: readonly Built[] = []): string[] {
  const all = [...objects, ...besides];
  return objects.flatMap((object) => {
    const troubles = finders[object.kind]?.(object, all) ?? [];
    return troubles.map((trouble) => `${toLabel(object)}: ${trouble}`);
  });
}

type Finder = (object: Built, objects: readonly Built[]) => string[];

const finders: Readonly<Record<string, Finder>> = {
  Deployment: findInDeployment,
  Service: findInService,
  NetworkPolicy: (policy, objects) => findUnselected(policy, ['spec', 'podSelector', 'matchLabels'], objects),
  PodDisruptionBudget: (budget, objects) => findUnselected(budget, ['spec', 'selector', 'matchLabels'], objects),
  DestinationRule: findHost,
  EnvoyFilter: (filter, objects) =>
    valueAt(filter, ['spec', 'workloadSelector']) === undefined
      ? []
      : findUnselected(filter, ['spec', 'workloadSelector', 'labels'], objects),
  Gateway: (gateway, objects) => findUnselected(gateway, ['spec', 'selector'], objects),
  PeerAuthentication: (policy, objects) => findUnselected(policy, ['spec', 'selector', 'matchLabels'], objects),
  AuthorizationPolicy: (policy, objects) => findUnselected(policy, ['spec', 'selector', 'matchLabels'], objects),
  HorizontalPodAutoscaler: findScaled,
  ServiceMonitor: findInMonitor,
  PodMonitor: (monitor, objects) => findUnselected(monitor, ['spec', 'selector', 'matchLabels'], objects),
  RoleBinding: findLostSubjects,
  ClusterRoleBinding: findLostSubjects,
};

function findInDeployment(deployment: Built, objects: readonly Built[]): string[] {
  const { namespace } = deployment.metadata;
  const pod = ['spec', 'template', 'spec'];
  const has = (kind: string, name: unknown) =>
    objects.some(
      (other) => other.kind === kind && other.metadata.name === name && other.metadata.namespace === namespace,
    );
  const account = valueAt(deployment, [...pod, 'serviceAccountName']);
  const maps = listAt(deployment, [...pod, 'containers']).flatMap((container) =>
    listAt(container, ['envFrom'])
      .filter((source) => valueAt(source, ['configMapRef', 'optional']) !== true)
      .flatMap((source) => valueAt(source, ['configMapRef', 'name']) ?? []),
  );
  return [
    ...(objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace)
      ? []
      : [`the namespace ${namespace} is not here`]),
    ...(has('ServiceAccount', account) ? [] : [`the ServiceAccount ${account} is not here`]),
    ...maps.filter((name) => !has('ConfigMap', name)).map((name) => `the ConfigMap ${name} is not here`),
  ];
}

function findInService(service: Built, objects: readonly Built[]): string[] {
  const pods = select(service, ['spec', 'selector'], objects);
  const isPort = (name: unknown) =>
    pods
      .flatMap((pod) => listAt(pod, ['spec', 'template', 'spec', 'containers']))
      .flatMap((container) => listAt(container, ['ports']))
      .some((port) => valueAt(port, ['name']) === name);
  const targets = listAt(service, ['spec', 'ports']).map((port) => valueAt(port, ['targetPort']));
  return pods.length === 0
    ? ['selects nothing']
    : targets.filter((target) => !isPort(target)).map((target) => `no container has a port ${target}`);
}

function findInMonitor(monitor: Built, objects: readonly Built[]): string[] {
  const wanted = valueAt(monitor, ['spec', 'selector', 'matchLabels']);
  const { namespace } = monitor.metadata;
  const services = objects.filter(
    ({ kind, metadata }) => kind === 'Service' && metadata.namespace === namespace && matches(wanted, metadata.labels),
  );
  const isPort = (name: unknown) =>
    services.flatMap((service) => listAt(service, ['spec', 'ports'])).some((port) => valueAt(port, ['name']) === name);
  const ports = listAt(monitor, ['spec', 'endpoints']).map((endpoint) => valueAt(endpoint, ['port']));
  return ports.filter((port) => !isPort(port)).map((port) => `no Service that it selects has a port ${port}`);
}

/** Of a Service in the rule's own namespace. */
function findHost(rule: Built, objects: readonly Built[]): string[] {
  const host = valueAt(rule, ['spec', 'host']);
  const { namespace } = rule.metadata;
  const isHere = objects.some(
    ({ kind, metadata }) => kind === 'Service' && metadata.namespace === namespace && metadata.name === host,
  );
  return isHere ? [] : [`its host, the Service ${host}, is not here`];
}

function findScaled(scaler: Built, objects: readonly Built[]): string[] {
  const target = valueAt(scaler, ['spec', 'scaleTargetRef']);
  const isHere = objects.some(
    ({ kind, metadata }) =>
      kind === valueAt(target, ['kind']) &&
      metadata.name === valueAt(target, ['name']) &&
      metadata.namespace === scaler.metadata.namespace,
  );
  return isHere ? [] : ['what it scales is not here'];
}

function findLostSubjects(binding: Built, objects: readonly Built[]): string[] {
  const subjects = listAt(binding, ['subjects']) as readonly { kind: string; name: string; namespace: string }[];
  const isHere = (subject: (typeof subjects)[number]) =>
    objects.some(
      ({ kind, metadata }) =>
        kind === subject.kind && metadata.name === subject.name && metadata.namespace === subject.namespace,
    );
  return subjects
    .filter((subject) => !isHere(subject))
    .map(({ kind, namespace, name }) => `its subject, the ${kind} ${namespace}/${name}, is not here`);
}

function findUnselected(object: Built, path: readonly string[], objects: readonly Built[]): string[] {
  return select(object, path, objects).length === 0 ? ['selects nothing'] : [];
}

/** The Deployments of the same namespace whose Pods have the labels. */
function select(object: Built, path: readonly string[], objects: readonly Built[]): Built[] {
  const wanted = valueAt(object, path);
  return objects.filter(
    (other) =>
      other.kind === 'Deployment' &&
      other.metadata.namespace === object.metadata.namespace &&
      matches(wanted, valueAt(other, ['spec', 'template', 'metadata', 'labels'])),
  );
}

function matches(wanted: unknown, labels: unknown): boolean {
  return isMap(wanted) && isMap(labels) && Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function listAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list : [];
}
