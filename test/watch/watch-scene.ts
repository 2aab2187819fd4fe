/** A cluster, a git server and `model-mirror watch` as a process of its own: all over real sockets. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { git } from '../../src/demo/fakes/git.ts';
import type { GitServer } from '../../src/demo/fakes/git-server.ts';
import { startGitServer } from '../../src/demo/fakes/git-server.ts';
import type { FakeKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import type { Written } from '../../src/demo/fakes/kubernetes/object.ts';
import type { FaultyProxy } from '../demo/fakes/faulty-proxy.ts';
import { startFaultyProxy } from '../demo/fakes/faulty-proxy.ts';
import type { ApiUnderTest } from '../demo/fakes/kubernetes/api-under-test.ts';
import { startApi } from '../demo/fakes/kubernetes/api-under-test.ts';

export const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');

interface SceneOptions {
  /** Of the git server; with the user `bot`, unless another one is named. */
  readonly password?: string;
  readonly username?: string;
  /** Absent: the API under test, with a proxy in front of it that can be made to fail. */
  readonly cluster?: FakeKubernetes;
}

export class WatchScene {
  readonly folder: string;
  readonly cluster: Pick<
    ApiUnderTest | FakeKubernetes,
    'apply' | 'patchStatus' | 'get' | 'compact' | 'kubeconfig' | 'close'
  >;
  readonly server: GitServer;
  readonly #proxy: FaultyProxy | undefined;
  readonly #running = new Set<Running>();
  #date = 1_700_000_000;
  #shown: { readonly at: string; readonly text: string } | undefined;

  private constructor(
    folder: string,
    cluster: ApiUnderTest | FakeKubernetes,
    proxy: FaultyProxy | undefined,
    server: GitServer,
  ) {
    this.folder = folder;
    this.cluster = cluster;
    this.#proxy = proxy;
    this.server = server;
  }

