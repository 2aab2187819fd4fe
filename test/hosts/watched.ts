/** A branch on a git server, with one model in it, and `model-mirror watch`, which records there what a fake cluster does. */
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { FakeKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { loaded, loading } from '../core/observe/live-objects.ts';
import { program, Running, toManifests, toModelText, until } from '../watch/watch-scene.ts';

/** Where the model is in the repository. */
const modelFolder = 'models/wisdom';
export const statusFile = `${modelFolder}/status.yaml`;
export const files = { [`${modelFolder}/model.yaml`]: toModelText('wisdom') };

/** A line of the watcher's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export class Watched {
  readonly #folder: string;
  readonly #cluster: FakeKubernetes;
  readonly #show: () => Promise<string>;
  #running: Running | undefined;

  private constructor(folder: string, cluster: FakeKubernetes, show: () => Promise<string>) {
    this.#folder = folder;
    this.#cluster = cluster;
    this.#show = show;
    writeFileSync(join(folder, 'kubeconfig'), cluster.kubeconfig());
  }

  /**
   * A cluster that has the model, whose candidate is loading.
   *
   * @param root where it may make a folder of its own.
   * @param show reads the model's status file at the tip, on the server; empty: there is none.
   */
  static async start(root: string, show: () => Promise<string>): Promise<Watched> {
    const cluster = await startKubernetes();
    const watched = new Watched(await mkdtemp(join(root, 'watched-')), cluster, show);
    for (const manifest of toManifests('wisdom', modelFolder)) await cluster.apply(manifest);
    await cluster.patchStatus('inferenceservices', 'models', 'wisdom-0', loaded);
    await watched.set('Loading');
    return watched;
  }

  /** For credentials and what else it is given. */
  file(name: string, text: string): string {
    const file = this.path(name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /** Of a file that is not there yet. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Something happens to the candidate. */
  async set(state: 'Loading' | 'Ready'): Promise<void> {
    const status = state === 'Ready' ? loaded : loading;
    await this.#cluster.patchStatus('inferenceservices', 'models', 'wisdom-1', status);
  }

  /** Starts the watcher; the one before must have ended. */
  watch(repository: string, words: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): void {
    this.#running = new Running(
      program,
      [
        ...['watch', '--repo', repository, '--kubeconfig', join(this.#folder, 'kubeconfig'), '--log', 'json'],
        ...['--settle', '300ms', '--batch-window', '50ms', '--git-interval', '1s', '--listen', '127.0.0.1:0', ...words],
      ],
      { PATH: process.env['PATH'] ?? '', TMPDIR: this.#folder, HOME: this.#folder, ...environment },
    );
  }

  /** Waits until the branch records a state of the candidate. */
  async recorded(state: 'Loading' | 'Ready'): Promise<void> {
    await this.until(`${state} is recorded`, async () =>
      (await this.#show()).includes(`wisdom-1, version: v2, digest: d2, state: ${state}`),
    );
  }

  /** @throws Error with what the watcher wrote, when it never happens. */
  until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    return until(what, look as () => T | Promise<T>).catch((error: Error) => {
      throw new Error(`${error.message}; the watcher wrote:\n${this.output}`, { cause: error });
    });
  }

  get output(): string {
    return this.#running?.output ?? '';
  }

  /** What it has logged, whole lines. */
  get lines(): readonly LogLine[] {
    return this.output
      .slice(0, this.output.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits for a line of the log. */
  line(what: RegExp): Promise<LogLine> {
    return this.until(`a line with ${what}`, () => this.lines.find((line) => what.test(JSON.stringify(line))));
  }

  /** What a page of the watcher's says. */
  async page(path: string): Promise<string> {
    const { address } = await this.line(/"address"/);
    // On a new connection: an old one may be closed just when it is reused.
    return (await fetch(`http://${address}${path}`, { headers: { connection: 'close' } })).text();
  }

  signal(name: NodeJS.Signals): void {
    this.#running?.signal(name);
  }

  /** Ends the watcher. */
  async stop(): Promise<void> {
    await this.#running?.kill();
  }

  async end(): Promise<void> {
    await this.stop();
    await this.#cluster.close();
  }
}
