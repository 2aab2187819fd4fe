/** `init` in memory: what is asked, read and taken over, and what is written. */
import test from 'ava';
import { refuseAddress, toMode, toProtocols, toResources } from '../../src/commands/init/answers.ts';
import type { InitPorts, InitRequest } from '../../src/commands/init.ts';
import { init } from '../../src/commands/init.ts';
import { Fault } from '../../src/core/diagnostics/fault.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import { parseModel, parsePolicy } from '../../src/core/input/parse-document.ts';
import { recognizeMode } from '../../src/core/serving/modes.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';

const nothing: InitRequest = {
  name: undefined,
  mode: undefined,
  namespace: undefined,
  format: undefined,
  version: undefined,
  storageUri: undefined,
  storageKey: undefined,
  storagePath: undefined,
  protocol: undefined,
  resources: undefined,
  secretKey: undefined,
  serviceAccount: undefined,
  percentage: undefined,
  from: undefined,
  fromCluster: undefined,
  fromIter8: undefined,
  dir: undefined,
  dryRun: false,
};
const fresh = { name: 'wisdom', namespace: 'models', format: 'sklearn', storageUri: 's3://m/v1' };

const service = JSON.stringify({
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: {
    name: 'wisdom-0',
    namespace: 'models',
    annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
    labels: { 'app.kubernetes.io/version': 'v7' },
  },
  spec: { predictor: { model: { modelFormat: { name: 'onnx' }, storageUri: 's3://m/v7' } } },
});

/** Files by path; those below `in/` are outside of the repository. */
class World {
  readonly files = new Map<string, string>();
  readonly ports: InitPorts;

  constructor(files: Readonly<Record<string, string>> = {}, changed: Partial<InitPorts> = {}) {
    for (const [path, text] of Object.entries(files)) this.files.set(path, text);
    this.ports = {
      readFile: (path) => ({ path, text: this.files.get(path) ?? '' }),
      readService: async () => service,
      readPlainService: async () => ({ code: 'absent' }),
      ask: undefined,
      confirm: async () => true,
      recognize: async () => undefined,
      findFolder: (dir, model) => dir ?? `models/${model}`,
      openTree: () =>
        toMemoryTree(Object.fromEntries([...this.files].filter(([path]) => /(model|policy)\.yaml$/.test(path)))),
      isPresent: (path) => [...this.files.keys()].some((file) => file === path || file.startsWith(`${path}/`)),
      write: (files) => {
        for (const { path, text } of files) this.files.set(path, text);
      },
      toSchemaText: (kind) => `{"title": "${kind}"}\n`,
      clone: undefined,
      toSubject: ({ code }) => code,
      ...changed,
    };
  }

  run(request: Partial<InitRequest>) {
    return init({ ...nothing, ...request }, this.ports);
  }

  model(path = 'models/wisdom/model.yaml') {
    return parseModel({ path, text: this.files.get(path) ?? '' }).value;
  }
}

test('a new model: its files, the schemas, and where they find each other', async (t) => {
  const world = new World();
  const outcome = await world.run({ ...fresh, percentage: '20' });
  t.deepEqual([...world.files.keys()].sort(), [
    '.model-mirror/model.schema.json',
    '.model-mirror/policy.schema.json',
    'models/wisdom/model.yaml',
    'models/wisdom/policy.yaml',
  ]);
  t.like(outcome, {
    code: 'made',
    notes: [{ code: 'primary', version: 'v1', service: 'wisdom-0' }],
    written: {
      folder: 'models/wisdom',
      addCandidate: {
        model: 'wisdom',
        service: undefined,
        version: 'v2',
        flag: '--storage-uri',
        at: 's3://m/v2',
      },
    },
  });
  t.deepEqual(world.model()?.spec.primary, { version: 'v1', storageUri: 's3://m/v1' });
  const text = world.files.get('models/wisdom/policy.yaml') ?? '';
  t.is(parsePolicy({ path: 'policy.yaml', text }).value?.spec.mirrorPercentage, 20);
  const [first] = (world.files.get('models/wisdom/model.yaml') ?? '').split('\n');
  t.is(first, '# yaml-language-server: $schema=../../.model-mirror/model.schema.json');
});

test('nothing is overwritten, nor written for a dry run', async (t) => {
  const world = new World({ 'models/wisdom/policy.yaml': 'mine\n' });
  t.like(await world.run({ ...fresh, percentage: '5' }), {
    code: 'refused',
    problems: [{ code: 'file-exists', file: 'models/wisdom/policy.yaml' }],
  });
  t.is(world.files.size, 1);
  const dry = new World();
  t.like(await dry.run({ ...fresh, dryRun: true }), { code: 'made', written: undefined });
  t.is(dry.files.size, 0);
});

