/** InferenceServices, Deployments and Pods of Standard mode, as KServe 0.20.0 and Kubernetes write them. */
import { workloads } from '../../../../src/core/serving/standard/report.ts';
import type { LiveWorkload } from '../../../../src/core/serving/workload.ts';

export const digest = 'd2-0123456789abcdef0123456789abcdef';
export const olderDigest = 'd2-fedcba9876543210fedcba9876543210';

const labels = {
  'app.kubernetes.io/managed-by': 'model-mirror',
  'app.kubernetes.io/name': 'wisdom',
  'app.kubernetes.io/version': 'v2',
  'serving.kserve.io/inferenceservice': 'wisdom-1',
  component: 'predictor',
};

interface StatusShape {
  readonly ready?: 'True' | 'False' | 'Unknown';
  /** Of the condition Ready. */
  readonly reason?: string;
  readonly message?: string;
  readonly transition?: string;
  readonly active?: string;
  readonly target?: string;
  readonly failure?: { readonly reason: string; readonly message?: string; readonly exitCode?: number };
  readonly isStopped?: boolean;
  /** The Deployment's generation, as KServe saw it. */
  readonly observedGeneration?: number | undefined;
  readonly time?: string;
}

export function toStatus(shape: StatusShape): object {
  const { ready = 'False', reason, message, transition = '', active = '', target = '', failure, isStopped } = shape;
  const time = shape.time ?? '2026-11-25T22:58:42Z';
  const condition = (type: string, status: string) => ({
    type,
    status,
    lastTransitionTime: time,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  });
  return {
    conditions: [
      condition('IngressReady', ready),
      condition('PredictorReady', ready),
      condition('Ready', ready),
      { type: 'Stopped', status: isStopped === true ? 'True' : 'False', lastTransitionTime: time },
    ],
    deploymentMode: 'Standard',
    modelStatus: {
      copies: { failedCopies: 0, totalCopies: 1 },
      states: { activeModelState: active, targetModelState: target },
      transitionStatus: transition,
      ...(failure === undefined ? {} : { lastFailureInfo: { location: 'wisdom-1', time, ...failure } }),
    },
    ...(shape.observedGeneration !== undefined && { observedGeneration: shape.observedGeneration }),
  };
}

/** What KServe writes of a version that serves, and of a rollout whose new pod never gets ready. */
export const upToDate = toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded', target: 'Loaded' });
export const pending = toStatus({
  transition: 'InProgress',
  target: 'Pending',
  reason: 'Predictor ingress not created',
});
export const blocked = toStatus({
  transition: 'BlockedByFailedLoad',
  target: 'FailedToLoad',
  failure: { reason: 'ModelLoadFailed', message: 'no such file', exitCode: 1 },
});

interface DeploymentShape {
  readonly name?: string;
  readonly uid?: string;
  readonly owner?: string;
  /** Of the pod template; null: it has none. */
  readonly digest?: string | null;
  readonly generation?: number;
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly pods?: number;
  readonly updated?: number;
  readonly available?: number;
  readonly conditions?: readonly object[];
  /** Of managedFields. */
  readonly writers?: readonly object[];
}

/** By default rolled out, with one pod. */
export function toDeployment(shape: DeploymentShape = {}): object {
  const { generation = 1, replicas = 1, pods = replicas, updated = pods, available = pods } = shape;
  const annotations = shape.digest === null ? {} : { 'model-mirror.dev/digest': shape.digest ?? digest };
  const count = (field: string, value: number) => (value === 0 ? {} : { [field]: value });
  return {
    metadata: {
      name: shape.name ?? 'wisdom-1-predictor',
      namespace: 'models',
      uid: shape.uid ?? 'deployment-1',
      generation,
      labels: { ...labels, app: 'isvc.wisdom-1-predictor' },
      annotations,
      ...(shape.writers && { managedFields: shape.writers }),
      ownerReferences: [
        {
          apiVersion: 'serving.kserve.io/v1beta1',
          kind: 'InferenceService',
          name: 'wisdom-1',
          uid: shape.owner ?? 'isvc-1',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { replicas, template: { metadata: { labels, annotations }, spec: { containers: [] } } },
    status: {
      observedGeneration: shape.observedGeneration ?? generation,
      ...count('replicas', pods),
      ...count('updatedReplicas', updated),
      ...count('readyReplicas', available),
      ...count('availableReplicas', available),
      ...count('unavailableReplicas', pods - available),
      conditions: shape.conditions ?? [
        { type: 'Available', status: available > 0 ? 'True' : 'False', reason: 'MinimumReplicasAvailable' },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
      ],
    },
  };
}

/** A rollout in which the pods before go on serving, since a new one does not get ready. */
export const stuckUpdate = { generation: 2, pods: 2, updated: 1, available: 1 };

interface PodShape {
  readonly name?: string;
  readonly digest?: string;
  readonly deleting?: boolean;
  readonly phase?: string;
  readonly conditions?: readonly object[];
  readonly initContainers?: readonly object[];
  readonly containers?: readonly object[];
}

export function toPod(shape: PodShape = {}): object {
  return {
    metadata: {
      name: shape.name ?? 'wisdom-1-predictor-6d4cf56db6-x2k4v',
      namespace: 'models',
      uid: shape.name ?? 'pod-1',
      labels: { ...labels, app: 'isvc.wisdom-1-predictor', 'pod-template-hash': '6d4cf56db6' },
      annotations: { 'model-mirror.dev/digest': shape.digest ?? digest },
      ownerReferences: [{ kind: 'ReplicaSet', uid: 'replica-set-1', controller: true }],
      ...(shape.deleting === true ? { deletionTimestamp: '2026-11-25T22:58:42Z' } : {}),
    },
    spec: { containers: [{ name: 'kserve-container', env: [{ name: 'TOKEN', value: 'hunter2' }] }] },
    status: {
      phase: shape.phase ?? 'Pending',
      conditions: shape.conditions ?? [{ type: 'PodScheduled', status: 'True' }],
      initContainerStatuses: shape.initContainers ?? [],
      containerStatuses: shape.containers ?? [],
    },
  };
}

export const unschedulable = toPod({
  conditions: [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message:
        '0/12 nodes are available: 3 Insufficient nvidia.com/gpu, 9 node(s) had untolerated taint {gpu: no}. preemption: 0/12 nodes are available: 12 No preemption victims found for incoming pod.',
    },
  ],
});

/** The state of a container, as the kubelet writes it. */
export function toContainer(
  state: object,
  more: {
    readonly name?: string;
    readonly last?: object;
    readonly ready?: boolean;
    readonly restartCount?: number;
  } = {},
): object {
  const { name = 'kserve-container', last, ready = false, restartCount = 0 } = more;
  const lastState = last === undefined ? {} : { terminated: last };
  return { name, image: 'registry.local/server:1', ready, restartCount, state, lastState };
}

export const running = { running: { startedAt: '2026-11-25T22:58:42Z' } };
export const toWaiting = (reason: string, message?: string) => ({ waiting: { reason, ...(message && { message }) } });
export const toEnd = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error', message?: string) => ({
  exitCode,
  reason,
  ...(message && { message }),
});

/** What is kept of Deployments and Pods. */
export function toWorkloads(deployments: readonly object[], pods: readonly object[] = []): LiveWorkload[] {
  return [
    ...deployments.flatMap((one) => workloads.read(one, 'Deployment') ?? []),
    ...pods.flatMap((one) => workloads.read(one, 'Pod') ?? []),
  ];
}
