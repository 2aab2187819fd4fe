/**
 * A year of edits. Whatever changes on an InferenceService restarts its pods in Standard mode, and so what does not
 * change the primary's model must not change a byte of its InferenceService.
 */
import test from 'ava';
import fc from 'fast-check';
import { times } from '../../thorough.ts';
import { render } from './memory-tree.ts';

interface Version {
  readonly version: string;
  readonly storageUri: string;
  readonly name?: string;
  readonly overrides?: object;
}

/** What a repository says, and what the cluster has reported. */
interface State {
  readonly folder: string;
  readonly protocols: readonly string[] | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly primary: Version;
  readonly candidate: Version | undefined;
  readonly policy: Readonly<Record<string, unknown>>;
  /** The number in patches of all InferenceServices; 0: there are none. */
  readonly patched: number;
  /** The same of the candidate's alone, while there is one. */
  readonly candidatePatched: number;
  readonly outerPolicy: Readonly<Record<string, unknown>>;
  readonly status: string | undefined;
  readonly otherModels: number;
}

interface Edit {
  readonly what: string;
  /** Whether people change the primary by it: the model, or how its pods run. */
  readonly isOfPrimary: boolean;
  readonly apply: (state: State, n: number) => State;
}

const candidateOf = (n: number, more: object = {}): Version => ({
  version: `v${n}`,
  storageUri: `s3://models/${n}`,
  ...more,
});
const setPolicy = (what: string, toSpec: (n: number) => Record<string, unknown>): Edit => ({
  what,
  isOfPrimary: false,
  apply: (state, n) => ({ ...state, policy: { ...state.policy, ...toSpec(n) } }),
});
const setStatus = (what: string, toStatus: (state: State, n: number) => object | string): Edit => ({
  what,
  isOfPrimary: false,
  apply: (state, n) => {
    const status = toStatus(state, n);
    return { ...state, status: typeof status === 'string' ? status : JSON.stringify(status) };
  },
});
const toStatus = (candidates: readonly object[], primary: object = {}) => ({
  apiVersion: 'model-mirror.dev/v1alpha1',
  kind: 'ModelStatus',
  metadata: { name: 'wisdom', namespace: 'ml' },
  status: { primary: { name: 'wisdom-0', version: 'v1', state: 'Ready', ...primary }, candidates },
});
const patchOf = (n: number, kind: string, name?: string) => ({
  target: { kind, name },
  patch: [{ op: 'add', path: '/metadata/labels/example.com~1team', value: `t${n}` }],
});

const edits: readonly Edit[] = [
  setPolicy('the percentage', (n) => ({ mirrorPercentage: (n * 7) % 101 })),
  setPolicy('the brake', () => ({ mirrorPercentage: 0 })),
  setPolicy('the gate', (n) => ({ gate: n % 2 === 0 ? 'None' : 'Status' })),
  setPolicy('routing', (n) => ({
    routing: {
      hosts: [`h${n}.example.com`],
      timeout: `${n}s`,
      mirrorTimeout: `${n + 1}s`,
      maxCopiesInFlight: n,
      clusterDomain: n % 3 === 0 ? 'cluster.local' : `c${n}.local`,
    },
  })),
  setPolicy('the analysis', (n) => ({
    analysis: { share: n % 5, noise: n % 2 === 0, checks: [{ errors: { rate: `${1 + (n % 9)}%` } }] },
  })),
  setPolicy('limits', (n) => ({ limits: { storageUriPrefixes: ['s3://models', `s3://other-${n}`] } })),
  setPolicy('the permission for the former name of the mode', (n) => ({
    serving: { allowRawDeployment: n % 2 === 0 },
  })),
  setPolicy('a patch of a route', (n) => ({ patches: [patchOf(n, 'VirtualService', 'wisdom')] })),
  {
    what: 'a patch of the candidate',
    isOfPrimary: false,
    apply: (state, n) => ({ ...state, candidatePatched: n % 4 }),
  },
  {
    what: 'a policy of the folder above',
    isOfPrimary: false,
    apply: (state, n) => ({ ...state, outerPolicy: { mirrorPercentage: n % 101 } }),
  },
  {
    what: 'another folder',
    isOfPrimary: false,
    apply: (state, n) => ({ ...state, folder: `models/team-${n % 5}/wisdom` }),
  },
  {
    what: 'how clients call the model',
    isOfPrimary: false,
    apply: (state, n) => ({ ...state, protocols: [undefined, ['rest'], ['grpc'], ['grpc', 'rest']][n % 4] }),
  },
  {
    what: 'another model comes or goes',
    isOfPrimary: false,
    apply: (state, n) => ({ ...state, otherModels: n % 3 }),
  },
  {
    what: 'a candidate comes',
    isOfPrimary: false,
    apply: (state, n) => ({ ...state, candidate: candidateOf(n) }),
  },
  {
    what: 'a candidate that differs in more than its model',
    isOfPrimary: false,
    apply: (state, n) => ({
      ...state,
      candidate: candidateOf(n, {
        overrides: {
          metadata: { labels: { size: `s${n}` } },
          spec: { predictor: { minReplicas: n, model: { env: [{ name: 'N', value: `${n}` }] } } },
        },
      }),
    }),
  },
  {
    what: 'a candidate with a name of its own',
    isOfPrimary: false,
    apply: (state, n) => ({ ...state, candidate: candidateOf(n, { name: `blue-${n}` }) }),
  },
  { what: 'the candidate is discarded', isOfPrimary: false, apply: (state) => ({ ...state, candidate: undefined }) },
  setStatus('the candidate is Ready', ({ candidate }, n) =>
    toStatus([{ name: 'wisdom-1', version: candidate?.version ?? 'v0', state: 'Ready', digest: `d2-${n}` }]),
  ),
  setStatus('the primary fails', () => toStatus([], { state: 'Failed', reason: 'ModelLoadFailed', message: 'no' })),
  setStatus('the status is broken', (_, n) => `{${n}`),
  { what: 'the status file is removed', isOfPrimary: false, apply: (state) => ({ ...state, status: undefined }) },
  {
    what: 'the candidate is promoted',
    isOfPrimary: true,
    apply: ({ candidate, ...state }) => ({ ...state, candidate: undefined, primary: candidate ?? state.primary }),
  },
  {
    what: 'another model in place',
    isOfPrimary: true,
    apply: (state, n) => ({ ...state, primary: { ...state.primary, storageUri: `s3://models/in-place-${n}` } }),
  },
  {
    what: 'a field of the spec',
    isOfPrimary: true,
    apply: (state, n) => ({ ...state, fields: { ...state.fields, maxReplicas: n % 4 } }),
  },
  {
    what: 'a label',
    isOfPrimary: true,
    apply: (state, n) => ({ ...state, labels: { team: `t${n % 4}` } }),
  },
  {
    what: 'an annotation',
    isOfPrimary: true,
    apply: (state, n) => ({ ...state, annotations: { 'example.com/note': `n${n % 4}` } }),
  },
  {
    what: 'a patch of all InferenceServices',
    isOfPrimary: true,
    apply: (state, n) => ({ ...state, patched: n % 4 }),
  },
];

