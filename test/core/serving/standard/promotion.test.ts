import test from 'ava';
import type { InferenceService, VersionPair } from '../../../../src/core/serving/serving-mode.ts';
import { standard } from '../../../../src/core/serving/standard/standard.ts';

const toService = (name: string, port: number, more: object = {}): InferenceService => ({
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: { name, namespace: 'ml', labels: { 'app.kubernetes.io/name': 'wisdom' } },
  spec: {
    predictor: {
      model: { modelFormat: { name: 'sklearn' }, args: ['--model_name=wisdom'], ports: [{ containerPort: port }] },
    },
    ...more,
  },
});
const compare = (candidate: InferenceService, pair: Partial<VersionPair> = {}) =>
  (
    standard.compare?.(toService('wisdom-0', 8080), candidate, { protocols: ['rest'], isInPlace: true, ...pair }) ?? []
  ).map(({ code }) => code);

test('a promotion in place has a gap where the pods of the versions differ in port or kind', (t) => {
  t.deepEqual(compare(toService('wisdom-1', 8080)), []);
  t.deepEqual(compare(toService('wisdom-1', 8081)), ['promotion-gap']);
  const transformer = { containers: [{ image: 'a', args: ['--model_name=wisdom'] }] };
  t.deepEqual(compare(toService('wisdom-1', 8080, { transformer })), ['promotion-gap']);
});

test('a candidate with a name of its own keeps its pods, so its promotion has none', (t) => {
  t.deepEqual(compare(toService('wisdom-b', 8081), { isInPlace: false }), []);
});
