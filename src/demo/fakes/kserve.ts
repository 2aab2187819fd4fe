/**
 * A fake of the controllers of KServe and ModelMesh: it loads no model, but writes the status of each InferenceService as
 * they do, transition by transition, and only statuses that were recorded from the real ones.
 */
import type { FieldPath } from '../../core/diagnostics/problem.ts';
import { textAt } from '../../core/input/plain-value.ts';
import type { FindServed } from './data-plane/model-server.ts';
import type { FakeKubernetes } from './kubernetes/api.ts';
import type { KubernetesObject } from './kubernetes/object.ts';

const plural = 'inferenceservices';
const intervalMs = 25;

interface Known {
  /** Everything that determines what is loaded. */
  readonly wish: string;
  readonly since: number;
  /** The wish that is being served, if any. */
  readonly active: string | undefined;
  phase: 'new' | 'loading' | 'done';
}

/** Annotations that determine what ModelMesh loads; a change of them does not increase the generation. */
const loadingAnnotations = ['serving.kserve.io/secretKey', 'serving.kserve.io/schemaPath'];

export class FakeKServe {
  readonly #cluster: FakeKubernetes;
  readonly #loadMs: number;
  readonly #isBroken: (service: KubernetesObject) => boolean;
  readonly #known = new Map<string, Known>();
  readonly #sick = new Set<string>();
  readonly #timer: ReturnType<typeof setInterval>;
  #isPaused = false;

  /**
   * @param loadMs how long a model takes to load.
   * @param isBroken whether an InferenceService has a model that cannot be loaded.
   */
  constructor(cluster: FakeKubernetes, loadMs: number, isBroken: (service: KubernetesObject) => boolean = () => false) {
    this.#cluster = cluster;
    this.#loadMs = loadMs;
    this.#isBroken = isBroken;
    this.#timer = setInterval(() => this.#turn(), intervalMs);
  }

  /** From now on, the model of this name cannot be loaded, and does not stay loaded. */
  fall(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    this.#sick.add(key);
    const known = this.#known.get(key);
    if (known !== undefined) this.#known.set(key, { ...known, active: undefined, phase: 'done' });
    this.#write(namespace, name, toFailed(false));
  }

  /** From now on, the model can be loaded again. */
  recover(namespace: string, name: string): void {
    this.#sick.delete(`${namespace}/${name}`);
    this.#known.delete(`${namespace}/${name}`);
  }

  /** Nothing goes on until `resume`: what is loading stays so. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** ModelMesh serves all models of a namespace; a header or the path names one. */
  readonly findServed: FindServed = ({ host, path, headers }) => {
    const [, namespace = ''] = host.split('.');
    const name = headers['mm-vmodel-id'] ?? /^\/v[12]\/models\/([^/:]+)/.exec(path)?.[1] ?? '';
    const active = this.#known.get(`${namespace}/${name}`)?.active;
    if (active === undefined) return undefined;
    const [spec] = JSON.parse(active) as unknown[];
    const model: FieldPath = ['predictor', 'model'];
    const storageUri = textAt(spec, [...model, 'storageUri']) ?? textAt(spec, [...model, 'storage', 'path']) ?? '';
    return { storageUri, name: `${name}__isvc-0123456789` };
  };

  stop(): void {
    clearInterval(this.#timer);
  }

  #turn(): void {
    if (this.#isPaused) return;
    const live = this.#cluster.list(plural).filter(isOfModelMesh);
    const keys = new Set(live.map(toKey));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
    for (const service of live) this.#reconcile(service);
  }

  #reconcile(service: KubernetesObject): void {
    const key = toKey(service);
    const { namespace, name } = service.metadata;
    const wish = toWish(service);
    const before = this.#known.get(key);
    const isSame = before?.wish === wish;
    const known: Known = isSame ? before : { wish, since: performance.now(), active: before?.active, phase: 'new' };
    this.#known.set(key, known);
    const waited = performance.now() - known.since;
    if (known.phase === 'new' && waited > 2 * intervalMs) {
      // It is loaded already.
      known.phase = known.active === wish ? 'done' : 'loading';
      this.#write(namespace, name, known.active === wish ? toLoaded() : toLoading(known.active !== undefined));
    } else if (known.phase === 'loading' && waited > this.#loadMs) {
      const isFailed = this.#sick.has(key) || this.#isBroken(service);
      const isLive = known.active !== undefined;
      this.#known.set(key, { ...known, active: isFailed ? known.active : wish, phase: 'done' });
      this.#write(namespace, name, isFailed ? toFailed(isLive) : toLoaded());
    }
  }

  #write(namespace: string, name: string, status: object): void {
    this.#cluster.patchStatus(plural, namespace, name, status);
  }
}

/** Without the annotation, this mode is the cluster's default. */
function isOfModelMesh({ metadata }: KubernetesObject): boolean {
  return (metadata.annotations?.['serving.kserve.io/deploymentMode'] ?? 'ModelMesh') === 'ModelMesh';
}

function toKey({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function toWish({ spec, metadata }: KubernetesObject): string {
  return JSON.stringify([spec, ...loadingAnnotations.map((name) => metadata.annotations?.[name] ?? '')]);
}

/** A live model keeps serving while its new version loads; ModelMesh reports a first version as Ready at once. */
function toLoading(isLive: boolean): object {
  return isLive ? toStatus(true, 'InProgress', 'Loaded', 'Loading') : toStatus(true, 'UpToDate', 'Loading', '');
}

function toLoaded(): object {
  return toStatus(true, 'UpToDate', 'Loaded', '');
}

function toFailed(isLive: boolean): object {
  const status = isLive
    ? toStatus(true, 'BlockedByFailedLoad', 'Loaded', 'FailedToLoad')
    : toStatus(false, 'UpToDate', 'FailedToLoad', '');
  // The error of the S3 client has another request id each time.
  const message =
    "Failed to pull model from storage due to error: unable to list objects in bucket 'models': AccessDenied: " +
    `Access Denied.\n\tstatus code: 403, request id: REQ${Date.now()}, host id: `;
  const lastFailureInfo = { reason: 'ModelLoadFailed', message };
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
