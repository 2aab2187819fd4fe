import { isMap, valueAt } from '../../src/core/input/plain-value.ts';
import type { Built } from './kustomize.ts';
import { toLabel } from './kustomize.ts';

const volumeTypes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/**
 * Where Deployments break the profile "restricted" of Kubernetes' Pod Security Standards, or our own rules:
 * a root file system that cannot be written to, bounded memory, and an image with a version, unless Istio's injector
 * fills it in.
 */
export function findPodTroubles(objects: readonly Built[]): string[] {
  return objects.filter(({ kind }) => kind === 'Deployment').flatMap(findInDeployment);
}

function findInDeployment(deployment: Built): string[] {
  const pod = valueAt(deployment, ['spec', 'template', 'spec']);
  const containers = [...listAt(pod, 'containers'), ...listAt(pod, 'initContainers')];
  const annotations = valueAt(deployment, ['spec', 'template', 'metadata', 'annotations']);
  const isInjected = valueAt(annotations, ['inject.istio.io/templates']) !== undefined;
  const troubles = [
    ...['hostNetwork', 'hostPID', 'hostIPC']
      .filter((field) => valueAt(pod, [field]) === true)
      .map((field) => `has ${field}`),
    ...listAt(pod, 'volumes')
      .flatMap((volume) => Object.keys(volume as object))
      .filter((type) => type !== 'name' && !volumeTypes.includes(type))
      .map((type) => `has a volume of type ${type}`),
    ...(containers.length === 0 ? ['has no container'] : []),
    ...containers.flatMap((container) => findInContainer(container, pod, isInjected)),
  ];
  return troubles.map((trouble) => `${toLabel(deployment)}: ${trouble}`);
}

function findInContainer(container: unknown, pod: unknown, isInjected: boolean): string[] {
  const own = (...path: string[]) => valueAt(container, ['securityContext', ...path]);
  const inherited = (...path: string[]) => own(...path) ?? valueAt(pod, ['securityContext', ...path]);
  const dropped = own('capabilities', 'drop');
  const added = own('capabilities', 'add');
  const image = String(valueAt(container, ['image']));
  const rules: Readonly<Record<string, boolean>> = {
    'is privileged': own('privileged') === true,
    'may be root': inherited('runAsNonRoot') !== true || inherited('runAsUser') === 0,
    'may gain privileges': own('allowPrivilegeEscalation') !== false,
    'keeps capabilities': !Array.isArray(dropped) || !dropped.includes('ALL'),
    'adds capabilities': added !== undefined,
    'has no seccomp profile': inherited('seccompProfile', 'type') !== 'RuntimeDefault',
    'has a port of the host': listAt(container, 'ports').some((port) => valueAt(port, ['hostPort']) !== undefined),
    'may write to its root file system': own('readOnlyRootFilesystem') !== true,
    'has no memory limit': typeof valueAt(container, ['resources', 'limits', 'memory']) !== 'string',
    'asks for no memory': typeof valueAt(container, ['resources', 'requests', 'memory']) !== 'string',
    [`has an image without a version: ${image}`]:
      !(isInjected && image === 'auto') && !/(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(image),
  };
  const name = isMap(container) ? String(container['name']) : '';
  return Object.keys(rules)
    .filter((rule) => rules[rule])
    .map((rule) => `container ${name} ${rule}`);
}

function listAt(value: unknown, field: string): readonly unknown[] {
  const list = valueAt(value, [field]);
  return Array.isArray(list) ? list : [];
}
