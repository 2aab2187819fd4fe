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
import { findMode, modes } from '../../src/core/serving/modes.ts';
import { toProtocolVersion } from '../../src/core/serving/standard/runtimes.ts';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { plainStyle } from '../../src/output/style.ts';
import { fixtures } from '../goldens/golden-case.ts';
import { isThorough, pick } from '../thorough.ts';

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

/** The key with an arrow, which is one write. */
const down = '\u001b[B';

/** Waits for each question before it types the answer. */
async function answer(
  terminal: { input: PassThrough; output: PassThrough },
  answers: readonly [question: RegExp, typed: string][],
) {
  let shown = '';
  terminal.output.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8');
  });
  let seen = 0;
  for (const [question, typed] of answers) {
    let found = question.exec(shown.slice(seen));
    while (found === null) {
      await sleep(5);
      found = question.exec(shown.slice(seen));
    }
    seen += (found?.index ?? 0) + (found?.[0].length ?? 0);
    for (const key of typed.startsWith(down) ? typed.split(/(?<=B|\r)/) : typed) {
      terminal.input.write(key);
      await sleep(5);
    }
  }
  return shown;
}

/** A person with a folder of their own. */
function sit() {
  const terminal = { input: new PassThrough(), output: new PassThrough() };
  return { terminal, ...makeHost(terminal) };
}

function readModel(folder: string) {
  return parseModel({ path: 'model.yaml', text: readFileSync(join(folder, 'wisdom/model.yaml'), 'utf8') }).value;
}

test('missing answers are asked for, and nothing is written before it was seen', async (t) => {
  const { terminal, host, folder, said } = sit();
  const [code, shown] = await Promise.all([
    main(['init', '--namespace', 'models'], host),
    answer(terminal, [
      [/called\?/, 'Wisdom\r\b\b\b\b\b\bwisdom\r'],
      [/How does KServe run/, '\r'],
      [/Which format/, '\r'],
      [/called that answers/, '\r'],
      [/Where is this version/, '\r'],
      [/its address/, 'models/v1\r\b\b\b\b\b\b\b\b\bs3://models/wisdom-v1\r'],
      [/what percentage/, '20\r'],
      [/more to say/, '\r'],
      [/Write these files/, '\r'],
    ]),
  ]);
  t.is(code, 0, said());
  t.regex(shown, /as in wisdom/, 'what the name could be');
  t.regex(shown, /begin with s3:\/\/[\s\S]* or [\s\S]*, as in\s+s3:\/\/models\/wisdom-v1/);
  t.is(
    readFileSync(join(folder, 'wisdom/policy.yaml'), 'utf8').split('\n').at(-2),
    '  mirrorPercentage: 20 # the share of requests that is mirrored to a candidate; 0 is the brake',
  );
  t.deepEqual(readModel(folder)?.spec.primary, { version: 'v1', storageUri: 's3://models/wisdom-v1' });
  t.is(said().match(/\+\+\+ wisdom\/model\.yaml/g)?.length, 1, 'shown once');
});

test('all that can be asked for: a storage of the cluster, a format of its own, and more', async (t) => {
  const { terminal, host, folder, said } = sit();
  const words = ['init', 'wisdom', '--namespace', 'models', '--version', 'v1', '--percentage', '5'];
  const [code] = await Promise.all([
    main(words, host),
    answer(terminal, [
      [/How does KServe run/, `${down}\r`],
      [/Which format/, `${down.repeat(10)}\r`],
      [/format called/, 'sklear\r'],
      [/Did you mean sklearn/, '\r'],
      [/Where is this version/, '\r'],
      [/entry of the Secret/, '\r'],
      [/path in that storage/, 's3://models/v1\r\b\b\b\b\b\b\b\b\b\b\b\b\b\bsklearn/wisdom-v1\r'],
      [/more to say/, `${down}\r`],
      [/do clients call/, 'rest\r'],
      [/Write these files/, '\r'],
    ]),
  ]);
  t.is(code, 0, said());
  const { spec } = readModel(folder) ?? {};
  t.deepEqual(spec?.protocols, ['rest']);
  t.deepEqual(spec?.template.metadata?.annotations, { 'serving.kserve.io/deploymentMode': 'ModelMesh' });
  t.deepEqual(spec?.template.spec, {
    predictor: { model: { modelFormat: { name: 'sklearn' }, storage: { key: 'localMinIO' } } },
  });
  t.deepEqual(spec?.primary.overrides?.spec, { predictor: { model: { storage: { path: 'sklearn/wisdom-v1' } } } });
});

