/** The program itself, as a process: what Argo CD and people run. */
import { isAscii } from 'node:buffer';
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/model-mirror.cjs');
const fixtures = join(root, 'fixtures');

function makeFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A copy of a golden case's input. */
function copyInput(t: ExecutionContext, golden: string): string {
  const folder = makeFolder(t);
  cpSync(join(fixtures, golden, 'input'), folder, { recursive: true });
  return folder;
}

function run(words: readonly string[], cwd: string, environment: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [program, ...words], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
  });
}

test('the process gives what the golden cases expect', (t) => {
  const folder = copyInput(t, 'rollout/gate-none');
  const { status, stdout, stderr } = run(['render', '--repo-root', '.'], folder);
  t.is(stdout, readFileSync(join(fixtures, 'rollout/gate-none/expected/stdout.txt'), 'utf8'));
  t.is(stderr, '');
  t.is(status, 0);
});

test('the bundles are in ASCII, and the process shows every character as it is', (t) => {
  const dist = join(root, 'dist');
  const bundles = readdirSync(dist).filter((file) => file.endsWith('.cjs'));
  t.true(bundles.length > 10);
  t.deepEqual(
    bundles.filter((file) => !isAscii(readFileSync(join(dist, file)))),
    [],
  );
  const { stderr } = run(['render', '--repo-root', '.'], copyInput(t, 'problems/missing-field--storage'));
  t.true(stderr.includes('…'));
  t.is(stderr, readFileSync(join(fixtures, 'problems/missing-field--storage/expected/problems.txt'), 'utf8'));
});

