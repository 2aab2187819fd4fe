/** Where a version of a model is stored, and which field of its predictor says so. */

import type { FieldPath } from '../diagnostics/problem.ts';
import { isMap, valueAt } from './plain-value.ts';
import type { Model, ModelVersion } from './schema.ts';

/**
 * Frameworks of the old form `predictor.sklearn: {…}`, in the order in which ModelMesh looks for them
 * (modelmesh-serving, inferenceservice_registry.go, getPredictorFramework).
 */
export const frameworks = [
  'xgboost',
  'lightgbm',
  'sklearn',
  'tensorflow',
  'onnx',
  'pytorch',
  'triton',
  'pmml',
] as const;

/** The field of a predictor that describes the model: `model`, or a framework in the old form. */
export function findModelField(predictor: unknown): 'model' | (typeof frameworks)[number] {
  if (isMap(valueAt(predictor, ['model']))) return 'model';
  return frameworks.find((name) => isMap(valueAt(predictor, [name]))) ?? 'model';
}

/** The same of a version, whose overrides may use another field than the template. */
export function modelFieldOf({ spec: { template } }: Model, { overrides }: Pick<ModelVersion, 'overrides'>): FieldPath {
  const shared = valueAt(template.spec, ['predictor']);
  const own = valueAt(overrides, ['spec', 'predictor']);
  const merged = { ...(isMap(shared) ? shared : {}), ...(isMap(own) ? own : {}) };
  return ['spec', 'predictor', findModelField(merged)];
}

/** In a template and in overrides; what it holds is a StorageSpec of KServe's API reference. */
function findStorageField(value: unknown): FieldPath | undefined {
  const fields = ['model', ...frameworks].map((field) => ['spec', 'predictor', field, 'storage']);
  return fields.find((path) => isMap(valueAt(value, path)));
}

/** Its path in a storage, by its own overrides; undefined when they do not name one. */
export function findStoragePath(version: ModelVersion): string | undefined {
  const field = findStoragePathField(version);
  return field && String(valueAt(version.overrides, field));
}

/** Where that is in the overrides. */
export function findStoragePathField({ overrides }: ModelVersion): FieldPath | undefined {
  const path = [...(findStorageField(overrides) ?? []), 'path'];
  return typeof valueAt(overrides, path) === 'string' ? path : undefined;
}

/** Its storageUri, or else its path in a storage; undefined when only the template knows. */
export function findPlace(version: ModelVersion): string | undefined {
  return version.storageUri ?? findStoragePath(version);
}

/** Whether a value names a storage. */
export function namesStorage(value: unknown): boolean {
  return findStorageField(value) !== undefined;
}

/** Whether a model's versions can be at a path of a storage: one is named in the template or for a version. */
export function hasStorage({ spec: { template, primary, candidate } }: Model): boolean {
  return [template, primary.overrides, candidate?.overrides].some(namesStorage);
}