test('new files are checked together with those of the repository', async (t) => {
  const limits =
    'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: all}\nspec:\n  limits: {maxMirrorPercentage: 10}\n';
  const world = new World({ 'policy.yaml': limits });
  t.like(await world.run({ ...fresh, percentage: '50' }), {
    code: 'refused',
    problems: [{ code: 'over-limit', file: 'models/wisdom/policy.yaml' }],
  });
  t.is(world.files.size, 1);
});

test('a percentage that a policy sets stays, unless another one is passed', async (t) => {
  const brake =
    'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: all}\nspec:\n  mirrorPercentage: 0\n';
  const world = new World({ 'policy.yaml': brake });
  const outcome = await world.run(fresh);
  t.false(world.files.has('models/wisdom/policy.yaml'));
  t.true(outcome.code === 'made' && outcome.notes.some(({ code }) => code === 'percentage-given'));
  const own = new World({ 'policy.yaml': brake });
  await own.run({ ...fresh, percentage: '5' });
  t.true(own.files.has('models/wisdom/policy.yaml'));
});

test('an InferenceService of the cluster is taken over without a change that KServe would see', async (t) => {
  const asked: string[] = [];
  const readService = async (...names: string[]) => {
    asked.push(...names);
    return service;
  };
  const world = new World({}, { readService });
  const outcome = await world.run({ fromCluster: 'models/wisdom-0' });
  t.deepEqual(asked, ['models', 'wisdom-0']);
  t.true(outcome.code === 'made');
  if (outcome.code !== 'made') return;
  t.deepEqual(
    outcome.notes.map(({ code }) => code),
    ['primary', 'spec-kept'],
  );
  t.deepEqual(world.model()?.spec.primary, { version: 'v7', storageUri: 's3://m/v7' });
});

test('Services of others that Argo CD would take over are named, before anything is in git', async (t) => {
  const live = JSON.stringify({
    ...(JSON.parse(service) as object),
    metadata: {
      name: 'wisdom-0',
      namespace: 'models',
      annotations: { 'serving.kserve.io/deploymentMode': 'Standard' },
      labels: { 'app.kubernetes.io/version': 'v7' },
    },
  });
  const takenWith = async (answers: Readonly<Record<string, object>>, request: Partial<InitRequest> = {}) => {
    const asked: string[] = [];
    const world = new World(
      { 'in/s.json': live },
      {
        readService: async () => live,
        readPlainService: async (namespace, name) => {
          asked.push(`${namespace}/${name}`);
          const labels = answers[name];
          return labels === undefined ? { code: 'absent' } : { code: 'found', value: { metadata: { name, labels } } };
        },
      },
    );
    const outcome = await world.run({ name: 'wisdom', fromCluster: 'models/wisdom-0', dryRun: true, ...request });
    if (outcome.code !== 'made') throw new Error(JSON.stringify(outcome));
    return { asked, taken: outcome.notes.filter(({ code }) => code === 'service-taken') };
  };
  const ours = { 'app.kubernetes.io/managed-by': 'model-mirror', 'app.kubernetes.io/name': 'wisdom' };
  const taken = (name: string) => ({ code: 'service-taken', namespace: 'models', service: name });
  const { asked, taken: none } = await takenWith({});
  t.deepEqual([asked.sort(), none], [['models/wisdom', 'models/wisdom-0-backend'], []]);
  t.deepEqual((await takenWith({ wisdom: { app: 'shop' } })).taken, [taken('wisdom')]);
  t.deepEqual((await takenWith({ 'wisdom-0-backend': {} })).taken, [taken('wisdom-0-backend')]);
  t.deepEqual((await takenWith({ wisdom: { ...ours, 'app.kubernetes.io/name': 'folly' } })).taken, [taken('wisdom')]);
  t.deepEqual((await takenWith({ wisdom: ours, 'wisdom-0-backend': ours })).taken, [], 'rendered before');
  t.deepEqual(
    (await takenWith({ wisdom: {} }, { fromCluster: undefined, from: 'in/s.json' })).asked,
    [],
    'no cluster is asked for a file',
  );
});

test('a cluster that does not show its Services keeps nobody from taking a model over', async (t) => {
  const reason = safe`services is forbidden`;
  const live = service.replace('ModelMesh', 'Standard');
  const world = new World(
    {},
    { readService: async () => live, readPlainService: async () => ({ code: 'unread', reason }) },
  );
  const outcome = await world.run({ name: 'wisdom', fromCluster: 'models/wisdom-0' });
  t.true(outcome.code === 'made' && world.files.has('models/wisdom/model.yaml'));
  const notes = outcome.code === 'made' ? outcome.notes : [];
  t.deepEqual(
    notes.filter(({ code }) => code === 'services-unread'),
    [{ code: 'services-unread', namespace: 'models', reason }],
  );
});

