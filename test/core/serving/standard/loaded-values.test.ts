import { createHash } from 'node:crypto';
import test from 'ava';
import { computeDigest, computeLoaded } from '../../../../src/core/serving/digest.ts';
import type { SchemaNode } from '../../../../src/core/serving/spec-schema.ts';
import { schemaNode, specIndex } from '../../../../src/core/serving/spec-schema.ts';
import { standard } from '../../../../src/core/serving/standard/standard.ts';

const model = { modelFormat: { name: 'sklearn' }, storageUri: 's3://models/wisdom/v1', args: ['--model_name=wisdom'] };
const mode = { 'serving.kserve.io/deploymentMode': 'Standard' };
const toService = (fields: object = {}, annotations: object = {}, spec: object = {}, labels: object = {}) => ({
  metadata: { labels, annotations: { ...mode, ...annotations } },
  spec: { predictor: { model: { ...model, ...fields } }, ...spec },
});
const loaded = (service: unknown) => computeLoaded(service, standard);
const digest = (service: ReturnType<typeof toService>) => computeDigest(service, standard);
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

test('the digest is frozen: another one would restart the pods of every model', (t) => {
  const spec =
    '{"predictor":{"model":{"args":["--model_name=wisdom"],"modelFormat":{"name":"sklearn"},"storageUri":"s3://models/wisdom/v1"}}}';
  t.is(digest(toService()), `d2-${hash(spec).slice(0, 32)}`);
  t.is(digest(toService()), 'd2-fc96edc621208f6ed44aa6077a868892');
  const metadata = '{"example.com/a":"1","label team":"red"}';
  t.is(
    digest(toService({}, { 'example.com/a': '1' }, {}, { team: 'red' })),
    `d2-${hash(spec).slice(0, 32)}-${hash(metadata).slice(0, 16)}`,
  );
});

test('the digest covers each label and annotation, for each restarts pods, but not how the mode is spelled', (t) => {
  const plain = digest(toService());
  t.is(digest(toService({}, { 'serving.kserve.io/deploymentMode': 'RawDeployment' })), plain);
  const all = [
    plain,
    digest(toService({}, { 'example.com/a': '1' })),
    digest(toService({}, { 'example.com/a': '2' })),
    digest(toService({}, {}, {}, { 'example.com/a': '1' })),
    digest(toService({}, { 'serving.kserve.io/autoscalerClass': 'none' })),
  ];
  t.is(new Set(all).size, all.length);
});

/** What KServe's webhook makes of an object (KServe 0.20.0, inference_service_defaults.go), and Argo CD of its metadata. */
function fillIn(service: ReturnType<typeof toService>, more: object = {}) {
  const { metadata, spec } = structuredClone(service);
  return {
    metadata: {
      ...metadata,
      name: 'wisdom-0',
      generation: 1,
      labels: {
        ...metadata.labels,
        'app.kubernetes.io/instance': 'models',
        modelClass: 'mlserver_sklearn.SKLearnModel',
      },
      annotations: {
        ...metadata.annotations,
        modelFormat: 'sklearn',
        'argocd.argoproj.io/tracking-id': 'models:serving.kserve.io/InferenceService:ml/wisdom-0',
        'internal.serving.kserve.io/localmodel-sourceuri': 's3://models/wisdom/v1',
        'model-mirror.dev/digest': 'd2-0',
      },
    },
    spec: {
      ...spec,
      predictor: {
        automountServiceAccountToken: false,
        ...spec.predictor,
        model: {
          name: '',
          resources: { requests: { cpu: '1', memory: '2Gi' } },
          ...spec.predictor.model,
          modelFormat: { ...spec.predictor.model.modelFormat },
          ...more,
        },
      },
    },
    status: { deploymentMode: 'Standard' },
  };
}

test('what the webhook and Argo CD fill in leaves the second digest as it is', (t) => {
  for (const fields of [{}, { env: [{ name: 'A', value: '' }] }, { storage: { key: 'k' } }, { protocolVersion: 'v2' }])
    t.is(loaded(fillIn(toService(fields))), loaded(toService(fields)));
  const withEmpty = fillIn(toService({ env: [{ name: 'A', value: '' }] }), { env: [{ name: 'A' }], command: [] });
  t.is(loaded(withEmpty), loaded(toService({ env: [{ name: 'A', value: '' }] })));
  const resource = { resource: 'limits.memory' };
  t.is(
    loaded(toService({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { ...resource, divisor: '0' } } }] })),
    loaded(toService({ env: [{ name: 'A', valueFrom: { resourceFieldRef: resource } }] })),
  );
  for (const name of ['triton', 'vLLM']) {
    const service = toService({ modelFormat: { name } });
    t.is(loaded(fillIn(service, { protocolVersion: 'v2' })), loaded(service), name);
  }
  const container = { image: 'a', args: ['b'], env: [{ name: 'STORAGE_URI', value: 's3://a' }] };
  const own = (more: object) => ({ spec: { predictor: { containers: [{ ...container, ...more }] } } });
  t.is(loaded(own({ name: 'kserve-container', resources: {} })), loaded(own({})));
});

