/**
 * Lists and then watches InferenceServices, routes and what runs versions, without end.
 *
 * Invariants: after any trouble it continues where it stopped, or lists again when that is no longer possible, so no
 * change is lost; an incomplete list does not mean that what is missing in it was deleted; a stream that stays silent
 * longer than a healthy one can is given up. Without the right to list what some serving modes need, such as before the
 * roles of an upgrade are applied, the models of the others are served.
 */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { isMap, textAt, valueAt } from '../../core/input/plain-value.ts';
import type { Live } from '../../core/observe/live-object.ts';
import { computeBackoff } from '../../core/pacing/backoff.ts';
import type { Clock, Log, Meter } from '../../core/ports/watch.ts';
import { SilenceLimit } from '../process/silence.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { ApiTrouble, parseJson, toStatusMessage } from './kubernetes-api.ts';
import type { LiveKind } from './object-lists.ts';
import { listPages, toPath, toSelector } from './object-lists.ts';

/** @typeParam Kept what is kept of an object. */
export interface FeedHandlers<Kept = Live> {
  /** A whole list of one kind in one scope; undefined: all namespaces. */
  readonly replace: (kind: string, namespace: string | undefined, objects: readonly Kept[]) => void;
  readonly put: (live: Kept) => void;
  readonly drop: (kind: string, namespace: string, name: string) => void;
  /** Why a stream is not up to date; undefined: it is again. */
  readonly trouble: (stream: string, message: SafeText | undefined) => void;
}

export interface FeedOptions<Kept = Live> {
  readonly kinds: readonly LiveKind<Kept>[];
  readonly api: Pick<KubernetesApi, 'request'>;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Pick<Meter, 'retry'>;
  /** The server ends a watch after so long, and sends a bookmark before. One and a half times as long is silence. */
  readonly watchSeconds?: number;
}

const defaultWatchSeconds = 30;
/** A watch that ends sooner than this, without an event, has failed. */
const shortMs = 1000;

/** Runs until the signal is aborted. */
export async function runFeed<Kept>(
  options: FeedOptions<Kept>,
  handlers: FeedHandlers<Kept>,
  signal: AbortSignal,
): Promise<void> {
  const scopes = options.namespaces ?? [undefined];
  await Promise.all(
    options.kinds.flatMap((kind) =>
      scopes.map((namespace) => new Stream(options, handlers, kind, namespace).run(signal)),
    ),
  );
}

class Stream<Kept> {
  readonly #options: FeedOptions<Kept>;
  readonly #handlers: FeedHandlers<Kept>;
  readonly #kind: LiveKind<Kept>;
  readonly #namespace: string | undefined;
  readonly #path: string;
  readonly #silenceMs: number;
  /** The version to watch from; undefined: list first. */
  #version: string | undefined;
  #failures = 0;
  /** How many watches in a row were expired before any event. */
  #expiries = 0;

  constructor(
    options: FeedOptions<Kept>,
    handlers: FeedHandlers<Kept>,
    kind: LiveKind<Kept>,
    namespace: string | undefined,
  ) {
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
        if (error.status === 403 && this.#kind.neededBy !== undefined) {
          await this.#goWithout(this.#kind.neededBy, error.message, signal);
          continue;
        }
        // The server no longer has the events since that version: to list again is not a failure.
        const isExpired = error.status === 410 && this.#version !== undefined;
        if (isExpired || this.#version === undefined) this.#version = undefined;
        this.#failures++;
        meter.retry('api');
        if (isExpired) this.#expiries++;
        // A list that is expired at once, as from a cache that lags behind, would be fetched without a pause.
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

  /** Nothing of this kind is visible. What was before may not be so any more. */
  async #goWithout(mode: string, message: SafeText, signal: AbortSignal): Promise<void> {
    const { clock, log, meter } = this.#options;
    this.#version = undefined;
    this.#failures++;
    meter.retry('api');
    this.#handlers.replace(this.#kind.kind, this.#namespace, []);
    if (this.#failures === 1)
      log.error(
        safe`${message}. Until the watcher may list and watch ${mask(this.#kind.plural)}, no version of a model in ${mask(mode)} mode becomes Ready; apply the roles of this release`,
      );
    await clock.sleep(computeBackoff(this.#failures, clock.random()), signal);
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
      labelSelector: toSelector(this.#kind),
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
        // An event that is cut off comes again: the version is that of the last whole event.
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
      const live = type === 'DELETED' ? undefined : toLive(object);
      const at = (field: string) => textAt(object, ['metadata', field]) ?? '';
      if (live === undefined) this.#handlers.drop(kind, at('namespace'), at('name'));
      else this.#handlers.put(live);
    }
    this.#version = version;
    this.#expiries = 0;
  }

  #recover(): void {
    if (this.#failures > 0)
      this.#options.log.info(safe`${mask(this.#path)} is up to date again`, { after: this.#failures });
    this.#failures = 0;
    this.#handlers.trouble(this.#path, undefined);
  }

  /** Gives up when nothing is heard for too long. */
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
