/** Where a version of a model lies. */
import { isMap, valueAt } from './plain-value.ts';
import type { Model, ModelVersion } from './schema.ts';

/** In a template and in overrides; what it holds is a StorageSpec of KServe's API reference. */
export const storageField = ['spec', 'predictor', 'model', 'storage'];

/** Its path in a storage, by its own overrides; undefined when they say nothing of it. */
export function findStoragePath({ overrides }: ModelVersion): string | undefined {
  const path = valueAt(overrides, [...storageField, 'path']);
  return typeof path === 'string' ? path : undefined;
}

/** Its storageUri, or else its path in a storage; undefined when only the template knows. */
export function findPlace(version: ModelVersion): string | undefined {
  return version.storageUri ?? findStoragePath(version);
}

/** Whether a value names a storage. */
export function namesStorage(value: unknown): boolean {
  return isMap(valueAt(value, storageField));
}

/** Whether a model's versions can lie at a path of a storage: one is named in the template or for a version. */
export function hasStorage({ spec: { template, primary, candidate } }: Model): boolean {
  return [template, primary.overrides, candidate?.overrides].some(namesStorage);
}
