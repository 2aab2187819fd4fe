/**
 * A stand-in for KServe's and ModelMesh's controllers: it loads no model, but writes the status of each
 * InferenceService as they do, transition by transition.
 */
import type { StandInKubernetes } from './kubernetes.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

const plural = 'inferenceservices';
const intervalMs = 25;

interface Known {
  readonly generation: number;
  readonly since: number;
  phase: 'new' | 'loading' | 'done';
}

export class KServeStandIn {
  readonly #cluster: StandInKubernetes;
  readonly #loadMs: number;
  readonly #isBroken: (service: KubernetesObject) => boolean;
  readonly #known = new Map<string, Known>();
  readonly #sick = new Set<string>();
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * @param loadMs how long a model takes to load.
   * @param isBroken whether an InferenceService has a model that cannot be loaded.
   */
  constructor(
    cluster: StandInKubernetes,
    loadMs: number,
    isBroken: (service: KubernetesObject) => boolean = () => false,
  ) {
    this.#cluster = cluster;
    this.#loadMs = loadMs;
    this.#isBroken = isBroken;
    this.#timer = setInterval(() => this.#turn(), intervalMs);
  }

  /** From now on the model of this name cannot be loaded, nor stay loaded. */
  fall(namespace: string, name: string): void {
    this.#sick.add(`${namespace}/${name}`);
    this.#write(namespace, name, toFailed());
  }

  /** The model loads again. */
  recover(namespace: string, name: string): void {
    this.#sick.delete(`${namespace}/${name}`);
    this.#known.delete(`${namespace}/${name}`);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #turn(): void {
    const live = this.#cluster.list(plural);
    const keys = new Set(live.map(toKey));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
    for (const service of live) this.#reconcile(service);
  }

  #reconcile(service: KubernetesObject): void {
    const key = toKey(service);
    const { namespace, name, generation } = service.metadata;
    const before = this.#known.get(key);
    const known =
      before?.generation === generation ? before : { generation, since: performance.now(), phase: 'new' as const };
    this.#known.set(key, known);
    const waited = performance.now() - known.since;
    if (known.phase === 'new' && waited > 2 * intervalMs) {
      this.#write(namespace, name, toLoading(before !== undefined));
      known.phase = 'loading';
    } else if (known.phase === 'loading' && waited > this.#loadMs) {
      this.#write(namespace, name, this.#sick.has(key) || this.#isBroken(service) ? toFailed() : toLoaded());
      known.phase = 'done';
    }
  }

  #write(namespace: string, name: string, status: object): void {
    this.#cluster.patchStatus(plural, namespace, name, status);
  }
}

function toKey({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** A live model goes on serving while its new version loads. */
function toLoading(isLive: boolean): object {
  return toStatus(isLive, 'InProgress', isLive ? 'Loaded' : 'Pending', 'Loading');
}

function toLoaded(): object {
  return toStatus(true, 'UpToDate', 'Loaded', '');
}

function toFailed(): object {
  const status = toStatus(false, 'UpToDate', 'FailedToLoad', '');
  const lastFailureInfo = {
    reason: 'ModelLoadFailed',
    message: 'Failed to pull model from storage due to error: AccessDenied',
  };
  return { ...status, modelStatus: { ...status.modelStatus, lastFailureInfo } };
}

function toStatus(isReady: boolean, transitionStatus: string, activeModelState: string, targetModelState: string) {
  const lastTransitionTime = `${new Date().toISOString().slice(0, 19)}Z`;
  const status = isReady ? 'True' : 'False';
  return {
    conditions: ['PredictorReady', 'Ready'].map((type) => ({ type, status, lastTransitionTime })),
    modelStatus: { transitionStatus, states: { activeModelState, targetModelState } },
  };
}
