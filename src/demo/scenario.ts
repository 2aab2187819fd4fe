/** The tutorial of a mirrored rollout: what a person or the cluster does, and what the watcher then reports. */
import { findLiveMirror } from '../core/input/model-status.ts';
import type { ModelStatus } from '../core/input/schema.ts';
import type { DemoMode } from './demo-modes.ts';

export const modelFolder = 'models/wisdom';

/** One step, and what the status file reports when it is over. */
export interface Step {
  readonly title: string;
  readonly does: /** A person's commit: what the files declare after it; undefined: the file is not there. */
    | {
        readonly kind: 'commit';
        readonly message: string;
        readonly model: DemoModel | undefined;
        readonly mirrorPercentage: number | undefined;
      }
    /** Something happens to the candidate in the cluster. */
    | { readonly kind: 'falls' }
    | { readonly kind: 'recovers' };
  /** Undefined: there is no status file any more. */
  readonly until: { readonly primary: string; readonly candidate?: string; readonly mirror?: number } | undefined;
  /** Then what the cluster reports of the candidate is shown too, since it is not what it seems. */
  readonly showsCluster?: true;
}

interface DemoModel {
  readonly primary: string;
  readonly candidate: string | undefined;
}

/** @param mode some steps exist in one mode only. */
export function toSteps({ updateThatCrashes }: DemoMode): readonly Step[] {
  return [...before, ...(updateThatCrashes ? [crashingUpdate] : []), ...after];
}

const before: readonly Step[] = [
  {
    title: 'Deploy a primary model',
    does: commit('wisdom: deploy v1', 'v1'),
    until: { primary: 'v1 Ready' },
  },
  {
    title: 'Deploy a candidate: nothing is mirrored until it is ready',
    does: commit('wisdom: try v2', 'v1', 'v2'),
    until: { primary: 'v1 Ready', candidate: 'v2 Ready', mirror: 100 },
  },
  {
    title: 'Mirror 20 % of the requests',
    does: commit('wisdom: mirror 20 %', 'v1', 'v2', 20),
    until: { primary: 'v1 Ready', candidate: 'v2 Ready', mirror: 20 },
  },
  {
    title: 'The candidate fails: the mirror closes',
    does: { kind: 'falls' },
    until: { primary: 'v1 Ready', candidate: 'v2 Failed' },
  },
  {
    title: 'It recovers: the mirror opens again, at 20 %',
    does: { kind: 'recovers' },
    until: { primary: 'v1 Ready', candidate: 'v2 Ready', mirror: 20 },
  },
  {
    title: 'Promote the candidate',
    does: commit('wisdom: promote v2', 'v2', undefined, 20),
    until: { primary: 'v2 Ready' },
  },
  {
    title: 'Try another one: the policy still sets 20 %',
    does: commit('wisdom: try v3', 'v2', 'v3', 20),
    until: { primary: 'v2 Ready', candidate: 'v3 Ready', mirror: 20 },
  },
];

const crashingUpdate: Step = {
  title: 'Update it in place to v4, which crashes: KServe reports Ready all along, and the mirror stays closed',
  does: commit('wisdom: try v4', 'v2', 'v4', 20),
  until: { primary: 'v2 Ready', candidate: 'v4 Failed' },
  showsCluster: true,
};

const after: readonly Step[] = [
  {
    title: 'Discard it',
    does: commit('wisdom: discard the candidate', 'v2', undefined, 20),
    until: { primary: 'v2 Ready' },
  },
  {
    title: 'Clean up',
    does: { kind: 'commit', message: 'wisdom: clean up', model: undefined, mirrorPercentage: undefined },
    until: undefined,
  },
];

function commit(message: string, primary: string, candidate?: string, mirrorPercentage?: number): Step['does'] {
  return { kind: 'commit', message, model: { primary, candidate }, mirrorPercentage };
}

/** Whether a step is over; the status is undefined when there is no file. */
export function isOver({ until }: Step, status: ModelStatus['status'] | undefined): boolean {
  if (until === undefined || status === undefined) return until === status;
  const toText = (version: ModelStatus['status']['primary']) => version && `${version.version} ${version.state}`;
  return (
    toText(status.primary) === until.primary &&
    toText(status.candidates[0]) === until.candidate &&
    findLiveMirror(status)?.percentage === until.mirror
  );
}

export function toModelText({ primary, candidate }: DemoModel, mode: DemoMode): string {
  const toStorageUri = (version: string) => `${mode.storage}/mnist-svm-${version}.joblib`;
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata:
  name: wisdom
  namespace: ${mode.namespace}
spec:
  template: # what both versions share
    metadata:
      annotations:
${mode.annotations.map((line) => `        ${line}\n`).join('')}    spec:
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
