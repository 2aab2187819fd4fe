/** `model-mirror status`, as a process: the cluster, the git server and waiting, over real sockets. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { GitServer } from '../../src/stand-in/git-server.ts';
import { git, startGitServer } from '../../src/stand-in/git-server.ts';
import type { StandInKubernetes } from '../../src/stand-in/kubernetes.ts';
import { startKubernetes } from '../../src/stand-in/kubernetes.ts';
import type { Written } from '../../src/stand-in/kubernetes-object.ts';
import { renderObjects } from '../render/memory-tree.ts';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/model-mirror.cjs');
const model = 'models/q-candidate-not-ready';
const name = 'q-candidate-not-ready';

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
      env: { PATH: process.env['PATH'], ...environment },
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

function run(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Run(words, cwd, environment).ended;
}

/** The files of one model whose candidate loads. */
function writeModel(folder: string): void {
  cpSync(join(root, 'fixtures/status/wait-timed-out-json/input'), folder, { recursive: true });
}

function changeStatus(folder: string, from: string, to: string): void {
  const path = join(folder, model, 'status.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
}

async function startCluster(t: ExecutionContext, folder: string): Promise<StandInKubernetes> {
  const cluster = await startKubernetes({ token: 'right' });
  t.teardown(() => cluster.close());
  writeFileSync(join(folder, 'kubeconfig.yaml'), cluster.kubeconfig());
  return cluster;
}

/** As Argo CD does. */
function applyAll(cluster: StandInKubernetes, folder: string): void {
  const files = Object.fromEntries(
    readdirSync(join(folder, model)).map((file) => [
      `${model}/${file}`,
      readFileSync(join(folder, model, file), 'utf8'),
    ]),
  );
  for (const object of renderObjects(files)) cluster.apply(object as unknown as Written);
}

/** As KServe says it of ModelMesh. */
function load(cluster: StandInKubernetes, service: string, active = 'Loaded', ready = 'True'): void {
  cluster.patchStatus('inferenceservices', 'modelmesh-serving', service, {
    conditions: [{ type: 'Ready', status: ready, lastTransitionTime: '2026-01-01T00:00:00Z' }],
    modelStatus: { transitionStatus: 'UpToDate', states: { activeModelState: active, targetModelState: '' } },
  });
}

const live = ['--live', '--kubeconfig', 'kubeconfig.yaml', '--repo-root', '.'];

test('--live tells what the cluster is, and what it has not come to yet', async (t) => {
  const folder = makeFolder(t);
  writeModel(folder);
  const cluster = await startCluster(t, folder);
  const look = async () => {
    const { stdout, stderr, status } = await run([...live, '-o', 'json'], folder);
    t.is(stderr, '');
    t.is(status, 0);
    const [one] = JSON.parse(stdout).models;
    return [one.source, one.observed.candidate?.state, ...one.differences.map(({ code }: { code: string }) => code)];
  };
  t.deepEqual(await look(), ['cluster', 'Missing', 'primary-missing', 'candidate-missing', 'status-behind']);
  applyAll(cluster, folder);
  load(cluster, `${name}-0`);
  t.deepEqual(await look(), ['cluster', 'Pending', 'candidate-not-ready', 'status-behind']);
  load(cluster, `${name}-1`);
  t.deepEqual(await look(), ['cluster', 'Ready', 'status-behind']);
  changeStatus(folder, 'state: Loading', 'state: Ready');
  t.deepEqual(await look(), ['cluster', 'Ready', 'mirror-not-applied']);
  applyAll(cluster, folder);
  t.deepEqual(await look(), ['cluster', 'Ready']);
  const { stdout } = await run([name, ...live], folder);
  t.regex(stdout, /WANTED +IN THE CLUSTER\n/);
  t.regex(stdout, /mirror +100 % to q-candidate-not-ready-1 +100 % to q-candidate-not-ready-1\n/);

  const path = join(folder, model, 'model.yaml');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('wisdom-2', 'wisdom-3'));
  t.deepEqual(await look(), ['cluster', 'Ready', 'mirror-still-open', 'candidate-other-digest']);
  writeFileSync(path, text.slice(0, text.indexOf('  candidate:')));
  t.deepEqual(await look(), ['cluster', 'Ready', 'mirror-still-open', 'candidate-leaving']);
});

