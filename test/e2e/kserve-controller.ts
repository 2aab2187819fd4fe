/**
 * A fake of ModelMesh with its controller (and of KServe's finalizer) on a real Kubernetes API: it loads no model,
 * but writes the status of each InferenceService as they do, transition by transition.
 *
 * Invariants: only the status and its own finalizer are written; an InferenceService that ModelMesh would not
 * look at, or could make nothing of, is left alone; no status is written onto another spec than it was computed
 * for; what the fake does not know (`Unseen`) ends the test.
 *
 * The sources: modelmesh-serving as in `kserve-status.ts`; KServe's finalizer,
 * pkg/controller/v1beta1/inferenceservice/controller.go.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMap, valueAt } from '../../src/core/input/plain-value.ts';
import type { ApiPort } from './api-client.ts';
import { ApiClient, ApiRefusal } from './api-client.ts';
import type { ModelReport, ModelState, Revision } from './kserve-status.ts';
import { fromStatus, isSameReport, toStatus } from './kserve-status.ts';
import type { MeshModel, ModelEvent, Pods } from './modelmesh-model.ts';
import { step, toLoading, toNewModel } from './modelmesh-model.ts';
import { watchObjects } from './object-watch.ts';

/** `unrecognized`: no runtime has its format, or its name. */
export type Outcome = 'load' | 'fail' | 'never' | 'unrecognized';

export interface Behaviour {
  readonly loadMs: number;
  readonly outcome: Outcome;
  /** Whether a failed update is written in two steps, the failure before the state: seen once in twenty. */
  readonly failsInTwoWrites: boolean;
  /** When a fresh one that failed is tried again; ModelMesh waits a quarter of an hour. */
  readonly retryMs: number;
  /** KServe's: put on and taken off (`clean`), or put on and never taken off. It has none in ModelMesh mode. */
  readonly finalizer: 'none' | 'clean' | 'stuck';
}

/**
 * How a model that was loaded falls sick: its Pod is killed and another loads it, without coming to an end
 * (`Loading`) or in vain.
 */
export type Sickness = 'Loading' | 'ModelLoadFailed';

/** Something that a data plane would have noticed. */
export interface Transition {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Of what serves; while nothing does, of what is to serve. */
  readonly state: ModelState | 'Gone';
  /** Of that: ModelMesh's id, and where it is loaded from. */
  readonly revision: Revision;
  /** Why it cannot be loaded. */
  readonly message?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface KServeOptions {
  readonly api: ApiPort;
  /** Absent: all. */
  readonly namespaces?: readonly string[];
  /** The defaults of all models. */
  readonly behaviour?: Partial<Behaviour>;
  /** What a storageUri alone makes happen, unless the model has its own behavior; absent: `outcomeOf`. */
  readonly outcomeOf?: (storageUri: string) => Outcome | undefined;
  /** How long it takes to notice a new object or a new spec. */
  readonly noticeMs?: number;
  /** What waits for a runtime is written again so often; default as the real one. */
  readonly repeatMs?: number;
  readonly onTransition?: (transition: Transition) => void;
  /** Called for each request that had to be retried. */
  readonly onTrouble?: (message: string) => void;
}

/** One object, by its uid. */
interface Model {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Ends all that is done about it. */
  readonly end: AbortController;
  /** The resourceVersion; empty: whatever comes is newer. */
  version: string;
  finalizers: readonly string[];
  isDeleting: boolean;
  /** What the spec that was seen last asks for; undefined: nothing that can be looked at. */
  wish: Revision | undefined;
  mesh: MeshModel;
  /** What the API has as status, as far as is known. */
  written: ModelReport | undefined;
  /** Reports that the API has not taken yet, in their order. */
  readonly queue: QueuedReport[];
  isWriting: boolean;
  /** What is loading, by ModelMesh's id. */
  loading: string | undefined;
  /** Ends the load that is under way. */
  course: AbortController | undefined;
  isFinalizing: boolean;
  reported: string | undefined;
  /** The controller has not looked at it since its restart. */
  isForgotten: boolean;
}

interface QueuedReport {
  readonly report: ModelReport;
  readonly wish: Revision | undefined;
  readonly isRepeated: boolean;
}

const group = '/apis/serving.kserve.io/v1beta1';
const plural = 'inferenceservices';
/** The name that a controller's binary gives itself in managedFields. */
const fieldManager = 'manager';
const finalizerName = 'inferenceservice.finalizers';
const pauseMs = 200;
const noRevision: Revision = { name: '', storageUri: '' };

const usual: Behaviour = {
  loadMs: 500,
  outcome: 'load',
  failsInTwoWrites: false,
  retryMs: 900_000,
  finalizer: 'none',
};

/**
 * A model whose URI says `broken` cannot be loaded, one with `forever` loads for ever, one with `unrecognized` has no
 * runtime.
 */
export function outcomeOf(storageUri: string): Outcome | undefined {
  if (storageUri.includes('broken')) return 'fail';
  if (storageUri.includes('unrecognized')) return 'unrecognized';
  return storageUri.includes('forever') ? 'never' : undefined;
}

export class KServeController {
  readonly #options: KServeOptions;
  readonly #models = new Map<string, Model>();
  readonly #behaviours = new Map<string, Partial<Behaviour>>();
  readonly #sick = new Map<string, Sickness>();
  #pods: Pods = 'ready';
  #api: ApiClient | undefined;
  #stop = new AbortController();
  #watches: Promise<unknown> = Promise.resolve();
  #repeats: NodeJS.Timeout | undefined;

