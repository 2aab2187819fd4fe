/** `init` with a cluster over a socket, and with answers at a terminal. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Host } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';
import { parseModel } from '../../src/core/input/parse-document.ts';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { plainStyle } from '../../src/output/style.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-init-')));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

let count = 0;

function makeHost(terminal?: Host['terminal']): { host: Host; folder: string; said: () => string } {
  const folder = join(root, `f${count++}`);
  mkdirSync(join(folder, '.git'), { recursive: true });
  let said = '';
  const host: Host = {
    version: '0.0.0',
    workingDirectory: folder,
    program: ['model-mirror.cjs'],
    environment: {},
    write: (_, texts) => {
      for (const text of texts) said += text;
    },
    isTerminal: () => false,
    size: () => undefined,
    terminal,
    style: () => plainStyle,
  };
  return { host, folder, said: () => said };
}

test('a link out of the repository is refused, and not followed', async (t) => {
  const { host, folder, said } = makeHost();
  const outside = join(root, 'outside');
  mkdirSync(outside);
  symlinkSync(outside, join(folder, 'link'));
  symlinkSync('nowhere', join(folder, 'broken'));
  const words = ['init', 'wisdom', '--format', 'sklearn', '--storage-uri', 's3://m/v1', '--dir'];
  t.is(await main([...words, 'link/wisdom'], host), 2);
  t.regex(said(), /"link\/wisdom" is not in the repository/);
  t.deepEqual(readdirSync(outside), []);
  t.is(await main([...words, 'broken/wisdom'], host), 3);
  mkdirSync(join(folder, 'models'));
  symlinkSync('models', join(folder, 'inside'));
  t.is(await main([...words, 'inside/wisdom'], host), 0, said());
  t.true(existsSync(join(folder, 'models/wisdom/model.yaml')));
});

test('an InferenceService of the cluster is taken over, and only read', async (t) => {
  const cluster = await startKubernetes();
  try {
    cluster.apply({
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        name: 'memory',
        namespace: 'models',
        annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
        labels: { 'app.kubernetes.io/version': 'v7' },
      },
      spec: { predictor: { model: { modelFormat: { name: 'onnx' }, storageUri: 's3://models/memory-v7' } } },
    });
    const before = JSON.stringify(cluster.get('inferenceservices', 'models', 'memory'));
    const { host, folder, said } = makeHost();
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, cluster.kubeconfig());
    t.is(await main(['init', '--from-cluster', 'models/memory', '--kubeconfig', kubeconfig], host), 0, said());
    t.regex(said(), /the spec of memory stays as it is, so KServe reloads nothing/);
    const { value: model } = parseModel({
      path: 'model.yaml',
      text: readFileSync(join(folder, 'memory/model.yaml'), 'utf8'),
    });
    t.deepEqual(model?.spec.primary, { version: 'v7', storageUri: 's3://models/memory-v7', name: 'memory' });
    t.is(JSON.stringify(cluster.get('inferenceservices', 'models', 'memory')), before);
    cluster.apply({
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        name: 'folly-0',
        namespace: 'models',
        annotations: { 'serving.kserve.io/deploymentMode': 'Standard' },
      },
      spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: 's3://models/folly-v1' } } },
    });
    cluster.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'folly', namespace: 'models' }, spec: {} });
    const fromFolly = ['init', 'folly', '--from-cluster', 'models/folly-0', '--kubeconfig', kubeconfig];
    t.is(await main(fromFolly, host), 0, said());
    t.regex(said(), /the Service models\/folly exists already, and is not one of this model's/);
    t.notRegex(said(), /Service models\/folly-0-backend/);
    t.is(await main(['init', '--from-cluster', 'models/absent', '--kubeconfig', kubeconfig], host), 3);
    t.regex(said(), /there is no InferenceService "models\/absent" in the cluster/);
    await cluster.close();
    t.is(await main(['init', '--from-cluster', 'models/memory', '--kubeconfig', kubeconfig], host), 3);
    t.regex(said(), /the Kubernetes API cannot be reached/);
  } finally {
    await cluster.close();
  }
});

/** Waits for each question before it types the answer. */
async function answer(
  terminal: { input: PassThrough; output: PassThrough },
  answers: readonly [question: RegExp, typed: string][],
) {
  let shown = '';
  terminal.output.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8');
  });
  for (const [question, typed] of answers) {
    const from = shown.length;
    while (!question.test(shown.slice(Math.max(0, from - 200)))) await sleep(10);
    for (const key of typed) {
      terminal.input.write(key);
      await sleep(5);
    }
  }
  return shown;
}

test('missing answers are asked for', async (t) => {
  const terminal = { input: new PassThrough(), output: new PassThrough() };
  const { host, folder, said } = makeHost(terminal);
  const [code] = await Promise.all([
    main(['init', '--namespace', 'models'], host),
    answer(terminal, [
      [/name of the model/, 'Wisdom\r\b\b\b\b\b\bwisdom\r'],
      [/How does KServe run it/, '\r'],
      [/format/, 'sklearn\r'],
      [/first version/, '\r'],
      [/Where is it stored/, 's3://models/wisdom-v1\r'],
      [/What percentage/, '\b\b\b20\r'],
    ]),
  ]);
  t.is(code, 0, said());
  t.is(
    readFileSync(join(folder, 'wisdom/policy.yaml'), 'utf8').split('\n').at(-2),
    '  mirrorPercentage: 20 # the share of requests that is mirrored to a candidate; 0 is the brake',
  );
  const { value: model } = parseModel({
    path: 'model.yaml',
    text: readFileSync(join(folder, 'wisdom/model.yaml'), 'utf8'),
  });
  t.deepEqual(model?.spec.primary, { version: 'v1', storageUri: 's3://models/wisdom-v1' });
});

test('cancelling writes nothing', async (t) => {
  const terminal = { input: new PassThrough(), output: new PassThrough() };
  const { host, folder, said } = makeHost(terminal);
  const [code] = await Promise.all([main(['init', 'wisdom'], host), answer(terminal, [[/namespace/, '\u0003']])]);
  t.is(code, 2);
  t.regex(said(), /cancelled/);
  t.false(existsSync(join(folder, 'wisdom')));
});
