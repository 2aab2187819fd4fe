/** The status that KServe writes: conditions from Deployments, the model's state from one pod. */
import type { PlainMap } from '../../../core/input/plain-value.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../../core/input/plain-value.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import type { Component } from './components.ts';
import { toComponents, toName } from './components.ts';
import type { Condition } from './conditions.ts';
import { findCondition, withTimes } from './conditions.ts';
import { isReadyPod } from './kubelet.ts';

interface ModelStatus {
  readonly transitionStatus: string;
  readonly states: { readonly activeModelState: string; readonly targetModelState: string };
  readonly lastFailureInfo?: object;
}

/** What is read for one status. */
export interface Seen {
  readonly service: KubernetesObject;
  readonly deployments: Readonly<Partial<Record<Component, KubernetesObject>>>;
  /** Of the predictor, the newest first. */
  readonly pods: readonly KubernetesObject[];
}

/** @returns undefined when KServe writes none: while an initializer that has failed runs again. */
export function toInferenceStatus({ service, deployments, pods }: Seen): object | undefined {
  const before = service.status;
  const components = toComponents(service);
  const conditions = new Map<string, Condition>();
  for (const component of components) {
    const type = component === 'predictor' ? 'PredictorReady' : 'TransformerReady';
    const found = toComponentReady(type, deployments[component]?.status);
    conditions.set(type, component === 'predictor' ? found : { ...found, severity: 'Info' });
  }
  const predictor = conditions.get('PredictorReady');
  // The model's state comes before the ingress: a pod that is ready for the first time is still Pending.
  const ingressBefore = findCondition(before, 'IngressReady')?.status === 'True';
  const modelStatus = toModelStatus(before, predictor?.status === 'True' && ingressBefore, pods);
  if (modelStatus === undefined) return undefined;
  const ingress = toIngressReady(service, conditions);
  const happy = [predictor, ingress];
  const unhappy = ingress.status === 'True' ? predictor : ingress;
  conditions.set('IngressReady', ingress);
  conditions.set('Stopped', { type: 'Stopped', status: 'False', severity: 'Info' });
  conditions.set(
    'Ready',
    happy.every((condition) => condition?.status === 'True')
      ? { type: 'Ready', status: 'True' }
      : { type: 'Ready', status: unhappy?.status ?? 'False', reason: unhappy?.reason },
  );
  const { namespace, name } = service.metadata;
  const totalCopies = pods.filter(({ status }) => isReadyPod(status)).length;
  const isIn = ingress.status === 'True';
  // Each component's generation replaces that of the one before (PropagateRawStatus).
  const entry = components.includes('transformer') ? 'transformer' : 'predictor';
  return {
    deploymentMode: 'Standard',
    observedGeneration: valueAt(deployments[entry], ['status', 'observedGeneration']),
    conditions: withTimes(before, sort(conditions)),
    components: Object.fromEntries(
      components.map((component) => [
        component,
        conditions.get(component === 'predictor' ? 'PredictorReady' : 'TransformerReady')?.status === 'True'
          ? { url: `http://${toName(service, component)}-${namespace}.example.com` }
          : {},
      ]),
    ),
    ...(isIn
      ? {
          url: `http://${name}-${namespace}.example.com`,
          address: { url: `http://${toName(service, entry)}.${namespace}.svc.cluster.local` },
        }
      : {}),
    modelStatus: { ...modelStatus, copies: { failedCopies: 0, ...(totalCopies > 0 ? { totalCopies } : {}) } },
  };
}

/** Everything else of the status is gone. */
export function toStoppedStatus({ status: before }: KubernetesObject): object {
  const conditions: Condition[] = [
    { type: 'IngressReady', status: 'False', reason: 'Stopped' },
    { type: 'PredictorReady', status: 'False', reason: 'Stopped' },
    { type: 'Ready', status: 'False', reason: 'Stopped' },
    { type: 'Stopped', status: 'True', severity: 'Info' },
  ];
  return { deploymentMode: 'Standard', conditions: withTimes(before, conditions) };
}