  constructor(options: KServeOptions) {
    this.#options = options;
  }

  /** Lists and watches from now on; what ModelMesh knew before a `stop` it still knows. */
  start(): void {
    if (this.#api !== undefined) return;
    const api = new ApiClient(this.#options.api);
    this.#api = api;
    this.#stop = new AbortController();
    const scopes = this.#options.namespaces ?? [undefined];
    this.#watches = Promise.all(scopes.map((namespace) => this.#watch(api, namespace)));
    const { repeatMs = 3000 } = this.#options;
    this.#repeats = setInterval(() => {
      for (const model of this.#models.values()) this.#apply(model, { kind: 'repeat' });
    }, repeatMs);
  }

  /** As when its Pod is killed: what is under way is broken off, and looked at afterwards. */
  async stop(): Promise<void> {
    clearInterval(this.#repeats);
    this.#stop.abort();
    for (const model of this.#models.values()) {
      model.course?.abort();
      model.loading = undefined;
      model.queue.length = 0;
      model.version = '';
      model.isForgotten = true;
      model.wish = model.mesh.wish?.revision;
    }
    await this.#watches;
    await this.#api?.close();
    this.#api = undefined;
  }

  /** What this model does from now on, instead of its behavior before. A load in progress starts again. */
  behave(namespace: string, name: string, behaviour: Partial<Behaviour>): void {
    const key = `${namespace}/${name}`;
    this.#behaviours.set(key, behaviour);
    const model = this.#models.get(key);
    if (model === undefined) return;
    this.#finalize(model);
    model.loading = undefined;
    this.#follow(model);
  }

  /** From now on, whatever its spec says, until it recovers; one that is not there yet falls when it loads. */
  fall(namespace: string, name: string, sickness: Sickness = 'Loading'): void {
    const key = `${namespace}/${name}`;
    this.#sick.set(key, sickness);
    const model = this.#models.get(key);
    if (model !== undefined) this.#apply(model, { kind: 'replaced' });
  }

  /** It loads again, and what comes of it is what it would have been. One that failed is tried again. */
  recover(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    this.#sick.delete(key);
    const model = this.#models.get(key);
    if (model === undefined) return;
    this.#apply(model, { kind: 'retry' });
    model.loading = undefined;
    this.#follow(model);
  }

  /** Those of ModelMesh die or come back; of nothing that they had loaded a word is written. */
  set pods(pods: Pods) {
    this.#pods = pods;
    for (const model of this.#models.values()) this.#apply(model, { kind: 'pods', pods });
  }

  /** Somebody calls the model: if it is not loaded, it is now. */
  call(namespace: string, name: string): void {
    const model = this.#models.get(`${namespace}/${name}`);
    if (model !== undefined) this.#apply(model, { kind: 'call' });
  }

  async #watch(api: ApiClient, namespace: string | undefined): Promise<void> {
    const path = namespace === undefined ? `${group}/${plural}` : `${group}/namespaces/${namespace}/${plural}`;
    const handlers = {
      replace: (objects: readonly unknown[]) => {
        const uids = new Set(objects.map((object) => textAt(object, 'metadata', 'uid')));
        for (const model of this.#models.values())
          if ((namespace ?? model.namespace) === model.namespace && !uids.has(model.uid)) this.#lose(model);
        for (const object of objects) this.#see(object);
      },
      put: (object: unknown) => this.#see(object),
      drop: (object: unknown) => {
        const model = this.#models.get(toKey(object));
        if (model?.uid === textAt(object, 'metadata', 'uid')) this.#lose(model);
      },
      trouble: (message: string) => this.#options.onTrouble?.(message),
    };
    await watchObjects(api, path, handlers, this.#stop.signal);
  }

  #see(object: unknown): void {
    const known = this.#models.get(toKey(object));
    if (known !== undefined && known.uid !== textAt(object, 'metadata', 'uid')) this.#lose(known);
    const model = this.#models.get(toKey(object)) ?? this.#meet(object);
    const version = textAt(object, 'metadata', 'resourceVersion');
    // The watch repeats what a response had already.
    if (!isLater(version, model.version)) return;
    model.version = version;
    model.finalizers = (valueAt(object, ['metadata', 'finalizers']) as string[] | undefined) ?? [];
    model.isDeleting = valueAt(object, ['metadata', 'deletionTimestamp']) !== undefined;
    this.#finalize(model);
    const wish = toRevision(object);
    if (wish === undefined) return;
    if (wish.name !== model.wish?.name || model.isForgotten) this.#notice(model, wish);
  }

  /** The controller gets to a new spec, or to an old one after its own restart. */
  #notice(model: Model, wish: Revision): void {
    const { noticeMs = 50 } = this.#options;
    const { isForgotten } = model;
    model.wish = wish;
    model.isForgotten = false;
    if (model.reported === undefined) this.#tell(model, 'Pending', wish);
    this.#after(model, noticeMs, this.#stop.signal, () => {
      if (model.wish !== wish) return;
      const isRecognized = this.#behaviourOf(model, wish).outcome !== 'unrecognized';
      this.#apply(model, { kind: 'spec', revision: wish, isRecognized });
      if (isForgotten) this.#apply(model, { kind: 'restart' });
    });
  }

