/** The files that a person writes. */
import { stringify } from 'yaml';
import type { Files } from './repository.ts';

export interface VersionFile {
  readonly version: string;
  readonly uri?: string;
  readonly name?: string;
  readonly overrides?: object;
}

export interface ModelFile {
  readonly name?: string;
  readonly primary: VersionFile;
  readonly candidate?: VersionFile;
  /** What its spec has beside the versions; absent: it is served by ModelMesh. */
  readonly spec?: object;
}

/** Percentage, gate and whatever else a policy says. */
export type PolicyFile = Readonly<Record<string, unknown>>;

export const folderOf = (model: string): string => `models/${model}`;

/** A spec beside the versions. */
export const ofModelMesh = {
  template: {
    metadata: {
      annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh', 'serving.kserve.io/secretKey': 'localMinIO' },
    },
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' } } } },
  },
};

export function toModelText({ name = 'wisdom', primary, candidate, spec = ofModelMesh }: ModelFile): string {
  const toVersion = ({ version, uri = `s3://models/${name}/${version}`, ...others }: VersionFile) => ({
    ...others,
    version,
    storageUri: uri,
  });
  return stringify({
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'Model',
    metadata: { name },
    spec: { ...spec, primary: toVersion(primary), ...(candidate && { candidate: toVersion(candidate) }) },
  });
}

function toPolicyText(spec: PolicyFile): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: rules}
spec: ${JSON.stringify(spec)}
`;
}

/** Both files of a model; without a policy what was there is removed. */
export function toFiles(model: ModelFile, policy?: PolicyFile): Files {
  const folder = folderOf(model.name ?? 'wisdom');
  return {
    [`${folder}/model.yaml`]: toModelText(model),
    [`${folder}/policy.yaml`]: policy === undefined ? undefined : toPolicyText(policy),
  };
}
