import { posix } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { times } from '../../thorough.ts';
import { render } from '../render/memory-tree.ts';

const toModel = (spec: object, version: object = { storageUri: 's3://approved/team/v1' }, annotations: object = {}) =>
  JSON.stringify({
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'Model',
    metadata: { name: 'wisdom', namespace: 'models' },
    spec: {
      template: {
        metadata: { annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh', ...annotations } },
        spec: { predictor: { model: { modelFormat: { name: 'sklearn' } } }, ...spec },
      },
      primary: { version: 'v1', ...version },
    },
  });
const toPolicy = (prefixes: readonly string[]) =>
  JSON.stringify({
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'MirrorPolicy',
    metadata: { name: 'policy' },
    spec: { limits: { storageUriPrefixes: prefixes } },
  });
const codes = (model: string, prefixes: readonly string[]) =>
  render({ 'model.yaml': model, 'policy.yaml': toPolicy(prefixes) }).problems.map(({ code }) => code);
const codesOf = (storageUri: string, ...prefixes: string[]) => codes(toModel({}, { storageUri }), prefixes);

test('a prefix allows itself and what is below it, by whole parts of the path', (t) => {
  for (const prefix of ['s3://approved', 's3://approved/']) {
    for (const uri of ['', '/', '/x', '/x/', '/x.y/..z', '/x//y', '/a+b=c@d', '/x?versionId=1'])
      t.deepEqual(codesOf(`s3://approved${uri}`, prefix), [], uri);
    const outside = [
      ...['s3://approved-evil/x', 's3://approved.evil/x', 's3://approved@evil/x', 's3://approved:80@evil/x'],
      ...['s3://approved:80/x', 's3://approve/x', 's3://evil/approved/x', 's3:///approved/x', 's3://user@approved/x'],
      ...['s3://approved?/x', 's3://approved#/x', 's3://Approved/x', 'gs://approved/x', 'https://approved/x'],
    ];
    for (const uri of outside) t.deepEqual(codesOf(uri, prefix), ['storage-not-allowed'], uri);
    const ways = [
      ...['/../evil', '/x/../../evil', '/..', '/./x', '/%2e%2e/evil', '/%2E./evil', '/..%2fevil', '/%252e%252e/evil'],
      ...['/..\\evil', '\\..\\evil', '/.\t./evil', '/\n../evil', '/x y', '/..;/evil', '/x?p=/../evil', '/x#/../evil'],
    ];
    for (const way of ways) t.deepEqual(codesOf(`s3://approved${way}`, prefix), ['storage-not-allowed'], way);
  }
  t.deepEqual(codesOf('s3://approved/team-b/v1', 's3://approved/team'), ['storage-not-allowed']);
  t.deepEqual(codesOf('s3://approved/team/v1', 's3://approved/team'), []);
  t.deepEqual(codesOf('s3://anything/x', 's3://'), []);
  t.deepEqual(codesOf('S3://approved/x', 's3://approved'), ['invalid-value', 'storage-not-allowed']);
});

test('a prefix that could allow less or more than it seems is refused itself', (t) => {
  for (const prefix of ['s3', 'approved/', '', 's3://a/*', 's3://a%2fb', 's3://a?b', 's3://a b', 'S3://a', '://a'])
    t.deepEqual(codesOf('s3://approved/x', prefix), ['invalid-value'], prefix);
});

const evil = 's3://evil/x';
const uri = 's3://approved/team/v1';
const inModel = (fields: object) => ({ predictor: { model: { modelFormat: { name: 'sklearn' }, ...fields } } });

/** Where KServe and ModelMesh load from, beside the storageUri of the model. */
const places: Readonly<Record<string, readonly [spec: object, allowed?: object]>> = {
  'storageUris of the predictor': [
    { predictor: { model: { modelFormat: { name: 'sklearn' } }, storageUris: [{ uri: evil, mountPath: '/a' }] } },
    { predictor: { model: { modelFormat: { name: 'sklearn' } }, storageUris: [{ uri, mountPath: '/a' }] } },
  ],
  'storageUris of the transformer': [{ transformer: { storageUris: [{ uri }, { uri: evil }] } }],
  'an address that is not a string': [{ transformer: { storageUris: [{ uri: 5 }] } }],
  'the old form': [{ predictor: { model: { modelFormat: { name: 'sklearn' } }, sklearn: { storageUri: evil } } }],
  'a storage of the old form': [
    { predictor: { model: { modelFormat: { name: 'sklearn' } }, sklearn: { storage: { path: 'x' } } } },
  ],
  'a container of the transformer': [{ transformer: { containers: [{ name: 'a', storageUri: evil }] } }],
  'the explainer': [
    { explainer: { art: { type: 'SquareAttack', storageUri: evil } } },
    { explainer: { art: { type: 'SquareAttack', storageUri: uri } } },
  ],
  'the storage of the explainer': [{ explainer: { art: { type: 'SquareAttack', storage: { key: 'k', path: 'x' } } } }],
  'a canary': [{ canary: [{ predictor: { model: { storageUri: evil } } }] }],
  'a bucket beside the address': [
    inModel({ storage: { parameters: { bucket: 'evil' } } }),
    inModel({ storage: { key: 'minio', schemaPath: 'x' } }),
  ],
  'the variable of a container': [
    { transformer: { containers: [{ name: 'a', env: [{ name: 'STORAGE_URI', value: evil }] }] } },
    {
      transformer: {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'STORAGE_URI', value: uri },
              { name: 'OTHER', value: evil },
            ],
          },
        ],
      },
    },
  ],
  'a variable out of a Secret': [
    {
      transformer: {
        containers: [
          { name: 'a', env: [{ name: 'STORAGE_URI', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }] },
        ],
      },
    },
  ],
  'an initContainer': [
    { transformer: { initContainers: [{ name: 'a', image: 'b' }] } },
    { transformer: { initContainers: [] } },
  ],
};