  /** One that an earlier controller dealt with is taken over as it is. */
  #meet(object: unknown): Model {
    const written = fromStatus(valueAt(object, ['status']));
    const wish = toRevision(object);
    const model: Model = {
      namespace: textAt(object, 'metadata', 'namespace'),
      name: textAt(object, 'metadata', 'name'),
      uid: textAt(object, 'metadata', 'uid'),
      end: new AbortController(),
      version: '',
      finalizers: [],
      isDeleting: false,
      wish: undefined,
      mesh: toKnownModel(this.#pods, written, wish),
      written,
      queue: [],
      isWriting: false,
      loading: undefined,
      course: undefined,
      isFinalizing: false,
      reported: undefined,
      isForgotten: false,
    };
    model.wish = model.mesh.wish?.revision;
    this.#models.set(toKey(object), model);
    if (model.mesh.active !== undefined) this.#tell(model, model.mesh.active.state, model.mesh.active.revision);
    return model;
  }

  #lose(model: Model): void {
    model.end.abort();
    this.#models.delete(`${model.namespace}/${model.name}`);
    if (model.reported !== undefined)
      this.#tell(model, 'Gone', model.mesh.active?.revision ?? model.wish ?? noRevision);
  }

  /** What happens is thought through, reported to the data plane at once, and to the API as soon as it takes it. */
  #apply(model: Model, event: ModelEvent): void {
    const { model: mesh, writes } = step(model.mesh, event, new Date());
    if (this.#api === undefined) {
      // ModelMesh knows, and the controller finds out when it is back.
      const { isAsked, written } = model.mesh;
      model.mesh = { ...mesh, isAsked, ...(written === undefined ? {} : { written }) };
      return;
    }
    model.mesh = mesh;
    const { active } = mesh;
    if (active !== undefined)
      this.#tell(model, mesh.pods === 'ready' ? active.state : 'Loading', active.revision, active.failure?.message);
    for (const report of writes) model.queue.push({ report, wish: model.wish, isRepeated: event.kind === 'repeat' });
    this.#drain(model);
    this.#follow(model);
  }

  /** Brings a load to its end after its time, if one is under way. */
  #follow(model: Model): void {
    if (this.#api === undefined) return;
    const { mesh } = model;
    const revision = toLoading(mesh);
    if (model.loading === revision?.name && model.loading !== undefined) return;
    model.course?.abort();
    model.course = new AbortController();
    model.loading = revision?.name;
    const signal = AbortSignal.any([model.course.signal, this.#stop.signal]);
    if (revision === undefined) {
      const { retryMs } = this.#behaviourOf(model, model.wish);
      if (mesh.active?.failure?.reason === 'ModelLoadFailed')
        this.#after(model, retryMs, signal, () => this.#apply(model, { kind: 'retry' }));
      return;
    }
    const { loadMs, outcome, failsInTwoWrites } = this.#behaviourOf(model, revision);
    const sickness = this.#sick.get(`${model.namespace}/${model.name}`);
    if (sickness === 'Loading' || (sickness === undefined && outcome === 'never')) return;
    const isFailing = sickness !== undefined || outcome === 'fail';
    this.#after(model, loadMs, signal, () => {
      model.loading = undefined;
      this.#apply(model, isFailing ? { kind: 'failed', inTwoWrites: failsInTwoWrites } : { kind: 'loaded' });
    });
  }

  #after(model: Model, ms: number, signal: AbortSignal, act: () => void): void {
    const either = AbortSignal.any([signal, model.end.signal]);
    sleep(ms, undefined, { signal: either, ref: false }).then(
      () => {
        if (!either.aborted) act();
      },
      () => undefined,
    );
  }

  /** Writes what the queue holds, one after the other. */
  #drain(model: Model): void {
    if (model.isWriting) return;
    model.isWriting = true;
    const signal = AbortSignal.any([model.end.signal, this.#stop.signal]);
    const work = async () => {
      for (let next = model.queue.shift(); next !== undefined; next = model.queue.shift())
        await this.#write(model, next, signal);
    };
    work()
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
      })
      .finally(() => {
        model.isWriting = false;
      });
  }

  async #write(model: Model, { report, wish, isRepeated }: QueuedReport, signal: AbortSignal): Promise<void> {
    if (!isRepeated && isSameReport(model.written, report)) return;
    const { namespace, name, uid } = model;
    await this.#insist(model, signal, async (api) => {
      // Whoever reads another spec computes another status.
      if (model.wish?.name !== wish?.name) return;
      const object = {
        apiVersion: 'serving.kserve.io/v1beta1',
        kind: 'InferenceService',
        metadata: { namespace, name, uid, resourceVersion: model.version },
        status: toStatus(report, namespace, new Date()),
      };
      const path = `${toPath(model)}/status?fieldManager=${fieldManager}`;
      const answer = await api.request(path, { method: 'PUT', body: object }, signal);
      model.written = report;
      this.#see(answer);
    });
  }

  /** Puts the finalizer on or takes it off. */
  #finalize(model: Model): void {
    if (model.isFinalizing || this.#toFinalizers(model) === model.finalizers) return;
    model.isFinalizing = true;
    const signal = AbortSignal.any([model.end.signal, this.#stop.signal]);
    const turn = async () => {
      while (this.#toFinalizers(model) !== model.finalizers)
        await this.#insist(model, signal, async (api) => {
          const body = { metadata: { resourceVersion: model.version, finalizers: this.#toFinalizers(model) } };
          const contentType = 'application/merge-patch+json';
          const path = `${toPath(model)}?fieldManager=${fieldManager}`;
          this.#see(await api.request(path, { method: 'PATCH', contentType, body }, signal));
        });
    };
    turn()
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
      })
      .finally(() => {
        model.isFinalizing = false;
      });
  }

  /** The very same list when it is as it should be. */
  #toFinalizers(model: Model): readonly string[] {
    const { finalizers, isDeleting } = model;
    const { finalizer } = this.#behaviourOf(model, model.wish);
    const isOn = finalizers.includes(finalizerName);
    if (isDeleting && isOn && finalizer !== 'stuck') return finalizers.filter((other) => other !== finalizerName);
    return isDeleting || isOn || finalizer === 'none' ? finalizers : [...finalizers, finalizerName];
  }

  /** Tries until it is done; after a conflict with the newest there is. */
  async #insist(model: Model, signal: AbortSignal, attempt: (api: ApiClient) => Promise<void>): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const api = this.#api;
      if (api === undefined) throw new Error('it was stopped');
      try {
        return await attempt(api);
      } catch (error) {
        if (signal.aborted || (error instanceof ApiRefusal && [400, 422].includes(error.status))) throw error;
        this.#options.onTrouble?.(String((error as Error).message));
        if (error instanceof ApiRefusal && error.status === 409) await this.#refresh(api, model, signal);
        // Not found: either the watch will tell, or the server has only just come up.
        else await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  async #refresh(api: ApiClient, model: Model, signal: AbortSignal): Promise<void> {
    try {
      const object = await api.request(toPath(model), {}, signal);
      if (!model.end.signal.aborted) this.#see(object);
    } catch {
      await sleep(pauseMs, undefined, { signal });
    }
  }

  #behaviourOf({ namespace, name }: Model, wish: Revision | undefined): Behaviour {
    const byUri = wish && (this.#options.outcomeOf ?? outcomeOf)(wish.storageUri);
    return {
      ...usual,
      ...this.#options.behaviour,
      ...(byUri === undefined ? {} : { outcome: byUri }),
      ...this.#behaviours.get(`${namespace}/${name}`),
    };
  }

  #tell(model: Model, state: Transition['state'], revision: Revision, message?: string): void {
    const word = `${state} ${revision.name}`;
    if (model.reported === word) return;
    model.reported = word;
    const { namespace, name, uid } = model;
    const said = { namespace, name, uid, state, revision, ...(message === undefined ? {} : { message }) };
    this.#options.onTransition?.({ ...said, at: Date.now() });
  }
}

