import test from 'ava';
import fc from 'fast-check';
import { valueAt } from '../../../../src/core/input/plain-value.ts';
import type { InferenceService } from '../../../../src/core/serving/serving-mode.ts';
import { addModelName, checkModelName, compareModelNames } from '../../../../src/core/serving/standard/model-name.ts';

const toService = (spec: object, name = 'wisdom-0') =>
  ({
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name, namespace: 'ml', labels: { 'app.kubernetes.io/name': 'wisdom' } },
    spec,
  }) as InferenceService;
const toModel = (model: object) => toService({ predictor: { model } });
const complete = (model: object) => valueAt(addModelName(toModel(model)).spec, ['predictor', 'model']);
const ofRuntime = (runtime: string, more: object = {}) => ({ modelFormat: { name: 'any' }, runtime, ...more });
const ofFormat = (name: string, protocolVersion?: string) => ({
  modelFormat: { name },
  ...(protocolVersion === undefined ? {} : { protocolVersion }),
});

const argument = { args: ['--model_name=wisdom'] };
const variable = { env: [{ name: 'MLSERVER_MODEL_NAME', value: 'wisdom' }] };
const served = { args: ['--served-model-name=wisdom'] };

/** As facts of KServe 0.20 have it (config/runtimes): each runtime, and how it is given its name. */
const runtimes: readonly (readonly [object, string])[] = [
  [
    argument,
    'sklearnserver xgbserver lgbserver pmmlserver paddleserver autogluonserver predictiveserver huggingfaceserver huggingfaceserver-multinode tensorflow-serving openvino',
  ],
  [variable, 'mlserver'],
  [served, 'vllmserver'],
  [{}, 'tritonserver torchserve'],
];

test('each runtime of KServe is given the name in its own way, and some in none', (t) => {
  for (const [added, names] of runtimes)
    for (const name of names.split(' ')) {
      const model = ofRuntime(`kserve-${name}`);
      t.deepEqual(complete(model), { ...model, ...added }, name);
      t.deepEqual(checkModelName(addModelName(toModel(model))), [], name);
    }
});

test('without a runtime, format and protocol version tell it, as KServe selects it', (t) => {
  const known: readonly (readonly [object, string, (string | undefined)?])[] = [
    ...['sklearn', 'xgboost', 'lightgbm'].flatMap((name) => [
      [argument, name] as const,
      [argument, name, 'v1'] as const,
      [variable, name, 'v2'] as const,
    ]),
    [variable, 'mlflow', 'v2'],
    ...['pmml', 'paddle', 'autogluon', 'huggingface'].flatMap((name) => [
      [argument, name] as const,
      [argument, name, 'v2'] as const,
    ]),
    [served, 'vLLM'],
    [argument, 'tensorflow'],
    [argument, 'tensorflow', 'grpc-v1'],
    [argument, 'openvino', 'grpc-v2'],
    [{}, 'pytorch', 'v2'],
    [{}, 'triton'],
    [{}, 'tensorrt', 'grpc-v2'],
  ];
  for (const [added, name, version] of known) {
    const model = ofFormat(name, version);
    t.deepEqual(complete(model), { ...model, ...added }, `${name} ${version}`);
    t.deepEqual(checkModelName(addModelName(toModel(model))), [], `${name} ${version}`);
  }
});

test('what may be served by runtimes of several kinds, or is not known, gets no argument but a warning', (t) => {
  for (const model of [
    ofFormat('onnx', 'v2'),
    ofFormat('tensorflow', 'v2'),
    ofFormat('constructor'),
    ofFormat('sklearn', 'toString'),
    ofRuntime('ours', { modelFormat: { name: 'sklearn' } }),
  ]) {
    t.deepEqual(complete(model), model);
    const found = checkModelName(addModelName(toModel(model)));
    t.like(found, [{ code: 'model-name', severity: 'warning' }]);
  }
});