const first: State = {
  folder: 'models/wisdom',
  protocols: undefined,
  labels: {},
  annotations: {},
  fields: {},
  primary: { version: 'v0', storageUri: 's3://models/0' },
  candidate: undefined,
  policy: {},
  patched: 0,
  candidatePatched: 0,
  outerPolicy: {},
  status: undefined,
  otherModels: 0,
};

function toFiles(state: State, mode: string): Record<string, string> {
  const { folder, protocols, labels, annotations, fields, primary, candidate } = state;
  const toModel = (name: string, spec: object) => ({
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'Model',
    metadata: { name, namespace: 'ml' },
    spec,
  });
  const toPolicy = (spec: object) => ({
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'MirrorPolicy',
    metadata: { name: 'policy' },
    spec,
  });
  const template = {
    metadata: { labels, annotations: { ...annotations, 'serving.kserve.io/deploymentMode': mode } },
    spec: { predictor: { ...fields, model: { modelFormat: { name: 'sklearn' } } } },
  };
  const documents: Record<string, object> = {
    [`${folder}/model.yaml`]: toModel('wisdom', { protocols, template, primary, candidate }),
    [`${folder}/policy.yaml`]: toPolicy(state.policy),
    'policy.yaml': toPolicy({
      ...state.outerPolicy,
      patches: [
        ...(state.patched === 0 ? [] : [patchOf(state.patched, 'InferenceService')]),
        ...(candidate === undefined || state.candidatePatched === 0
          ? []
          : [patchOf(state.candidatePatched, 'InferenceService', candidate.name ?? 'wisdom-1')]),
      ],
    }),
  };
  for (let i = 0; i < state.otherModels; i++)
    documents[`other-${i}/model.yaml`] = toModel(`other-${i}`, { template, primary: candidateOf(i) });
  return {
    ...Object.fromEntries(Object.entries(documents).map(([path, document]) => [path, JSON.stringify(document)])),
    ...(state.status === undefined ? {} : { [`${folder}/status.yaml`]: state.status }),
  };
}

/** The primary's InferenceService, and what people declare that decides it. */
function toPrimary(state: State, mode: string) {
  const { objects, problems } = render(toFiles(state, mode));
  const name = state.primary.name ?? 'wisdom-0';
  const errors = problems.filter(({ severity }) => severity === 'error');
  return {
    errors,
    service: objects.find((object) => object.kind === 'InferenceService' && object.name === name)?.output,
    declared: JSON.stringify([state.primary, state.labels, state.annotations, state.fields, state.patched]),
  };
}

for (const mode of ['Standard', 'ModelMesh'])
  test(`in a year of edits, the primary's InferenceService changes only when its model does: ${mode}`, (t) => {
    const edit = fc.record({ which: fc.nat(edits.length - 1), n: fc.integer({ min: 1, max: 60 }) });
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(edit, { minLength: 365, maxLength: 365, size: 'max' }), (year) => {
        let state = first;
        let before = toPrimary(state, mode);
        for (const { which, n } of year) {
          const { what, isOfPrimary, apply } = edits[which] as Edit;
          // A name that the primary has already is refused, and would be no edit.
          const next = apply(state, n);
          if (next.candidate !== undefined && (next.candidate.name ?? 'wisdom-1') === (next.primary.name ?? 'wisdom-0'))
            continue;
          const after = toPrimary(next, mode);
          t.deepEqual(after.errors, [], what);
          t.not(after.service, undefined, what);
          if (!isOfPrimary) t.is(after.service, before.service, what);
          // And what people declare of it does change it: nothing is lost.
          else if (after.declared !== before.declared) t.not(after.service, before.service, what);
          seen.set(what, (seen.get(what) ?? 0) + 1);
          [state, before] = [next, after];
        }
      }),
      { seed: 16, numRuns: times(3, 1), endOnFailure: true },
    );
    t.is(seen.size, edits.length, 'every edit has been tried');
  });
