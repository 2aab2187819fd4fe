/** Where a version of a model is stored, and which field of its predictor has it. */

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

/** The same for a version, whose overrides may use another field than the template. */
export function modelFieldOf({ spec: { template } }: Model, { overrides }: Pick<ModelVersion, 'overrides'>): FieldPath {
  const shared = valueAt(template.spec, ['predictor']);
  const own = valueAt(overrides, ['spec', 'predictor']);
  const merged = { ...(isMap(shared) ? shared : {}), ...(isMap(own) ? own : {}) };
  return ['spec', 'predictor', findModelField(merged)];
}

/** The field of a template or of overrides with a StorageSpec (KServe's API reference). */
function findStorageField(value: unknown): FieldPath | undefined {
  const fields = ['model', ...frameworks].map((field) => ['spec', 'predictor', field, 'storage']);
  return fields.find((path) => isMap(valueAt(value, path)));
}

/** The path in a storage that a version's own overrides set; undefined without one. */
export function findStoragePath(version: ModelVersion): string | undefined {
  const field = findStoragePathField(version);
  return field && String(valueAt(version.overrides, field));
}

/** The field of that path in the overrides. */
export function findStoragePathField({ overrides }: ModelVersion): FieldPath | undefined {
  const path = [...(findStorageField(overrides) ?? []), 'path'];
  return typeof valueAt(overrides, path) === 'string' ? path : undefined;
}

/** A version's storageUri, or else its path in a storage; undefined when only the template has it. */
export function findLocation(version: ModelVersion): string | undefined {
  return version.storageUri ?? findStoragePath(version);
}

/** Whether a template or overrides set a storage. */
export function namesStorage(value: unknown): boolean {
  return findStorageField(value) !== undefined;
}

/** Whether the template or a version sets a storage, so that versions can have a path in it. */
export function hasStorage({ spec: { template, primary, candidate } }: Model): boolean {
  return [template, primary.overrides, candidate?.overrides].some(namesStorage);
}