test('a policy that changes the spec that is taken over is reported', async (t) => {
  const patches = `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: all}
spec:
  mirrorPercentage: 5
  patches:
    - target: {kind: InferenceService}
      patch: [{op: add, path: /spec/predictor/minReplicas, value: 1}]
`;
  const outcome = await new World({ 'policy.yaml': patches, 'in/s.json': service }).run({ from: 'in/s.json' });
  t.true(outcome.code === 'made', JSON.stringify(outcome));
  if (outcome.code !== 'made') return;
  const changed = outcome.notes.find((note) => note.code === 'spec-changed');
  t.is(changed?.service, 'wisdom-0');
  t.regex(changed?.after ?? '', /minReplicas: 1/);
});

test("Iter8's values name the model; a candidate that was not passed is missing", async (t) => {
  const values = 'modelName: wisdom\nmodelVersions: [{namespace: models}, {name: next}]\nmirrorPercentage: 30\n';
  const world = new World({ 'in/values.yaml': values, 'in/s.json': service });
  const outcome = await world.run({ fromIter8: 'in/values.yaml', from: 'in/s.json' });
  t.true(outcome.code === 'made');
  if (outcome.code !== 'made') return;
  t.like(
    outcome.notes.find(({ code }) => code === 'candidate-missing'),
    { service: 'next', add: { model: 'wisdom' } },
  );
  t.regex(world.files.get('models/wisdom/policy.yaml') ?? '', /mirrorPercentage: 30/);
});

test('input that cannot be read is a problem at its own path', async (t) => {
  const files = { 'in/bad.yaml': 'a: [', 'in/other.yaml': 'kind: Deployment\n', 'in/values.yaml': 'x: 1\n' };
  for (const [request, code, file] of [
    [{ from: 'in/bad.yaml' }, 'yaml-syntax', 'in/bad.yaml'],
    [{ from: 'in/other.yaml' }, 'unknown-kind', 'in/other.yaml'],
    [{ fromIter8: 'in/values.yaml', ...fresh }, 'missing-field', 'in/values.yaml'],
  ] as const)
    t.like(await new World(files).run(request), { code: 'invalid-input', problems: [{ code, file }] });
});

test('what is missing is asked for on a terminal, and a fault elsewhere', async (t) => {
  const asked: unknown[] = [];
  const ask: InitPorts['ask'] = async (answers) => {
    asked.push(answers.name);
    return { ...answers, ...fresh };
  };
  const world = new World({}, { ask });
  t.is((await world.run({ version: 'v5' })).code, 'made');
  t.is(world.model()?.spec.primary.version, 'v5');
  t.is((await new World({}, { ask }).run(fresh)).code, 'made');
  t.deepEqual(asked, [undefined], 'who passes everything is asked nothing');
  const fault = await t.throwsAsync<Fault>(new World().run({ name: 'wisdom' }));
  t.is(fault?.code, 'usage');
});

test('a request that contradicts itself is a fault, and nothing is written', async (t) => {
  const away = async () => {
    throw new Fault('environment', safe`no answer`, safe`try again`);
  };
  for (const [request, code] of [
    [{ from: 'in/s.json', fromCluster: 'models/wisdom-0' }, 'usage'],
    [{ fromCluster: 'wisdom-0' }, 'usage'],
    [{ fromCluster: 'a/b/c' }, 'usage'],
    [{ from: 'in/s.json', format: 'onnx' }, 'usage'],
    [{ from: 'in/s.json', namespace: 'elsewhere' }, 'usage'],
    [{ ...fresh, percentage: '101' }, 'usage'],
    [{ ...fresh, percentage: '' }, 'usage'],
    [{ ...fresh, percentage: '%' }, 'usage'],
    [{ ...fresh, percentage: '0x10' }, 'usage'],
    [{ fromCluster: 'models/absent' }, 'environment'],
  ] as const) {
    const world = new World({ 'in/s.json': service }, { readService: away });
    const fault = await t.throwsAsync<Fault>(world.run(request));
    t.is(fault?.code, code, fault?.message);
    t.is(world.files.size, 1);
  }
});

