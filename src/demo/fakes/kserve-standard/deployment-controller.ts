/** The part of the Deployment and ReplicaSet controllers: pods of a Deployment, replaced in a rolling update. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { valueAt } from '../../../core/input/plain-value.ts';
import type { FakeKubernetes } from '../kubernetes/api.ts';
import type { KubernetesObject, Written } from '../kubernetes/object.ts';
import type { Condition } from './conditions.ts';
import { findCondition, withTimes } from './conditions.ts';
import { isReadyPod } from './kubelet.ts';

export interface DeploymentSpec {
  readonly replicas: number;
  readonly progressDeadlineSeconds: number;
  readonly selector: { readonly matchLabels: { readonly app: string } };
  readonly template: {
    readonly metadata: {
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    };
    readonly spec: object;
  };
}

const hashLabel = 'pod-template-hash';

/** Deployments that the KServe of this folder has made. */
export function toSpec({ spec }: KubernetesObject): DeploymentSpec {
  return spec as DeploymentSpec;
}

/**
 * One step of a Deployment: makes and removes pods, and writes its status.
 *
 * @param pods of this Deployment, the oldest first.
 * @param stalledMs how long its rollout has made no progress.
 */
export function stepDeployment(
  cluster: FakeKubernetes,
  deployment: KubernetesObject,
  pods: readonly KubernetesObject[],
  stalledMs: number,
): void {
  const { replicas } = toSpec(deployment);
  const hash = toHash(deployment);
  const isNew = ({ metadata }: KubernetesObject) => metadata.labels?.[hashLabel] === hash;
  const isReady = ({ status }: KubernetesObject) => isReadyPod(status);
  const current = pods.filter(isNew);
  const old = pods.filter((pod) => !isNew(pod));
  const remove = (some: readonly KubernetesObject[]) => {
    for (const { metadata } of some) cluster.remove('pods', metadata.namespace, metadata.name);
  };
  // RollingUpdate with 25 % and 25 %: one replica surges by one, and is never unavailable.
  const mostPods = replicas + Math.ceil(replicas / 4);
  const leastReady = replicas - Math.floor(replicas / 4);
  const missing = Math.min(replicas - current.length, replicas === 0 ? 0 : mostPods - pods.length);
  for (let i = 0; i < missing; i++) cluster.apply(toPod(deployment, hash), 'kube-controller-manager');
  if (missing < 0 && current.length > replicas) remove(current.slice(replicas));
  // Old pods that are not ready go first, as many as new ones do not need (deployment/rolling.go).
  const unready = current.length - current.filter(isReady).length;
  const spare = Math.max(0, pods.length - leastReady - unready);
  const broken = old.filter((pod) => !isReady(pod)).slice(0, spare);
  remove(broken);
  const superfluous = spare === 0 ? 0 : Math.max(0, pods.filter(isReady).length - leastReady);
  remove(old.filter(isReady).slice(0, superfluous));
  writeStatus(cluster, deployment, hash, stalledMs);
}

function writeStatus(cluster: FakeKubernetes, deployment: KubernetesObject, hash: string, stalledMs: number): void {
  const { metadata, status: before } = deployment;
  const { replicas, progressDeadlineSeconds } = toSpec(deployment);
  const pods = listPods(cluster, deployment);
  const ready = pods.filter(({ status }) => isReadyPod(status)).length;
  const updated = pods.filter((pod) => pod.metadata.labels?.[hashLabel] === hash).length;
  const count = (name: string, number: number) => (number === 0 ? {} : { [name]: number });
  const status = {
    observedGeneration: metadata.generation,
    ...count('replicas', pods.length),
    ...count('updatedReplicas', updated),
    ...count('readyReplicas', ready),
    ...count('availableReplicas', ready),
    ...count('unavailableReplicas', Math.max(pods.length, replicas) - ready),
  };
  const isComplete = pods.length === replicas && updated === replicas && ready === replicas;
  const isAvailable = ready >= replicas - Math.floor(replicas / 4);
  const progressing = toProgressing(`${metadata.name}-${hash}`, findCondition(before, 'Progressing'), isComplete);
  const isLate = progressing.reason !== 'NewReplicaSetAvailable' && stalledMs > progressDeadlineSeconds * 1000;
  const conditions = withTimes(before, [
    isAvailable
      ? toAvailable('True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
      : toAvailable('False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'),
    isLate ? toLate(`${metadata.name}-${hash}`) : progressing,
  ]);
  const next = { ...status, conditions };
  if (!isDeepStrictEqual(next, before))
    cluster.patchStatus('deployments', metadata.namespace, metadata.name, next, 'kube-controller-manager');
}

/** A rollout that was complete stays so, whatever its pods do later: only another template begins the next. */
function toProgressing(replicaSet: string, before: Condition | undefined, isComplete: boolean): Condition {
  const type = 'Progressing';
  const isOf = before?.message?.includes(`"${replicaSet}"`) === true;
  if (isComplete || (isOf && before.reason === 'NewReplicaSetAvailable')) {
    const message = `ReplicaSet "${replicaSet}" has successfully progressed.`;
    return { type, status: 'True', reason: 'NewReplicaSetAvailable', message };
  }
  return isOf
    ? { type, status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet "${replicaSet}" is progressing.` }
    : { type, status: 'True', reason: 'NewReplicaSetCreated', message: `Created new replica set "${replicaSet}"` };
}

function toLate(replicaSet: string): Condition {
  const message = `ReplicaSet "${replicaSet}" has timed out progressing.`;
  return { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message };
}

function toAvailable(status: 'True' | 'False', reason: string, message: string): Condition {
  return { type: 'Available', status, reason, message };
}

/** The oldest first, as far as their times, in seconds, and their names tell. */
export function listPods(cluster: FakeKubernetes, deployment: KubernetesObject): KubernetesObject[] {
  const { app } = toSpec(deployment).selector.matchLabels;
  const { namespace } = deployment.metadata;
  return cluster
    .list('pods')
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.['app'] === app)
    .sort((a, b) => (toAge(a) < toAge(b) ? -1 : 1));
}

function toAge({ metadata }: KubernetesObject): string {
  return `${metadata.creationTimestamp} ${metadata.name.slice(-5)}`;
}

let made = 0;

/** The ReplicaSet between them is only named: nothing of ours reads one. */
function toPod(deployment: KubernetesObject, hash: string): Written {
  const { metadata, spec } = toSpec(deployment).template;
  const { namespace, name, uid } = deployment.metadata;
  const replicaSet = `${name}-${hash}`;
  const sourceUri = metadata.annotations['internal.serving.kserve.io/storage-initializer-sourceuri'];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      // Real names are random; these are in order.
      name: `${replicaSet}-${String(++made).padStart(5, '0')}`,
      labels: { ...metadata.labels, [hashLabel]: hash },
      annotations: metadata.annotations,
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: replicaSet, uid: `${uid}-${hash}`, controller: true },
      ],
    },
    spec: {
      ...spec,
      ...(sourceUri === undefined
        ? {}
        : { initContainers: [{ name: 'storage-initializer', args: [sourceUri, '/mnt/models'] }] }),
    },
  };
}

function toHash(deployment: KubernetesObject): string {
  return createHash('sha256')
    .update(JSON.stringify(valueAt(deployment, ['spec', 'template'])))
    .digest('hex')
    .slice(0, 10);
}