/** What ModelMesh has of a model, by the status that an earlier controller left. */
function toKnownModel(pods: Pods, written: ModelReport | undefined, wish: Revision | undefined): MeshModel {
  const model = toNewModel(pods);
  if (written === undefined || wish === undefined) return model;
  const { active, target, failure } = written;
  if (active !== 'Loaded' && active !== 'Standby' && active !== 'FailedToLoad') return { ...model, written };
  const isSettled = target === '';
  // Which revision an unsettled one serves is said nowhere.
  const revision = isSettled ? wish : noRevision;
  const part = { revision, state: active, ...(isSettled && failure !== undefined ? { failure } : {}) };
  return {
    ...model,
    written,
    active: active === 'FailedToLoad' ? part : { revision, state: active },
    ...(isSettled ? { wish: { revision: wish, isRecognized: true } } : {}),
  };
}

/** @returns undefined for what ModelMesh does not look at, or makes nothing of. */
function toRevision(object: unknown): Revision | undefined {
  const annotation = (key: string) => valueAt(object, ['metadata', 'annotations', `serving.kserve.io/${key}`]);
  if (annotation('deploymentMode') !== 'ModelMesh') return undefined;
  const framework = findFramework(valueAt(object, ['spec', 'predictor']));
  const field = (...path: string[]) => valueAt(object, ['spec', 'predictor', framework ?? 'model', ...path]);
  const uri = field('storageUri');
  const path = field('storage', 'path');
  if (typeof uri === 'string' ? path !== undefined || !/^(pvc|s3|gs|https?):/.test(uri) : typeof path !== 'string')
    return undefined;
  const honoured = ['modelFormat', 'runtime', 'protocolVersion', 'storageUri', 'storage'].map((key) => field(key));
  const annotations = ['secretKey', 'schemaPath', ...(framework === undefined ? [] : ['servingRuntime'])].map(
    annotation,
  );
  const text = JSON.stringify([framework, ...honoured, ...annotations].map(sortKeys));
  const hash = createHash('sha1').update(text).digest('hex').slice(0, 10);
  return { name: `${textAt(object, 'metadata', 'name')}__isvc-${hash}`, storageUri: String(uri ?? path) };
}

function sortKeys(value: unknown): unknown {
  if (!isMap(value)) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}

/** The old form: `predictor.sklearn` in place of `predictor.model`. */
function findFramework(predictor: unknown): string | undefined {
  if (!isMap(predictor) || isMap(predictor['model'])) return undefined;
  const frameworks = ['sklearn', 'xgboost', 'lightgbm', 'onnx', 'pytorch', 'tensorflow', 'triton', 'pmml', 'paddle'];
  return frameworks.find((framework) => isMap(predictor[framework]));
}

function isLater(version: string, than: string): boolean {
  return than === '' || BigInt(version) > BigInt(than);
}

function toPath({ namespace, name }: Model): string {
  return `${group}/namespaces/${namespace}/${plural}/${name}`;
}

function toKey(object: unknown): string {
  return `${textAt(object, 'metadata', 'namespace')}/${textAt(object, 'metadata', 'name')}`;
}

function textAt(object: unknown, ...path: string[]): string {
  return String(valueAt(object, path) ?? '');
}
