/** What patches may change of an InferenceService; see `manifests/patchable.ts`. */
import * as v from 'valibot';
import { frameworks } from '../input/model-storage.ts';
import type { Patchable, PatchableField } from '../manifests/patchable.ts';
import { allow, allowAnnotation, isQualifiedName, metadata, text } from '../manifests/patchable.ts';
import { deploymentModeAnnotation } from './serving-mode.ts';

/**
 * How a model is run. Which model, and from where it is loaded, is set in model.yaml (storageUri,
 * storage.path and parameters, modelFormat.name); whatever else serves requests (transformer, explainer,
 * containers, canary, logger) is not a version's own server.
 */
export const patchable: Patchable = {
  fields: [
    ...metadata,
    // secretKey and the like: KServe's and ModelMesh's own, for this very object. The mode decides what is rendered
    // beside it, so model.yaml alone sets it.
    allowAnnotation(
      'serving.kserve.io/*',
      (key) =>
        typeof key === 'string' &&
        key.startsWith('serving.kserve.io/') &&
        key !== deploymentModeAnnotation &&
        isQualifiedName(key),
      text(),
    ),
    ...[
      ...['minReplicas', 'maxReplicas', 'scaleTarget', 'scaleMetric', 'scaleMetricType', 'containerConcurrency'],
      ...['timeout', 'batcher', 'labels', 'annotations', 'deploymentStrategy', 'autoScaling'],
      ...['serviceAccountName', 'imagePullSecrets', 'securityContext', 'nodeSelector', 'affinity', 'tolerations'],
      ...['topologySpreadConstraints', 'priorityClassName', 'schedulerName', 'runtimeClassName'],
      ...['terminationGracePeriodSeconds'],
    ].map((field) => allow(`spec.predictor.${field}`, v.unknown())),
    ...[
      ...['runtime', 'runtimeVersion', 'protocolVersion', 'args', 'env', 'resources', 'modelFormat.version'],
      ...['storage.key', 'storage.schemaPath'],
      ...['livenessProbe', 'readinessProbe', 'startupProbe', 'securityContext', 'imagePullPolicy'],
    ].map((field) => allowOfModel(field)),
  ],
};

/** Below `model`, or the framework's own field in the old form. */
function allowOfModel(field: string): PatchableField {
  const isModel = (key: string | number) => ['model', ...frameworks].some((name) => name === key);
  return {
    name: `spec.predictor.model.${field}`,
    steps: ['spec', 'predictor', isModel, ...field.split('.')],
    schema: v.unknown(),
    isRequired: false,
  };
}
