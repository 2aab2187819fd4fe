/**
 * The single executables: built, and run where no Node is on the PATH. They must give what the package gives, to the last byte. That
 * of arm64 runs in qemu where Debian's packages for it are installed; `--arm64` fails without them. One line per check.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, endChecks } from '../checks.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'model-mirror-executables-check-'));
const made = join(folder, 'made');
const bin = join(folder, 'bin');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
/** Where Debian's package libc6-arm64-cross is. */
const arm64Root = '/usr/aarch64-linux-gnu';

/** What starts it, and what git, sh and the rest of the system are found by: there is no Node among them. */
const x64 = [join(made, 'model-mirror-linux-x64')];
const arm64 = ['qemu-aarch64-static', '-L', arm64Root, join(made, 'model-mirror-linux-arm64')];
const asPackage = [process.execPath, join(root, 'dist/model-mirror.cjs')];
const environment = { PATH: bin, HOME: folder, TMPDIR: folder };

function run(command: readonly string[], words: readonly string[], cwd = folder, more: NodeJS.ProcessEnv = {}) {
  const [program = '', ...before] = command;
  const { status, stdout, stderr } = spawnSync(program, [...before, ...words], {
    cwd,
    encoding: 'utf8',
    env: { ...environment, ...more },
  });
  return { status, stdout, stderr };
}

const input = (golden: string) => join(root, 'fixtures', golden, 'input');

function checkSame(name: string, command: readonly string[]): void {
  for (const golden of ['rollout/gate-none', 'rollout/overrides', 'policy/limits-tighten']) {
    const expected = readFileSync(join(input(golden), '../expected/stdout.txt'), 'utf8');
    check(`${name} renders ${golden}`, run(command, ['render', '--repo-root', '.'], input(golden)), {
      status: 0,
      stdout: expected,
      stderr: '',
    });
  }
  for (const [status, words, golden] of [
    [0, ['--version'], 'rollout/gate-none'],
    [0, ['--help'], 'rollout/gate-none'],
    [0, ['completion', 'bash'], 'rollout/gate-none'],
    [0, ['schema', 'Model'], 'rollout/gate-none'],
    [0, ['explain', 'wisdom', '--repo-root', '.'], 'rollout/gate-none'],
    [1, ['validate', '--repo-root', '.'], 'problems/yaml-syntax'],
    [1, ['render', '--repo-root', '.'], 'problems/missing-field--storage'],
    [2, ['valdate'], 'rollout/gate-none'],
    [3, ['render', 'absent'], 'rollout/gate-none'],
  ] as const) {
    const now = run(command, words, input(golden));
    check(`${name}: ${words.join(' ')} is as in the package`, now, run(asPackage, words, input(golden)));
    check(`${name}: ${words.join(' ')} ends with ${status}`, now.status, status);
  }
}

/** As kubectl does: `kubectl a-b` is a program `kubectl-a_b` on the PATH. */
const kubectl = `#!/bin/sh
name=kubectl-$(printf %s "$1" | tr - _)
shift
exec "$(command -v "$name")" "$@"
`;

function checkKubectl(name: string, command: string): void {
  const plugin = join(bin, 'kubectl-model_mirror');
  rmSync(plugin, { force: true });
  symlinkSync(command, plugin);
  const help = run([join(bin, 'kubectl')], ['model_mirror', '--help']).stdout;
  check(
    `${name}: kubectl model_mirror shows how it is called`,
    help,
    /^Usage: kubectl model_mirror \[options\] \[command\]\n/,
  );
  check(
    `${name}: and so do its examples`,
    help,
    /^ {2}\$ kubectl model_mirror validate && kubectl model_mirror render$/m,
  );
  const { status, stdout } = run(
    [join(bin, 'kubectl')],
    ['model-mirror', 'render', '--repo-root', '.'],
    input('rollout/gate-none'),
  );
  check(`${name}: kubectl model-mirror renders`, [status, stdout.includes('kind: InferenceService')], [0, true]);
  check(
    `${name}: completion stays that of model-mirror`,
    run([plugin], ['completion', 'bash']).stdout,
    run(asPackage, ['completion', 'bash']).stdout,
  );
}

/** The machine that an ELF file is for (`e_machine`). */
function readMachine(file: string): number {
  const head = Buffer.alloc(20);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  if (head.toString('latin1', 0, 4) !== '\u007fELF') throw new Error(`${file} is no ELF file`);
  return head.readUInt16LE(18);
}

/** Milliseconds until each has printed its version: the median of runs in turn. Shown, not checked: machines differ. */
function compareStarts(): string {
  const commands = { executable: x64, package: asPackage, 'bare Node': [process.execPath, '--eval', '0'] };
  const times = Object.entries(commands).map(([name, command]) => ({ name, command, all: [] as number[] }));
  for (let i = 0; i < 30; i++)
    for (const { name, command, all } of times) {
      const start = performance.now();
      run(command, name === 'bare Node' ? [] : ['--version']);
      all.push(performance.now() - start);
    }
  const medians = times.map(({ name, all }) => ({ name, ms: all.sort((a, b) => a - b)[15] ?? 0, least: all[0] ?? 0 }));
  const own = medians[0]?.ms ?? 0;
  return medians
    .map(
      ({ name, ms, least }) =>
        `${name} ${ms.toFixed(0)} ms (least ${least.toFixed(0)}), ratio ${(own / ms).toFixed(2)}`,
    )
    .join('; ');
}