for (const [title, [refused, allowed]] of Object.entries(places))
  test(`a limit holds for every place that is loaded from: ${title}`, (t) => {
    t.true(codes(toModel(refused), ['s3://approved']).includes('storage-not-allowed'));
    // Without the limit nobody says so.
    t.false(render({ 'model.yaml': toModel(refused) }).problems.some(({ code }) => code === 'storage-not-allowed'));
    if (allowed !== undefined) t.deepEqual(codes(toModel(allowed), ['s3://approved']), []);
  });

/** Where servers of Standard mode load from beside that; in ModelMesh nothing of it has an effect. */
const ownPlaces: Readonly<Record<string, readonly [model: object, allowed?: object]>> = {
  'an argument': [{ args: ['--model_dir=s3://evil/x'] }, { args: ['--model_dir=/mnt/models', `--other=${uri}`] }],
  'an argument in two parts': [{ args: ['--model_dir', evil] }, { args: ['--model_dir', '/mnt/models'] }],
  'a model of a public hub': [{ args: ['--model_id=someone/evil'] }, { args: ['--max-model-len=4096', '--task=fill'] }],
  'a model of a public hub in two parts': [{ args: ['--model', 'someone/evil'] }, { args: ['--verbose', 'someone'] }],
  'the second value of an argument': [
    { args: ['--lora-modules', '/a', 'someone/evil'] },
    { args: ['--lora-modules', '/a'] },
  ],
  'the name for clients is no place': [
    { args: ['--served-model-name', 'a', 'b', '--model-repository', 'evil'] },
    { args: ['--served-model-name', 'a', 'b', '--model_name=c'], env: [{ name: 'MLSERVER_MODEL_NAME', value: 'd' }] },
  ],
  'a command': [{ command: ['sh', '-c', 'fetch s3://evil/x'] }, { command: ['python', '-m', 'server'] }],
  'a variable': [
    { env: [{ name: 'MODEL_ID', value: 'someone/evil' }] },
    { env: [{ name: 'LOG_LEVEL', value: 'info' }] },
  ],
  'a variable with an address': [
    { env: [{ name: 'X', value: evil }] },
    { env: [{ name: 'MLSERVER_MODEL_URI', value: '/mnt/models' }] },
  ],
  'a variable out of a Secret': [
    { env: [{ name: 'MODEL_DIR', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }] },
    { env: [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }] },
  ],
  'variables that are not listed': [{ envFrom: [{ secretRef: { name: 'a' } }] }, { envFrom: [] }],
};
const standard = { 'serving.kserve.io/deploymentMode': 'Standard' };
const own = (spec: object, mode: object = standard) => codes(toModel(spec, undefined, mode), ['s3://approved']);