test('a cluster that does not answer, or not to these credentials, is the environment', async (t) => {
  const folder = makeFolder(t);
  writeModel(folder);
  const cluster = await startCluster(t, folder);
  cluster.setToken('another');
  const denied = await run(live, folder);
  t.is(denied.status, 3);
  t.regex(denied.stderr, /answers \/apis\/\S+ with 401: Unauthorized\n {4}it takes the right to list/);
  const kubeconfig = JSON.parse(cluster.kubeconfig());
  kubeconfig.clusters[0].cluster.server = 'http://127.0.0.1:1';
  writeFileSync(join(folder, 'kubeconfig.yaml'), JSON.stringify(kubeconfig));
  const away = await run(live, folder);
  t.is(away.status, 3);
  t.regex(away.stderr, /the Kubernetes API cannot be reached: .*\n {4}look whether the cluster is up/);
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

test('--fetch looks at the branch as it is on the server, and touches nothing but the remote-tracking branch', async (t) => {
  const { server, clone, push } = await makeClone(t, 'secret');
  const before = await git(clone, ['rev-parse', 'HEAD', 'main']);
  await push('state: Loading', 'state: Ready');
  writeFileSync(join(clone, model, 'policy.yaml'), 'mine\n');
  const token = { MODEL_MIRROR_GIT_TOKEN: 'secret' };
  const { stdout, stderr, status } = await run(['--fetch'], clone, token);
  t.is(stderr, '');
  t.is(status, 0);
  const tip = (await git(server.folder('repo.git'), ['rev-parse', 'main'])).trim();
  t.regex(stdout, /v2 Ready .*nothing is mirrored yet/);
  t.true(stdout.endsWith(`\nAt ${tip.slice(0, 7)}, origin/main.\n`));
  t.is(await git(clone, ['rev-parse', 'HEAD', 'main']), before);
  t.is((await git(clone, ['rev-parse', 'origin/main'])).trim(), tip);
  t.is(await git(clone, ['status', '--porcelain']), `?? ${model}/policy.yaml\n`);
  await git(clone, ['fsck', '--strict']);
  // Nothing new costs one question.
  server.resetTraffic();
  t.is((await run(['--fetch'], join(clone, model), token)).status, 0);
  t.is(server.traffic('git-upload-pack').requests, 0);
  // What is known without a look at the server.
  rmSync(join(clone, model, 'policy.yaml'));
  const here = await run([], clone);
  t.regex(here.stdout, /v2 Loading/);
  t.regex(
    here.stdout,
    /\norigin\/main has commits that are not here: pull, or look there with --revision origin\/main\.\n$/,
  );
  t.regex((await run(['--revision', 'origin/main'], clone)).stdout, /v2 Ready/);
  t.notRegex((await run(['--revision', 'HEAD'], clone)).stdout, /v2 Ready/);
});

test('--revision needs no work tree, and no folder in one', async (t) => {
  const { server, clone } = await makeClone(t, 'secret');
  const expected = (await run(['--revision', 'HEAD'], clone)).stdout;
  t.regex(expected, /v2 Loading/);
  t.is((await run(['--revision', 'main'], server.folder('repo.git'))).stdout.replace('main.', 'HEAD.'), expected);
  await git(clone, ['rm', '--quiet', '-r', 'models']);
  t.is((await run(['--revision', 'HEAD', '--path', 'models'], clone)).stdout, expected);
  await server.close();
});

test('what cannot be fetched says why, and what to do', async (t) => {
  const { server, clone } = await makeClone(t, 'secret');
  const say = async (words: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const { status, stderr, stdout } = await run(words, clone, environment);
    t.is(stdout, '');
    t.notRegex(stderr, /secret|n0t-it/);
    return `${status} ${stderr}`;
  };
  t.regex(
    await say(['--fetch'], { MODEL_MIRROR_GIT_TOKEN: 'n0t-it' }),
    /^3 model-mirror: origin\/main cannot be fetched: .* does not accept the credentials \(HTTP 401\).*\n {4}pass --git-credentials or/,
  );
  t.regex(
    await say(['--fetch', '--branch', 'mian'], { MODEL_MIRROR_GIT_TOKEN: 'secret' }),
    /^3 model-mirror: the remote origin has no branch "mian"\n {4}there is: main; name one with --branch/,
  );
  await git(clone, ['remote', 'set-url', 'origin', 'git@example.com:ml/deployments.git']);
  t.regex(
    await say(['--fetch']),
    /^2 model-mirror: --fetch supports only https, .*\n {4}run git fetch, and look with --revision origin\/main\n$/,
  );
  await git(clone, ['remote', 'set-url', 'origin', 'http://ml:secret@git.example.com/deployments.git']);
  t.regex(await say(['--fetch']), /^2 model-mirror: .* begins with http:\/\//);
  await git(clone, ['checkout', '--quiet', '--detach']);
  t.regex(await say(['--fetch']), /^2 model-mirror: this branch has no upstream\n {4}name the remote branch/);
  t.regex(await say(['--revision', 'origin/mian']), /^2 .*\n {4}did you mean "origin\/main"\?\n$/);
  await server.close();
});

test('credentials that are not there, a clone that is cut off, and a .git that is none', async (t) => {
  const { server, clone, push } = await makeClone(t);
  const nowhere = await run(['--fetch', '--git-credentials', 'nowhere'], clone);
  t.is(nowhere.status, 3);
  t.regex(nowhere.stderr, /the git credentials cannot be read: no such file or directory: /);
  await push('state: Loading', 'state: Failed');
  const shallow = join(clone, '../shallow');
  await git(clone, ['clone', '--quiet', '--depth', '1', server.url('repo.git'), shallow]);
  await push('state: Failed', 'state: Ready');
  const { stdout, stderr } = await run(['--fetch'], shallow);
  t.is(stderr, '');
  t.regex(stdout, /v2 Ready/);
  await git(shallow, ['fsck', '--strict']);
  await git(shallow, ['merge', '--quiet', '--ff-only', 'origin/main']);
  t.notRegex((await run([], shallow)).stdout, /commits that are not here/);

  const odd = makeFolder(t);
  writeModel(odd);
  mkdirSync(join(odd, '.git'));
  t.is((await run([], odd)).status, 0);
  const broken = await run(['--fetch'], odd);
  t.is(broken.status, 3, broken.stderr);
});

test('--differing leaves out what is as it is wanted', async (t) => {
  const folder = makeFolder(t);
  cpSync(join(root, 'fixtures/status/no-difference/input'), folder, { recursive: true });
  const words = ['--differing', '--repo-root', '.'];
  t.is((await run(words, folder)).stdout, 'All 2 models are what is wanted of them.\n');
  writeModel(folder);
  t.regex((await run(words, folder)).stdout, /^MODEL.*\nq-candidate-not-ready .*\n$/);
});

test('a remote on this machine, and a linked work tree', async (t) => {
  const { server, clone, push } = await makeClone(t);
  await git(clone, ['remote', 'set-url', 'origin', server.folder('repo.git')]);
  const linked = join(clone, '../linked');
  await git(clone, ['worktree', 'add', '--quiet', '-b', 'other', linked]);
  await push('state: Loading', 'state: Ready');
  const { stdout, stderr } = await run(['--fetch', '--branch', 'main'], linked);
  t.is(stderr, '');
  t.regex(stdout, /v2 Ready/);
  t.is(await git(linked, ['rev-parse', 'origin/main']), await git(server.folder('repo.git'), ['rev-parse', 'main']));
});

test('--wait ends when the branch says so; a server that is away meanwhile is waited for', async (t) => {
  const { server, clone, push } = await makeClone(t);
  const words = [name, '--fetch', '--interval', '100ms', '--timeout', '30s', '--wait'];
  const waiting = new Run([...words, 'ready'], clone);
  await waiting.said(/waiting until ready: q-candidate-not-ready: the candidate is Loading\n/);
  server.disturb({ kind: 'status', status: 503 }, { times: 1 });
  await waiting.said(/waiting until ready: origin\/main cannot be fetched: .*503/);
  await push('state: Loading', 'state: Ready');
  const { status, stdout, stderr } = await waiting.ended;
  t.is(status, 0, stderr);
  t.is(stdout, `${name}: v2 is Ready\n`);
  await push('digest: d2-854d8044dca7f3d6e8127bc7712f1052, state: Ready', 'digest: "00", state: Ready');
  const other = new Run([...words, 'ready'], clone);
  await other.said(/an earlier spec of the candidate\n/);
  await push(
    'digest: "00", state: Ready',
    'digest: d2-854d8044dca7f3d6e8127bc7712f1052, state: Failed, reason: ModelLoadFailed',
  );
  const stuck = await other.ended;
  t.is(stuck.status, 1);
  t.is(stuck.stdout, '');
  t.regex(
    stuck.stderr,
    /\nmodel-mirror: not ready, and waiting does not help: q-candidate-not-ready: v2 is Failed \(ModelLoadFailed\)\n {4}check storageUri in models\/q-candidate-not-ready\/model\.yaml:18, or `model-mirror discard q-candidate-not-ready`\n$/,
  );
});

test('--wait is over in time: 1, and 3 when at last it could not be looked', async (t) => {
  const { server, clone } = await makeClone(t);
  const words = ['--fetch', '--wait', 'ready', '--interval', '100ms', '--timeout'];
  const late = await run([...words, '2s'], clone);
  t.is(late.status, 1);
  t.regex(late.stderr, /\nmodel-mirror: timed out after 2s: q-candidate-not-ready: the candidate is Loading\n/);
  const waiting = new Run([...words, '8s'], clone);
  await waiting.said(/waiting/);
  await server.refuse();
  const away = await waiting.ended;
  t.is(away.status, 3);
  t.regex(away.stderr, /\nmodel-mirror: timed out after 8s: origin\/main cannot be fetched: /);
  // What cannot be looked at in the first place is told at once.
  const first = await run([...words, '30s'], clone);
  t.is(first.status, 3);
  t.regex(first.stderr, /^model-mirror: origin\/main cannot be fetched: /);
});

test('--wait with --live: a failure that only flashes does not end it', async (t) => {
  const folder = makeFolder(t);
  writeModel(folder);
  const cluster = await startCluster(t, folder);
  applyAll(cluster, folder);
  load(cluster, `${name}-0`);
  load(cluster, `${name}-1`, 'FailedToLoad', 'False');
  const waiting = new Run(
    [name, ...live, '--wait', 'ready', '--settle', '1s', '--interval', '100ms', '--timeout', '20s'],
    folder,
  );
  await waiting.said(/waiting until ready: .*v2 is Failed\n/);
  load(cluster, `${name}-1`);
  const { status, stdout, stderr } = await waiting.ended;
  t.is(status, 0, stderr);
  t.is(stdout, `${name}: v2 is Ready\n`);
  load(cluster, `${name}-1`, 'FailedToLoad', 'False');
  const stuck = await run([name, ...live, '--wait', 'ready', '--settle', '200ms', '--interval', '100ms'], folder);
  t.is(stuck.status, 1);
  t.regex(stuck.stderr, /waiting does not help: q-candidate-not-ready: v2 is Failed\n/);
  // What the time is over for has not come.
  const late = await run([name, ...live, '--wait', 'ready', '--settle', '1h', '--timeout', '2s'], folder);
  t.is(late.status, 1);
  t.regex(late.stderr, /timed out after 2s: q-candidate-not-ready: v2 is Failed\n/);
});

test('--watch shows what changes, bears with trouble, and ends with 0', async (t) => {
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
  t.false(stdout.includes('\u001b'), 'this is no terminal');
});
