/** A version of a model → its InferenceService, and what would be refused of it. */

import type { FieldPath } from '../diagnostics/problem.ts';
import { modelFieldOf } from '../input/model-storage.ts';
import type { PlainMap } from '../input/plain-value.ts';
import type { Model, ModelVersion, Protocol } from '../input/schema.ts';
import { digestAnnotation, toOwnLabels } from '../manifests/manifest.ts';
import { mergePatch } from '../manifests/merge-patch.ts';
import type { InferenceService, PlacedFinding, ServingMode } from './serving-mode.ts';
import { checkSpec } from './spec-check.ts';
import { checkStorageLimits } from './storage-limits.ts';

interface ServedModel {
  readonly file: { readonly model: Model };
  readonly name: string;
  readonly namespace: string;
}

interface ServedVersion {
  /** The InferenceService's name. */
  readonly name: string;
  readonly declared: ModelVersion;
}

/**
 * The InferenceService as the model file declares it: the template, the version's storageUri, its
 * overrides, and the labels that are ours. Patches and the digest come later.
 */
export function renderInferenceService(
  { file, name, namespace }: ServedModel,
  version: ServedVersion,
): InferenceService {
  const { template } = file.model.spec;
  const { declared } = version;
  const [, , field = 'model'] = modelFieldOf(file.model, declared);
  const withStorage =
    declared.storageUri === undefined
      ? template
      : mergePatch(template, { spec: { predictor: { [field]: { storageUri: declared.storageUri } } } });
  const { metadata, spec } = mergePatch(withStorage, declared.overrides ?? {}) as {
    readonly metadata?: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec?: PlainMap;
  };
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name: version.name,
      namespace,
      labels: { ...metadata?.labels, ...toOwnLabels(name, declared.version) },
      annotations: { ...metadata?.annotations },
    },
    spec: spec ?? {},
  };
}

/** Adds the digest, last of all: it is that of the spec as it is applied. */
export function addDigest(service: InferenceService, digest: string): InferenceService {
  const annotations = { ...service.metadata.annotations, [digestAnnotation]: digest };
  return { ...service, metadata: { ...service.metadata, annotations } };
}

/**
 * What would be refused, or never load.
 *
 * @param allowedPrefixes what is loaded must be at or below one prefix of each list.
 */
export function checkInferenceService(
  service: InferenceService,
  mode: ServingMode,
  protocols: readonly Protocol[],
  allowedPrefixes: readonly (readonly string[])[],
): PlacedFinding[] {
  const ofMode = [...checkStorageLimits(service, allowedPrefixes, mode.findSources), ...mode.check(service, protocols)];
  // What is reported already need not be reported by the schema as well.
  const isKnown = (path: FieldPath) => ofMode.some((found) => path.every((part, i) => found.path[i] === part));
  return [...ofMode, ...checkSpec(service.spec).filter(({ path }) => !isKnown(path))];
}