  /** Everything ends with the test. */
  static async start(
    t: Pick<ExecutionContext, 'teardown'>,
    { password, username = 'bot', cluster: given }: SceneOptions = {},
  ): Promise<WatchScene> {
    const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
    const authorization = password === undefined ? {} : { authorization: { username, password } };
    const server = await startGitServer({ root: folder, ...authorization });
    const api = given === undefined ? await startApi() : undefined;
    const proxy = api && (await startFaultyProxy(api.upstream));
    await server.createRepository('repo.git');
    const scene = new WatchScene(folder, (given ?? api) as ApiUnderTest | FakeKubernetes, proxy, server);
    scene.writeKubeconfig();
    t.teardown(() => scene.#end());
    return scene;
  }

  get bare(): string {
    return this.server.folder('repo.git');
  }

  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** What makes the API fail. */
  get proxy(): FaultyProxy {
    if (this.#proxy === undefined) throw new Error('this scene has no proxy');
    return this.#proxy;
  }

  writeKubeconfig(): void {
    writeFileSync(this.kubeconfig, (this.#proxy ?? this.cluster).kubeconfig());
  }

  /** `model-mirror watch`, with short times, of this build or another one. */
  watch(
    words: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
    build: string = program,
  ): Running {
    const running = new Running(
      build,
      [
        ...['watch', '--repo', this.server.url('repo.git'), '--kubeconfig', this.kubeconfig, '--log', 'json'],
        ...['--settle', '300ms', '--batch-window', '50ms', '--git-interval', '1s', ...words],
      ],
      { PATH: process.env['PATH'] ?? '', TMPDIR: this.folder, ...environment },
    );
    this.#running.add(running);
    return running;
  }

  /** A person's commit, straight into the repository by git's own fast-import; again if somebody was quicker. */
  async commit(files: Readonly<Record<string, string | undefined>>, message = 'by a person'): Promise<void> {
    for (;;) {
      try {
        await this.#tryCommit(files, message);
        return;
      } catch (error) {
        if (!(error instanceof Error) || !/Not updating|cannot lock/.test(error.message)) throw error;
      }
    }
  }

  async #tryCommit(files: Readonly<Record<string, string | undefined>>, message: string): Promise<void> {
    const tip = (await this.git('for-each-ref', '--format=%(objectname)', 'refs/heads/main')).trim();
    const lines = ['commit refs/heads/main', `committer Ada <ada@example.com> ${this.#date++} +0000`];
    lines.push(`data ${Buffer.byteLength(message)}`, message, ...(tip === '' ? [] : [`from ${tip}`]));
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) lines.push(`D ${path}`);
      else lines.push(`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text);
    }
    await git(this.bare, ['fast-import', '--quiet'], { input: `${lines.join('\n')}\n` });
  }

  git(...words: string[]): Promise<string> {
    return git(this.bare, words);
  }

  /** The text of a file at the tip; empty when it is not there. Git is asked again when the branch has moved. */
  async show(path: string): Promise<string> {
    const at = `${readFileSync(join(this.bare, 'refs/heads/main'), 'utf8').trim()}:${path}`;
    if (this.#shown?.at !== at) this.#shown = { at, text: await this.git('cat-file', 'blob', at).catch(() => '') };
    return this.#shown.text;
  }

  /** The subjects of the commits, the oldest first. */
  async log(): Promise<string[]> {
    return (await this.git('log', '--reverse', '--format=%s', 'main')).trimEnd().split('\n');
  }

  /** What `git fsck` finds; empty: nothing. */
  fsck(): Promise<string> {
    return this.git('fsck', '--strict', '--full', '--no-dangling');
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.kill()));
    await this.#proxy?.close();
    await Promise.all([this.cluster.close(), this.server.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One process. */
export class Running {
  readonly #child: ChildProcess;
  /** All that it wrote. */
  output = '';
  readonly ended: Promise<number | null>;

  constructor(build: string, words: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [build, ...words], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('utf8');
      });
    this.ended = new Promise((resolve) => this.#child.on('close', resolve));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

/** Waits until something is true; the deadline only ends what would hang. */
export async function until<T>(what: string, look: () => T | Promise<T>, deadlineMs = 300_000): Promise<T> {
  for (const end = performance.now() + deadlineMs; ; await sleep(20)) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
  }
}

/** A model file with two versions. */
export function toModelText(name: string, candidate: string | undefined = 'v2'): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: models}
spec:
  template: {spec: {predictor: {model: {modelFormat: {name: sklearn}}}}}
  primary: {version: v1, storageUri: "s3://models/v1"}
${candidate === undefined ? '' : `  candidate: {version: ${candidate}, storageUri: "s3://models/${candidate}"}\n`}`;
}

/** What the plugin renders of it, as far as the watcher looks. */
export function toManifests(name: string, folder: string, digest = 'd2'): Written[] {
  const labels = { 'app.kubernetes.io/managed-by': 'model-mirror', 'app.kubernetes.io/name': name };
  const service = (n: number, version: string, id: string): Written => ({
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name: `${name}-${n}`,
      namespace: 'models',
      labels: { ...labels, 'app.kubernetes.io/version': version },
      annotations: { 'model-mirror.dev/digest': id },
    },
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: `s3://models/${id}` } } },
  });
  const route: Written = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: {
      name,
      namespace: 'models',
      labels,
      annotations: {
        'model-mirror.dev/path': folder,
        'argocd.argoproj.io/tracking-id': `app-${name}:networking.istio.io/VirtualService:models/${name}`,
      },
    },
    spec: {
      hosts: [name],
      http: [
        {
          route: [
            { destination: { host: 'modelmesh' }, headers: { request: { set: { 'mm-vmodel-id': `${name}-0` } } } },
          ],
        },
      ],
    },
  };
  return [service(0, 'v1', 'd1'), service(1, 'v2', digest), route];
}