test('every file that a bundle loads when it needs it was built', (t) => {
  const dist = join(root, 'dist');
  const files = readdirSync(dist).filter((file) => file.endsWith('.cjs'));
  const loaded = files.flatMap((file) =>
    [...readFileSync(join(dist, file), 'utf8').matchAll(/require\(["'`]\.\/([^"'`]+)["'`]\)/g)].map(([, name]) => name),
  );
  t.true(loaded.includes('promote.cjs'));
  t.deepEqual(
    [...new Set(loaded)].filter((name) => !existsSync(join(dist, name ?? ''))),
    [],
  );
});

test('exit codes: 0 fine, 1 problems, 2 usage, 3 the environment', (t) => {
  t.is(run(['--help'], root).status, 0);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const flag of ['--version', '-v', '-V']) t.is(run([flag], root).stdout, `${version}\n`, flag);
  const broken = run(['render', '--repo-root', '.'], copyInput(t, 'problems/wrong-type'));
  t.is(broken.status, 1);
  t.is(broken.stdout, '');
  t.regex(broken.stderr, /^model\.yaml:4:9: error: /);
  t.is(run(['render', '--output', 'xml'], root).status, 2);
  t.is(run(['render', 'nowhere'], root).status, 3);
});

test('a Node that is too old is reported, and is not a bug', (t) => {
  const folder = makeFolder(t);
  const pretence = join(folder, 'old.cjs');
  writeFileSync(
    pretence,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.9.0' } });\n",
  );
  const { status, stdout, stderr } = run(['--version'], folder, { NODE_OPTIONS: `--require ${pretence}` });
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
  const oldest = engines.node.replace('>=', '');
  t.is(
    stderr,
    `model-mirror: this is Node 22.9.0, and ${oldest} is the oldest supported version\n    install a newer Node\n`,
  );
  t.is(stdout, '');
  t.is(status, 3);
});

test('a folder gives the same bytes by its .git, by --repo-root and by what Argo CD says', (t) => {
  const folder = makeFolder(t);
  const path = 'teams/blue/wisdom';
  const here = join(folder, path);
  cpSync(join(fixtures, 'rollout/ready-percentage-20/input'), here, { recursive: true });
  const byFlag = run(['render', '--repo-root', '../../..'], here);
  const byArgocd = run(['render'], here, { ARGOCD_APP_SOURCE_PATH: path, ARGOCD_APP_REVISION: 'a'.repeat(40) });
  mkdirSync(join(folder, '.git'));
  const byGit = run(['render'], here);
  t.regex(byGit.stdout, /model-mirror\.dev\/path: teams\/blue\/wisdom\n/);
  t.is(byFlag.stdout, byGit.stdout);
  t.is(byArgocd.stdout, byGit.stdout);
  t.is(byFlag.stderr + byArgocd.stderr + byGit.stderr, '');
});

test('people see paths they can open from where they are, Argo CD those of the repository', (t) => {
  const folder = makeFolder(t);
  const here = join(folder, 'models/wisdom');
  cpSync(join(fixtures, 'problems/empty-file/input'), here, { recursive: true });
  mkdirSync(join(folder, '.git'));
  t.regex(run(['render'], here).stderr, /^model\.yaml:1:1: /);
  t.regex(run(['render', 'models'], folder).stderr, /^models\/wisdom\/model\.yaml:1:1: /);
  const argocd = run(['render'], here, { ARGOCD_APP_SOURCE_PATH: 'models/wisdom' });
  t.regex(argocd.stderr, /^models\/wisdom\/model\.yaml:1:1: /);
});

test('nothing but the flags and the named variables of Argo CD changes the output', (t) => {
  const folder = copyInput(t, 'rollout/ready-percentage-20');
  const words = ['render', '--repo-root', '.'];
  const environment = {
    ARGOCD_APP_REVISION: '0123456789abcdef0123456789abcdef01234567',
    ARGOCD_APP_NAME: 'other',
    KUBE_VERSION: '1.36.1',
    LANG: 'tr_TR.UTF-8',
    LC_ALL: 'tr_TR.UTF-8',
    TZ: 'Pacific/Kiritimati',
    HOSTNAME: 'other',
    FORCE_COLOR: '1',
  };
  t.is(run(words, folder, environment).stdout, run(words, folder).stdout);
});

test('a reader that goes away early is not an error', async (t) => {
  const folder = makeFolder(t);
  const model = readFileSync(join(fixtures, 'rollout/gate-none/input/model.yaml'), 'utf8');
  for (let i = 0; i < 500; i++) {
    mkdirSync(join(folder, `m${i}`));
    writeFileSync(join(folder, `m${i}/model.yaml`), model.replace('name: wisdom', `name: m${i}`));
  }
  const child = spawn(process.execPath, [program, 'render', '--repo-root', '.'], { cwd: folder });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.is(code, 0);
  t.is(stderr, '');
});

test('the compiled code beside the bundle is used, and is not needed', (t) => {
  const elsewhere = makeFolder(t);
  for (const name of ['model-mirror.cjs', 'cli.cjs', 'cli.code'])
    copyFileSync(join(root, 'dist', name), join(elsewhere, name));
  const folder = copyInput(t, 'rollout/gate-none');
  const expected = run(['render', '--repo-root', '.'], folder).stdout;
  const start = (...flags: string[]) =>
    spawnSync(process.execPath, [...flags, join(elsewhere, 'model-mirror.cjs'), 'render', '--repo-root', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
  const hook = join(elsewhere, 'hook.cjs');
  writeFileSync(
    hook,
    `const vm = require('node:vm');
     const { Script } = vm;
     vm.Script = class extends Script {
       constructor(...words) { super(...words); process.stderr.write('rejected: ' + this.cachedDataRejected); }
     };`,
  );
  t.is(start('--require', hook).stderr, 'rejected: false');
  writeFileSync(join(elsewhere, 'cli.code'), 'not compiled code');
  t.is(start('--require', hook).stderr, 'rejected: true');
  t.is(start().stdout, expected);
  rmSync(join(elsewhere, 'cli.code'));
  t.is(start().stdout, expected);
});

test('rendering loads neither the git library nor the Kubernetes client', (t) => {
  const bundles = JSON.parse(
    readFileSync(join(root, 'node_modules/.cache/model-mirror/bundles.json'), 'utf8'),
  ) as Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
  const heavy = /node_modules\/(isomorphic-git|@kubernetes\/client-node)\//;
  const inputsOf = (bundle: string) => Object.keys(bundles[`dist/${bundle}`]?.inputs ?? {});
  const heavyOf = (bundle: string) => new Set(inputsOf(bundle).flatMap((input) => heavy.exec(input)?.[1] ?? []));
  t.true(inputsOf('cli.cjs').length > 40);
  t.deepEqual([...heavyOf('cli.cjs')], []);
  t.is(heavyOf('watch.cjs').size, 2, 'the check sees what is there');

  const folder = copyInput(t, 'rollout/gate-none');
  const hook = join(makeFolder(t), 'hook.cjs');
  writeFileSync(
    hook,
    `const Module = require('node:module');
     const load = Module._load;
     Module._load = function (request, ...more) { process._rawDebug(request); return load.call(this, request, ...more); };`,
  );
  const { stderr } = spawnSync(process.execPath, ['--require', hook, program, 'render', '--repo-root', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const loaded = stderr.trimEnd().split('\n');
  t.true(loaded.length > 5);
  t.deepEqual(
    loaded.filter((request) => !/^(node:)?(buffer|events|fs|path|process|util|vm)$/.test(request)),
    [program],
  );
});

test('--output-dir writes what differs, leaves what is equal, removes what is its own and gone', (t) => {
  const folder = copyInput(t, 'rollout/gate-none');
  const out = join(folder, 'out');
  const words = ['render', '--repo-root', '.', '--output-dir', 'out'];
  t.is(run(words, folder).stderr, 'out: 7 written, 0 unchanged, 0 removed\n');
  t.deepEqual(readdirSync(out).sort(), [
    'destinationrule_modelmesh-serving_wisdom-mirror.yaml',
    'gateway_modelmesh-serving_mm-gateway.yaml',
    'inferenceservice_modelmesh-serving_wisdom-0.yaml',
    'inferenceservice_modelmesh-serving_wisdom-1.yaml',
    'serviceentry_modelmesh-serving_wisdom.yaml',
    'virtualservice_modelmesh-serving_wisdom-mirror.yaml',
    'virtualservice_modelmesh-serving_wisdom.yaml',
  ]);
  const kept = join(out, 'serviceentry_modelmesh-serving_wisdom.yaml');
  utimesSync(kept, 1, 1);
  writeFileSync(join(out, 'configmap_modelmesh-serving_mine.yaml'), 'kind: ConfigMap\n');
  writeFileSync(join(out, 'README.md'), 'app.kubernetes.io/managed-by: model-mirror\n');
  const model = join(folder, 'model.yaml');
  writeFileSync(model, readFileSync(model, 'utf8').replace(/ {2}candidate:.*/s, ''));
  t.is(run(words, folder).stderr, 'out: 1 written, 3 unchanged, 3 removed\n');
  t.is(statSync(kept).mtimeMs, 1000);
  t.true(existsSync(join(out, 'configmap_modelmesh-serving_mine.yaml')));
  t.true(existsSync(join(out, 'README.md')));
  t.false(existsSync(join(out, 'inferenceservice_modelmesh-serving_wisdom-1.yaml')));

  writeFileSync(model, 'broken: [');
  const before = readdirSync(out);
  t.is(run(words, folder).status, 1);
  t.deepEqual(readdirSync(out), before);
});

test('--output-dir with --select removes nothing of the other models', (t) => {
  const folder = copyInput(t, 'rollout/select');
  const words = ['render', '--repo-root', '.', '--output-dir', 'out'];
  t.is(run(words, folder).stderr, 'out: 14 written, 0 unchanged, 0 removed\n');
  t.is(run([...words, '--select', 'b'], folder).stderr, 'out: 0 written, 7 unchanged, 0 removed\n');
});

test('an output that cannot be written is the environment, and no bug', (t) => {
  const folder = copyInput(t, 'rollout/gate-none');
  const full = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(full));
  const { status, stderr } = spawnSync(process.execPath, [program, 'render', '--repo-root', '.'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', full, 'pipe'],
  });
  t.is(status, 3);
  t.regex(stderr, /^model-mirror: the output cannot be written: no space left on device\n/);
});

test('a working directory that is gone is the environment, and no bug', (t) => {
  const gone = join(makeFolder(t), 'gone');
  mkdirSync(gone);
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', 'rmdir "$PWD" && exec "$@"', 'sh', process.execPath, program, 'render'],
    {
      cwd: gone,
      encoding: 'utf8',
    },
  );
  t.is(status, 3);
  t.regex(stderr, /the working directory is gone/);
});

test('colours only on a terminal', (t) => {
  const folder = copyInput(t, 'problems/empty-file');
  const onTerminal = (environment: string) =>
    spawnSync('script', ['-qec', `${environment} ${process.execPath} ${program} render --repo-root .`, '/dev/null'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TERM: 'xterm' },
    }).stdout;
  const escapeCode = String.fromCharCode(27);
  t.false(run(['render', '--repo-root', '.'], folder).stderr.includes(escapeCode));
  if (spawnSync('script', ['--version']).error !== undefined) {
    t.log('not checked on a terminal: script(1) is not here');
    return;
  }
  t.true(onTerminal('').includes(`${escapeCode}[31merror:`));
  t.false(onTerminal('NO_COLOR=1').includes(escapeCode));
});

interface Step {
  readonly command: readonly string[];
  readonly args: readonly string[];
}

const plugin = parse(readFileSync(join(root, 'plugin.yaml'), 'utf8')) as {
  metadata: { name: string };
  spec: {
    discover: { find: Step };
    generate: Step;
    parameters: { dynamic: Step };
  };
};

/** Runs a step of plugin.yaml as cmp-server does, with the program of this repository. */
function runStep({ command, args }: Step, cwd: string, environment: Readonly<Record<string, string>> = {}) {
  const words = [...command, ...args].map((word) => word.replace('/opt/model-mirror/dist/', `${join(root, 'dist')}/`));
  const [name = '', ...more] = words;
  return spawnSync(name === 'node' ? process.execPath : name, more, {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
  });
}

test('plugin.yaml: generate prints concatenated JSON, parameters a JSON list', (t) => {
  const folder = copyInput(t, 'rollout/gate-none');
  const environment = { ARGOCD_APP_SOURCE_PATH: '.', ARGOCD_APP_NAMESPACE: 'default', ARGOCD_APP_PARAMETERS: 'null' };
  const { stdout, stderr, status } = runStep(plugin.spec.generate, folder, environment);
  t.is(status, 0);
  t.is(stderr, '');
  t.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).kind),
    [
      'DestinationRule',
      'Gateway',
      'InferenceService',
      'InferenceService',
      'ServiceEntry',
      'VirtualService',
      'VirtualService',
    ],
  );
  const announced = JSON.parse(runStep(plugin.spec.parameters.dynamic, folder).stdout) as { name: string }[];
  t.deepEqual(
    announced.map(({ name }) => name),
    ['cluster', 'root', 'watcherUrl', 'assumeReady', 'allowEmpty'],
  );
});

test('plugin.yaml: discover finds what is written for model-mirror, and nothing else', (t) => {
  const find = (folder: string, environment: Readonly<Record<string, string>> = {}) => {
    const { status, stdout } = runStep(plugin.spec.discover.find, folder, environment);
    t.is(status, 0);
    return stdout.trim() !== '';
  };
  t.true(find(copyInput(t, 'rollout/no-candidate')));
  t.true(find(copyInput(t, 'rollout/named-files')));
  t.true(find(copyInput(t, 'problems/yaml-syntax')));
  const foreign = makeFolder(t);
  writeFileSync(join(foreign, 'policy.yaml'), 'apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n');
  writeFileSync(join(foreign, 'README.md'), 'model-mirror\n');
  t.false(find(foreign));
  t.false(find(makeFolder(t)));
  t.true(find(makeFolder(t), { PARAM_ALLOWEMPTY: 'true' }));
});

test("plugin.yaml: the plugin's name has no version, but in the pinned one that of the package", (t) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  t.is(plugin.metadata.name, 'model-mirror');
  t.false('version' in plugin.spec);
  const pinned = readFileSync(join(root, 'dist/pinned/plugin.yaml'), 'utf8');
  t.deepEqual(parse(pinned), { ...plugin, spec: { ...plugin.spec, version: `v${version}` } });
  t.regex(
    pinned,
    new RegExp(`^# .* spec\\.source\\.plugin\\.name: model-mirror-v${version.replaceAll('.', '\\.')}$`, 'm'),
  );
});