for (const [title, [refused, allowed]] of Object.entries(ownPlaces))
  test(`in Standard mode a limit holds for ${title}`, (t) => {
    t.true(own(inModel(refused)).includes('storage-not-allowed'));
    t.false(own(inModel(refused), {}).includes('storage-not-allowed'), 'ModelMesh');
    if (allowed !== undefined) t.deepEqual(own(inModel(allowed)), []);
  });

test("in Standard mode a limit holds for volumes, one's own containers, and what KServe has cached", (t) => {
  const { predictor } = inModel({});
  const volume = (kind: string) => ({ predictor: { ...predictor, volumes: [{ name: 'v', [kind]: {} }] } });
  for (const kind of ['persistentVolumeClaim', 'hostPath', 'nfs', 'csi', 'image', 'ephemeral'])
    t.true(own(volume(kind)).includes('storage-not-allowed'), kind);
  for (const kind of ['emptyDir', 'configMap', 'secret', 'projected'])
    t.false(own(volume(kind)).includes('storage-not-allowed'), kind);
  const server = (env: object[]) => {
    const predictor = { containers: [{ name: 'kserve-container', image: 'a', env }] };
    return codes(toModel({ predictor }, {}, standard), ['s3://approved']);
  };
  t.true(server([]).includes('storage-not-allowed'));
  t.false(server([{ name: 'STORAGE_URI', value: uri }]).includes('storage-not-allowed'));
  t.true(server([{ name: 'STORAGE_URI', value: evil }]).includes('storage-not-allowed'));
  const cached = { ...standard, 'internal.serving.kserve.io/localmodel-pvc-name': 'evil' };
  t.deepEqual(own({}, cached), ['storage-not-allowed']);
});

test('a limit holds for a storage path, for the annotation that KServe hands on, and not for where logs go', (t) => {
  const storage = { overrides: { spec: inModel({ storage: { key: 'k', path: 'p' } }) } };
  t.deepEqual(codes(toModel({}, storage), ['s3://approved']), ['storage-not-allowed']);
  const source = { 'internal.serving.kserve.io/storage-initializer-sourceuri': evil };
  t.deepEqual(codes(toModel({}, undefined, source), ['s3://approved']), ['storage-not-allowed']);
  const ofPods = { predictor: { ...inModel({}).predictor, annotations: source } };
  t.deepEqual(codes(toModel(ofPods), ['s3://approved']), ['storage-not-allowed']);
  const logger = { ...inModel({}).predictor, logger: { storage: { path: 'logs', key: 'k' } } };
  t.deepEqual(codes(toModel({ predictor: logger }), ['s3://approved']), []);
});

test('whatever readers make of an address that is allowed, it stays below the prefix', (t) => {
  const piece = fc.constantFrom(
    ...[
      '/',
      '//',
      '.',
      '..',
      '...',
      '\\',
      '@',
      ':',
      ':80',
      '?',
      '#',
      ';',
      '&',
      '=',
      'x',
      'evil',
      'approved',
      'team',
      '-',
      'team-b',
    ],
    ...['%2e', '%2E%2e', '%2f', '%5C', '%25', '%252e', '\t', '\n', '\u0000', ' ', '\u00a0', '~', '*', 's3://', 'é'],
  );
  const address = fc
    .tuple(
      fc.constantFrom('https://approved/team', 'https://approved', 'https://', ''),
      fc.array(piece, { maxLength: 8 }),
    )
    .map(([start, rest]) => start + rest.join(''));
  const runs = times(2000, 150);
  let allowed = 0;
  fc.assert(
    fc.property(address, (storageUri) => {
      if (codesOf(storageUri, 'https://approved/team').length > 0) return;
      allowed++;
      // A browser's reading, a reading that decodes first (twice), and one that knows no query.
      const browser = new URL(storageUri);
      t.is(browser.host, 'approved');
      t.regex(`${browser.pathname}/`, /^\/team\//);
      const [, , host, ...rest] = storageUri.split('/');
      t.is(host, 'approved');
      const decoded = decodeURIComponent(decodeURIComponent(rest.join('/').replaceAll(/%(?![\da-f]{2})/gi, '%25')));
      for (const path of [decoded, decoded.replaceAll('\\', '/'), decoded.replaceAll(/[\t\n]/g, '')])
        t.regex(`${posix.normalize(`/${path}`)}/`, /^\/team[/?#]/);
    }),
    { numRuns: runs },
  );
  t.true(allowed > runs / 80, `${allowed} addresses were allowed`);
});
