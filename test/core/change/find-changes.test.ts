import test from 'ava';
import fc from 'fast-check';
import type { Change } from '../../../src/core/change/change.ts';
import { findChanges } from '../../../src/core/change/find-changes.ts';
import type { RenderedRollout } from '../../../src/core/render/decide-model.ts';
import type { Setup, Version } from './rendered-model.ts';
import { toRendered, toStored } from './rendered-model.ts';

const [v1, v2, v3] = [toStored('v1'), toStored('v2'), toStored('v3')];
const secretKey = 'serving.kserve.io/secretKey';

function find(before: Setup | undefined, after: Setup | undefined): Change[] {
  return findChanges(before && toRendered(before), after && toRendered(after));
}

const toVersion = ({ version, storageUri, name }: Version, number: 0 | 1) => ({
  version,
  name: name ?? `wisdom-${number}`,
  location: storageUri,
});
const failed = { state: 'Failed', reason: 'OOM' };
const ready = { candidate: v2, state: 'Ready' };
const percentage = (mirrorPercentage: number) => ({ policy: { mirrorPercentage } });

const cases: readonly (readonly [title: string, Setup | undefined, Setup | undefined, readonly object[]])[] = [
  ['a new model', undefined, {}, [{ code: 'model-added', primary: toVersion(v1, 0) }]],
  [
    'a new model with a candidate',
    undefined,
    { candidate: v2 },
    [
      { code: 'model-added', primary: toVersion(v1, 0) },
      { code: 'candidate-declared', candidate: toVersion(v2, 1) },
      { code: 'mirror-stays-closed', candidate: 'v2', opensAt: 100, reason: { code: 'no-status' } },
    ],
  ],
  ['a removed model', { candidate: v2 }, undefined, [{ code: 'model-removed' }]],
  [
    'another name and namespace',
    {},
    { name: 'sage', namespace: 'ml' },
    [
      { code: 'model-renamed', from: 'wisdom', to: 'sage' },
      { code: 'namespace-changed', from: 'models', to: 'ml' },
      { code: 'inference-service-renamed', role: 'primary', version: 'v1', from: 'wisdom-0', to: 'sage-0' },
    ],
  ],
  ['another folder', {}, { folder: 'ml' }, [{ code: 'file-moved', from: 'wisdom/model.yaml', to: 'ml/model.yaml' }]],
  ['another primary', {}, { primary: v2 }, [{ code: 'primary-changed', from: toVersion(v1, 0), to: toVersion(v2, 0) }]],
  [
    'a promotion',
    ready,
    { primary: v2 },
    [
      { code: 'primary-promoted', from: toVersion(v1, 0), to: toVersion(v2, 0) },
      { code: 'mirror-closed', candidate: 'v2', opensAt: undefined, reason: { code: 'no-candidate' } },
    ],
  ],
  [
    'a declared candidate',
    {},
    { candidate: v2 },
    [
      { code: 'candidate-declared', candidate: toVersion(v2, 1) },
      { code: 'mirror-stays-closed', candidate: 'v2', opensAt: 100, reason: { code: 'no-status' } },
    ],
  ],
  ['a discarded candidate', { candidate: v2 }, {}, [{ code: 'candidate-discarded', candidate: toVersion(v2, 1) }]],
  [
    'a candidate that is replaced while its mirror is open',
    ready,
    { candidate: v3, state: 'Loading' },
    [
      { code: 'candidate-changed', from: toVersion(v2, 1), to: toVersion(v3, 1) },
      {
        code: 'mirror-closed',
        candidate: 'v3',
        opensAt: 100,
        reason: { code: 'not-ready', state: 'Loading', reason: undefined },
      },
    ],
  ],
  [
    'a candidate that is replaced without a gate',
    { candidate: v2, policy: { gate: 'None' } },
    { candidate: v3, policy: { gate: 'None' } },
    [
      { code: 'candidate-changed', from: toVersion(v2, 1), to: toVersion(v3, 1) },
      { code: 'mirror-stays-open', candidate: 'v3', percentage: 100, reason: { code: 'gate-none' } },
    ],
  ],
  [
    'the same version at another location',
    {},
    { primary: { ...v1, storageUri: 's3://models/other' } },
    [
      {
        code: 'storage-moved',
        role: 'primary',
        version: 'v1',
        field: 'storageUri',
        from: 's3://models/v1',
        to: 's3://models/other',
      },
    ],
  ],
  [
    'other overrides',
    {},
    { primary: { ...v1, overrides: { metadata: { labels: { team: 'a' } } } } },
    [{ code: 'version-redeclared', role: 'primary', version: 'v1' }],
  ],
  [
    'another name of the InferenceService',
    {},
    { primary: { ...v1, name: 'green' } },
    [{ code: 'inference-service-renamed', role: 'primary', version: 'v1', from: 'wisdom-0', to: 'green' }],
  ],
  ['another template', {}, { format: 'onnx' }, [{ code: 'spec-changed', role: 'primary', version: 'v1' }]],
  [
    'an annotation that determines what is loaded',
    {},
    { annotations: { [secretKey]: 'minio' } },
    [{ code: 'annotation-changed', role: 'primary', version: 'v1', annotation: secretKey }],
  ],
  [
    'the same annotation by a patch',
    {},
    {
      policy: {
        patches: [
          {
            target: { kind: 'InferenceService' },
            patch: [{ op: 'add', path: '/metadata/annotations/serving.kserve.io~1secretKey', value: 'minio' }],
          },
        ],
      },
    },
    [{ code: 'annotation-patched', role: 'primary', version: 'v1', annotation: secretKey }],
  ],
  ['an annotation that determines nothing', {}, { annotations: { 'example.com/owner': 'ada' } }, []],
  [
    'a percentage without a candidate',
    percentage(20),
    percentage(50),
    [{ code: 'percentage-changed', from: 20, to: 50, hasCandidate: false, inSteps: false }],
  ],
  [
    'a percentage while the mirror is open',
    { ...ready, ...percentage(20) },
    { ...ready, ...percentage(50) },
    [{ code: 'percentage-changed', from: 20, to: 50, hasCandidate: true, inSteps: false }],
  ],
  [
    'a percentage while the candidate has failed',
    { candidate: v2, ...failed, ...percentage(20) },
    { candidate: v2, ...failed, ...percentage(50) },
    [
      { code: 'percentage-changed', from: 20, to: 50, hasCandidate: true, inSteps: false },
      { code: 'mirror-stays-closed', candidate: 'v2', opensAt: 50, reason: { code: 'not-ready', ...failed } },
    ],
  ],
  [
    'the brake',
    { ...ready, ...percentage(20) },
    { ...ready, ...percentage(0) },
    [
      { code: 'percentage-changed', from: 20, to: 0, hasCandidate: true, inSteps: false },
      { code: 'mirror-closed', candidate: 'v2', opensAt: undefined, reason: { code: 'percentage-zero' } },
    ],
  ],
  [
    'a gate that is removed',
    { candidate: v2 },
    { candidate: v2, policy: { gate: 'None' } },
    [
      { code: 'gate-changed', from: 'Status', to: 'None' },
      { code: 'mirror-opened', candidate: 'v2', percentage: 100, reason: { code: 'gate-none' } },
    ],
  ],
  [
    'a candidate that becomes ready',
    { candidate: v2, state: 'Loading' },
    ready,
    [{ code: 'mirror-opened', candidate: 'v2', percentage: 100, reason: { code: 'ready' } }],
  ],
  [
    'a candidate that fails',
    ready,
    { candidate: v2, ...failed },
    [{ code: 'mirror-closed', candidate: 'v2', opensAt: undefined, reason: { code: 'not-ready', ...failed } }],
  ],
  [
    'other hosts',
    { policy: { routing: { hosts: ['old.example.com'] } } },
    { policy: { routing: { hosts: ['new.example.com'] } } },
    [
      { code: 'host-added', host: 'new.example.com' },
      { code: 'host-removed', host: 'old.example.com' },
    ],
  ],
];

for (const [title, before, after, expected] of cases)
  test(`changes: ${title}`, (t) => t.deepEqual<readonly object[], readonly object[]>(find(before, after), expected));

const setups = fc.constantFrom(...cases.flatMap(([, before, after]) => [before ?? {}, after ?? {}]));

test('equal renders have no changes', (t) => {
  fc.assert(
    fc.property(setups, (setup) => t.deepEqual(find(setup, setup), [])),
    { numRuns: 50 },
  );
});

test('a mirror that opens or closes is always reported, and no other', (t) => {
  fc.assert(
    fc.property(setups, setups, (one, other) => {
      const [before, after] = [toRendered(one), toRendered(other)];
      const codes = findChanges(before, after).map(({ code }) => code);
      const isAnyOpen = ({ candidates }: RenderedRollout) => candidates.some(({ mirror }) => mirror.percentage > 0);
      const [wasOpen, isOpen] = [isAnyOpen(before), isAnyOpen(after)];
      t.is(codes.includes('mirror-opened'), !wasOpen && isOpen);
      t.is(codes.includes('mirror-closed'), wasOpen && !isOpen);
    }),
    { numRuns: 200 },
  );
});