test('a name that people wrote stays, in each form, and is all that counts', (t) => {
  for (const args of [
    ['--model_name=iris'],
    ['--model_name', 'iris'],
    ['--model_name=x', '--model_name', 'iris', '--workers=1'],
    ['--served_model_name=iris', '--model_name=x'],
  ]) {
    const model = { ...ofFormat('sklearn'), args };
    t.deepEqual(complete(model), model);
    const other = toModel({ ...ofFormat('sklearn'), args: ['--model_name=iris'] });
    t.deepEqual(compareModelNames(other, toModel(model)), [], args.join(' '));
    t.like(compareModelNames(addModelName(toModel(ofFormat('sklearn'))), toModel(model)), [{ code: 'model-name' }]);
  }
});

test('two versions that are both named after their InferenceServices are refused', (t) => {
  const spec = { predictor: { model: { ...ofFormat('sklearn'), args: ['--model_name={{.Name}}'] } } };
  t.deepEqual(compareModelNames(toService(spec), toService(spec)), []);
  t.like(compareModelNames(toService(spec, 'wisdom-0'), toService(spec, 'wisdom-1')), [
    { code: 'model-name', path: ['spec', 'predictor', 'model', 'args'] },
  ]);
});

test('of vLLM one common name is enough, and a name from a Secret may be any', (t) => {
  const vllm = (...names: string[]) =>
    toModel({ ...ofRuntime('kserve-vllmserver'), args: ['--served-model-name', ...names, '--port=8080'] });
  t.deepEqual(compareModelNames(vllm('wisdom'), vllm('other', 'wisdom')), []);
  t.like(compareModelNames(vllm('wisdom', 'a'), vllm('other', 'b')), [{ code: 'model-name' }]);
  const secret = { name: 'MLSERVER_MODEL_NAME', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } };
  const hidden = toModel({ ...ofRuntime('kserve-mlserver'), env: [secret] });
  t.deepEqual(addModelName(hidden), hidden);
  t.deepEqual(compareModelNames(vllm('wisdom'), hidden), []);
});

test('a transformer and its predictor get one name, whichever of them has it', (t) => {
  const both = (args: string[], ofTransformer: string[]) =>
    addModelName(
      toService({
        predictor: { model: { ...ofFormat('sklearn'), args } },
        transformer: { containers: [{ name: 'kserve-container', args: ofTransformer }] },
      }),
    ).spec;
  const args = (spec: unknown) => [
    valueAt(spec, ['predictor', 'model', 'args']),
    valueAt(spec, ['transformer', 'containers', 0, 'args']),
  ];
  t.deepEqual(args(both([], [])), [['--model_name=wisdom'], ['--model_name=wisdom']]);
  t.deepEqual(args(both(['--model_name=iris'], [])), [['--model_name=iris'], ['--model_name=iris']]);
  t.deepEqual(args(both([], ['--model_name', 'iris'])), [['--model_name=iris'], ['--model_name', 'iris']]);
});

test('whatever an InferenceService holds, adding the name does not fail, and a second time adds nothing', (t) => {
  const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>;
  const container = fc.record(
    { name: fc.constantFrom('kserve-container', 'transformer-container', 'a', 1), args: json, env: json },
    { requiredKeys: [] },
  );
  const runtime = fc.constantFrom('kserve-sklearnserver', 'kserve-mlserver', 'kserve-tritonserver', 'ours', 5);
  const model = fc.record({ runtime, modelFormat: json, args: json, env: json }, { requiredKeys: [] });
  const component = fc.record(
    { model: fc.oneof(model, json), containers: fc.oneof(fc.array(fc.oneof(container, json)), json) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.record({ predictor: component, transformer: component }, { requiredKeys: [] }), (spec) => {
      const once = addModelName(toService(spec));
      t.deepEqual(addModelName(once), once);
      t.true(Array.isArray(checkModelName(once)));
      if (valueAt(spec, ['predictor', 'model', 'runtime']) === 'kserve-tritonserver')
        t.deepEqual(once.spec['predictor'], spec.predictor as unknown);
    }),
    { seed: 16 },
  );
});
