import test from 'ava';
import fc from 'fast-check';
import { findModelRisks } from '../../../src/core/change/model-risks.ts';
import type { Risk } from '../../../src/core/change/risk.ts';
import type { Setup } from './rendered-model.ts';
import { toRendered, toStored } from './rendered-model.ts';

const [v1, v2] = [toStored('v1'), toStored('v2')];
const ready = { candidate: v2, state: 'Ready' };
const small = { policy: { mirrorPercentage: 20 } };
const analysis = { checks: [{ errors: { rate: '1%' } }] };
const ramped = (...steps: readonly number[]) => ({ policy: { ramp: { steps }, analysis } });

function find(before: Setup | undefined, after: Setup | undefined): Risk[] {
  return findModelRisks({ before: before && toRendered(before), after: after && toRendered(after) }, 50);
}

const cases: readonly (readonly [title: string, Setup | undefined, Setup | undefined, readonly object[]])[] = [
  [
    'a model is removed',
    {},
    undefined,
    [{ code: 'model-removed', from: { name: 'wisdom', namespace: 'models' }, renamedTo: undefined }],
  ],
  [
    'a model gets another name and namespace',
    {},
    { name: 'sage', namespace: 'ml' },
    [
      { code: 'namespace-changed', from: { name: 'wisdom', namespace: 'models' }, to: 'ml' },
      { code: 'model-removed', from: { name: 'wisdom', namespace: 'models' }, renamedTo: 'sage' },
    ],
  ],
  [
    'the primary changes without a candidate',
    {},
    { primary: v2 },
    [{ code: 'primary-unproven', cause: 'version', from: 'v1', to: 'v2' }],
  ],
  [
    'a promotion is reverted before the watcher has committed that the candidate is gone',
    { ...small, primary: v2, observed: { candidate: v2 }, state: 'Ready' },
    { ...small, ...ready },
    [
      { code: 'primary-unproven', cause: 'version', from: 'v2', to: 'v1' },
      { code: 'candidate-returns', candidate: 'v2' },
    ],
  ],
  ['the template changes', {}, { format: 'onnx' }, [{ code: 'primary-unproven', cause: 'spec' }]],
  ['a ready candidate is promoted', { ...ready, ...small }, { ...small, primary: v2 }, []],
  [
    'a candidate is promoted before it is ready',
    { candidate: v2, state: 'Loading', ...small },
    { ...small, primary: v2 },
    [{ code: 'primary-unproven', cause: 'version', from: 'v1', to: 'v2' }],
  ],
  [
    'an annotation changes what is loaded',
    {},
    { annotations: { 'serving.kserve.io/secretKey': 'minio' } },
    [
      {
        code: 'primary-unproven',
        cause: 'annotations',
        annotations: [{ annotation: 'serving.kserve.io/secretKey', isPatched: false }],
      },
    ],
  ],
  [
    'the InferenceService of the primary is renamed',
    {},
    { primary: { ...v1, name: 'green' } },
    [{ code: 'primary-renamed', from: 'wisdom-0', to: 'green' }],
  ],
  [
    'a ready candidate is promoted with its name',
    { candidate: { ...v2, name: 'green' }, state: 'Ready', ...small },
    { ...small, primary: { ...v2, name: 'green' } },
    [],
  ],
  [
    'a first candidate gets everything at once',
    {},
    { candidate: v2 },
    [{ code: 'first-opening', percentage: 100, isDefault: true, threshold: 50, sharesPods: true }],
  ],
  [
    'a new model has a candidate that gets much at once',
    undefined,
    { candidate: v2, policy: { mirrorPercentage: 80 } },
    [{ code: 'first-opening', percentage: 80, isDefault: false, threshold: 50, sharesPods: true }],
  ],
  ['a first candidate gets little', small, { ...small, candidate: v2 }, []],
  ['a candidate is replaced', { candidate: v2 }, { candidate: toStored('v3') }, []],
  ['a ramp opens the mirror of a first candidate at little', ramped(1, 80), { ...ramped(1, 80), candidate: v2 }, []],
  [
    'a ramp opens the mirror of a first candidate at much',
    ramped(60, 80),
    { ...ramped(60, 80), candidate: v2 },
    [{ code: 'first-opening', percentage: 60, isDefault: false, threshold: 50, sharesPods: true }],
  ],
  [
    'a ramp is removed',
    { candidate: v2, ...ramped(1, 80) },
    { candidate: v2, policy: { analysis } },
    [{ code: 'percentage-raised', from: 1, to: 100, threshold: 50, sharesPods: true }],
  ],
  [
    'a ramp begins with more',
    { candidate: v2, ...ramped(1, 80) },
    { candidate: v2, ...ramped(70, 80) },
    [{ code: 'percentage-raised', from: 1, to: 70, threshold: 50, sharesPods: true }],
  ],
  ['a ramp keeps what is mirrored', { candidate: v2, ...ramped(1, 80) }, { candidate: v2, ...ramped(1, 90) }, []],
  [
    'the last step of a ramp compares much',
    { candidate: v2, policy: { analysis } },
    { candidate: v2, policy: { analysis: { ...analysis, share: 40 }, ramp: { steps: [1, 30] } } },
    [{ code: 'extra-load-raised', to: 30, most: 10 }],
  ],
  [
    'the percentage is raised above the threshold',
    { candidate: v2, ...small },
    { candidate: v2, policy: { mirrorPercentage: 80 } },
    [{ code: 'percentage-raised', from: 20, to: 80, threshold: 50, sharesPods: true }],
  ],
  [
    'the percentage is raised below it',
    { candidate: v2, ...small },
    { candidate: v2, policy: { mirrorPercentage: 50 } },
    [],
  ],
  [
    'the percentage is lowered',
    { candidate: v2, policy: { mirrorPercentage: 90 } },
    { candidate: v2, policy: { mirrorPercentage: 80 } },
    [],
  ],
  [
    'the candidate is the primary once more',
    small,
    { ...small, candidate: { ...v1, version: 'v1-again' } },
    [{ code: 'candidate-equals-primary', candidate: 'v1-again' }],
  ],
  [
    'hosts change',
    { policy: { routing: { hosts: ['old.example.com'] } } },
    { policy: { routing: { hosts: ['new.example.com'] } } },
    [{ code: 'hosts-changed', added: ['new.example.com'], removed: ['old.example.com'] }],
  ],
];

for (const [title, before, after, expected] of cases)
  test(`risks: ${title}`, (t) => {
    const findings = find(before, after).map(
      ({ file: _file, line: _line, column: _column, model: _model, ...finding }) => finding,
    );
    t.deepEqual<readonly object[], readonly object[]>(findings, expected);
  });

test('a risk is at the field that brings it', (t) => {
  const places = (before: Setup, after: Setup) => find(before, after).map(({ file, model }) => [file, model]);
  t.deepEqual(places({}, { primary: v2 }), [['wisdom/model.yaml', 'wisdom']]);
  // The policy is above the model's folder, so it is not of this model alone.
  const raised = { candidate: v2, policy: { mirrorPercentage: 80 } };
  t.deepEqual(places({ candidate: v2, ...small }, raised), [['policy.yaml', undefined]]);
});

test('a model that does not change has no risk, whatever its state', (t) => {
  const setups = fc.constantFrom(...cases.flatMap(([, before, after]) => [before ?? {}, after ?? {}]));
  fc.assert(
    fc.property(setups, (setup) => t.deepEqual(find(setup, setup), [])),
    { numRuns: 50 },
  );
});
