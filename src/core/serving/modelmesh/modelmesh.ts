import type { ServingMode } from '../serving-mode.ts';
import { grpcPort, isUndeclaredHttp2, readVersion, toBackends, toPodLabels, toServiceHost } from './backend.ts';
import { check, refuseName } from './check.ts';
import { findLoadedValues, loadingAnnotations } from './loaded-values.ts';
import { readReport } from './report.ts';

export const modelMesh: ServingMode = {
  name: 'ModelMesh',
  annotationValues: ['ModelMesh'],
  words: ['mm-vmodel-id', 'mm-model-id', 'modelmesh'],
  controller: 'modelmesh-controller',
  watched: { kind: 'InferenceService', groupVersion: 'serving.kserve.io/v1beta1', plural: 'inferenceservices' },
  port: grpcPort,
  protocols: ['grpc', 'rest'],
  toServiceHost,
  toPodLabels,
  toBackends,
  isUndeclaredHttp2,
  readVersion,
  refuseName,
  loadingAnnotations,
  findLoadedValues,
  readReport,
  causes: { RuntimeUnhealthy: { hold: 'runtime' } },
  check,
};
