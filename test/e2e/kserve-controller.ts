/**
 * Stands in for ModelMesh's controller (and for KServe's finalizer) on a real Kubernetes API: it loads no
 * model, but writes the status of each InferenceService as they do, transition by transition.
 *
 * Invariants: only the status and its own finalizer are written; an InferenceService that ModelMesh would not
 * look at, or could make nothing of, is left alone; what is written next is decided by what was told last,
 * however long the API could not be reached.
 *
 * The sources: modelmesh-serving as in `kserve-status.ts`; KServe's finalizer,
 * pkg/controller/v1beta1/inferenceservice/controller.go.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMap, valueAt } from '../../src/input/plain-value.ts';
import type { ApiPort } from './api-client.ts';
import { ApiClient, ApiRefusal } from './api-client.ts';
import type { ModelReport, ModelState, Revision } from './kserve-status.ts';
import {
  fromStatus,
  isSameReport,
  loaded,
  loadingAtOnce,
  toFailed,
  toFirstLoading,
  toNextLoading,
  toStatus,
  toUnanswered,
  toUnhealthy,
} from './kserve-status.ts';
import { watchObjects } from './object-watch.ts';

export type Outcome = 'load' | 'fail' | 'never';

export interface Behaviour {
  readonly loadMs: number;
  readonly outcome: Outcome;
  /**
   * What a first load looks like. `Pending`: not ready, InProgress, Pending and Loading. `Loading`: Ready True,
   * UpToDate, Loading alone, which is what the last modelmesh-serving writes when its model-mesh answers at once.
   */
  readonly first: 'Pending' | 'Loading';
  /** What shows for a moment between Loading and the outcome. */
  readonly flash: readonly ('Standby' | 'FailedToLoad')[];
  readonly flashMs: number;
  /** KServe's: put on and taken off (`clean`), or put on and never taken off. It has none in ModelMesh mode. */
  readonly finalizer: 'none' | 'clean' | 'stuck';
}

/**
 * How a model that was ready falls sick. `RuntimeUnhealthy`: the Pods of its runtime are gone, and it is not
 * ready. `ModelLoadFailed`: it was dropped and cannot be loaded again. `NoRuntimePods`: nobody is left to ask, and
 * it goes on being called ready.
 */
export type Sickness = 'RuntimeUnhealthy' | 'ModelLoadFailed' | 'NoRuntimePods';

/** Something that a data plane would have noticed. */
export interface Transition {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Of what serves; while nothing does, of what is to serve. */
  readonly state: ModelState | 'Gone';
  /** Of that. */
  readonly storageUri: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface KServeOptions {
  readonly api: ApiPort;
  /** Absent: all. */
  readonly namespaces?: readonly string[];
  /** What holds for all models that are told nothing else. */
  readonly behaviour?: Partial<Behaviour>;
  /** What a storageUri alone makes happen, unless the model is told; absent: `outcomeOf`. */
  readonly outcomeOf?: (storageUri: string) => Outcome | undefined;
  /** How long it takes to notice a new object or a new spec. */
  readonly noticeMs?: number;
  readonly onTransition?: (transition: Transition) => void;
  /** Told of each request that had to be tried again. */
  readonly onTrouble?: (message: string) => void;
}

interface Active {
  readonly revision: Revision;
  readonly state: 'Loaded' | 'FailedToLoad' | 'Unhealthy';
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
  /** What is asked for; undefined: nothing that can be looked at. */
  wish: Revision | undefined;
  active: Active | undefined;
  /** What the API has as status, as far as is known. */
  written: ModelReport | undefined;
  /** Whether the wish has come to its end, good or bad. */
  isSettled: boolean;
  /** A load that is under way. */
  course: AbortController | undefined;
  isFinalizing: boolean;
  isTold: boolean;
}

const group = '/apis/serving.kserve.io/v1beta1';
const plural = 'inferenceservices';
/** The name that a controller's binary gives itself in managedFields. */
const fieldManager = 'manager';
const finalizerName = 'inferenceservice.finalizers';
const pauseMs = 200;

const usual: Behaviour = {
  loadMs: 500,
  outcome: 'load',
  first: 'Pending',
  flash: [],
  flashMs: 200,
  finalizer: 'none',
};

/** A model whose URI says `broken` cannot be loaded, one with `forever` loads for ever. */
export function outcomeOf(storageUri: string): Outcome | undefined {
  if (storageUri.includes('broken')) return 'fail';
  return storageUri.includes('forever') ? 'never' : undefined;
}

export class KServeController {
  readonly #options: KServeOptions;
  readonly #models = new Map<string, Model>();
  readonly #behaviours = new Map<string, Partial<Behaviour>>();
  readonly #sick = new Map<string, Sickness>();
  #api: ApiClient | undefined;
  #stop = new AbortController();
  #watches: Promise<unknown> = Promise.resolve();

  constructor(options: KServeOptions) {
    this.#options = options;
  }

