import type { PlainMap } from '../input/plain-value.ts';
import type { Protocol } from '../input/schema.ts';
import type { ServingMode } from '../serving/serving-mode.ts';
import { deploymentModeAnnotation } from '../serving/serving-mode.ts';

/** A model whose files are written for the first time. */
export interface NewModel {
  readonly name: string;
  /** Undefined: the destination namespace of the Application. */
  readonly namespace: string | undefined;
  /** Labels and annotations of both versions' InferenceServices. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** How clients call it; undefined: as is usual for its mode. */
  readonly protocols?: readonly Protocol[] | undefined;
  /** What both versions share of an InferenceService's spec. */
  readonly spec: PlainMap;
  readonly primary: NewVersion;
  readonly candidate: NewCandidate | undefined;
  /** 0 to 100. */
  readonly mirrorPercentage: number;
  /** Whether the annotation has a former name of its mode, which a policy must allow. */
  readonly hasFormerMode: boolean;
}

interface NewVersion {
  readonly version: string;
  /** Undefined: the spec has the model's storage. */
  readonly storageUri: string | undefined;
  /** The version's own path in the storage that the spec names. */
  readonly storagePath?: string | undefined;
  /** Undefined: the default name. */
  readonly name: string | undefined;
}

interface NewCandidate extends NewVersion {
  /** A JSON merge patch (RFC 7386): what differs from the primary's InferenceService. */
  readonly overrides: PlainMap;
}

/** @param secretKey the entry of the Secret storage-config. */
export function toNewAnnotations(mode: ServingMode, secretKey: string | undefined): Record<string, string> {
  return {
    [deploymentModeAnnotation]: mode.annotationValues[0],
    ...(secretKey === undefined ? {} : { 'serving.kserve.io/secretKey': secretKey }),
  };
}

/** The value of the model file. */
export function toModelValue(model: NewModel): PlainMap {
  const { name, namespace, labels, annotations, protocols, spec, primary, candidate } = model;
  const metadata = {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  return {
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'Model',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      ...(protocols === undefined ? {} : { protocols }),
      template: { ...(Object.keys(metadata).length === 0 ? {} : { metadata }), spec },
      primary: toVersionValue(primary),
      ...(candidate === undefined ? {} : { candidate: toCandidateValue(candidate) }),
    },
  };
}

function toVersionValue({ version, storageUri, storagePath, name }: NewVersion): PlainMap {
  return {
    version,
    ...(storageUri === undefined ? {} : { storageUri }),
    ...(name === undefined ? {} : { name }),
    ...(storagePath === undefined ? {} : { overrides: toStoragePath(storagePath) }),
  };
}

function toStoragePath(path: string): PlainMap {
  return { spec: { predictor: { model: { storage: { path } } } } };
}

function toCandidateValue(candidate: NewCandidate): PlainMap {
  const { overrides } = candidate;
  return { ...toVersionValue(candidate), ...(Object.keys(overrides).length === 0 ? {} : { overrides }) };
}

/**
 * The value of the policy file; undefined: there is nothing to set.
 *
 * @param isPercentageGiven by another policy.
 */
export function toPolicyValue(
  { name, mirrorPercentage, hasFormerMode }: NewModel,
  isPercentageGiven: boolean,
): PlainMap | undefined {
  if (isPercentageGiven && !hasFormerMode) return undefined;
  return {
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'MirrorPolicy',
    metadata: { name },
    spec: {
      ...(isPercentageGiven ? {} : { mirrorPercentage }),
      ...(hasFormerMode ? { serving: { allowRawDeployment: true } } : {}),
    },
  };
}
