import type { RenderedRollout } from '../../../src/core/render/decide-model.ts';
import { render } from '../render/memory-tree.ts';

export interface Version {
  readonly version: string;
  readonly storageUri?: string;
  readonly name?: string;
  readonly overrides?: object;
}

export interface Setup {
  readonly name?: string;
  readonly namespace?: string;
  readonly folder?: string;
  readonly primary?: Version;
  readonly candidate?: Version;
  readonly annotations?: object;
  readonly format?: string;
  readonly policy?: object;
  /** Of the candidate as rendered; absent: there is no status file. */
  readonly state?: string;
  readonly reason?: string;
  /** Whose candidate the status file is about; absent: that of this one. */
  readonly observed?: Setup;
}

export const toStored = (version: string): Version => ({ version, storageUri: `s3://models/${version}` });
const head = { apiVersion: 'model-mirror.dev/v1alpha1' };

/** What the files of a model render to. */
export function toRendered(setup: Setup): RenderedRollout {
  const {
    name = 'wisdom',
    namespace = 'models',
    folder = 'wisdom',
    primary = toStored('v1'),
    candidate,
    state,
    reason,
  } = setup;
  const { annotations, observed, format = 'sklearn', policy } = setup;
  const metadata = { name, namespace };
  const template = {
    metadata: { annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh', ...annotations } },
    spec: { predictor: { model: { modelFormat: { name: format } } } },
  };
  const files: Record<string, string> = {
    [`${folder}/model.yaml`]: JSON.stringify({
      ...head,
      kind: 'Model',
      metadata,
      spec: { template, primary, candidate },
    }),
  };
  if (policy !== undefined)
    files['policy.yaml'] = JSON.stringify({ ...head, kind: 'MirrorPolicy', metadata: { name: 'all' }, spec: policy });
  const toRollout = () => {
    const { rollouts, problems } = render(files);
    const [rollout] = rollouts;
    if (rollout === undefined) throw new Error(JSON.stringify(problems));
    return rollout;
  };
  const rendered = toRollout();
  if (state === undefined) return rendered;
  const [decided] = (observed === undefined ? rendered : toRendered(observed)).candidates;
  const recorded = { name: decided?.version.name, digest: decided?.digest, state, reason };
  files[`${folder}/status.yaml`] = JSON.stringify({
    ...head,
    kind: 'ModelStatus',
    metadata,
    status: { candidates: [recorded] },
  });
  return toRollout();
}