  /** Lists and watches from now on; what it knew before a `stop` it still knows. */
  start(): void {
    if (this.#api !== undefined) return;
    const api = new ApiClient(this.#options.api);
    this.#api = api;
    this.#stop = new AbortController();
    const scopes = this.#options.namespaces ?? [undefined];
    this.#watches = Promise.all(scopes.map((namespace) => this.#watch(api, namespace)));
  }

  /** As when its Pod is killed: what is under way is broken off. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const model of this.#models.values()) {
      model.course?.abort();
      model.version = '';
      if (!model.isSettled) model.wish = undefined;
    }
    await this.#watches;
    await this.#api?.close();
    this.#api = undefined;
  }

  /** What this model does from now on, in place of what it was told before. A load under way begins anew. */
  behave(namespace: string, name: string, behaviour: Partial<Behaviour>): void {
    const key = `${namespace}/${name}`;
    this.#behaviours.set(key, behaviour);
    const model = this.#models.get(key);
    if (model === undefined) return;
    this.#finalize(model);
    if (!model.isSettled) this.#load(model);
  }

  /** From now on, whatever its spec says, until it recovers; one that is not there yet falls once it has loaded. */
  fall(namespace: string, name: string, sickness: Sickness = 'RuntimeUnhealthy'): void {
    const key = `${namespace}/${name}`;
    this.#sick.set(key, sickness);
    const model = this.#models.get(key);
    if (model?.active !== undefined) this.#load(model);
  }

  /** It loads again, and what comes of it is what it would have been. One that failed by itself tries again. */
  recover(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    this.#sick.delete(key);
    const model = this.#models.get(key);
    if (model !== undefined) this.#load(model);
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
    // What an answer told of already comes once more by the watch.
    if (!isLater(version, model.version)) return;
    model.version = version;
    model.finalizers = (valueAt(object, ['metadata', 'finalizers']) as string[] | undefined) ?? [];
    model.isDeleting = valueAt(object, ['metadata', 'deletionTimestamp']) !== undefined;
    this.#finalize(model);
    const wish = toRevision(object);
    if (wish === undefined || wish.name === model.wish?.name) return;
    model.wish = wish;
    if (!model.isTold) this.#tell(model, 'Pending', wish);
    this.#load(model);
  }

  /** One that an earlier controller dealt with is taken on as it is. */
  #meet(object: unknown): Model {
    const written = fromStatus(valueAt(object, ['status']));
    const wish = toRevision(object);
    const isSettled = written !== undefined && wish !== undefined && written.target === '' && isEnd(written.active);
    const model: Model = {
      namespace: textAt(object, 'metadata', 'namespace'),
      name: textAt(object, 'metadata', 'name'),
      uid: textAt(object, 'metadata', 'uid'),
      end: new AbortController(),
      version: '',
      finalizers: [],
      isDeleting: false,
      wish: isSettled ? wish : undefined,
      active: undefined,
      written,
      isSettled,
      course: undefined,
      isFinalizing: false,
      isTold: false,
    };
    if (written !== undefined && isEnd(written.active)) {
      // Which revision an unsettled one serves is said nowhere.
      const revision = isSettled ? wish : { name: '', storageUri: '' };
      model.active = { revision, state: written.active };
      this.#tell(model, written.active, revision);
    }
    this.#models.set(toKey(object), model);
    return model;
  }

  #lose(model: Model): void {
    model.end.abort();
    this.#models.delete(`${model.namespace}/${model.name}`);
    if (model.isTold) this.#tell(model, 'Gone', model.active?.revision ?? model.wish);
  }

