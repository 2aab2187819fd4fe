/**
 * What ModelMesh's controller says of a model, as the status of its InferenceService: pure.
 *
 * The source: modelmesh-serving, controllers/predictor_controller.go and
 * pkg/predictor_source/inferenceservice_registry.go.
 */
import { isDeepStrictEqual } from 'node:util';
import { isMap, valueAt } from '../../src/input/plain-value.ts';

export type ModelState = 'Pending' | 'Standby' | 'Loading' | 'Loaded' | 'FailedToLoad';

export interface Failure {
  readonly reason: 'ModelLoadFailed' | 'RuntimeUnhealthy';
  readonly modelRevisionName: string;
  readonly message: string;
  /** The Pod; of what failed to load alone. */
  readonly location?: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

export interface ModelReport {
  readonly isReady: boolean;
  readonly transition: 'UpToDate' | 'InProgress' | 'BlockedByFailedLoad';
  readonly active: ModelState;
  /** Empty: nothing but the active one. */
  readonly target: ModelState | '';
  readonly failure?: Failure;
}

/** Which model an InferenceService asks for. */
export interface Revision {
  /** ModelMesh's own id of it: changes with what it honours of the spec, and with nothing else. */
  readonly name: string;
  readonly storageUri: string;
}

export const loaded: ModelReport = { isReady: true, transition: 'UpToDate', active: 'Loaded', target: '' };

/** What is not FailedToLoad counts as available there, unless a runtime is waited for. */
export const loadingAtOnce: ModelReport = { ...loaded, active: 'Loading' };

/** @param active of a model that serves nothing yet. */
export function toFirstLoading(active: 'Pending' | 'FailedToLoad'): ModelReport {
  return { isReady: false, transition: 'InProgress', active, target: 'Loading' };
}

/** The old one goes on serving. */
export function toNextLoading(target: 'Loading' | 'Standby'): ModelReport {
  return { isReady: true, transition: 'InProgress', active: 'Loaded', target };
}

/** @param isLive whether an old one goes on serving. */
export function toFailed(isLive: boolean, { name, storageUri }: Revision, at: Date): ModelReport {
  const failure: Failure = {
    reason: 'ModelLoadFailed',
    location: 'modelmesh-serving-mlserver-1.x-5d8f7c9b6-x2x7k',
    modelRevisionName: name,
    message: `Failed to pull model from storage: no such object: ${storageUri}`,
    time: toTime(at),
  };
  return isLive
    ? { isReady: true, transition: 'BlockedByFailedLoad', active: 'Loaded', target: 'FailedToLoad', failure }
    : { isReady: false, transition: 'UpToDate', active: 'FailedToLoad', target: '', failure };
}

/** Its runtime's Pods are gone, others are there. */
export function toUnhealthy(modelRevisionName: string, at: Date): ModelReport {
  const message = 'Waiting for supporting runtime Pod to become available';
  const failure: Failure = { reason: 'RuntimeUnhealthy', modelRevisionName, message, time: toTime(at) };
  return { isReady: false, transition: 'UpToDate', active: 'Loading', target: '', failure };
}

/** No Pod of ModelMesh is left to ask: all that was said before stays, Ready True included. */
export function toUnanswered(before: ModelReport, modelRevisionName: string, at: Date): ModelReport {
  const message = 'Waiting for runtime Pod to become available';
  return { ...before, failure: { reason: 'RuntimeUnhealthy', modelRevisionName, message, time: toTime(at) } };
}

/** The whole status; the times of the conditions are new in each, since ModelMesh makes it up anew each time. */
export function toStatus(report: ModelReport, namespace: string, at: Date): object {
  const { isReady, transition, active, target, failure } = report;
  const status = isReady ? 'True' : 'False';
  const grpcUrl = `grpc://modelmesh-serving.${namespace}:8033`;
  const restUrl = `http://modelmesh-serving.${namespace}:8008`;
  return {
    ...(isReady ? { url: grpcUrl, components: { predictor: { url: grpcUrl, grpcUrl, restUrl } } } : {}),
    conditions: ['PredictorReady', 'Ready'].map((type) => ({ type, status, lastTransitionTime: toTime(at) })),
    modelStatus: {
      transitionStatus: transition,
      states: { activeModelState: active, targetModelState: target },
      copies: { failedCopies: failure?.location === undefined ? 0 : 1, totalCopies: 1 },
      ...(failure === undefined ? {} : { lastFailureInfo: failure }),
    },
  };
}

/** What was said before; undefined: nothing. */
export function fromStatus(status: unknown): ModelReport | undefined {
  const modelStatus = valueAt(status, ['modelStatus']);
  const conditions = valueAt(status, ['conditions']);
  if (!isMap(modelStatus) || !Array.isArray(conditions)) return undefined;
  const failure = modelStatus['lastFailureInfo'] as Failure | undefined;
  return {
    isReady: conditions.some((condition) => isDeepStrictEqual(toWord(condition), ['Ready', 'True'])),
    transition: modelStatus['transitionStatus'] as ModelReport['transition'],
    active: valueAt(modelStatus, ['states', 'activeModelState']) as ModelState,
    target: valueAt(modelStatus, ['states', 'targetModelState']) as ModelState | '',
    ...(failure === undefined ? {} : { failure }),
  };
}

/** But for the time of the failure. */
export function isSameReport(a: ModelReport | undefined, b: ModelReport): boolean {
  const withoutTime = ({ failure, ...rest }: ModelReport) => ({
    ...rest,
    failure: failure && { ...failure, time: '' },
  });
  return a !== undefined && isDeepStrictEqual(withoutTime(a), withoutTime(b));
}

function toWord(condition: unknown): unknown[] {
  return [valueAt(condition, ['type']), valueAt(condition, ['status'])];
}

function toTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
