/** `model-mirror status`: the cluster, the git server and, as a process, waiting; over real sockets. */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { git } from '../../src/demo/fakes/git.ts';
import type { GitServer } from '../../src/demo/fakes/git-server.ts';
import { startGitServer } from '../../src/demo/fakes/git-server.ts';
import type { FakeKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import type { Written } from '../../src/demo/fakes/kubernetes/object.ts';
import { renderObjects } from '../core/render/memory-tree.ts';
import { testThoroughly } from '../thorough.ts';
import { runInProcess } from './in-process.ts';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/model-mirror.cjs');
const model = 'models/q-candidate-not-ready';
const name = 'q-candidate-not-ready';

/** It configures nothing. */
const machine = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: devNull };

function makeFolder(t: ExecutionContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-status-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

class Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(words: readonly string[], cwd: string, environment: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [program, 'status', ...words], {
      cwd,
      env: { ...machine, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (status) => resolve({ status, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Until what it wrote looks so. */
  async said(pattern: RegExp): Promise<void> {
    for (let i = 0; i < 1000 && !pattern.test(this.stdout + this.stderr); i++) {
      if (this.child.exitCode !== null) throw new Error(`it has ended: ${this.stdout}${this.stderr}`);
      await sleep(10);
    }
  }
}

async function run(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { code, out, err } = await runInProcess(cwd, { ...machine, ...environment }, ['status', ...words]);
  return { status: code, stdout: out, stderr: err };
}

/** The files of one model whose candidate loads. */
function writeModel(folder: string): void {
  cpSync(join(root, 'fixtures/status/wait-timed-out-json/input'), folder, { recursive: true });
}

function changeStatus(folder: string, from: string, to: string): void {
  const path = join(folder, model, 'status.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
}

async function startCluster(t: ExecutionContext, folder: string): Promise<FakeKubernetes> {
  const cluster = await startKubernetes({ token: 'right' });
  t.teardown(() => cluster.close());
  writeFileSync(join(folder, 'kubeconfig.yaml'), cluster.kubeconfig());
  return cluster;
}

/** As Argo CD does. */
function applyAll(cluster: FakeKubernetes, folder: string): void {
  const files = Object.fromEntries(
    readdirSync(join(folder, model)).map((file) => [
      `${model}/${file}`,
      readFileSync(join(folder, model, file), 'utf8'),
    ]),
  );
  for (const object of renderObjects(files)) cluster.apply(object as unknown as Written);
}

/** As KServe reports a model of ModelMesh. */
function load(cluster: FakeKubernetes, service: string, active = 'Loaded', ready = 'True'): void {
  cluster.patchStatus('inferenceservices', 'modelmesh-serving', service, {
    conditions: [{ type: 'Ready', status: ready, lastTransitionTime: '2026-01-01T00:00:00Z' }],
    modelStatus: { transitionStatus: 'UpToDate', states: { activeModelState: active, targetModelState: '' } },
  });
}

const live = ['--live', '--kubeconfig', 'kubeconfig.yaml', '--repo-root', '.'];

test('--live shows the cluster, and what the watcher has not committed', async (t) => {
  const folder = makeFolder(t);
  writeModel(folder);
  const cluster = await startCluster(t, folder);
  applyAll(cluster, folder);
  load(cluster, `${name}-0`);
  load(cluster, `${name}-1`);
  const { stdout, stderr, status } = await run([...live, '-o', 'json'], folder);
  t.is(stderr, '');
  t.is(status, 0);
  const [one] = JSON.parse(stdout).models;
  t.deepEqual([one.source, one.observed.candidates[0]?.state], ['cluster', 'Ready']);
  t.deepEqual(
    one.differences.map(({ code }: { code: string }) => code),
    ['status-behind'],
  );
});

test('a cluster that does not answer, or refuses the credentials, is a fault of the environment', async (t) => {
  const folder = makeFolder(t);
  writeModel(folder);
  const cluster = await startCluster(t, folder);
  cluster.setToken('another');
  const denied = await run(live, folder);
  t.is(denied.status, 3);
  t.regex(denied.stderr, /answers \/apis\/\S+ with 401: Unauthorized\n {4}this needs permission to list/);
  const kubeconfig = JSON.parse(cluster.kubeconfig());
  kubeconfig.clusters[0].cluster.server = 'http://127.0.0.1:1';
  writeFileSync(join(folder, 'kubeconfig.yaml'), JSON.stringify(kubeconfig));
  const away = await run(live, folder);
  t.is(away.status, 3);
  t.regex(away.stderr, /the Kubernetes API cannot be reached: .*\n {4}check that the cluster is up/);
});

interface Cloned {
  readonly server: GitServer;
  /** The person's. */
  readonly clone: string;
  /** As the watcher does: changes the status file, and pushes. */
  readonly push: (from: string, to: string) => Promise<void>;
}

async function makeClone(t: ExecutionContext, password?: string): Promise<Cloned> {
  const folder = makeFolder(t);
  const server = await startGitServer(
    password === undefined ? {} : { authorization: { username: 'x-token-auth', password } },
  );
  t.teardown(() => server.close());
  await server.createRepository('repo.git');
  const bare = server.folder('repo.git');
  const watcher = join(folder, 'watcher');
  await git(folder, ['clone', '--quiet', bare, watcher]);
  writeModel(watcher);
  const commit = async () => {
    await git(watcher, ['add', '--all']);
    await git(watcher, ['commit', '--quiet', '--message', 'status']);
    await git(watcher, ['push', '--quiet', 'origin', 'HEAD:main']);
  };
  await commit();
  const clone = join(folder, 'clone');
  await git(folder, ['clone', '--quiet', '--branch', 'main', bare, clone]);
  await git(clone, ['remote', 'set-url', 'origin', server.url('repo.git')]);
  const push = async (from: string, to: string) => {
    changeStatus(watcher, from, to);
    await commit();
  };
  return { server, clone, push };
}

/** By which git has a password, wherever it is configured. */
const helper = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'credential.helper',
  GIT_CONFIG_VALUE_0: '!f() { echo username=x-token-auth; echo "password=$PASSWORD"; }; f',
};

/** What is in the git folder but objects, by path. */
function readGitFolder(clone: string): Map<string, string> {
  const folder = join(clone, '.git');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name: file }) => join(parentPath, file)).sort();
  return new Map(
    paths
      .filter((path) => !path.startsWith(join(folder, 'objects')))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'latin1')]),
  );
}

