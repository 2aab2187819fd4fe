/**
 * Deployments and Pods as the API serves them → what is kept of them. Of Pods nothing is read but their labels,
 * annotations, conditions and the states of their containers.
 *
 * KServe copies all labels and annotations of an InferenceService into the pod template, and adds a label with its name
 * (KServe 0.20.0, pkg/controller/v1beta1/inferenceservice/reconcilers/deployment/deployment_reconciler.go).
 *
 * Invariant: equal facts are equal texts. What counts nodes, attempts or used quota is left out.
 */
import { compareText } from '../../diagnostics/problem.ts';
import type { PlainMap } from '../../input/plain-value.ts';
import { mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import { digestAnnotation } from '../../manifests/manifest.ts';
import type { LiveWorkload, Trouble } from '../workload.ts';
import { readTemplateWrites } from './template-writes.ts';

const serviceLabel = 'serving.kserve.io/inferenceservice';

export const deployments = {
  kind: 'Deployment',
  groupVersion: 'apps/v1',
  plural: 'deployments',
  labels: [serviceLabel],
} as const;

export const pods = { kind: 'Pod', groupVersion: 'v1', plural: 'pods', labels: [serviceLabel] } as const;

export function toSelector(service: string): string {
  return `${serviceLabel}=${service}`;
}

/** The reason of a Deployment whose pods did not become ready in time. */
export const deadlineExceeded = 'ProgressDeadlineExceeded';

/** @returns undefined: nothing needs to be kept of it, as of a Pod without trouble. */
export function readWorkload(object: unknown, kind: string): LiveWorkload | undefined {
  if (textAt(object, ['metadata', 'deletionTimestamp']) !== undefined) return undefined;
  if (kind === deployments.kind) return readDeployment(object);
  const trouble = findPodTrouble(object);
  return (
    trouble && {
      ...toIdentity(object),
      kind,
      digest: readDigest(object),
      rollout: undefined,
      trouble,
      template: undefined,
    }
  );
}

function toIdentity(object: unknown): Pick<LiveWorkload, 'is' | 'namespace' | 'name' | 'uid' | 'service' | 'owner'> {
  const at = (...path: string[]) => textAt(object, ['metadata', ...path]) ?? '';
  const controller = mapsAt(object, ['metadata', 'ownerReferences']).find((one) => one['controller'] === true);
  return {
    is: 'workload',
    namespace: at('namespace'),
    name: at('name'),
    uid: at('uid'),
    service: at('labels', serviceLabel),
    owner: textAt(controller, ['uid']),
  };
}

function readDigest(object: unknown): string | undefined {
  return textAt(object, ['metadata', 'annotations', digestAnnotation]);
}

function readDeployment(object: unknown): LiveWorkload {
  const count = (...path: string[]) => {
    const found = valueAt(object, path);
    return typeof found === 'number' ? found : undefined;
  };
  const generation = count('metadata', 'generation') ?? Number.POSITIVE_INFINITY;
  return {
    ...toIdentity(object),
    kind: deployments.kind,
    digest: readDigest(valueAt(object, ['spec', 'template'])),
    rollout: {
      generation,
      isObserved: (count('status', 'observedGeneration') ?? 0) >= generation,
      // The API server's default.
      wanted: count('spec', 'replicas') ?? 1,
      all: count('status', 'replicas') ?? 0,
      updated: count('status', 'updatedReplicas') ?? 0,
      available: count('status', 'availableReplicas') ?? 0,
    },
    trouble: findDeploymentTrouble(object),
    template: readTemplateWrites(object),
  };
}

function findCondition(object: unknown, type: string, status: 'True' | 'False'): PlainMap | undefined {
  return mapsAt(object, ['status', 'conditions']).find((one) => one['type'] === type && one['status'] === status);
}

function findDeploymentTrouble(object: unknown): Trouble | undefined {
  const refused = findCondition(object, 'ReplicaFailure', 'True');
  if (refused !== undefined)
    return {
      reason: textAt(refused, ['reason']) ?? 'ReplicaFailure',
      message: toRefusal(textAt(refused, ['message']) ?? ''),
    };
  if (textAt(findCondition(object, 'Progressing', 'False'), ['reason']) !== deadlineExceeded) return undefined;
  return {
    reason: deadlineExceeded,
    message: 'its pods did not get ready within progressDeadlineSeconds of its Deployment',
  };
}

/** `pods "wisdom-1-predictor-6d4cf56db6-" is forbidden: exceeded quota: q, requested: cpu=1, used: cpu=8, limited: cpu=8`. */
function toRefusal(message: string): string {
  const text = message.replace(/^pods? "[^"]*" is /i, 'a pod is ');
  const [start, end] = [text.indexOf(', used: '), text.indexOf(', limited: ')];
  return start >= 0 && end > start ? text.slice(0, start) + text.slice(end) : text;
}

const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
]);
const setupReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

