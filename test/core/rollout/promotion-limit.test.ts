/** `validate` and a promotion that somebody wrote by hand. */
import test from 'ava';
import { renderApplication } from '../../../src/core/render/application.ts';
import { checkPromotion } from '../../../src/core/rollout/promotion-limit.ts';
import type { Files } from '../render/memory-tree.ts';
import { toMemoryTree } from '../render/memory-tree.ts';
import { toJudgedStatus } from './ramp-examples.ts';

const head = (kind: string, name: string) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}${kind === 'MirrorPolicy' ? '' : ', namespace: models'}}\n`;
const toModel = (primary: string, candidate?: string) => `${head('Model', 'wisdom')}spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: ${primary}, storageUri: s3://models/${primary}}
${candidate === undefined ? '' : `  candidate: {version: ${candidate}, storageUri: s3://models/${candidate}}\n`}`;
const policy = (required: boolean) =>
  `${head('MirrorPolicy', 'wisdom')}spec:\n  analysis: {checks: [{errors: {rate: 1%}}]}\n  limits: {requireAnalysis: ${required}}\n`;

function decide(model: string, status: string, required = true) {
  const tree = toMemoryTree({ 'model.yaml': model, 'policy.yaml': policy(required), 'status.yaml': status });
  const [rollout] = renderApplication(tree, {}, () => undefined).rollouts;
  if (rollout === undefined) throw new Error('it does not render');
  return rollout;
}

/** As the watcher would have written it while v2 was the candidate of v1. */
function toStatus(verdict?: 'Passing' | 'Failing'): string {
  const { primary, candidates } = decide(toModel('v1', 'v2'), '');
  const [candidate] = candidates;
  const { analysis, ...about } = candidate?.analysis?.subject ?? { analysis: '' };
  const subject = JSON.stringify({ ...about, analysis });
  const judged =
    verdict === undefined
      ? ''
      : `, verdict: {verdict: ${verdict}, by: sequence, at: "2026-01-01T00:00:00Z", rule: beta-binomial/1, confidence: 0.95, steps: 1, minSamples: 500, subject: ${subject}, checks: [{check: errors.rate, limit: 0.01, bad: 0, all: 900, low: 0, high: 0.005}]}`;
  return `${head('ModelStatus', 'wisdom')}status:
  primary: {name: wisdom-0, version: v1, digest: ${primary.digest}, state: Ready, loaded: ${primary.loaded}}
  candidates: [{name: wisdom-1, version: v2, digest: ${candidate?.digest}, state: Ready, loaded: ${candidate?.loaded}${judged}}]
`;
}

const codesOf = (model: string, status: string, required?: boolean) => {
  const rollout = decide(model, status, required);
  return checkPromotion(rollout, rollout.status).map(({ code }) => code);
};

test('a candidate that somebody made the primary by hand must have been judged as Passing', (t) => {
  const promoted = toModel('v2');
  t.deepEqual(codesOf(promoted, toStatus()), ['analysis-required']);
  t.deepEqual(codesOf(promoted, toStatus('Failing')), ['analysis-required']);
  t.deepEqual(codesOf(promoted, toStatus('Passing')), []);
  t.deepEqual(codesOf(promoted, toStatus(), false), []);
});

test('a Passing that does not follow from its counts, as people and merges leave it, is none', (t) => {
  for (const [from, to] of [
    ['bad: 0', 'bad: 90'],
    ['all: 900', 'all: 90'],
    ['high: 0.005', 'high: 0.004'],
    ['minSamples: 500', 'minSamples: 5'],
    ['confidence: 0.95', 'confidence: 0.5'],
    ['check: errors.rate', 'check: errors.candidateOnly'],
    ['beta-binomial/1', 'beta-binomial/0'],
  ] as const)
    t.deepEqual(codesOf(toModel('v2'), toStatus('Passing').replace(from, to)), ['analysis-required'], to);
});

test('on a ramp, a promotion needs Passing of the last step', (t) => {
  const toFiles = (model: string): Files => ({
    'model.yaml': model,
    'policy.yaml': policy(true).replace('spec:', 'spec:\n  ramp: {steps: [1, 5, 20]}'),
  });
  const ofStep = (step: number) => toJudgedStatus(toFiles(toModel('v1', 'v2')), { verdict: 'Passing', step });
  const find = (step: number) => {
    const tree = toMemoryTree({ ...toFiles(toModel('v2')), 'status.yaml': ofStep(step) });
    const [rollout] = renderApplication(tree, {}, () => undefined).rollouts;
    return rollout && checkPromotion(rollout, rollout.status).map(({ code }) => code);
  };
  t.deepEqual([0, 1, 2].map(find), [['analysis-required'], ['analysis-required'], []]);
});

test('all else is free: the candidate as it is, its end, the way back, and a model that nobody has observed', (t) => {
  for (const [model, status] of [
    [toModel('v1', 'v2'), toStatus()],
    [toModel('v1'), toStatus('Failing')],
    [toModel('v0'), toStatus('Failing')],
    [toModel('v2'), ''],
  ] as const)
    t.deepEqual(codesOf(model, status), []);
});

test('what the server ignores makes no other version of a candidate', (t) => {
  const tweaked = (version: string) =>
    toModel(version).replace('{modelFormat:', '{resources: {limits: {cpu: 2}}, modelFormat:');
  t.deepEqual(codesOf(tweaked('v2'), toStatus()), ['analysis-required']);
  t.deepEqual(codesOf(tweaked('v2'), toStatus('Failing')), ['analysis-required']);
  t.deepEqual(codesOf(tweaked('v2'), toStatus('Passing')), []);
  t.deepEqual(codesOf(tweaked('v1'), toStatus('Failing')), []);
  t.deepEqual(codesOf(tweaked('v0'), toStatus('Failing')), []);
});

test('a candidate that 0.1.0 observed was never judged', (t) => {
  const old = (status: string) => status.replace(/d2-([0-9a-f]{32})(?=, state)/g, '$1');
  t.deepEqual(codesOf(toModel('v2'), old(toStatus())), ['analysis-required']);
  t.deepEqual(codesOf(toModel('v1'), old(toStatus())), []);
});