test('the cluster is asked for the mode by those who are not sure, and then asked again if it shows nothing', async (t) => {
  const cluster = await startKubernetes();
  try {
    const { terminal, host, folder, said } = sit();
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, cluster.kubeconfig());
    const words = ['init', 'wisdom', '--format', 'sklearn', '--version', 'v1', '--percentage', '5'];
    const [code, shown] = await Promise.all([
      main([...words, '--namespace', 'models', '--kubeconfig', kubeconfig], host),
      answer(terminal, [
        [/How does KServe run/, `${down}${down}\r`],
        [/Nothing in models shows it[\s\S]*How does KServe run/, '\r'],
        [/Where is this version/, '\r'],
        [/its address/, 's3://models/wisdom-v1\r'],
        [/more to say/, '\r'],
        [/Write these files/, 'n'],
      ]),
    ]);
    t.is(code, 1);
    t.regex(shown, /Nothing in models shows it/);
    t.regex(
      said(),
      /nothing was written\nthe same answers again: model-mirror init wisdom --namespace models --mode Standard --format sklearn --version v1 --storage-uri s3:\/\/models\/wisdom-v1 --percentage 5\n$/,
    );
    t.false(existsSync(join(folder, 'wisdom')));
    const initAuto = async (namespace: string) => {
      const { host: other, folder: home, said: text } = makeHost();
      const flags = ['--storage-uri', 's3://m/v1', '--mode', 'auto', '--namespace', namespace];
      const ended = await main(['init', 'wisdom', '--format', 'sklearn', ...flags, '--kubeconfig', kubeconfig], other);
      const mode = ended === 0 ? readModel(home)?.spec.template.metadata?.annotations : undefined;
      return [ended, mode?.['serving.kserve.io/deploymentMode'], text()] as const;
    };
    const [failed, , why] = await initAuto('models');
    t.is(failed, 2);
    t.regex(
      why,
      /nothing in the namespace "models" shows how KServe runs its models\n {4}pass --mode ModelMesh or --mode Standard/,
    );
    cluster.apply({
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        name: 'other',
        namespace: 'meshed',
        annotations: { 'serving.kserve.io/deploymentMode': 'RawDeployment' },
      },
      spec: {},
    });
    const [done, mode, text] = await initAuto('meshed');
    t.deepEqual([done, mode], [0, 'Standard']);
    t.regex(text, /the mode is Standard: other runs there in this mode/);
  } finally {
    await cluster.close();
  }
});

test('cancelling writes nothing, whichever question is open', async (t) => {
  const steps: [RegExp, string][] = [
    [/namespace/, 'models\r'],
    [/How does KServe run/, '\r'],
    [/Which format/, '\r'],
    [/called that answers/, '\r'],
    [/Where is this version/, '\r'],
    [/its address/, 's3://models/wisdom-v1\r'],
    [/what percentage/, '\r'],
    [/more to say/, '\r'],
    [/Write these files/, '\r'],
  ];
  for (const [i, [question]] of pick([...steps.entries()], 4)) {
    const { terminal, host, folder, said } = sit();
    const [code] = await Promise.all([
      main(['init', 'wisdom'], host),
      answer(terminal, [...steps.slice(0, i), [question, '\u0003']]),
    ]);
    t.is(code, i === steps.length - 1 ? 1 : 2, `${question}`);
    t.regex(said(), /cancelled\n {4}nothing was written|nothing was written\nthe same answers again/);
    t.notRegex(said(), / {4}at /, 'no stack');
    t.deepEqual(readdirSync(folder), ['.git']);
  }
});

test('a name that is taken is refused at once, and a pasted text is no answer', async (t) => {
  const { terminal, host, folder } = sit();
  mkdirSync(join(folder, 'wisdom'));
  writeFileSync(join(folder, 'wisdom/policy.yaml'), 'mine\n');
  const [code, shown] = await Promise.all([
    main(['init', '--namespace', 'models'], host),
    answer(terminal, [
      [/called\?/, 'wisdom\r'],
      [/exists already/, `${'\b'.repeat(6)}Größe 2\r`],
      [/as in gro-e-2|as in große-2|as in gr/, '\u0003'],
    ]),
  ]);
  t.is(code, 2);
  t.regex(shown, /wisdom\/policy\.yaml exists already: enter another name/);
  t.deepEqual(readdirSync(join(folder, 'wisdom')), ['policy.yaml']);
});