function toChanged(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
}

test('--fetch shows the branch as it is on the server, and changes nothing but the remote-tracking branch', async (t) => {
  const { server, clone, push } = await makeClone(t, 'secret');
  const bare = server.folder('repo.git');
  // What a fetch by somebody's configuration could do besides.
  await git(clone, ['config', 'fetch.prune', 'true']);
  await git(clone, ['config', 'fetch.pruneTags', 'true']);
  await git(clone, ['config', '--add', 'remote.origin.fetch', '+refs/heads/*:refs/mirror/*']);
  await git(clone, ['update-ref', 'refs/remotes/origin/gone', 'HEAD']);
  await git(clone, ['update-ref', '--no-deref', '-d', 'refs/remotes/origin/HEAD']);
  await git(clone, ['tag', 'here']);
  await push('state: Loading', 'state: Ready');
  await git(bare, ['branch', 'other', 'main']);
  await git(bare, ['tag', 'v1', 'main']);
  writeFileSync(join(clone, model, 'policy.yaml'), 'mine\n');
  const before = readGitFolder(clone);
  const environment = { ...helper, PASSWORD: 'secret', GIT_TRACE: join(clone, '../trace') };
  const { stdout, stderr, status } = await run(['--fetch'], clone, environment);
  t.is(stderr, '');
  t.is(status, 0);
  const tip = (await git(bare, ['rev-parse', 'main'])).trim();
  t.regex(stdout, /v2 Ready +100 % \(live 0 %\)/);
  t.true(stdout.endsWith(`\nAt ${tip.slice(0, 7)}, origin/main.\n`));
  t.deepEqual(toChanged(before, readGitFolder(clone)), ['logs/refs/remotes/origin/main', 'refs/remotes/origin/main']);
  t.is((await git(clone, ['rev-parse', 'origin/main'])).trim(), tip);
  t.is(await git(clone, ['status', '--porcelain']), `?? ${model}/policy.yaml\n`);
  await git(clone, ['fsck', '--strict']);
  const trace = readFileSync(environment.GIT_TRACE, 'utf8');
  t.regex(trace, /built-in: git .*fetch/);
  t.notRegex(trace, /maintenance|gc --auto/);
  // Nothing new costs no pack.
  server.resetTraffic();
  t.is((await run(['--fetch'], join(clone, model), environment)).status, 0);
  t.true(server.traffic('git-upload-pack').requests <= 1);
  // What is known without a look at the server.
  rmSync(join(clone, model, 'policy.yaml'));
  const here = await run([], clone);
  t.regex(here.stdout, /v2 Loading/);
  t.regex(
    here.stdout,
    /\norigin\/main has commits that are not here: pull, or read it with --revision origin\/main\.\n$/,
  );
  t.regex((await run(['--revision', 'origin/main'], clone)).stdout, /v2 Ready/);
  t.notRegex((await run(['--revision', 'HEAD'], clone)).stdout, /v2 Ready/);
});

