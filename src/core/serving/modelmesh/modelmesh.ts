import type { ServingMode } from '../serving-mode.ts';
import { isUndeclaredHttp2, readVersion, toBackends, toPodLabels, toService } from './backend.ts';
import { check, refuseName, schemes } from './check.ts';
import { formats, isOwnNamespace } from './formats.ts';
import { help } from './help.ts';
import { findLoadedValues, isLoading } from './loaded-values.ts';
import { readReport } from './report.ts';

export const modelMesh: ServingMode = {
  name: 'ModelMesh',
  annotationValues: ['ModelMesh'],
  words: ['mm-vmodel-id', 'mm-model-id', 'modelmesh'],
  help,
  formats,
  schemes,
  isOwnNamespace,
  controller: 'modelmesh-controller',
  watched: { kind: 'InferenceService', groupVersion: 'serving.kserve.io/v1beta1', plural: 'inferenceservices' },
  protocols: ['grpc', 'rest'],
  unsupported: [],
  toService,
  toPodLabels,
  toBackends,
  isUndeclaredHttp2,
  readVersion,
  ownServices: ['modelmesh-serving'],
  refuseName,
  kinds: [],
  isLoading,
  findLoadedValues,
  readReport,
  causes: { RuntimeUnhealthy: { hold: 'runtime' } },
  check,
};
