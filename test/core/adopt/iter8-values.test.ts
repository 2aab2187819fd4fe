import test from 'ava';
import { readIter8Values } from '../../../src/core/adopt/iter8-values.ts';

test('the values of 0.14, and those of 0.15 under their other names', (t) => {
  const versions = [{ namespace: 'models' }, { name: 'next' }];
  const expected = {
    name: 'wisdom',
    namespace: 'models',
    primary: 'wisdom-0',
    candidate: 'next',
    mirrorPercentage: 20,
  };
  t.deepEqual(
    readIter8Values({ modelName: 'wisdom', strategy: 'mirror', modelVersions: versions, mirrorPercentage: 20 }),
    expected,
  );
  t.deepEqual(
    readIter8Values({ appName: 'wisdom', trafficStrategy: 'mirror', appVersions: versions, mirrorPercentage: 20 }),
    expected,
  );
});

test('what the values leave out is as in the chart', (t) => {
  t.deepEqual(readIter8Values({ modelName: 'wisdom' }), {
    name: 'wisdom',
    namespace: 'modelmesh-serving',
    primary: 'wisdom-0',
    candidate: 'wisdom-1',
    mirrorPercentage: 100,
  });
  t.like(readIter8Values({ modelName: 'wisdom', modelVersions: [{ name: 'only' }] }), {
    primary: 'only',
    candidate: undefined,
  });
});

test('values that are not those of a mirrored rollout are refused at their place', (t) => {
  const refuse = (value: unknown) => {
    const read = readIter8Values(value);
    return 'code' in read ? `${read.code} ${read.path.join('.')}` : 'read';
  };
  t.is(refuse(undefined), 'missing-field modelName');
  t.is(refuse({ modelName: '' }), 'missing-field modelName');
  t.is(refuse({ appName: 3 }), 'missing-field appName');
  t.is(refuse({ modelName: 'a', strategy: 'blue-green' }), 'invalid-value strategy');
  t.is(refuse({ appName: 'a', trafficStrategy: 'canary' }), 'invalid-value trafficStrategy');
  for (const mirrorPercentage of ['lots', -1, 100.1, Number.NaN])
    t.is(refuse({ modelName: 'a', mirrorPercentage }), 'out-of-range mirrorPercentage');
});