test('--revision needs neither a work tree nor the folder in one', async (t) => {
  const { server, clone } = await makeClone(t, 'secret');
  const expected = (await run(['--revision', 'HEAD'], clone)).stdout;
  t.regex(expected, /v2 Loading/);
  t.is((await run(['--revision', 'main'], server.folder('repo.git'))).stdout.replace('main.', 'HEAD.'), expected);
  await git(clone, ['rm', '--quiet', '-r', 'models']);
  t.is((await run(['--revision', 'HEAD', '--path', 'models'], clone)).stdout, expected);
  await server.close();
});

test('a failed fetch shows the output of git, and what to do', async (t) => {
  const { server, clone } = await makeClone(t, 'secret');
  const say = async (words: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const { status, stderr, stdout } = await run(words, clone, environment);
    t.is(stdout, '');
    t.notRegex(stderr, /secret|n0t-it/);
    return `${status} ${stderr}`;
  };
  const denied = (said: string) =>
    new RegExp(`^3 model-mirror: origin/main cannot be fetched: ${said}.*\\n {4}give git credentials: `);
  t.regex(await say(['--fetch']), denied('fatal: could not read Username for .*'));
  t.regex(await say(['--fetch'], { ...helper, PASSWORD: 'n0t-it' }), denied('fatal: Authentication failed'));
  const right = { ...helper, PASSWORD: 'secret' };
  t.regex(
    await say(['--fetch', '--branch', 'mian'], right),
    /^3 model-mirror: the remote origin has no branch "mian"\n {4}there is: main; name one with --branch, or push it first\n$/,
  );
  for (const name of ['m*', 'main:other', ''])
    t.regex(
      await say(['--fetch', `--branch=${name}`], right),
      /^2 model-mirror: ".*" is not a valid name of a branch\n {4}name a branch of the remote/,
    );
  t.regex(
    await say(['--fetch', '--git-credentials', 'token'], right),
    /^2 model-mirror: status has no --git-credentials .*\n {4}let git have the credentials, .*docs\/upgrading\.md\n$/,
  );
  await git(clone, ['remote', 'set-url', 'origin', 'http://ml:secret@127.0.0.1:1/repo.git']);
  t.regex(
    await say(['--fetch']),
    /^3 model-mirror: origin\/main cannot be fetched: fatal: unable to access .*\n {4}check that git fetch works here/,
  );
  await git(clone, ['remote', 'set-url', 'origin', join(clone, '../nowhere')]);
  t.regex(
    await say(['--fetch']),
    /^3 model-mirror: origin\/main cannot be fetched: \n {4}fatal: '.*\/nowhere' does not /,
  );
  await git(clone, ['config', 'branch.main.remote', 'gone']);
  t.regex(
    await say(['--fetch']),
    /^3 model-mirror: the repository has no remote "gone"\n {4}add it with git remote add/,
  );
  await git(clone, ['checkout', '--quiet', '--detach']);
  t.regex(await say(['--fetch']), /^2 model-mirror: this branch has no upstream\n {4}name the remote branch/);
  t.regex(await say(['--revision', 'origin/mian']), /^2 .*\n {4}did you mean "origin\/main"\?\n$/);
  await server.close();
});