test('the mode of a namespace is that of what runs there, or else of its label', (t) => {
  const isvc = (mode: string | undefined, resolved?: string) => ({
    metadata: { name: 'one', annotations: mode === undefined ? {} : { 'serving.kserve.io/deploymentMode': mode } },
    status: { deploymentMode: resolved },
  });
  // As `kubectl label namespace NAME modelmesh-enabled=true` leaves it.
  const meshed = { metadata: { labels: { 'modelmesh-enabled': 'true' } } };
  const recognize = (namespace: unknown, ...services: unknown[]) => recognizeMode(namespace, services)?.mode.name;
  t.is(recognize(meshed), 'ModelMesh');
  t.is(recognize({ metadata: { labels: { 'modelmesh-enabled': 'false' } } }), undefined);
  t.is(recognize(undefined), undefined);
  t.is(recognize(meshed, isvc('RawDeployment')), 'Standard');
  t.is(recognize(undefined, isvc(undefined, 'Standard')), 'Standard');
  t.is(recognize(undefined, isvc('Standard'), isvc('ModelMesh')), undefined, 'both');
  t.is(recognize(undefined, isvc('Serverless')), undefined, 'a mode that cannot be mirrored');
  t.deepEqual(recognizeMode(undefined, [isvc('ModelMesh')])?.by, { service: 'one' });
});

test('answers that have a form are refused with what a right one looks like', (t) => {
  const [mesh, own] = [toMode('ModelMesh'), toMode('standard')];
  for (const [address, mode, shape] of [
    ['models/v1', own, /^begin with s3:\/\/, gs:\/\/.*, as in s3:\/\/models\/wisdom-v1$/],
    ['hf://org/wisdom', mesh, /^ModelMesh does not load hf:\/\/ by itself: as in s3:/],
    ['S3://models', own, /^Standard does not load S3:/],
    ['s3://', own, /^say what to load after s3:/],
    ['s3://models/a b', own, /no spaces/],
    ['C:\\models', own, /^begin with/],
  ] as const)
    t.regex(refuseAddress(address, mode) ?? '', shape, address);
  for (const address of ['s3://models/v1', 'pvc://claim/a/b', 'https://example.com/a.tar.gz'])
    t.is(refuseAddress(address, mesh) ?? refuseAddress(address, own), undefined, address);
  for (const address of ['hf://org/wisdom', 'oci://example.com/a:b', 'file:///mnt/models'])
    t.is(refuseAddress(address, own), undefined, address);
  t.deepEqual(toResources('cpu=500m, memory=2Gi gpu=1'), {
    requests: { cpu: '500m', memory: '2Gi', 'nvidia.com/gpu': '1' },
    limits: { cpu: '500m', memory: '2Gi', 'nvidia.com/gpu': '1' },
  });
  for (const text of ['cpu', 'cpu=', 'cpu=-1', 'cores=1', 'memory=2GB', 'cpu=1,,x', '=1'])
    t.throws(() => toResources(text), { name: 'Fault', message: /no amount of a resource/ }, text);
  t.deepEqual(toProtocols('REST, grpc', own), ['rest', 'grpc']);
  t.throws(() => toProtocols('openai', mesh), { name: 'Fault', message: /ModelMesh has no protocol "openai"/ });
  t.throws(() => toProtocols('grcp', own), { name: 'Fault' });
});

test('flags that contradict each other, or have no effect, are faults', async (t) => {
  const world = new World();
  for (const [request, message] of [
    [{ ...fresh, storageKey: 'a', storagePath: 'b' }, /--storage-uri and --storage-key both say/],
    [{ ...fresh, storageUri: 's3://m/v1\n  evil: true' }, /--storage-uri ".*" has a space or a line break/],
    [{ ...fresh, format: 'a b' }, /--format "a b" has a space or a line break/],
    [{ ...fresh, storageUri: '' }, /--storage-uri is empty/],
    [{ ...fresh, storagePath: 'b' }, /--storage-uri and --storage-path both say/],
    [{ ...fresh, storageUri: undefined, storageKey: 'a' }, /a new model needs where it is stored/],
    [{ ...fresh, mode: 'ModelMesh', resources: 'cpu=1' }, /--resources has no effect in the mode ModelMesh/],
    [{ ...fresh, mode: 'auto', namespace: undefined }, /--mode auto looks at a namespace, and none is named/],
    [{ ...fresh, mode: 'auto' }, /nothing in the namespace "models" shows/],
    [
      { ...fresh, mode: 'ModelMesh', storageUri: undefined, storageKey: 'a', storagePath: 'b', secretKey: 'c' },
      /--secret-key and --storage-key both name an entry/,
    ],
    [
      { fromCluster: 'models/wisdom-0', resources: 'cpu=1', protocol: 'rest' },
      /determines this already: --protocol, --resources/,
    ],
  ] as const)
    await t.throwsAsync(world.run(request), { name: 'Fault', message }, String(message));
  t.is(world.files.size, 0);
});