test('each value that decides what a server loads, or how it is started, gives another second digest', (t) => {
  const own = (fields: object) => toService({}, {}, { predictor: { containers: [{ image: 'a', ...fields }] } });
  const variable = (key: string) => [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key } } }];
  const all = [
    toService(),
    ...[
      { modelFormat: { name: 'onnx' } },
      { modelFormat: { name: 'sklearn', version: '1' } },
      { runtime: 'ours' },
      { runtimeVersion: '1' },
      { protocolVersion: 'v2' },
      { storageUri: 's3://models/wisdom/v2' },
      { storageUri: undefined, storage: { path: 'a' } },
      { storage: { key: 'a' } },
      { storage: { parameters: { bucket: 'a' } } },
      { args: ['--model_name=other'] },
      { args: ['--model_name=wisdom', '--model_dir=s3://other'] },
      { command: ['other'] },
      { image: 'other' },
      { env: [{ name: 'A', value: '1' }] },
      { env: [{ name: 'A', value: '2' }] },
      { env: variable('a') },
      { env: variable('b') },
    ].map((fields) => toService(fields)),
    toService({}, { 'serving.kserve.io/storageSecretName': 'a' }),
    own({}),
    own({ image: 'b' }),
    own({ env: [{ name: 'STORAGE_URI', value: 's3://a' }] }),
    toService({}, {}, { transformer: { containers: [{ image: 'a' }] } }),
  ].map(loaded);
  t.is(new Set(all).size, all.length);
});

interface Field {
  readonly path: string;
  /** A spec with this field alone, and the same without it. */
  readonly set: object;
  readonly unset: object;
}

type Build = (value?: unknown) => object;

/** All fields of KServe's schema that hold a value. */
function listFields(node: SchemaNode, path: readonly string[], build: Build): Field[] {
  if (node.fields !== undefined)
    return Object.entries(node.fields).flatMap(([key, index]) =>
      listFields(schemaNode(index), [...path, key], (value) => build(value === undefined ? {} : { [key]: value })),
    );
  if (node.type === 'array' && node.values !== undefined)
    return listFields(schemaNode(node.values), [...path, '0'], (value) => build(value === undefined ? [] : [value]));
  const samples = {
    string: 'x',
    integer: 7,
    number: 7,
    boolean: true,
    'int-or-string': 7,
    array: ['x'],
    object: { x: 'x' },
  };
  return [{ path: path.join('.'), set: build(samples[node.type]), unset: build() }];
}

const refused =
  /^canary|^predictor\.(huggingface|lightgbm|onnx|paddle|pmml|pytorch|sklearn|tensorflow|triton|xgboost)\.|\.ephemeralContainers\./;

/** What decides neither what is loaded nor how it is reached: by hand, not by the code. */
const harmless = [
  /^(predictor|transformer|explainer)\.(min|max)Replicas$/,
  /^(predictor|transformer|explainer)\.(scale(Target|Metric|MetricType)|autoScaling\..*)$/,
  /^(predictor|transformer|explainer)\.(containerConcurrency|timeout|canaryTrafficPercent|deploymentStrategy\..*)$/,
  /\.(nodeSelector|nodeName|affinity|tolerations|topologySpreadConstraints|schedulerName|schedulingGates)(\.|$)/,
  /\.(priorityClassName|priority|preemptionPolicy|overhead|resources|resizePolicy)(\.|$)/,
  /^(predictor|transformer|explainer)(\.workerSpec)?\.terminationGracePeriodSeconds$/,
  /\.(securityContext|imagePullSecrets|imagePullPolicy|automountServiceAccountToken)(\.|$)/,
  /\.terminationMessage(Path|Policy)$/,
  // KServe names the first container, and a model's.
  /\.(model|art|containers\.0|initContainers\.0)\.name$/,
  /\.(divisor|sizeLimit)$/,
  /\.art\.runtimeVersion$/,
];

test('every field of a spec counts but those that are known to decide nothing of what is loaded', (t) => {
  const fields = listFields(schemaNode(specIndex), [], (value) => (value ?? {}) as object);
  const count = (spec: object) => loaded({ metadata: {}, spec });
  const wrong = fields.filter(({ path, set, unset }) => {
    const isHarmless = harmless.some((one) => one.test(path));
    return !refused.test(path) && (count(set) === count(unset)) !== isHarmless;
  });
  t.deepEqual(
    wrong.map(({ path }) => path),
    [],
  );
  t.true(fields.length > 5000, `${fields.length} fields`);
});

test('whatever the keys of a live object are, reading it does not fail', (t) => {
  const spec = JSON.parse(
    '{"predictor":{"__proto__":{"constructor":"x"},"model":{"constructor":"TCP","toString":{}}}}',
  );
  t.notThrows(() => loaded({ metadata: {}, spec }));
});