/** From the Deployment's conditions alone: old pods that serve make a rollout Ready that never ends. */
function toComponentReady(type: string, status: unknown): Condition {
  const { reason: progress, status: progresses, message } = findCondition(status, 'Progressing') ?? {};
  const available = findCondition(status, 'Available');
  if (available?.status === 'False') return { type, status: 'False', reason: available.reason };
  if (progresses === 'False' && message !== '') return { type, status: 'False', reason: progress };
  if (progress === 'NewReplicaSetAvailable') return { type, status: 'True', reason: progress };
  return available === undefined ? { type, status: 'False' } : { type, status: 'True', reason: available.reason };
}

/** With an ingress, as KServe makes one unless it is told otherwise. */
function toIngressReady({ metadata }: KubernetesObject, conditions: ReadonlyMap<string, Condition>): Condition {
  const type = 'IngressReady';
  if (metadata.labels?.['networking.kserve.io/visibility'] === 'cluster-local') return { type, status: 'True' };
  const isReady = (of: string) => (conditions.get(of)?.status ?? 'True') === 'True';
  if (!isReady('PredictorReady')) return { type, status: 'False', reason: 'Predictor ingress not created' };
  if (!isReady('TransformerReady')) return { type, status: 'False', reason: 'Transformer ingress not created' };
  return { type, status: 'True' };
}

/** From the newest pod alone; what failed last is never cleared. */
function toModelStatus(status: unknown, isReady: boolean, pods: readonly KubernetesObject[]): ModelStatus | undefined {
  const before: ModelStatus = {
    transitionStatus: textAt(status, ['modelStatus', 'transitionStatus']) ?? '',
    states: {
      activeModelState: textAt(status, ['modelStatus', 'states', 'activeModelState']) ?? '',
      targetModelState: textAt(status, ['modelStatus', 'states', 'targetModelState']) ?? '',
    },
    ...toFailure(valueAt(status, ['modelStatus', 'lastFailureInfo'])),
  };
  const [newest] = pods;
  if (newest === undefined) return to(before, 'Pending');
  const [initializer] = mapsAt(newest.status, ['initContainerStatuses']);
  if (valueAt(initializer, ['state', 'running']) !== undefined)
    return valueAt(initializer, ['lastState', 'terminated']) === undefined ? to(before, 'Loading') : undefined;
  const initializerFailure = findFailure(initializer);
  if (initializerFailure !== undefined) return { ...to(before, 'FailedToLoad'), ...toFailure(initializerFailure) };
  if (isReady) return to(before, 'Loaded');
  const [server] = mapsAt(newest.status, ['containerStatuses']);
  if (server === undefined) return before;
  const failure = findFailure(server);
  return failure === undefined ? to(before, 'Pending') : { ...to(before, 'FailedToLoad'), ...toFailure(failure) };
}

function to(before: ModelStatus, target: 'Pending' | 'Loading' | 'Loaded' | 'FailedToLoad'): ModelStatus {
  const active = target === 'Loaded' ? target : before.states.activeModelState;
  const transitions = { Pending: 'InProgress', Loading: 'InProgress', Loaded: 'UpToDate' } as const;
  return {
    ...before,
    transitionStatus: target === 'FailedToLoad' ? 'BlockedByFailedLoad' : transitions[target],
    states: { activeModelState: active, targetModelState: target },
  };
}

/** How a container ended, if by an error, or before it waits longer and longer. A kill for memory is no error. */
function findFailure(container: PlainMap | undefined): PlainMap | undefined {
  const ended = valueAt(container, ['state', 'terminated']);
  const last = valueAt(container, ['lastState', 'terminated']);
  if (isMap(ended) && ended['reason'] === 'Error') return ended;
  const isBackOff = valueAt(container, ['state', 'waiting', 'reason']) === 'CrashLoopBackOff';
  return isBackOff && isMap(last) ? last : undefined;
}

function toFailure(found: unknown): { readonly lastFailureInfo?: object } {
  if (!isMap(found)) return {};
  const { exitCode, message } = found;
  const text = typeof message === 'string' && message !== '' ? { message } : {};
  return { lastFailureInfo: { exitCode, ...text, reason: 'ModelLoadFailed' } };
}

function sort(conditions: ReadonlyMap<string, Condition>): Condition[] {
  return [...conditions.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
}
