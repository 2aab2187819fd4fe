/** The tutorial of a mirrored rollout as commits: what a person, and what the watcher, writes when. */
import type { ModelState } from '../input/schema.ts';

export const modelFolder = 'models/wisdom';

/** What one commit does. */
export interface Step {
  readonly title: string;
  readonly message: string;
  /** What the files say after it; undefined: the file is not there. */
  readonly model: DemoModel | undefined;
  readonly mirrorPercentage: number | undefined;
  /** The candidate as the cluster would be seen; undefined: the status file is as it was. */
  readonly observed?: { readonly candidate: ModelState | undefined; readonly reason?: string };
}

export interface DemoModel {
  readonly primary: string;
  readonly candidate: string | undefined;
}

export const steps: readonly Step[] = [
  {
    title: 'Deploy a primary model',
    message: 'wisdom: deploy v1',
    model: { primary: 'v1', candidate: undefined },
    mirrorPercentage: undefined,
  },
  {
    title: 'Deploy a candidate: nothing is mirrored while it loads',
    message: 'wisdom: try v2',
    model: { primary: 'v1', candidate: 'v2' },
    mirrorPercentage: undefined,
  },
  {
    title: 'The candidate is ready: the mirror opens',
    message: 'status: wisdom: candidate v2 is ready, mirror may open',
    model: { primary: 'v1', candidate: 'v2' },
    mirrorPercentage: undefined,
    observed: { candidate: 'Ready' },
  },
  {
    title: 'Mirror 20 % of the requests',
    message: 'wisdom: mirror 20 %',
    model: { primary: 'v1', candidate: 'v2' },
    mirrorPercentage: 20,
  },
  {
    title: 'The candidate falls sick: the mirror closes',
    message: 'status: wisdom: candidate v2 has failed, mirror closes',
    model: { primary: 'v1', candidate: 'v2' },
    mirrorPercentage: 20,
    observed: { candidate: 'Failed', reason: 'ModelLoadFailed' },
  },
  {
    title: 'It recovers: the mirror opens again, at 20 %',
    message: 'status: wisdom: candidate v2 is ready, mirror may open',
    model: { primary: 'v1', candidate: 'v2' },
    mirrorPercentage: 20,
    observed: { candidate: 'Ready' },
  },
  {
    title: 'Promote the candidate',
    message: 'wisdom: promote v2',
    model: { primary: 'v2', candidate: undefined },
    mirrorPercentage: 20,
  },
  {
    title: 'Try another one: the 20 % are still the policy',
    message: 'wisdom: try v3',
    model: { primary: 'v2', candidate: 'v3' },
    mirrorPercentage: 20,
  },
  {
    title: 'It is ready too',
    message: 'status: wisdom: candidate v3 is ready, mirror may open',
    model: { primary: 'v2', candidate: 'v3' },
    mirrorPercentage: 20,
    observed: { candidate: 'Ready' },
  },
  {
    title: 'Discard it',
    message: 'wisdom: discard v3',
    model: { primary: 'v2', candidate: undefined },
    mirrorPercentage: 20,
  },
  {
    title: 'Clean up',
    message: 'wisdom: clean up',
    model: undefined,
    mirrorPercentage: undefined,
  },
];

export function toModelText({ primary, candidate }: DemoModel): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata:
  name: wisdom
  namespace: modelmesh-serving
spec:
  template: # what both versions share
    metadata:
      annotations:
        serving.kserve.io/deploymentMode: ModelMesh
        serving.kserve.io/secretKey: localMinIO
    spec:
      predictor:
        model:
          modelFormat: {name: sklearn}
  primary:
    version: ${primary}
    storageUri: ${toStorageUri(primary)}
${candidate === undefined ? '' : `  candidate:\n    version: ${candidate}\n    storageUri: ${toStorageUri(candidate)}\n`}`;
}

export function toPolicyText(mirrorPercentage: number): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: wisdom}
spec:
  mirrorPercentage: ${mirrorPercentage}
`;
}

function toStorageUri(version: string): string {
  return `s3://modelmesh-example-models/sklearn/mnist-svm-${version}.joblib`;
}