test('--fetch needs git, and plain status does not', async (t) => {
  const { clone } = await makeClone(t);
  const none = { PATH: join(clone, '../nowhere') };
  const { status, stderr } = await run(['--fetch'], clone, none);
  t.is(status, 3);
  t.is(stderr, 'model-mirror: git is not installed, or not in PATH\n    install git 2.30 or newer\n');
  const plain = await run([], clone, none);
  t.is(plain.stderr, '');
  t.regex(plain.stdout, /v2 Loading/);
});

test('a .git that is not a repository', async (t) => {
  const odd = makeFolder(t);
  writeModel(odd);
  mkdirSync(join(odd, '.git'));
  t.is((await run([], odd)).status, 0);
  const broken = await run(['--fetch'], odd);
  t.is(broken.status, 3);
  t.regex(broken.stderr, /^model-mirror: git symbolic-ref failed: fatal: not a git repository/);
});

test('a clone of another user: git shows what to do', async (t) => {
  const { clone } = await makeClone(t);
  // For git's own tests: every folder seems to be another user's.
  const variables = { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' };
  const { status, stderr } = await run(['--fetch'], clone, variables);
  // Before 2.35.2, git does not mind.
  if (spawnSync('git', ['-C', clone, 'status'], { env: { ...process.env, ...variables } }).status === 0) {
    t.is(status, 0);
    return;
  }
  t.is(status, 3);
  // 2.35.2 said "unsafe repository".
  t.regex(
    stderr,
    /^model-mirror: git symbolic-ref failed: \n {4}fatal: (detected dubious ownership in|unsafe) repository/,
  );
  t.true(stderr.includes(`\n      git config --global --add safe.directory ${clone}\n`), stderr);
});

testThoroughly('--fetch in a shallow clone leaves it shallow', async (t) => {
  const { server, clone, push } = await makeClone(t);
  await push('state: Loading', 'state: Failed');
  const shallow = join(clone, '../shallow');
  await git(clone, ['clone', '--quiet', '--depth', '1', server.url('repo.git'), shallow]);
  await push('state: Failed', 'state: Ready');
  const before = readGitFolder(shallow);
  const { stdout, stderr } = await run(['--fetch'], shallow);
  t.is(stderr, '');
  t.regex(stdout, /v2 Ready/);
  const changed = toChanged(before, readGitFolder(shallow)).filter((path) => !path.startsWith('logs/'));
  t.deepEqual(changed, ['refs/remotes/origin/main']);
  t.is((await git(shallow, ['rev-parse', '--is-shallow-repository'])).trim(), 'true');
  await git(shallow, ['fsck', '--strict']);
  await git(shallow, ['merge', '--quiet', '--ff-only', 'origin/main']);
  t.notRegex((await run([], shallow)).stdout, /commits that are not here/);
});

testThoroughly('--fetch in a clone of another branch alone, and in one that leaves the upstream out', async (t) => {
  const { server, clone, push } = await makeClone(t);
  const bare = server.folder('repo.git');
  await git(bare, ['branch', 'other', 'main']);
  const single = join(clone, '../single');
  await git(clone, ['clone', '--quiet', '--single-branch', '--branch', 'other', bare, single]);
  await push('state: Loading', 'state: Ready');
  const tip = await git(bare, ['rev-parse', 'main']);
  t.regex((await run(['--fetch'], single)).stdout, /v2 Loading.*\nAt \w{7}, origin\/other\.\n$/s);
  const main = await run(['--fetch', '--branch', 'main'], single);
  t.is(main.stderr, '');
  t.regex(main.stdout, /v2 Ready.*\nAt \w{7}, origin\/main\.\n$/s);
  t.is(await git(single, ['rev-parse', 'refs/remotes/origin/main']), tip);
  await git(single, ['update-ref', '-d', 'refs/remotes/origin/main']);
  await git(single, ['config', 'branch.other.merge', 'refs/heads/main']);
  t.regex((await run(['--fetch'], single)).stdout, /v2 Ready/);
  t.is(await git(single, ['rev-parse', 'refs/remotes/origin/main']), tip);
});

testThoroughly('--fetch keeps the branch where the configuration keeps branches of that remote', async (t) => {
  const { server, clone, push } = await makeClone(t);
  await git(server.folder('repo.git'), ['branch', 'feature/x', 'main']);
  await git(clone, ['config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/team/theirs/*']);
  await push('state: Loading', 'state: Ready');
  t.regex((await run(['--fetch'], clone)).stdout, /v2 Ready.*\nAt \w{7}, team\/theirs\/main\.\n$/s);
  const { stdout } = await run(['--fetch', '--branch', 'feature/x'], clone);
  t.regex(stdout, /v2 Loading.*\nAt \w{7}, team\/theirs\/feature\/x\.\n$/s);
  const refs = await git(clone, ['for-each-ref', '--format=%(refname)', 'refs/remotes/team']);
  t.is(refs, 'refs/remotes/team/theirs/feature/x\nrefs/remotes/team/theirs/main\n');
});

testThoroughly('--fetch before the first commit, and in a SHA-256 repository', async (t) => {
  const { server, clone } = await makeClone(t);
  const files = join(clone, '../files');
  for (const format of ['sha1', 'sha256']) {
    const bare = server.folder(`${format}.git`);
    const unborn = join(clone, `../${format}`);
    await git(clone, ['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, bare]);
    await git(clone, ['init', '--quiet', '--initial-branch=main', `--object-format=${format}`, unborn]);
    await git(unborn, ['remote', 'add', 'origin', bare]);
    await git(unborn, ['config', 'branch.main.remote', 'origin']);
    await git(unborn, ['config', 'branch.main.merge', 'refs/heads/main']);
    const early = await run(['--fetch'], unborn);
    t.is(early.status, 3);
    t.regex(early.stderr, /the remote origin has no branch "main"\n {4}there is no branch yet; /);
    await git(clone, ['init', '--quiet', `--object-format=${format}`, files]);
    writeModel(files);
    await git(files, ['add', '--all']);
    await git(files, ['commit', '--quiet', '--message', 'models']);
    await git(files, ['push', '--quiet', bare, 'HEAD:main']);
    const { stdout, stderr } = await run(['--fetch'], unborn);
    t.is(stderr, '');
    t.regex(stdout, /v2 Loading.*\nAt \w{7}, origin\/main\.\n$/s);
    t.is(await git(unborn, ['rev-parse', 'origin/main']), await git(bare, ['rev-parse', 'main']));
    rmSync(files, { recursive: true });
  }
});

testThoroughly('--fetch of a branch of the repository itself, which another one follows', async (t) => {
  const { clone } = await makeClone(t);
  await git(clone, ['checkout', '--quiet', '-b', 'topic', '--track', 'main']);
  await git(clone, ['rm', '--quiet', '-r', 'models']);
  await git(clone, ['commit', '--quiet', '--message', 'without']);
  const before = readGitFolder(clone);
  const { stdout, stderr } = await run(['--fetch'], clone);
  t.is(stderr, '');
  t.regex(stdout, /v2 Loading.*\nAt \w{7}, main\.\n$/s);
  t.deepEqual(toChanged(before, readGitFolder(clone)), []);
});

testThoroughly('names that begin with a dash, and a remote that is not called origin', async (t) => {
  const { server, clone, push } = await makeClone(t);
  const bare = server.folder('repo.git');
  await push('state: Loading', 'state: Ready');
  await git(bare, ['update-ref', 'refs/heads/--upload-pack=x', 'main']);
  await git(clone, ['config', '--rename-section', 'remote.origin', 'remote.-u']);
  await git(clone, ['config', '--unset-all', 'branch.main.remote']);
  await git(clone, ['config', 'remote.-u.fetch', '+refs/heads/*:refs/remotes/-u/*']);
  const { stdout, stderr } = await run(['--fetch', '--branch=--upload-pack=x'], clone);
  t.is(stderr, '');
  t.regex(stdout, /v2 Ready.*\nAt \w{7}, -u\/--upload-pack=x\.\n$/s);
  t.is(await git(clone, ['rev-parse', 'refs/remotes/-u/--upload-pack=x']), await git(bare, ['rev-parse', 'main']));
});

/** Instead of ssh: runs here what the server would run. */
function writeSsh(folder: string, script: string): Record<string, string> {
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { GIT_SSH: join(folder, 'ssh'), GIT_SSH_VARIANT: 'simple' };
}

testThoroughly('--fetch by ssh', async (t) => {
  const { server, clone, push } = await makeClone(t);
  await git(clone, ['remote', 'set-url', 'origin', `git@example.com:${server.folder('repo.git')}`]);
  await push('state: Loading', 'state: Ready');
  const works = writeSsh(join(clone, '..'), 'exec sh -c "$2"');
  const { stdout, stderr } = await run(['--fetch'], clone, works);
  t.is(stderr, '');
  t.regex(stdout, /v2 Ready/);
  const refuses = writeSsh(join(clone, '..'), 'echo "$1: Permission denied (publickey)." >&2; exit 255');
  const denied = await run(['--fetch'], clone, refuses);
  t.is(denied.status, 3);
  t.regex(
    denied.stderr,
    /^model-mirror: origin\/main cannot be fetched: \n {4}git@example\.com: Permission denied \(publickey\)\.\n.*\n {4}give git credentials: /s,
  );
});

test('an interrupted fetch ends, and so does everything it started', async (t) => {
  const { clone } = await makeClone(t);
  const place = join(clone, '..');
  await git(clone, ['remote', 'set-url', 'origin', 'git@example.com:repo.git']);
  const sleeps = writeSsh(
    place,
    `cd "$(dirname "$0")"; trap 'kill $!; echo ended > ended; exit' TERM; sleep 600 & echo begun > begun; wait`,
  );
  for (const words of [['--fetch'], ['--fetch', '--watch'], ['--fetch', '--wait', 'ready']]) {
    const interrupted = new Run(words, clone, sleeps);
    await written(join(place, 'begun'));
    interrupted.child.kill('SIGINT');
    const { status } = await interrupted.ended;
    // Watching ends so.
    const expected = words.includes('--watch') ? [0, null] : [null, 'SIGINT'];
    t.deepEqual([status, interrupted.child.signalCode], expected);
    await written(join(place, 'ended'));
    for (const file of ['begun', 'ended']) rmSync(join(place, file));
  }
});

async function written(file: string): Promise<void> {
  for (let i = 0; !existsSync(file); i++) {
    if (i === 1000) throw new Error(`nobody writes ${file}`);
    await sleep(10);
  }
}

test('--wait ends when the branch reaches the goal, and retries while the server is away', async (t) => {
  const { server, clone, push } = await makeClone(t);
  const words = [name, '--fetch', '--interval', '100ms', '--timeout', '30s', '--wait'];
  const waiting = new Run([...words, 'ready'], clone);
  await waiting.said(/waiting until ready: q-candidate-not-ready: the candidate v2 is Loading\n/);
  server.disturb({ kind: 'status', status: 503 }, { times: 1 });
  await waiting.said(/waiting until ready: origin\/main cannot be fetched: .*503/);
  await push('state: Loading', 'state: Ready');
  const { status, stdout, stderr } = await waiting.ended;
  t.is(status, 0, stderr);
  t.is(stdout, `${name}: v2 is Ready\n`);
});

test('--wait that cannot read the branch at first ends with 3 at once', async (t) => {
  const { server, clone } = await makeClone(t);
  await server.refuse();
  const { status, stderr } = await run([name, '--fetch', '--wait', 'ready', '--timeout', '1h'], clone);
  t.is(status, 3);
  t.regex(stderr, /^model-mirror: origin\/main cannot be fetched: /);
});

test('--watch shows what changes, keeps running despite errors, and ends with 0', async (t) => {
  const folder = makeFolder(t);
  writeModel(folder);
  const watching = new Run(['--watch', '--interval', '100ms', '--repo-root', '.'], folder);
  await watching.said(/v2 Loading/);
  changeStatus(folder, 'state: Loading', 'state: Ready');
  await watching.said(/v2 Ready/);
  const path = join(folder, model, 'policy.yaml');
  writeFileSync(path, 'broken');
  await watching.said(/policy\.yaml:1:1: error/);
  rmSync(path);
  await watching.said(/v2 Ready.*error.*v2 Ready/s);
  watching.child.kill('SIGINT');
  const { status, stdout, stderr } = await watching.ended;
  t.is(stderr, '');
  t.is(status, 0);
  t.is(stdout.match(/^MODEL/gm)?.length, 4);
  t.false(stdout.includes('\u001b'), 'this is not a terminal');
});
