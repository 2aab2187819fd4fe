/**
 * What ModelMesh's controller reports about a model, as the status of its InferenceService: pure.
 *
 * The source: modelmesh-serving, controllers/predictor_controller.go and
 * pkg/predictor_source/inferenceservice_registry.go; and what the real one was seen to write
 * (`fixtures/modelmesh/`).
 */
import { isDeepStrictEqual } from 'node:util';
import { isMap, valueAt } from '../../src/core/input/plain-value.ts';

export type ModelState = 'Pending' | 'Standby' | 'Loading' | 'Loaded' | 'FailedToLoad';

export interface Failure {
  readonly reason: 'ModelLoadFailed' | 'RuntimeUnhealthy' | 'RuntimeNotRecognized';
  readonly modelRevisionName: string;
  readonly message: string;
  /** The last twelve characters of the Pod's name; of what failed to load alone. */
  readonly location?: string;
  /** RFC 3339, whole seconds; absent while there is no Pod at all. */
  readonly time?: string;
}

export interface Copies {
  readonly failedCopies: number;
  /** Absent while no Pod has one. */
  readonly totalCopies?: number;
}

export interface ModelReport {
  readonly isReady: boolean;
  /** Empty: ModelMesh was never asked. */
  readonly transition: 'UpToDate' | 'InProgress' | 'BlockedByFailedLoad' | '';
  readonly active: ModelState;
  /** Empty: nothing but the active one. */
  readonly target: 'Loading' | 'FailedToLoad' | '';
  readonly copies: Copies;
  readonly failure?: Failure;
}

/** Which model an InferenceService asks for. */
export interface Revision {
  /** ModelMesh's own id of it: changes with what it honours of the spec, and with nothing else. */
  readonly name: string;
  readonly storageUri: string;
}

/** The latter half of a Pod's name. */
const location = '7c9b66-x2x7k';

/** As the storage's client words it: with a request id of its own each time. */
export function toLoadFailure({ name, storageUri }: Revision, at: Date): Failure {
  const [, bucket = storageUri] = /^\w+:\/\/([^/]*)/.exec(storageUri) ?? [];
  const request = `REQ${at.getTime()}${String(process.hrtime.bigint() % 1_000_000n).padStart(6, '0')}`;
  return {
    reason: 'ModelLoadFailed',
    location,
    modelRevisionName: name,
    message:
      `Failed to pull model from storage due to error: unable to list objects in bucket '${bucket}': ` +
      `AccessDenied: Access Denied.\n\tstatus code: 403, request id: ${request}, host id: `,
    time: toTime(at),
  };
}

export function toUnrecognized({ name }: Revision, at: Date): Failure {
  const message = 'Specified runtime name not recognized';
  return { reason: 'RuntimeNotRecognized', modelRevisionName: name, message, time: toTime(at) };
}

/** No Pod of ModelMesh is ready. */
export function toNoPods({ name }: Revision): Failure {
  const message = 'Waiting for runtime Pod to become available';
  return { reason: 'RuntimeUnhealthy', modelRevisionName: name, message };
}

/** Its runtime has no Pod; another has. */
export function toNoSupport({ name }: Revision, at: Date): Failure {
  const message = 'Waiting for supporting runtime Pod to become available';
  return { reason: 'RuntimeUnhealthy', modelRevisionName: name, message, time: toTime(at) };
}

/** The whole status; the times of the conditions are new in each, since ModelMesh's controller computes it each time. */
export function toStatus(report: ModelReport, namespace: string, at: Date): object {
  const { isReady, transition, active, target, copies, failure } = report;
  const status = isReady ? 'True' : 'False';
  const grpcUrl = `grpc://modelmesh-serving.${namespace}:8033`;
  const restUrl = `http://modelmesh-serving.${namespace}:8008`;
  return {
    ...(isReady ? { url: grpcUrl, components: { predictor: { url: grpcUrl, grpcUrl, restUrl } } } : {}),
    conditions: ['PredictorReady', 'Ready'].map((type) => ({ type, status, lastTransitionTime: toTime(at) })),
    modelStatus: {
      transitionStatus: transition,
      states: { activeModelState: active, targetModelState: target },
      copies,
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
    isReady: conditions.some((condition) => isDeepStrictEqual(toTypeAndStatus(condition), ['Ready', 'True'])),
    transition: modelStatus['transitionStatus'] as ModelReport['transition'],
    active: valueAt(modelStatus, ['states', 'activeModelState']) as ModelState,
    target: valueAt(modelStatus, ['states', 'targetModelState']) as ModelReport['target'],
    copies: modelStatus['copies'] as Copies,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** `True UpToDate Loaded/""`, and the reason of a failure: as `fixtures/modelmesh/statuses.md` has it. */
export function toWords({ isReady, transition, active, target, failure }: ModelReport): string {
  const words = [isReady ? 'True' : 'False', transition || '""', `${active}/${target || '""'}`, failure?.reason];
  return words.filter((word) => word !== undefined).join(' ');
}

/** But for the time of the failure. */
export function isSameReport(a: ModelReport | undefined, b: ModelReport): boolean {
  const withoutTime = ({ failure, ...rest }: ModelReport) => ({
    ...rest,
    failure: failure && { ...failure, time: '' },
  });
  return a !== undefined && isDeepStrictEqual(withoutTime(a), withoutTime(b));
}

function toTypeAndStatus(condition: unknown): unknown[] {
  return [valueAt(condition, ['type']), valueAt(condition, ['status'])];
}

function toTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
