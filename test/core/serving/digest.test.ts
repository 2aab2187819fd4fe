import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { valueAt } from '../../../src/core/input/plain-value.ts';
import { computeDigest as digestOf, computeLoaded as loadedOf } from '../../../src/core/serving/digest.ts';
import { isSameDigest, toSpecPart } from '../../../src/core/serving/digest-text.ts';
import { modelMesh } from '../../../src/core/serving/modelmesh/modelmesh.ts';
import { readRecording } from '../../replay/recording.ts';

const computeDigest = (service: Parameters<typeof digestOf>[0]) => digestOf(service, modelMesh);
const computeLoaded = (service: unknown) => loadedOf(service, modelMesh);

type Annotations = Readonly<Record<string, string>>;

const model = { modelFormat: { name: 'sklearn' }, storageUri: 's3://models/wisdom/v1' };
const toService = (fields: object = {}, annotations: Annotations = {}, predictor: object = {}) => ({
  metadata: { annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh', ...annotations } },
  spec: { predictor: { ...predictor, model: { ...model, ...fields } } },
});
const secretKey = { 'serving.kserve.io/secretKey': 'localMinIO' };

test('a digest has its version, the digest that 0.1.0 made of the spec, and the annotations that are loaded by', (t) => {
  t.is(computeDigest(toService()), 'd2-4dff1e2479e26d244c754c8761af943b');
  const keyed = computeDigest(toService({}, secretKey));
  t.regex(keyed, /^d2-4dff1e2479e26d244c754c8761af943b-[0-9a-f]{16}$/);
  t.is(computeDigest(toService({}, { ...secretKey, 'example.com/team': 'red' })), keyed);
  for (const other of [
    { 'serving.kserve.io/secretKey': 'other' },
    { ...secretKey, 'serving.kserve.io/schemaPath': 'schema.json' },
    { ...secretKey, 'serving.kserve.io/servingRuntime': 'mlserver' },
  ])
    t.not(computeDigest(toService({}, other)), keyed);
});

test('two digests are compared by the parts that both have', (t) => {
  const spec = '4dff1e2479e26d244c754c8761af943b';
  t.true(isSameDigest(spec, `d2-${spec}`));
  t.true(isSameDigest(`d2-${spec}-0123456789abcdef`, spec));
  t.false(isSameDigest(`d2-${spec}-0123456789abcdef`, `d2-${spec}`));
  t.false(isSameDigest(spec, `d2-${spec.replace('4', '5')}`));
  t.false(isSameDigest('nonsense', 'd2-nonsense'));
  t.is(toSpecPart(`d9-${spec}`), undefined, 'of a later version nothing is known');
});

test('a change that ModelMesh ignores leaves the second digest as it is', (t) => {
  const same = computeLoaded(toService());
  for (const [fields, annotations, predictor] of [
    [{ args: ['--x'], env: [{ name: 'A', value: 'b' }], resources: { limits: { cpu: '1' } }, runtimeVersion: '2' }],
    [{ name: '', resources: {}, runtime: '', storage: {} }],
    [{}, { 'example.com/team': 'red', 'model-mirror.dev/digest': 'd2-0' }],
    // Refused together with a model, so there is nothing to load by it.
    [{}, { 'serving.kserve.io/servingRuntime': 'mlserver' }],
    [{}, {}, { minReplicas: 2, serviceAccountName: 'x', automountServiceAccountToken: false }],
  ] as const)
    t.is(
      computeLoaded(toService(fields, annotations, predictor)),
      same,
      JSON.stringify([fields, annotations, predictor]),
    );
});

test('a change of any value that ModelMesh loads by changes the second digest', (t) => {
  const all = [
    toService(),
    toService({ modelFormat: { name: 'onnx' } }),
    toService({ modelFormat: { name: 'sklearn', version: '1' } }),
    toService({ runtime: 'mlserver' }),
    toService({ protocolVersion: 'grpc-v2' }),
    toService({ storageUri: 's3://models/wisdom/v2' }),
    toService({ storage: { key: 'other' } }),
    toService({ storage: { schemaPath: 'schema.json' } }),
    toService({ storage: { parameters: { region: 'eu' } } }),
    toService({ storageUri: undefined, storage: { path: 'wisdom/v1' } }),
    toService({}, secretKey),
    toService({}, { 'serving.kserve.io/schemaPath': 'other.json' }),
  ].map(computeLoaded);
  t.is(new Set(all).size, all.length);
});

test('an annotation counts only where the spec does not set the same value', (t) => {
  const key = computeLoaded(toService({ storage: { key: 'localMinIO' } }));
  t.is(computeLoaded(toService({}, secretKey)), key);
  t.is(computeLoaded(toService({ storage: { key: 'localMinIO' } }, { 'serving.kserve.io/secretKey': 'other' })), key);
  const old = (annotations: Annotations) => ({
    metadata: { annotations },
    spec: { predictor: { sklearn: { storageUri: 's3://models/wisdom/v1' } } },
  });
  t.not(computeLoaded(old({ 'serving.kserve.io/servingRuntime': 'mlserver' })), computeLoaded(old({})));
});

test('what the API server fills in leaves the second digest as it is', (t) => {
  const folder = join(import.meta.dirname, '../../../fixtures/recordings/modelmesh');
  const recordings = readdirSync(folder).filter((name) => /^B-S(1|30)-/.test(name));
  const objects = recordings.flatMap((name) =>
    readRecording(name, readFileSync(join(folder, name), 'utf8')).events.map(({ object }) => object),
  );
  t.true(objects.length > 5);
  for (const object of objects) {
    const storageUri = valueAt(object, ['spec', 'predictor', 'model', 'storageUri']);
    t.is(computeLoaded(object), computeLoaded(toService({ storageUri }, secretKey)));
  }
});
