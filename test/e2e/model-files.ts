/** The files that a person writes. */
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
}

/** Percentage, gate and whatever else a policy says. */
export type PolicyFile = Readonly<Record<string, unknown>>;

export const folderOf = (model: string): string => `models/${model}`;

export function toModelText({ name = 'wisdom', primary, candidate }: ModelFile): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata:
  name: ${name}
spec:
  template:
    metadata:
      annotations:
        serving.kserve.io/deploymentMode: ModelMesh
        serving.kserve.io/secretKey: localMinIO
    spec:
      predictor:
        model:
          modelFormat: {name: sklearn}
${toVersionText('primary', name, primary)}${candidate === undefined ? '' : toVersionText('candidate', name, candidate)}`;
}

function toVersionText(role: string, model: string, { version, uri, name, overrides }: VersionFile): string {
  const lines = [
    `  ${role}:`,
    ...(name === undefined ? [] : [`    name: ${name}`]),
    `    version: ${version}`,
    `    storageUri: ${uri ?? `s3://models/${model}/${version}`}`,
    ...(overrides === undefined ? [] : [`    overrides: ${JSON.stringify(overrides)}`]),
  ];
  return `${lines.join('\n')}\n`;
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
