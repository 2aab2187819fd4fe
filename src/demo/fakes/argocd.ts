/**
 * A stand-in for Argo CD: one Application, which runs the plugin as cmp-server does, on a checkout of the
 * branch, and makes the cluster what it prints: all objects at once, and what is no longer printed is
 * removed. It looks at git when it is refreshed, by a webhook or by the annotation, and never by polling.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { git } from './git-server.ts';
import type { StandInKubernetes } from './kubernetes.ts';
import type { Written } from './kubernetes-object.ts';

export interface Application {
  readonly name: string;
  /** From the repository's root. */
  readonly path: string;
  readonly repository: string;
  readonly branch: string;
  /** The namespace of objects that name none. */
  readonly destination: string;
  /** The plugin's command, as in plugin.yaml. */
  readonly plugin: readonly string[];
  /** A folder that is its own. */
  readonly checkout: string;
}

const trackingAnnotation = 'argocd.argoproj.io/tracking-id';
const refreshAnnotation = 'argocd.argoproj.io/refresh';
const kinds = ['inferenceservices', 'virtualservices', 'serviceentries', 'gateways'];
const intervalMs = 25;

export class ArgocdStandIn {
  readonly #cluster: StandInKubernetes;
  readonly #application: Application;
  readonly #timer: ReturnType<typeof setInterval>;
  #parameters: readonly object[] = [];
  #running: Promise<void> | undefined;
  #isAsked = false;
  /** What the plugin last said against the files; undefined: nothing. */
  complaint: string | undefined;

  private constructor(cluster: StandInKubernetes, application: Application) {
    this.#cluster = cluster;
    this.#application = application;
    this.#timer = setInterval(() => this.#look(), intervalMs);
  }

  static async start(cluster: StandInKubernetes, application: Application): Promise<ArgocdStandIn> {
    const { repository, checkout, branch } = application;
    await git(process.cwd(), ['clone', '--quiet', '--branch', branch, repository, checkout]);
    cluster.apply(toApplicationObject(application));
    return new ArgocdStandIn(cluster, application);
  }

  /** The plugin's parameters of the Application. */
  setParameters(parameters: readonly object[]): void {
    this.#parameters = parameters;
  }

  /** What a git host's webhook does. */
  refresh(): void {
    this.#isAsked = true;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #look(): void {
    const { name } = this.#application;
    const object = this.#cluster.get('applications', 'argocd', name);
    if (object?.metadata.annotations?.[refreshAnnotation] !== undefined) {
      // As Argo CD does when it has seen it; the Application is made anew, which is the shortest way here.
      this.#cluster.remove('applications', 'argocd', name);
      this.#cluster.apply(toApplicationObject(this.#application));
      this.#isAsked = true;
    }
    if (!this.#isAsked || this.#running !== undefined) return;
    this.#isAsked = false;
    this.#running = this.#sync().finally(() => {
      this.#running = undefined;
    });
  }

  async #sync(): Promise<void> {
    const { checkout, branch } = this.#application;
    await git(checkout, ['fetch', '--quiet', 'origin', branch]);
    await git(checkout, ['reset', '--quiet', '--hard', 'FETCH_HEAD']);
    const { output, complaint } = await this.#runPlugin();
    this.complaint = complaint;
    if (complaint !== undefined) return;
    const lines = output.split('\n').filter((line) => line !== '');
    const wanted = lines.map((line) => this.#track(JSON.parse(line) as Written));
    const keys = new Set(wanted.map(toKey));
    for (const object of wanted) this.#cluster.apply(object);
    for (const plural of kinds)
      for (const object of this.#cluster.list(plural)) {
        const isOwn = object.metadata.annotations?.[trackingAnnotation]?.startsWith(`${this.#application.name}:`);
        if (isOwn === true && !keys.has(toKey(object)))
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
    const { namespace, name } = object.metadata;
    const id = `${this.#application.name}:${object.apiVersion.split('/')[0]}/${object.kind}:${namespace}/${name}`;
    const metadata = { ...object.metadata, annotations: { ...object.metadata.annotations, [trackingAnnotation]: id } };
    return { ...object, metadata };
  }
}

function toApplicationObject({ name, path }: Application): Written {
  const metadata = { name, namespace: 'argocd' };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata, spec: { source: { path } } };
}

function toKey({ kind, metadata }: Written): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
