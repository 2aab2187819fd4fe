/**
 * Lists and then watches InferenceServices and routes, for ever.
 *
 * Invariants: after any trouble it goes on where it stopped, or lists again when that is no longer to be
 * had, so no change is lost; a list that did not come to its end says nothing of what is missing; a
 * stream that is silent longer than a healthy one can be is given up.
 */

import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { isMap, valueAt } from '../../core/input/plain-value.ts';
import { managedByLabel } from '../../core/manifests/manifest.ts';
import type { Live } from '../../core/observe/live-object.ts';
import { toLiveRoute, toLiveService } from '../../core/observe/live-object.ts';
import { computeBackoff } from '../../core/pacing/backoff.ts';
import type { Clock, Log, Meter } from '../../core/ports/watch.ts';
import { router } from '../../core/routing/routers.ts';
import { SilenceLimit } from '../process/silence.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { ApiTrouble, parseJson, toStatusMessage } from './kubernetes-api.ts';

export interface FeedHandlers {
  /** A whole list of one kind in one scope; undefined: all namespaces. */
  readonly replace: (kind: Live['kind'], namespace: string | undefined, objects: readonly Live[]) => void;
  readonly put: (live: Live) => void;
  readonly drop: (kind: Live['kind'], namespace: string, name: string) => void;
  /** What keeps a stream from being in step; undefined: nothing any more. */
  readonly trouble: (stream: string, message: SafeText | undefined) => void;
}

export interface FeedOptions {
  readonly api: Pick<KubernetesApi, 'request'>;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Pick<Meter, 'retry'>;
  /** The server ends a watch after so long, and a bookmark comes before. Half as long again is silence. */
  readonly watchSeconds?: number;
  /** In which Argo CD names Applications; absent: its default. */
  readonly instanceLabel?: string | undefined;
}

interface Kind {
  readonly kind: Live['kind'];
  readonly groupVersion: string;
  readonly plural: string;
  readonly toLive: (object: unknown) => Live;
}

const toKinds = (instanceLabel: string | undefined): readonly Kind[] => [
  {
    kind: 'InferenceService',
    groupVersion: 'serving.kserve.io/v1beta1',
    plural: 'inferenceservices',
    toLive: toLiveService,
  },
  {
    ...router.watched,
    toLive: (object) => toLiveRoute(object, instanceLabel),
  },
];

const labelSelector = `${managedByLabel}=model-mirror`;
const pageSize = 500;
const defaultWatchSeconds = 30;
/** A stream that ends sooner than this, with nothing on it, was no stream. */
const shortMs = 1000;

/** Runs until the signal is aborted. */
export async function runFeed(options: FeedOptions, handlers: FeedHandlers, signal: AbortSignal): Promise<void> {
  const scopes = options.namespaces ?? [undefined];
  await Promise.all(
    toKinds(options.instanceLabel).flatMap((kind) =>
      scopes.map((namespace) => new Stream(options, handlers, kind, namespace).run(signal)),
    ),
  );
}

/**
 * What there is now, of both kinds. One look, and no second try.
 *
 * @param namespaces none of them twice; those that are not there hold nothing.
 * @throws ApiTrouble
 */
