import type { PlainMap } from '../input/plain-value.ts';

/** A model that is to be written down for the first time. */
export interface NewModel {
  readonly name: string;
  /** Undefined: the destination namespace of the Application. */
  readonly namespace: string | undefined;
  /** Labels and annotations of both versions' InferenceServices. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** What both versions share of an InferenceService's spec. */
  readonly spec: PlainMap;
  readonly primary: NewVersion;
  /** 0 to 100. */
  readonly mirrorPercentage: number;
}

interface NewVersion {
  readonly version: string;
  /** Undefined: the spec says where the model lies. */
  readonly storageUri: string | undefined;
  /** Undefined: the one that the model's name gives. */
  readonly name: string | undefined;
}

/** What the model file of a new model says, as a value. */
export function toModelValue({ name, namespace, labels, annotations, spec, primary }: NewModel): PlainMap {
  const metadata = {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  return {
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'Model',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      template: { ...(Object.keys(metadata).length === 0 ? {} : { metadata }), spec },
      primary: {
        version: primary.version,
        ...(primary.storageUri === undefined ? {} : { storageUri: primary.storageUri }),
        ...(primary.name === undefined ? {} : { name: primary.name }),
      },
    },
  };
}

/** The same of the policy file. */
export function toPolicyValue({ name, mirrorPercentage }: NewModel): PlainMap {
  return {
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'MirrorPolicy',
    metadata: { name },
    spec: { mirrorPercentage },
  };
}
