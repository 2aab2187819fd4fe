/** The tutorial of a mirrored rollout: what a person or the cluster does, and what the watcher then reports. */
import { findLiveMirror } from '../core/input/model-status.ts';
import type { ModelStatus } from '../core/input/schema.ts';
import type { DemoMode } from './demo-modes.ts';

export const modelFolder = 'models/wisdom';

/** One step, and what the status file reports when it is over. */
export interface Step {
  readonly title: string;
  /** What the person who looks on should know. */
  readonly why: string;
  readonly does: /** A person's commit: what the files declare after it; undefined: the file is not there. */
    | {
        readonly kind: 'commit';
        readonly message: string;
        readonly model: DemoModel | undefined;
        readonly mirrorPercentage: number | undefined;
        /** Whether the policy says how candidates are judged. */
        readonly isJudged?: boolean;
      }
    /** Something happens to the candidate in the cluster. */
    | { readonly kind: 'falls' }
    | { readonly kind: 'recovers' };
  /** Undefined: there is no status file any more. */
  readonly until:
    | {
        readonly primary: string;
        readonly candidate?: string;
        readonly mirror?: number;
        readonly verdict?: 'Failing';
      }
    | undefined;
  /** Requests are also sent while the version loads, which lasts until they are answered. */
  readonly showsLoading?: true;
  /** Then what the cluster reports of the candidate is shown too, since it is not what it seems. */
  readonly showsCluster?: true;
}

interface DemoModel {
  readonly primary: string;
  readonly candidate: string | undefined;
}

/** @param mode its own way of failing is shown. */
export function toSteps({ updateThatCrashes }: DemoMode): readonly Step[] {
  return updateThatCrashes
    ? [...opening, ...judgement, crashingUpdate, discarded]
    : [...opening, ...crash, ...judgement, discarded];
}

const disagreeing = 'v3-disagrees';

const opening: readonly Step[] = [
  {
    title: 'Ada deploys v1 of the model "wisdom".',
    why: 'Argo CD applies what the plugin renders from her files: v1 answers every request.',
    does: commit('wisdom: deploy v1', 'v1'),
    until: { primary: 'v1 Ready' },
  },
  {
    title: 'Ada adds the candidate v2. The policy mirrors 20 %.',
    why: 'The mirror stays closed until the cluster shows that exactly this v2 is ready. The commit that says so opens it.',
    does: commit('wisdom: try v2', 'v1', 'v2', 20),
    until: { primary: 'v1 Ready', candidate: 'v2 Ready', mirror: 20 },
    showsLoading: true,
  },
];

const crash: readonly Step[] = [
  {
    title: 'v2 crashes.',
    why: 'The watcher commits what it sees, and with that commit the mirror closes. Clients notice nothing.',
    does: { kind: 'falls' },
    until: { primary: 'v1 Ready', candidate: 'v2 Failed' },
  },
  {
    title: 'v2 recovers.',
    why: 'The mirror opens again, at 20 %.',
    does: { kind: 'recovers' },
    until: { primary: 'v1 Ready', candidate: 'v2 Ready', mirror: 20 },
  },
];

const judgement: readonly Step[] = [
  {
    title: 'Ada promotes v2.',
    why: 'The InferenceService of the primary keeps its name, and serves v1 until it has loaded v2.',
    does: commit('wisdom: promote v2', 'v2', undefined, 20),
    until: { primary: 'v2 Ready' },
  },
  {
    title: 'Ada tries v3, which answers a third of all requests differently.',
    why: 'The comparer asks both versions what a sample of the requests asks. The policy accepts 5 % disagreement.',
    does: commit('wisdom: try v3', 'v2', disagreeing, 20),
    until: { primary: 'v2 Ready', candidate: `${disagreeing} Ready`, verdict: 'Failing' },
  },
];

const crashingUpdate: Step = {
  title: 'Ada replaces it with v4, which crashes.',
  why: 'KServe keeps reporting Ready, since old pods still serve. The Deployment shows the truth: the mirror stays closed.',
  does: commit('wisdom: try v4', 'v2', 'v4-crashes', 20),
  until: { primary: 'v2 Ready', candidate: 'v4-crashes Failed' },
  showsCluster: true,
};

const discarded: Step = {
  title: 'Ada discards it.',
  why: 'Its InferenceService and its routes are removed.',
  does: commit('wisdom: discard the candidate', 'v2', undefined, 20),
  until: { primary: 'v2 Ready' },
};

function commit(message: string, primary: string, candidate?: string, mirrorPercentage?: number): Step['does'] {
  return { kind: 'commit', message, model: { primary, candidate }, mirrorPercentage, isJudged: true };
}

/** Whether a step is over; the status is undefined when there is no file. */
export function isOver({ until }: Step, status: ModelStatus['status'] | undefined): boolean {
  if (until === undefined || status === undefined) return until === status;
  const toText = (version: ModelStatus['status']['primary']) => version && `${version.version} ${version.state}`;
  return (
    toText(status.primary) === until.primary &&
    toText(status.candidates[0]) === until.candidate &&
    findLiveMirror(status)?.percentage === until.mirror &&
    (until.verdict === undefined || status.candidates[0]?.verdict?.verdict === until.verdict)
  );
}

export function toModelText({ primary, candidate }: DemoModel, mode: DemoMode): string {
  const toStorageUri = (version: string) => `${mode.storage}/wisdom-${version}`;
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

const analysis = `  analysis:
    share: 10 # percent of the requests that the comparer also sends to both versions
    checks:
      - errors: {candidateOnly: 1%}
      - agreement: {atLeast: 95%}
`;

export function toPolicyText(mirrorPercentage: number, isJudged = false): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: wisdom}
spec:
  mirrorPercentage: ${mirrorPercentage}
${isJudged ? analysis : ''}`;
}
