/**
 * What of an InferenceService determines what is loaded in Standard mode, and what restarts its pods.
 *
 * KServe copies every label and annotation into the pod template (deployment_reconciler.go), so each of them restarts
 * pods. Its webhook fills in what is left out of here: names of containers, resources, the protocol version of Triton and
 * vLLM, annotations and labels of its own (inference_service_defaults.go).
 */
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, valueAt } from '../../input/plain-value.ts';
import { digestAnnotation } from '../../manifests/manifest.ts';
import { deploymentModeAnnotation } from '../serving-mode.ts';
import { toProtocolVersion } from './runtimes.ts';

/** KServe's annotations, as for where credentials are; its webhook sets none of this domain but the mode. */
const ownDomain = 'serving.kserve.io/';

/** Whether a label or annotation reaches the pods. That of the mode does, and KServe itself rewrites former values. */
export function isLoading(_field: 'labels' | 'annotations', key: string): boolean {
  return key !== deploymentModeAnnotation && key !== digestAnnotation;
}

/**
 * An InferenceService, rendered or live → the values that decide what its servers load, how they are started, and how
 * requests reach them: the whole spec but what is known to decide none of it. A list of what does would be incomplete: any
 * volume, variable or init container can bring a model. What is left out here, edits by hand may change unnoticed.
 */
export function findLoadedValues(service: unknown): PlainMap {
  const annotations = valueAt(service, ['metadata', 'annotations']);
  const spec = valueAt(service, ['spec']);
  return {
    annotations: Object.fromEntries(
      Object.entries(isMap(annotations) ? annotations : {}).filter(
        ([key]) => key.startsWith(ownDomain) && isLoading('annotations', key),
      ),
    ),
    spec: toPlain(
      Object.fromEntries(
        Object.entries(isMap(spec) ? spec : {}).map(([key, part]) => [key, isMap(part) ? toComponent(part) : part]),
      ),
    ),
  };
}

/** Numbers of pods, where they run, how much they get, and how one replaces another. */
const notOfComponents = new Set([
  ...['minReplicas', 'maxReplicas', 'scaleTarget', 'scaleMetric', 'scaleMetricType', 'autoScaling'],
  ...['containerConcurrency', 'timeout', 'canaryTrafficPercent', 'deploymentStrategy'],
  ...['nodeSelector', 'nodeName', 'affinity', 'tolerations', 'topologySpreadConstraints', 'schedulerName'],
  ...['schedulingGates', 'priorityClassName', 'priority', 'preemptionPolicy', 'overhead', 'resources'],
  ...['terminationGracePeriodSeconds', 'securityContext', 'imagePullSecrets', 'automountServiceAccountToken'],
]);

/** KServe's webhook fills in resources, in its own notation. */
const notOfContainers = new Set([
  ...['resources', 'resizePolicy', 'securityContext', 'imagePullPolicy'],
  ...['terminationMessagePath', 'terminationMessagePolicy'],
]);

function toComponent(component: PlainMap): PlainMap {
  const { model, art, workerSpec, containers, initContainers, ...rest } = without(component, notOfComponents);
  return {
    ...rest,
    model: isMap(model) ? { ...toContainer(model, 0), protocolVersion: toProtocolVersion(model) } : model,
    // Its version is filled in.
    art: isMap(art) ? without(toContainer(art, 0), new Set(['runtimeVersion'])) : art,
    workerSpec: isMap(workerSpec) ? toComponent(workerSpec) : workerSpec,
    containers: toContainers(containers),
    initContainers: toContainers(initContainers),
  };
}

function toContainers(containers: unknown): unknown {
  return Array.isArray(containers) ? containers.map((one, i) => (isMap(one) ? toContainer(one, i) : one)) : containers;
}

/** KServe gives the first one its name, whatever it is called; in front of a model it is the transformer. */
function toContainer(container: PlainMap, index: number): PlainMap {
  const { name, ...rest } = without(container, notOfContainers);
  return index > 0 || name === 'transformer-container' ? { name, ...rest } : rest;
}

function without(map: PlainMap, keys: ReadonlySet<string>): PlainMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.has(key)));
}

/**
 * What the API server fills in by the CustomResourceDefinition, and quantities, which KServe's webhook writes in another
 * notation.
 */
const filledIn: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['protocol', ['TCP']],
  ['mountPath', ['/mnt/models']],
  ['fsType', ['ext4', 'xfs']],
  ['iscsiInterface', ['default']],
  ['keyring', ['/etc/ceph/keyring']],
  ['pool', ['rbd']],
  ['user', ['admin']],
  ['storageMode', ['ThinProvisioned']],
]);
const quantities = new Set(['divisor', 'sizeLimit', 'resources']);

/** Without what means the same as nothing: to KServe an empty value is none (Go's `omitempty`). */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((one) => toPlain(one) ?? null);
  if (!isMap(value)) return value === '' || value === false || value === 0 || value === null ? undefined : value;
  const entries = Object.entries(value).flatMap(([key, one]) => {
    const plain = quantities.has(key) ? undefined : toPlain(one);
    return plain === undefined || filledIn.get(key)?.includes(plain) === true ? [] : [[key, plain] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