export async function listLive(
  api: Pick<KubernetesApi, 'request'>,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Live[]> {
  const silence = defaultWatchSeconds * 1000;
  const lists = await Promise.all(
    toKinds(undefined).flatMap((kind) =>
      namespaces.map(async (namespace) => {
        const path = toPath(kind, namespace);
        const request = async (query: Readonly<Record<string, string>>) => {
          const limit = AbortSignal.any([signal, AbortSignal.timeout(silence)]);
          return (await api.request(path, { query, signal: limit })).text();
        };
        return (await listPages(kind, path, request)).objects;
      }),
    ),
  );
  return lists.flat();
}

function toPath({ groupVersion, plural }: Kind, namespace: string | undefined): string {
  return `/apis/${groupVersion}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`;
}

/** @returns a whole list, and the version to watch from. */
async function listPages(
  { toLive }: Kind,
  path: string,
  request: (query: Readonly<Record<string, string>>) => Promise<string>,
): Promise<{ readonly objects: readonly Live[]; readonly version: string }> {
  const objects: Live[] = [];
  let next = '';
  for (;;) {
    const page = parseJson(
      await request({ labelSelector, limit: String(pageSize), ...(next === '' ? {} : { continue: next }) }),
    );
    const items = valueAt(page, ['items']);
    const version = valueAt(page, ['metadata', 'resourceVersion']);
    if (!Array.isArray(items) || typeof version !== 'string')
      throw new ApiTrouble(safe`the Kubernetes API answers ${mask(path)} with no list`);
    for (const item of items) objects.push(toLive(item));
    const token = valueAt(page, ['metadata', 'continue']);
    if (typeof token !== 'string' || token === '') return { objects, version };
    next = token;
  }
}

class Stream {
  readonly #options: FeedOptions;
  readonly #handlers: FeedHandlers;
  readonly #kind: Kind;
  readonly #namespace: string | undefined;
  readonly #path: string;
  readonly #silenceMs: number;
  /** Where to go on; undefined: list first. */
  #version: string | undefined;
  #failures = 0;
  /** Watches in a row that were expired before they told anything. */
  #expiries = 0;

  constructor(options: FeedOptions, handlers: FeedHandlers, kind: Kind, namespace: string | undefined) {
    this.#options = options;
    this.#handlers = handlers;
    this.#kind = kind;
    this.#namespace = namespace;
    this.#path = toPath(kind, namespace);
    this.#silenceMs = (options.watchSeconds ?? defaultWatchSeconds) * 1500;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, meter } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) this.#version = await this.#list(signal);
        await this.#watch(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiTrouble)) throw error;
        // What was to come is no longer to be had: this is the way to go on, and no failure.
        const isExpired = error.status === 410 && this.#version !== undefined;
        if (isExpired || this.#version === undefined) this.#version = undefined;
        this.#failures++;
        meter.retry('api');
        if (isExpired) this.#expiries++;
        // A list that is expired at once, as from a cache that lags behind, would be asked for without a pause.
        const count = isExpired ? this.#expiries - 1 : this.#failures;
        const backoff = count === 0 ? 0 : computeBackoff(count, clock.random());
        const pause = Math.max(backoff, error.retryAfterMs ?? 0);
        const say = this.#failures > 1 || this.#expiries > 1 ? log.error : log.warn;
        say(error.message, { attempt: this.#failures, retryInSeconds: Math.round(pause / 100) / 10 });
        if (!isExpired) this.#handlers.trouble(this.#path, error.message);
        await clock.sleep(pause, signal);
      }
    }
  }

  /** @returns the version to watch from. */
  async #list(signal: AbortSignal): Promise<string> {
    const request = (query: Readonly<Record<string, string>>) =>
      this.#within(signal, async (inner) =>
        (await this.#options.api.request(this.#path, { query, signal: inner })).text(),
      );
    const { objects, version } = await listPages(this.#kind, this.#path, request);
    this.#handlers.replace(this.#kind.kind, this.#namespace, objects);
    this.#recover();
    return version;
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { clock, api, watchSeconds = defaultWatchSeconds } = this.#options;
    const start = clock.now();
    const query = {
      labelSelector,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(watchSeconds),
    };
    let events = 0;
    await this.#within(signal, async (inner, heard) => {
      const response = await api.request(this.#path, { query, signal: inner });
      const decoder = new TextDecoder();
      let rest = '';
      for await (const chunk of response.body ?? []) {
        heard();
        const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
        // What is cut off in the middle comes again: the version is that of the last whole event.
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line === '') continue;
          this.#take(parseJson(line));
          events++;
        }
        if (events > 0) this.#recover();
      }
    });
    if (events === 0 && clock.now() - start < shortMs)
      throw new ApiTrouble(safe`the Kubernetes API ends the watch of ${mask(this.#path)} at once`);
    this.#expiries = 0;
    this.#recover();
  }

  #take(event: unknown): void {
    const { kind, toLive } = this.#kind;
    const type = valueAt(event, ['type']);
    const object = valueAt(event, ['object']);
    if (type === 'ERROR') {
      const code = valueAt(object, ['code']);
      const message = toStatusMessage(JSON.stringify(object ?? {}));
      throw new ApiTrouble(
        safe`the Kubernetes API ends the watch of ${mask(this.#path)}: ${message}`,
        typeof code === 'number' ? code : undefined,
      );
    }
    const version = valueAt(object, ['metadata', 'resourceVersion']);
    if (!isMap(object) || typeof version !== 'string')
      throw new ApiTrouble(safe`the Kubernetes API sends an event of ${mask(this.#path)} without an object`);
    if (type !== 'BOOKMARK') {
      const live = toLive(object);
      if (type === 'DELETED') this.#handlers.drop(kind, live.namespace, live.name);
      else this.#handlers.put(live);
    }
    this.#version = version;
    this.#expiries = 0;
  }

  #recover(): void {
    if (this.#failures > 0)
      this.#options.log.info(safe`${mask(this.#path)} is in step again`, { after: this.#failures });
    this.#failures = 0;
    this.#handlers.trouble(this.#path, undefined);
  }

  /** Gives work up that hears nothing for too long. */
  async #within<T>(signal: AbortSignal, work: (signal: AbortSignal, heard: () => void) => Promise<T>): Promise<T> {
    const silence = new SilenceLimit(this.#silenceMs);
    try {
      return await work(AbortSignal.any([signal, silence.signal]), () => silence.restart());
    } catch (error) {
      if (silence.isExceeded)
        throw new ApiTrouble(
          safe`the Kubernetes API was silent on ${mask(this.#path)} for ${this.#silenceMs / 1000} s`,
        );
      if (error instanceof ApiTrouble) throw error;
      throw new ApiTrouble(
        safe`the stream of ${mask(this.#path)} broke off: ${mask(String((error as Error).message))}`,
        undefined,
        undefined,
        {
          cause: error,
        },
      );
    } finally {
      silence.stop();
    }
  }
}