test('with --yes nothing is asked, and what has no default is named all at once', async (t) => {
  const { host, folder, said } = sit();
  t.is(await main(['init', '--yes', '--format', 'sklearn'], host), 2);
  t.regex(said(), /a new model needs its name, where it is stored\n {4}pass NAME, --storage-uri/);
  t.is(await main(['init', 'wisdom', '-y', '--format', 'sklearn', '--storage-uri', 's3://m/v1'], host), 0, said());
  t.is(readModel(folder)?.spec.primary.version, 'v1');
});

test('every combination of mode, format and storage is valid, and rendered', async (t) => {
  const { host, said } = makeHost();
  let made = 0;
  let withStorage = 0;
  const standardFormats = findMode('Standard')?.formats.map(({ name }) => name) ?? [];
  for (const { name: mode, formats, workloads } of modes)
    for (const [i, { name: format }] of formats.entries())
      for (const [j, storage] of [
        ['--storage-uri', 's3://models/v1'],
        [
          '--storage-uri',
          'pvc://models/v1',
          ...(workloads === undefined ? ['--secret-key', 'models'] : ['--service-account', 'reader']),
        ],
        ['--storage-key', 'localMinIO', '--storage-path', 'models/v1'],
      ].entries()) {
        if (!isThorough && (i + j) % 3 !== 0) continue;
        const name = `${mode.toLowerCase()}-${i}-${j}`;
        const words = ['init', name, '--namespace', 'models', '--mode', mode, '--format', format, ...storage];
        const outside = workloads === undefined ? [] : ['--resources', 'cpu=1,memory=2Gi'];
        t.is(await main([...words, ...outside, '--root', '.', '--dir', `${name}`], host), 0, `${name} ${said()}`);
        made++;
        if (j === 2) withStorage++;
      }
  t.is(made, isThorough ? 75 : 25);
  const from = said().length;
  t.is(await main(['validate'], host), 0);
  // Two runtimes of KServe's have onnx, which are given the name of their model in different ways.
  const warned = said()
    .slice(from)
    .matchAll(/^(\w+-\d+)-\d\/model\.yaml.*: warning: .* \[(.*)\]$/gm);
  const onnx = `standard-${standardFormats.indexOf('onnx')}`;
  t.deepEqual([...new Set([...warned].map(([, model, code]) => `${model} ${code}`))], [`${onnx} model-name`]);
  const before = said().length;
  t.is(await main(['render'], host), 0);
  const rendered = said().slice(before);
  t.is(rendered.match(/^kind: InferenceService$/gm)?.length, made);
  t.is(rendered.match(/^ +key: localMinIO$/gm)?.length, withStorage);
  t.is(rendered.match(/^ +path: models\/v1$/gm)?.length, withStorage);
});

test("the formats are those of the runtimes that KServe's and ModelMesh's installations have", (t) => {
  const recorded = JSON.parse(readFileSync(join(fixtures, 'kserve/runtimes.json'), 'utf8')) as {
    readonly mode: string;
    readonly name: string;
    readonly protocolVersions?: readonly string[];
    readonly supportedModelFormats: readonly {
      readonly name: string;
      readonly version?: string;
      readonly autoSelect?: boolean;
    }[];
  }[];
  for (const mode of modes) {
    const all = recorded.filter((runtime) => runtime.mode === mode.name);
    t.true(all.length > 3);
    const names = [...new Set(all.flatMap((runtime) => runtime.supportedModelFormats.map(({ name }) => name)))];
    t.deepEqual(mode.formats.map(({ name }) => name).sort(), names.sort());
    for (const { name, versions, runtimes, protocolVersion } of mode.formats) {
      const found = all.flatMap((runtime) =>
        runtime.supportedModelFormats
          .filter((format) => format.name === name)
          .map((format) => ({ ...format, runtime: runtime.name })),
      );
      const known = new Set(found.flatMap(({ version }) => (version === undefined ? [] : [version])));
      t.deepEqual([...versions].sort(), [...known].sort(), name);
      const chosen = new Set(found.filter(({ autoSelect }) => autoSelect === true).map(({ runtime }) => runtime));
      t.deepEqual([...runtimes].sort(), [...chosen].sort(), name);
      if (mode.name !== 'Standard') continue;
      const spoken = all.filter((runtime) => chosen.has(runtime.name)).map((runtime) => runtime.protocolVersions);
      const written = toProtocolVersion({ modelFormat: { name }, protocolVersion });
      t.true(
        spoken.some((versions) => versions === undefined || versions.includes(written)),
        `${name}: KServe finds no runtime for ${written}`,
      );
    }
  }
});
