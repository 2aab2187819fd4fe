/** InferenceService → the Deployments and Services that KServe makes for it. */
import type { PlainMap } from '../../../core/input/plain-value.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../../core/input/plain-value.ts';
import type { KubernetesObject, OwnerReference, Written } from '../kubernetes/object.ts';
import type { DeploymentSpec } from './deployment-controller.ts';

export type Component = 'predictor' | 'transformer';

export interface MakingOptions {
  /** Annotations of InferenceServices that pods do not get (`serviceAnnotationDisallowedList`). */
  readonly disallowedAnnotations?: readonly string[];
  /** Of the Deployments; default: KServe's 600. */
  readonly progressDeadlineSeconds?: number;
}

/** Fields beside the containers that shape no pod (ComponentExtensionSpec). */
const notOfPods = new Set([
  ...['minReplicas', 'maxReplicas', 'scaleTarget', 'scaleMetric', 'scaleMetricType', 'autoScaling'],
  ...['containerConcurrency', 'timeout', 'canaryTrafficPercent', 'deploymentStrategy', 'labels', 'annotations'],
]);

/** Of the default `serviceAnnotationDisallowedList`, what users meet. */
const keptOff = 'kubectl.kubernetes.io/last-applied-configuration';

export function toComponents({ spec }: KubernetesObject): Component[] {
  return isMap(valueAt(spec, ['transformer'])) ? ['predictor', 'transformer'] : ['predictor'];
}

export function isStopped({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.['serving.kserve.io/stop'] === 'true';
}

export function toName(service: KubernetesObject, component: Component): string {
  return `${service.metadata.name}-${component}`;
}

/**
 * @param live the Deployment that there is; how many replicas it has is the business of an autoscaler.
 */
export function toDeployment(
  service: KubernetesObject,
  component: Component,
  live: KubernetesObject | undefined,
  options: MakingOptions,
): Written {
  const { annotations } = service.metadata;
  const part = valueAt(service.spec, [component]) as PlainMap;
  const metadata = toMetadata(service, component, options);
  const isScaled = !['none', 'external'].includes(annotations?.['serving.kserve.io/autoscalerClass'] ?? '');
  const wished = isScaled ? 1 : Number(part['minReplicas'] ?? 1);
  const current = valueAt(live, ['spec', 'replicas']) as number | undefined;
  const isFixed = annotations?.['serving.kserve.io/autoscalerClass'] === 'none';
  const spec: DeploymentSpec = {
    replicas: isFixed ? wished : (current ?? wished),
    progressDeadlineSeconds: options.progressDeadlineSeconds ?? 600,
    selector: { matchLabels: { app: metadata.labels.app } },
    template: {
      metadata: { labels: metadata.labels, annotations: metadata.annotations },
      spec: toPodSpec(service, component, part),
    },
  };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
}

/** One port without a protocol, unless the container declares some: the first of them then is port 80. */
export function toService(service: KubernetesObject, component: Component, options: MakingOptions): Written {
  const part = valueAt(service.spec, [component]);
  const metadata = toMetadata(service, component, options);
  const declared = mapsAt(part, ['model', 'ports']).concat(
    ...mapsAt(part, ['containers']).map((container) => mapsAt(container, ['ports'])),
  );
  const hasAgent = valueAt(part, ['logger']) !== undefined || valueAt(part, ['batcher']) !== undefined;
  const ports = (declared.length === 0 ? [{ name: metadata.name, containerPort: 8080 }] : declared).map((port, i) => ({
    name: textAt(port, ['name']) ?? '',
    port: i === 0 ? 80 : port['containerPort'],
    targetPort: i === 0 && hasAgent ? 9081 : port['containerPort'],
    protocol: 'TCP',
    ...(/grpc|h2c/.test(textAt(port, ['name']) ?? '') ? { appProtocol: 'kubernetes.io/h2c' } : {}),
  }));
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: metadata.labels.app }, ports } };
}

/** All labels and annotations of the InferenceService and of the component; pods have the same. */
function toMetadata(
  service: KubernetesObject,
  component: Component,
  { disallowedAnnotations: disallowed = [] }: MakingOptions,
) {
  const { namespace, name, labels, annotations, uid } = service.metadata;
  const part = valueAt(service.spec, [component]);
  const sourceUri = toSourceUri(part);
  const own = { ...annotations, ...(valueAt(part, ['annotations']) as Record<string, string> | undefined) };
  const owner: OwnerReference = {
    apiVersion: service.apiVersion,
    kind: service.kind,
    name,
    uid,
    controller: true,
  };
  return {
    namespace,
    name: toName(service, component),
    labels: {
      ...labels,
      ...(valueAt(part, ['labels']) as Record<string, string> | undefined),
      app: `isvc.${toName(service, component)}`,
      component,
      'serving.kserve.io/inferenceservice': name,
    },
    annotations: {
      ...Object.fromEntries(Object.entries(own).filter(([key]) => key !== keptOff && !disallowed.includes(key))),
      ...(sourceUri === undefined ? {} : { 'internal.serving.kserve.io/storage-initializer-sourceuri': sourceUri }),
    },
    ownerReferences: [owner],
  };
}

function toSourceUri(part: unknown): string | undefined {
  const path = textAt(part, ['model', 'storage', 'path']);
  return textAt(part, ['model', 'storageUri']) ?? (path && `<scheme-placeholder>://${path}`);
}

/** The runtime is not looked up: an image for each name, or format and protocol, stands for it. */
function toPodSpec({ metadata }: KubernetesObject, component: Component, part: PlainMap): object {
  const { model, containers, ...rest } = part;
  const pod = Object.fromEntries(Object.entries(rest).filter(([key]) => !notOfPods.has(key)));
  if (!isMap(model)) return { ...pod, containers };
  const { modelFormat, runtime, protocolVersion, storageUri: _uri, storage: _storage, args = [], ...container } = model;
  const format = textAt(modelFormat, ['name']);
  const image = `kserve/${runtime ?? `${format}server${protocolVersion === 'v2' ? '-v2' : ''}`}:latest`;
  const name = component === 'predictor' ? 'kserve-container' : 'transformer-container';
  const all = [`--model_name=${metadata.name}`, ...(args as readonly string[])];
  return { ...pod, containers: [{ ...container, name, image, args: all }] };
}