try {
  mkdirSync(bin);
  // All that the program itself starts, and what the fake kubectl needs.
  for (const name of ['git', 'sh', 'tr', 'readlink'])
    symlinkSync(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name));
  writeFileSync(join(bin, 'kubectl'), kubectl);
  chmodSync(join(bin, 'kubectl'), 0o755);
  execFileSync(process.execPath, [join(root, '.config/executables.ts'), '--to', made], { stdio: 'inherit' });

  check(
    'the sums',
    spawnSync('sha256sum', ['--check', 'model-mirror-linux-x64.sha256', 'model-mirror-linux-arm64.sha256'], {
      cwd: made,
      encoding: 'utf8',
    }).stdout,
    'model-mirror-linux-x64: OK\nmodel-mirror-linux-arm64: OK\n',
  );
  const notices = readFileSync(join(made, 'model-mirror-executables.THIRD-PARTY-NOTICES'), 'utf8');
  check('the notices have the licences of the bundles', notices, /^commander /m);
  check('and that of Node', notices, /^Node\.js [\d.]+\n\nNode\.js is licensed for use as follows:/m);
  const bom = JSON.parse(readFileSync(join(made, 'model-mirror-executables.sbom.cdx.json'), 'utf8')) as {
    components: { name: string; version: string }[];
  };
  const node = bom.components.filter(({ name }) => name === 'node');
  check(
    'the bill of materials has Node',
    node.map((one) => one.version),
    [process.versions.node],
  );

  check('x64 is an ELF file of that machine', readMachine(x64[0] ?? ''), 62);
  check('it needs no Node on the PATH', run(['sh', '-c', 'command -v node'], []).stdout, '');
  check('its version', run(x64, ['--version']).stdout, `${version}\n`);
  checkSame('x64', x64);
  const hook = join(folder, 'hook.cjs');
  writeFileSync(
    hook,
    `const vm = require('node:vm');
     const { Script } = vm;
     vm.Script = class extends Script {
       constructor(...words) { super(...words); process.stderr.write('rejected: ' + this.cachedDataRejected); }
     };`,
  );
  const hooked = run(x64, ['--version'], folder, { NODE_OPTIONS: `--require ${hook}` });
  check('V8 takes the compiled code that is in it', hooked.stderr, 'rejected: false');
  checkKubectl('x64', x64[0] ?? '');
  const work = join(folder, 'work');
  cpSync(input('rollout/gate-none'), work, { recursive: true });
  for (const words of [
    ['init', '--quiet', '--initial-branch', 'main'],
    ['add', '--all'],
  ])
    run(['git'], words, work);
  run(
    ['git'],
    ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '--message', 'v1'],
    work,
  );
  const edit = ['mirror', 'wisdom', '7', '--dry-run'];
  check('x64 shows what an edit changes', run(x64, edit, work), run(asPackage, edit, work));
  check('x64 edits', run(x64, edit.slice(0, -1), work).status, 0);
  check('as it should', readFileSync(join(work, 'policy.yaml'), 'utf8'), /^ {2}mirrorPercentage: 7$/m);
  check('x64 compares with git', run(x64, ['diff', 'HEAD'], work), run(asPackage, ['diff', 'HEAD'], work));
  const demo = run(x64, ['demo', '--mode', 'standard']);
  check(
    'x64 plays the demo, with a plugin and a watcher that are the executable itself',
    demo.stdout,
    /requests in all; 0 failed/,
  );
  check('and ends it well', [demo.status, demo.stderr], [0, '']);

  const file = arm64.at(-1) ?? '';
  check('arm64 is an ELF file of that machine', readMachine(file), 183);
  check('the bundles are in it', readFileSync(file).includes(readFileSync(join(root, 'dist/cli.cjs'))), true);
  const hasQemu =
    spawnSync('qemu-aarch64-static', ['--version']).status === 0 && statSync(arm64Root, { throwIfNoEntry: false });
  if (hasQemu) {
    symlinkSync(
      execFileSync('/bin/sh', ['-c', 'command -v qemu-aarch64-static'], { encoding: 'utf8' }).trim(),
      join(bin, 'qemu-aarch64-static'),
    );
    checkSame('arm64', arm64);
  } else if (process.argv.includes('--arm64'))
    check('qemu runs arm64', 'not installed', 'qemu-user-static, libatomic1-arm64-cross, libstdc++6-arm64-cross');
  else
    process.stdout.write(
      'not run: arm64, for which Debian has qemu-user-static, libatomic1-arm64-cross and libstdc++6-arm64-cross\n',
    );

  process.stdout.write(`size: ${(statSync(x64[0] ?? '').size / 1e6).toFixed(0)} MB\n--version: ${compareStarts()}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
endChecks();
