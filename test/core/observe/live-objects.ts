/** InferenceServices and VirtualServices as the API serves them, for tests. */

import type { LiveRoute, LiveService } from '../../../src/core/observe/live-object.ts';
import { toLiveRoute, toLiveService } from '../../../src/core/observe/live-object.ts';

export interface ServiceShape {
  readonly name?: string;
  readonly digest?: string;
  readonly version?: string;
  readonly generation?: number;
  readonly uid?: string;
  readonly deleting?: boolean;
  readonly status?: object;
  readonly managedFields?: readonly object[];
  /** What is loaded; by default another one for each digest. */
  readonly storageUri?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly createdAt?: string;
}

export function toServiceObject(shape: ServiceShape = {}): object {
  const { name = 'wisdom-1', digest = 'd2', version = 'v2', generation = 1, uid = 'u1', deleting, status } = shape;
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name,
      namespace: 'models',
      uid,
      generation,
      resourceVersion: '1',
      labels: {
        'app.kubernetes.io/name': 'wisdom',
        'app.kubernetes.io/version': version,
        'app.kubernetes.io/managed-by': 'model-mirror',
      },
      annotations: { 'model-mirror.dev/digest': digest, ...shape.annotations },
      ...(shape.createdAt === undefined ? {} : { creationTimestamp: shape.createdAt }),
      ...(deleting === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      ...(shape.managedFields === undefined ? {} : { managedFields: shape.managedFields }),
    },
    spec: {
      predictor: {
        model: { modelFormat: { name: 'sklearn' }, storageUri: shape.storageUri ?? `s3://models/${digest}` },
      },
    },
    ...(status === undefined ? {} : { status }),
  };
}

export function toService(shape: ServiceShape = {}): LiveService {
  return toLiveService(toServiceObject(shape));
}

export interface StatusShape {
  readonly ready?: 'True' | 'False' | 'Unknown';
  readonly transition?: string;
  readonly active?: string;
  readonly target?: string;
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly stopped?: boolean;
  readonly time?: string;
}

/** A status as KServe and ModelMesh write it. */
export function toStatus(shape: StatusShape): object {
  const { ready = 'False', transition = '', active = '', target = '', failure, time = '2026-01-01T00:00:01Z' } = shape;
  return {
    conditions: [
      { type: 'PredictorReady', status: ready, lastTransitionTime: time },
      { type: 'Ready', status: ready, lastTransitionTime: time },
      ...(shape.stopped === true ? [{ type: 'Stopped', status: 'True', lastTransitionTime: time }] : []),
    ],
    modelStatus: {
      transitionStatus: transition,
      states: { activeModelState: active, targetModelState: target },
      ...(failure === undefined ? {} : { lastFailureInfo: { ...failure, location: 'pod', time } }),
    },
  };
}

export const loading = toStatus({ transition: 'InProgress', active: '', target: 'Loading' });
export const loaded = toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded' });
export const standby = toStatus({ ready: 'True', transition: 'UpToDate', active: 'Standby' });
export const unhealthy = { reason: 'RuntimeUnhealthy', message: 'no Pod' };
/** No runtime Pod can be asked: the rest of the status stays as it was. */
export const noPods = toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded', failure: unhealthy });
export const failed = toStatus({
  transition: 'UpToDate',
  active: 'FailedToLoad',
  failure: { reason: 'ModelLoadFailed', message: 'no such file' },
});
export const badUpdate = toStatus({
  ready: 'True',
  transition: 'BlockedByFailedLoad',
  active: 'Loaded',
  target: 'FailedToLoad',
  failure: { reason: 'ModelLoadFailed', message: 'no such file' },
});

export function toRoute(name: string, options: { path?: string; percentage?: number; to?: string } = {}): LiveRoute {
  return toLiveRoute(toRouteObject(name, options));
}

export function toRouteObject(
  name: string,
  { path, percentage, to }: { path?: string; percentage?: number; to?: string } = {},
): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: {
      name,
      namespace: 'models',
      uid: name,
      resourceVersion: '1',
      labels: { 'app.kubernetes.io/managed-by': 'model-mirror', 'app.kubernetes.io/name': 'wisdom' },
      annotations: path === undefined ? {} : { 'model-mirror.dev/path': path },
    },
    spec: {
      http: [
        {
          route: [{ destination: { host: 'h' }, headers: { request: { set: { 'mm-vmodel-id': to ?? 'wisdom-0' } } } }],
          ...(percentage === undefined ? {} : { mirror: { host: 'm' }, mirrorPercentage: { value: percentage } }),
        },
      ],
    },
  };
}
