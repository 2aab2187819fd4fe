import type { ServingMode } from '../serving-mode.ts';
import { readVersion, toBackends, toService } from './backend.ts';
import { causes } from './causes.ts';
import { check, compare, schemes } from './check.ts';
import { formats } from './formats.ts';
import { help } from './help.ts';
import { findLoadedValues, isLoading } from './loaded-values.ts';
import { addModelName } from './model-name.ts';
import { listCreated, refuseName, toPodSelector } from './names.ts';
import { readReport, workloads } from './report.ts';
import { renderModel, renderVersion } from './services.ts';
import { findSources } from './sources.ts';

export const standard: ServingMode = {
  name: 'Standard',
  annotationValues: ['Standard', 'RawDeployment'],
  words: [
    '/standard\\.ts',
    'MLSERVER_MODEL_NAME',
    'served-model-name',
    'transformer-container',
    'kserve-container',
    'isvc\\.',
  ],
  help,
  formats,
  schemes,
  controller: 'kserve-controller-manager',
  watched: { kind: 'InferenceService', groupVersion: 'serving.kserve.io/v1beta1', plural: 'inferenceservices' },
  protocols: ['rest', 'grpc', 'openai'],
  unsupported: ['routing.service.host', 'routing.service.port'],
  toService,
  toPodLabels: toPodSelector,
  toBackends,
  // The ports of our Services declare it.
  isUndeclaredHttp2: () => false,
  readVersion,
  ownServices: [],
  refuseName,
  kinds: ['Service'],
  renderVersion,
  renderModel,
  listCreated,
  complete: addModelName,
  compare,
  findSources,
  isLoading,
  findLoadedValues,
  readReport,
  workloads,
  causes,
  check,
};