  /** Begins with what the model is to do, in place of what it was about. */
  #load(model: Model): void {
    const { wish } = model;
    if (wish === undefined || this.#stop.signal.aborted) return;
    model.course?.abort();
    const course = new AbortController();
    model.course = course;
    model.isSettled = false;
    const signal = AbortSignal.any([course.signal, model.end.signal, this.#stop.signal]);
    this.#run(model, wish, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  async #run(model: Model, wish: Revision, signal: AbortSignal): Promise<void> {
    const { noticeMs = 50 } = this.#options;
    const { active } = model;
    const key = `${model.namespace}/${model.name}`;
    const { first, flash, flashMs, loadMs, outcome } = this.#behaviourOf(key, wish);
    await sleep(noticeMs, undefined, { signal });
    const isLive = active?.state === 'Loaded';
    const isSame = active?.revision.name === wish.name;
    const sickness = this.#sick.get(key);
    if (active !== undefined && sickness !== undefined) return this.#settle(model, wish, sickness, signal);
    if (isLive && isSame) return this.#settle(model, wish, 'load', signal);
    // While a runtime is waited for nothing new is said, until its model is there again.
    if (active?.state !== 'Unhealthy') await this.#write(model, wish, toLoading(active, isSame, first), signal);
    if (outcome === 'never') return;
    await sleep(loadMs, undefined, { signal });
    for (const state of flash) {
      await this.#write(model, wish, toFlash(state, isLive, wish), signal);
      await sleep(flashMs, undefined, { signal });
    }
    await this.#settle(model, wish, this.#sick.get(key) ?? outcome, signal);
  }

  async #settle(model: Model, wish: Revision, end: 'load' | 'fail' | Sickness, signal: AbortSignal): Promise<void> {
    const { active } = model;
    // An old one whose runtime came back serves again, whatever becomes of the new one.
    const isLive = active?.state === 'Loaded' || (active?.state === 'Unhealthy' && active.revision.name !== wish.name);
    const now = new Date();
    const { written = loaded } = model;
    switch (end) {
      case 'load':
        model.active = { revision: wish, state: 'Loaded' };
        await this.#write(model, wish, loaded, signal);
        break;
      case 'fail':
        model.active = isLive
          ? { revision: active.revision, state: 'Loaded' }
          : { revision: wish, state: 'FailedToLoad' };
        await this.#write(model, wish, toFailed(isLive, wish, now), signal);
        break;
      case 'ModelLoadFailed':
        model.active = { revision: wish, state: 'FailedToLoad' };
        await this.#write(model, wish, toFailed(false, wish, now), signal);
        break;
      case 'RuntimeUnhealthy':
        model.active = { revision: active?.revision ?? wish, state: 'Unhealthy' };
        await this.#write(model, wish, toUnhealthy(wish.name, now), signal);
        break;
      case 'NoRuntimePods':
        model.active = { revision: active?.revision ?? wish, state: 'Unhealthy' };
        await this.#write(model, wish, toUnanswered(written, wish.name, now), signal);
        break;
    }
    model.isSettled = true;
  }

  /** Told to the data plane at once, and to the API as soon as it takes it. */
  async #write(model: Model, wish: Revision, report: ModelReport, signal: AbortSignal): Promise<void> {
    this.#tell(model, toState(report, model.active), model.active?.revision ?? wish);
    if (isSameReport(model.written, report)) return;
    model.written = undefined;
    const { namespace, name, uid } = model;
    await this.#insist(model, signal, async (api) => {
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
  #toFinalizers({ namespace, name, wish, finalizers, isDeleting }: Model): readonly string[] {
    const { finalizer } = this.#behaviourOf(`${namespace}/${name}`, wish);
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

  #behaviourOf(key: string, wish: Revision | undefined): Behaviour {
    const byUri = wish && (this.#options.outcomeOf ?? outcomeOf)(wish.storageUri);
    return {
      ...usual,
      ...this.#options.behaviour,
      ...(byUri === undefined ? {} : { outcome: byUri }),
      ...this.#behaviours.get(key),
    };
  }

  #tell(model: Model, state: Transition['state'], revision: Revision | undefined): void {
    model.isTold = true;
    const { namespace, name, uid } = model;
    const storageUri = revision?.storageUri ?? '';
    this.#options.onTransition?.({ namespace, name, uid, state, storageUri, at: Date.now() });
  }
}

function toLoading(active: Active | undefined, isSame: boolean, first: Behaviour['first']): ModelReport {
  if (active?.state === 'Loaded') return toNextLoading('Loading');
  if (active !== undefined) return isSame ? loadingAtOnce : toFirstLoading('FailedToLoad');
  return first === 'Loading' ? loadingAtOnce : toFirstLoading('Pending');
}

function toFlash(state: 'Standby' | 'FailedToLoad', isLive: boolean, wish: Revision): ModelReport {
  if (state === 'FailedToLoad') return toFailed(isLive, wish, new Date());
  return isLive ? toNextLoading('Standby') : { ...loaded, active: 'Standby' };
}

/** What requests to the model would meet. */
function toState({ active, target }: ModelReport, now: Active | undefined): ModelState {
  if (now?.state === 'Unhealthy' || (active === 'Pending' && target === 'Loading')) return 'Loading';
  return active;
}

/** @returns undefined for what ModelMesh does not look at, or makes nothing of. */
function toRevision(object: unknown): Revision | undefined {
  const annotation = (key: string) => valueAt(object, ['metadata', 'annotations', `serving.kserve.io/${key}`]);
  if (annotation('deploymentMode') !== 'ModelMesh') return undefined;
  const field = (...path: string[]) => valueAt(object, ['spec', 'predictor', 'model', ...path]);
  const uri = field('storageUri');
  const path = field('storage', 'path');
  if (typeof uri === 'string' ? path !== undefined || !/^(pvc|s3|gs|https?):/.test(uri) : typeof path !== 'string')
    return undefined;
  const honoured = ['modelFormat', 'runtime', 'protocolVersion', 'storageUri', 'storage'].map((key) => field(key));
  const text = JSON.stringify([...honoured, annotation('secretKey'), annotation('schemaPath')].map(sortKeys));
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

function isEnd(state: ModelState): state is 'Loaded' | 'FailedToLoad' {
  return state === 'Loaded' || state === 'FailedToLoad';
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