/** A pod's container that downloads the model, which KServe's webhook adds. */
const storageInitializer = 'storage-initializer';

function findPodTrouble(pod: unknown): Trouble | undefined {
  // Its Deployment replaces it, and it is kept for people alone, as after an eviction.
  if (/^(?:Failed|Succeeded)$/.test(textAt(pod, ['status', 'phase']) ?? '')) return undefined;
  const scheduled = findCondition(pod, 'PodScheduled', 'False');
  if (textAt(scheduled, ['reason']) === 'Unschedulable')
    return { reason: 'Unschedulable', message: toNodeReasons(textAt(scheduled, ['message']) ?? '') };
  for (const list of ['initContainerStatuses', 'containerStatuses'])
    for (const container of mapsAt(pod, ['status', list])) {
      const trouble = container['ready'] === true ? undefined : findContainerTrouble(container);
      if (trouble !== undefined) return trouble;
    }
  return undefined;
}

/**
 * Until a container is ready, what ended it last counts, also while it runs again: otherwise a crash loop would be
 * another state every few seconds.
 */
function findContainerTrouble(container: PlainMap): Trouble | undefined {
  const at = (...path: string[]) => textAt(container, path) ?? '';
  const name = at('name');
  const waiting = at('state', 'waiting', 'reason');
  // The kubelet shows the two of a pull that fails in turn, and of these only one has details.
  if (imageReasons.has(waiting))
    return {
      reason: waiting === 'ErrImagePull' ? 'ImagePullBackOff' : waiting,
      message: `the image ${at('image')} of container ${name} cannot be pulled`,
    };
  if (setupReasons.has(waiting))
    return { reason: waiting, message: `container ${name}: ${at('state', 'waiting', 'message')}` };
  const ended = valueAt(container, ['state', 'terminated']) ?? valueAt(container, ['lastState', 'terminated']);
  const exitCode = valueAt(ended, ['exitCode']);
  if (typeof exitCode !== 'number' || (exitCode === 0 && waiting !== 'CrashLoopBackOff')) return undefined;
  const isOutOfMemory = textAt(ended, ['reason']) === 'OOMKilled';
  const how = isOutOfMemory ? 'is killed, because it is out of memory' : `ends with exit code ${exitCode}`;
  const message = toLastLine(textAt(ended, ['message']) ?? '');
  return {
    // 128 + SIGKILL: nobody else kills a model server that did not get ready.
    reason: isOutOfMemory || exitCode === 137 ? 'OOMKilled' : toCrashReason(name),
    message: `container ${name} ${how}${message === '' ? '' : `: ${message}`}`,
  };
}

/** Before it are lines of a log, or of a traceback: what went wrong is in the last one. */
function toLastLine(message: string): string {
  return message.trim().split('\n').at(-1)?.trim() ?? '';
}

/** KServe's own word for a download that fails; it has one word for all, the pod knows which. */
function toCrashReason(container: string): string {
  return container === storageInitializer ? 'ModelLoadFailed' : 'CrashLoopBackOff';
}

/**
 * `0/12 nodes are available: 3 Insufficient cpu, 9 node(s) had untolerated taint {…}. preemption: 0/12 …` without the
 * numbers, by which the scheduler sorts.
 */
function toNodeReasons(message: string): string {
  const end = message.indexOf('. preemption:');
  const text = end < 0 ? message : message.slice(0, end);
  const start = text.indexOf(' nodes are available: ');
  if (start < 0 || !/^\d+\/\d+$/.test(text.slice(0, start))) return text;
  const reasons = text
    .slice(text.indexOf(': ') + 2)
    .replace(/\.$/, '')
    .split(/, (?=\d)/)
    .map((reason) => reason.replace(/^\d+ /, ''));
  return `no node is available: ${[...new Set(reasons)].sort(compareText).join(', ')}`;
}
