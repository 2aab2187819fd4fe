/**
 * A fake of Argo CD with one Application: it runs the plugin as cmp-server does, on a checkout of the branch, applies
 * all objects that the plugin prints, and removes those that it no longer prints. It fetches when it is refreshed, by a
 * webhook or by the annotation, and never polls.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './git.ts';
import type { FakeKubernetes } from './kubernetes/api.ts';
import type { Written } from './kubernetes/object.ts';

export interface Application {
  readonly name: string;
  /** From the repository's root. */
  readonly path: string;
  readonly repository: string;
  readonly branch: string;
  /** The namespace of objects without one. */
  readonly destination: string;
  /** The plugin's command, as in plugin.yaml. */
  readonly plugin: readonly string[];
  /** A folder for it alone. */
  readonly checkout: string;
}

const trackingAnnotation = 'argocd.argoproj.io/tracking-id';
const refreshAnnotation = 'argocd.argoproj.io/refresh';
const kinds = ['inferenceservices', 'services', 'virtualservices', 'destinationrules', 'serviceentries', 'gateways'];
const intervalMs = 25;

export class FakeArgocd {
  readonly #cluster: FakeKubernetes;
  readonly #application: Application;
  readonly #timer: ReturnType<typeof setInterval>;
  #parameters: readonly object[] = [];
  #running: Promise<void> | undefined;
  #isRefreshed = false;
  /** As Argo CD does, it runs the plugin once for each commit and parameters. */
  #rendered = { key: '', output: '' };
  /** Why the last sync failed, as the plugin or git says it; undefined when it succeeded. */
  complaint: string | undefined;

  private constructor(cluster: FakeKubernetes, application: Application) {
    this.#cluster = cluster;
    this.#application = application;
    this.#timer = setInterval(() => this.#look(), intervalMs);
  }

  static async start(cluster: FakeKubernetes, application: Application): Promise<FakeArgocd> {
    const { repository, checkout, branch } = application;
    await git(process.cwd(), ['clone', '--quiet', '--branch', branch, repository, checkout]);
    cluster.apply(toApplicationObject(application));
    return new FakeArgocd(cluster, application);
  }

  /** The plugin's parameters of the Application. */
  setParameters(parameters: readonly object[]): void {
    this.#parameters = parameters;
  }

  /** As the webhook of a git host does. */
  refresh(): void {
    this.#isRefreshed = true;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #look(): void {
    const { name } = this.#application;
    const object = this.#cluster.get('applications', 'argocd', name);
    if (object?.metadata.annotations?.[refreshAnnotation] !== undefined) {
      // Argo CD removes the annotation; here the shortest way is to create the Application again.
      this.#cluster.remove('applications', 'argocd', name);
      this.#cluster.apply(toApplicationObject(this.#application));
      this.#isRefreshed = true;
    }
    if (!this.#isRefreshed || this.#running !== undefined) return;
    this.#isRefreshed = false;
    this.#running = this.#sync()
      .catch((error: unknown) => {
        this.complaint = String(error);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #sync(): Promise<void> {
    const { checkout, branch } = this.#application;
    await git(checkout, ['fetch', '--quiet', 'origin', branch]);
    const revision = readFileSync(join(checkout, '.git/FETCH_HEAD'), 'utf8').slice(0, 40);
    const key = `${revision} ${JSON.stringify(this.#parameters)}`;
    if (key !== this.#rendered.key) {
      await git(checkout, ['reset', '--quiet', '--hard', 'FETCH_HEAD']);
      const { output, complaint } = await this.#runPlugin();
      this.complaint = complaint;
      if (complaint !== undefined) return;
      this.#rendered = { key, output };
    }
    this.complaint = undefined;
    const lines = this.#rendered.output.split('\n').filter((line) => line !== '');
    const desired = lines.map((line) => this.#track(JSON.parse(line) as Written));
    const keys = new Set(desired.map(toKey));
    for (const object of desired) this.#cluster.apply(object);
    for (const plural of kinds)
      for (const object of this.#cluster.list(plural)) {
        // KServe copies the annotation to what it makes: there it names another object, which makes it nobody's.
        const isOwn = object.metadata.annotations?.[trackingAnnotation] === this.#toTrackingId(object);
        if (isOwn && !keys.has(toKey(object)))
          this.#cluster.remove(plural, object.metadata.namespace, object.metadata.name);
      }
  }

  #runPlugin(): Promise<{ readonly output: string; readonly complaint: string | undefined }> {
    const { path, checkout, destination, name, plugin } = this.#application;
    const [command = '', ...words] = plugin;
    const env = {
      PATH: process.env['PATH'] ?? '',
      ARGOCD_APP_NAME: name,
      ARGOCD_APP_NAMESPACE: destination,
      ARGOCD_APP_SOURCE_PATH: path,
      ARGOCD_APP_PARAMETERS: JSON.stringify(this.#parameters),
    };
    return new Promise((resolve) => {
      execFile(command, words, { cwd: join(checkout, path), env, maxBuffer: 1 << 26 }, (error, output, complaint) =>
        resolve({ output, complaint: error === null ? undefined : complaint || error.message }),
      );
    });
  }

  #track(object: Written): Written {
    const annotations = { ...object.metadata.annotations, [trackingAnnotation]: this.#toTrackingId(object) };
    return { ...object, metadata: { ...object.metadata, annotations } };
  }

  #toTrackingId({ apiVersion, kind, metadata: { namespace, name } }: Written): string {
    const [group = ''] = apiVersion.split('/').slice(0, -1);
    return `${this.#application.name}:${group}/${kind}:${namespace}/${name}`;
  }
}

function toApplicationObject({ name, path }: Application): Written {
  const metadata = { name, namespace: 'argocd' };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata, spec: { source: { path } } };
}

function toKey({ kind, metadata }: Written): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
