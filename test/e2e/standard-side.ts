/** One side of the comparison of KServe's Standard mode: an API with whatever serves InferenceServices behind it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { digestAnnotation } from '../../src/core/manifests/manifest.ts';
import { FakeKServeStandard } from '../../src/demo/fakes/kserve-standard/fake.ts';
import type { Fate } from '../../src/demo/fakes/kserve-standard/kubelet.ts';
import { fates } from '../../src/demo/fakes/kserve-standard/kubelet.ts';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { stackFolder } from '../stack/build.ts';
import { startKubeApiserver } from '../stack/kube-apiserver.ts';
import type { ApiPort } from './api-client.ts';
import { ApiClient } from './api-client.ts';
import { Cluster } from './cluster.ts';
import { startKServe } from './kserve.ts';
import { ScriptedKubelet } from './scripted-kubelet.ts';
import type { Change, Step } from './standard-changes.ts';
import type { SeenEvent } from './state-watch.ts';
import { StateWatch } from './state-watch.ts';

const namespace = 'models';
/** How long a pod takes to become ready: long enough for every state to be seen on a busy machine. */
const loadMs = 1500;
/** Nothing takes so long: it only keeps a check from hanging. */
const limitMs = 120_000;
/** What follows a state at once, as a second write of KServe's, has happened by then. */
const quietMs = 2500;

/** What was seen of one change. */
export interface Seen {
  /** Of each step, each state that differs from the one before, which comes first. */
  readonly states: readonly (readonly string[])[];
  /** At the end of each step, what KServe itself says. */
  readonly claims: readonly string[];
  /** Empty when all ended as they should. */
  readonly troubles: readonly string[];
  readonly events: readonly SeenEvent[];
}

/** By InferenceService: what becomes of its pods whatever their model. */
type Fates = Map<string, Fate>;

function toFate(set: Fates) {
  return (storageUri: string, name: string): Fate => {
    const known = fates.find((fate) => storageUri === `s3://models/${fate}`);
    return set.get(name) ?? known ?? 'loads';
  };
}

export class Side {
  readonly #client: ApiClient;
  readonly #watch: StateWatch;
  readonly #fates: Fates;
  readonly #stop: () => Promise<void>;

  private constructor(api: ApiPort, set: Fates, stop: () => Promise<void>) {
    this.#client = new ApiClient(api);
    this.#watch = new StateWatch(new ApiClient(api), namespace);
    this.#fates = set;
    this.#stop = stop;
  }

  static async startFake(): Promise<Side> {
    const cluster = await startKubernetes();
    const set: Fates = new Map();
    const kserve = new FakeKServeStandard(cluster, { loadMs, toFate: toFate(set) });
    return new Side({ url: cluster.url }, set, async () => {
      kserve.stop();
      await cluster.close();
    });
  }

  /** @param folder for what its programs need and say. */
  static async startReal(folder: string): Promise<Side> {
    const api = await startKubeApiserver(stackFolder);
    const cluster = new Cluster(api);
    const { manager, controllers } = await startKServe({ cluster, folder, namespace });
    const set: Fates = new Map();
    const kubelet = await ScriptedKubelet.start({ cluster, namespace, loadMs, toFate: toFate(set) });
    return new Side(api, set, async () => {
      await kubelet.close();
      await Promise.all([manager.stop('SIGKILL'), controllers.stop('SIGKILL')]);
      await api.close();
    });
  }

  async play({ name, steps }: Change): Promise<Seen> {
    const states: string[][] = [];
    const claims: string[] = [];
    const troubles: string[] = [];
    let storageUri = '';
    for (const step of steps) {
      storageUri = step.storageUri ?? storageUri;
      this.#watch.take(name);
      await this.#do(name, { ...step, storageUri });
      await this.#until(name, step.ends);
      const seen = this.#watch.take(name);
      states.push(seen);
      claims.push(this.#watch.claim(name));
      if (seen.at(-1) !== step.ends) troubles.push(`step ${states.length} ends as ${seen.at(-1)}, not ${step.ends}`);
    }
    return { states, claims, troubles, events: this.#watch.eventsOf(name) };
  }

  async close(): Promise<void> {
    await this.#watch.close();
    await this.#client.close();
    await this.#stop();
  }

  /** And stays so for a while. */
  async #until(name: string, ends: string): Promise<void> {
    let since: number | undefined;
    for (const end = performance.now() + limitMs; performance.now() < end; await sleep(50)) {
      since = this.#watch.last(name) === ends ? (since ?? performance.now()) : undefined;
      if (since !== undefined && performance.now() - since > quietMs) return;
    }
  }

  async #do(name: string, { storageUri = '', annotations = {}, fate, replicas, remove = false }: Step): Promise<void> {
    if (fate !== undefined) this.#fates.set(name, fate);
    const service = `/apis/serving.kserve.io/v1beta1/namespaces/${namespace}/inferenceservices/${name}`;
    if (remove) return this.#ask(service, 'DELETE');
    if (fate !== undefined) return;
    if (replicas !== undefined) {
      const metadata = { namespace, name: `${name}-predictor` };
      return this.#apply(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}-predictor`, {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas } },
      });
    }
    const isWithoutRuntime = storageUri.endsWith('/no-runtime');
    await this.#apply(service, {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        namespace,
        name,
        annotations: {
          'serving.kserve.io/deploymentMode': 'Standard',
          [digestAnnotation]: Buffer.from(storageUri).toString('hex'),
          ...annotations,
        },
      },
      spec: {
        predictor: {
          model: {
            modelFormat: { name: 'sklearn' },
            storageUri,
            ...(isWithoutRuntime ? { runtime: 'nobody' } : {}),
          },
        },
      },
    });
  }

  #apply(path: string, body: object): Promise<void> {
    return this.#ask(`${path}?fieldManager=person&force=true`, 'PATCH', body);
  }

  async #ask(path: string, method: 'PATCH' | 'DELETE', body?: object): Promise<void> {
    const contentType = 'application/apply-patch+yaml';
    await this.#client.request(path, { method, contentType, body }, AbortSignal.timeout(limitMs));
  }
}
