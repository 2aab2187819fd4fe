/** What a kubelet writes of a Pod: kubernetes pkg/kubelet/status/generate.go, and what `kubectl get pod -o yaml` shows. */

export interface Terminated {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly state:
    | { readonly waiting: Waiting }
    | { readonly running: { readonly startedAt: string } }
    | { readonly terminated: Terminated };
  readonly lastState?: { readonly terminated: Terminated };
  readonly restartCount: number;
  readonly ready: boolean;
}

export interface PodFacts {
  /** Absent: it has no network yet. */
  readonly address?: string | undefined;
  readonly initializers: readonly ContainerStatus[];
  readonly containers: readonly ContainerStatus[];
  /** True without one. */
  readonly isSidecarReady: boolean;
}

export interface PodStatus {
  readonly conditions: readonly PodCondition[];
  readonly [field: string]: unknown;
}

export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** @param before its conditions as they were last: times change with what they are the times of. */
export function toPodStatus(facts: PodFacts, before: readonly PodCondition[]): PodStatus {
  const { address, initializers, containers, isSidecarReady } = facts;
  const isInitialized = initializers.every(({ state }) => 'terminated' in state && state.terminated.exitCode === 0);
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  if (!isSidecarReady) unready.push('istio-proxy');
  const incomplete = initializers.filter(({ ready }) => !ready).map(({ name }) => name);
  const hasRun = containers.some(({ state, restartCount }) => !('waiting' in state) || restartCount > 0);
  const ready = toCondition(unready, 'ContainersNotReady', 'unready');
  return {
    phase: isInitialized && hasRun ? 'Running' : 'Pending',
    conditions: withTimes(
      [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Initialized', ...toCondition(incomplete, 'ContainersNotInitialized', 'incomplete') },
        { type: 'ContainersReady', ...ready },
        { type: 'Ready', ...ready },
      ],
      before,
    ),
    ...(address === undefined ? {} : { podIP: address, podIPs: [{ ip: address }] }),
    initContainerStatuses: initializers.map(toStatus),
    containerStatuses: containers.map(toStatus),
  };
}

/** Of a Pod that fits on no node, as the scheduler writes it. */
export function toUnschedulable(resource: string): object {
  const message = `0/1 nodes are available: 1 Insufficient ${resource}. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`;
  return {
    phase: 'Pending',
    conditions: withTimes([{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }], []),
  };
}

function toStatus(container: ContainerStatus): object {
  return { ...container, imageID: container.image, started: 'running' in container.state };
}

function toCondition(names: readonly string[], reason: string, word: string): Omit<PodCondition, 'type'> {
  if (names.length === 0) return { status: 'True' };
  return { status: 'False', reason, message: `containers with ${word} status: [${names.join(' ')}]` };
}

function withTimes(conditions: readonly PodCondition[], before: readonly PodCondition[]): PodCondition[] {
  const now = new Date().toISOString();
  return conditions.map((condition) => {
    const last = before.find(({ type }) => type === condition.type);
    const isSame = last?.status === condition.status && last.lastTransitionTime !== undefined;
    return { ...condition, lastTransitionTime: isSame ? last.lastTransitionTime : now };
  });
}
