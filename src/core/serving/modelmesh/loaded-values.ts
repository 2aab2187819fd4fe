/**
 * What of an InferenceService determines what ModelMesh loads. Declared here and nowhere else: the digest,
 * `diff` and the watcher's comparison of live objects all follow it.
 *
 * Source: modelmesh-serving, pkg/predictor_source/inferenceservice_registry.go. Everything else (args, env,
 * resources, replicas, labels, other annotations) ModelMesh ignores: it loads nothing again and writes no
 * status for it.
 */
import { findModelField } from '../../input/model-storage.ts';
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, valueAt } from '../../input/plain-value.ts';

const secretKey = 'serving.kserve.io/secretKey';
const schemaPath = 'serving.kserve.io/schemaPath';
const servingRuntime = 'serving.kserve.io/servingRuntime';

/** Beside the spec. A change of an annotation leaves the generation as it is. */
export function isLoading(field: 'labels' | 'annotations', key: string): boolean {
  return field === 'annotations' && [secretKey, schemaPath, servingRuntime].includes(key);
}

/**
 * An InferenceService, rendered or live → the values that ModelMesh loads by, as it resolves them: an
 * annotation counts only where the spec does not set the same value. Values of another type than KServe's are
 * absent: the API server takes none.
 */
export function findLoadedValues(service: unknown): PlainMap {
  const annotation = (key: string) => toText(valueAt(service, ['metadata', 'annotations', key]));
  const predictor = valueAt(service, ['spec', 'predictor']);
  const isModel = isMap(valueAt(predictor, ['model']));
  const field = findModelField(predictor);
  const framework = field === 'model' ? undefined : field;
  const at = (...path: string[]) => toText(valueAt(predictor, [field, ...path]));
  const parameters = valueAt(predictor, [field, 'storage', 'parameters']);
  return {
    format: framework ?? at('modelFormat', 'name'),
    formatVersion: framework === undefined ? at('modelFormat', 'version') : undefined,
    runtime: isModel ? at('runtime') : annotation(servingRuntime),
    protocolVersion: at('protocolVersion'),
    storageUri: at('storageUri'),
    storageKey: at('storage', 'key') ?? annotation(secretKey),
    storagePath: at('storage', 'path'),
    schemaPath: at('storage', 'schemaPath') ?? annotation(schemaPath),
    parameters: isMap(parameters)
      ? Object.fromEntries(Object.entries(parameters).filter(([, value]) => toText(value) !== undefined))
      : {},
  };
}

/** To KServe an empty value of these is the same as none (Go's `omitempty`). */
function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
