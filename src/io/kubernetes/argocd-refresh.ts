import { toNetworkReason } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { valueAt } from '../../core/input/plain-value.ts';
import { computeBackoff } from '../../core/pacing/backoff.ts';
import type { Clock, Log, Meter } from '../../core/ports/watch.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { ApiTrouble } from './kubernetes-api.ts';

interface RefreshOptions {
  readonly api: Pick<KubernetesApi, 'request'>;
  /** Where Applications are that Argo CD's tracking names without a namespace. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Pick<Meter, 'retry'>;
}

/** Argo CD polls anyway: a refresh that does not succeed soon is not worth more. */
const attempts = 5;
const atOnce = 4;
const limitMs = 10_000;
const pauseMs = 500;
/** A controller that does not work will find the annotation when it does; one that has overlooked it is asked anew. */
const patienceMs = 15_000;

const annotation = 'argocd.argoproj.io/refresh';

/**
 * Asks Argo CD to look at git now, by the annotation that `argocd app get --refresh` sets. Applications
 * are asked a few at a time, and each at most once while it waits.
 *
 * Argo CD takes the annotation away at the end of a refresh, and with it whatever was asked for in between
 * (argo-cd controller/appcontroller.go, persistAppStatus, 3.5.7): so a refresh under way is waited for.
 */
export class ArgocdRefresh {
  readonly #options: RefreshOptions;
  /** Asked for, and not yet passed on. */
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  #free = atOnce;
  readonly #queue: (() => void)[] = [];

  constructor(options: RefreshOptions) {
    this.#options = options;
  }

  /** @param trackings Argo CD's tracking annotations or labels of the changed models' VirtualServices. */
  ask(trackings: readonly string[], signal: AbortSignal): void {
    for (const tracking of trackings) {
      const path = toApplicationPath(tracking, this.#options.namespace);
      this.#waiting.add(path);
      if (!this.#running.has(path)) this.#running.set(path, this.#work(path, signal));
    }
  }

  /** Ends when nobody is waiting any more. */
  async finish(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #work(path: string, signal: AbortSignal): Promise<void> {
    while (this.#waiting.has(path) && !signal.aborted) await this.#refresh(path, signal);
    this.#running.delete(path);
  }

  async #refresh(path: string, signal: AbortSignal): Promise<void> {
    const { clock, log, meter } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const end = clock.now() + patienceMs;
        // There is no right to read, and none is needed: a patch is answered with the whole of it.
        let isLate = false;
        while (!isLate && isRefreshing(await this.#patch(path, {}, signal)) && !signal.aborted) {
          await clock.sleep(pauseMs, signal);
          isLate = clock.now() >= end;
        }
        this.#waiting.delete(path);
        // The same value would be no change, and wake nobody.
        if (isLate) await this.#patch(path, toAnnotation(null), signal);
        await this.#patch(path, toAnnotation('normal'), signal);
        return;
      } catch (error) {
        if (!(error instanceof ApiTrouble)) throw error;
        meter.retry('argocd');
        const isFinal = attempt === attempts || error.status === 404 || error.status === 403;
        log.warn(safe`Argo CD was not asked to refresh: ${error.message}`, { attempt, isFinal });
        if (isFinal) {
          this.#waiting.delete(path);
          return;
        }
        await clock.sleep(Math.max(computeBackoff(attempt, clock.random()), error.retryAfterMs ?? 0), signal);
      }
    }
  }

  /** A few at a time. @returns the Application. */
  async #patch(path: string, patch: object, signal: AbortSignal): Promise<unknown> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      const response = await this.#options.api.request(path, {
        method: 'PATCH',
        contentType: 'application/merge-patch+json',
        body: JSON.stringify(patch),
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      });
      return await response.json().catch((error: unknown) => {
        throw new ApiTrouble(safe`the answer cannot be read: ${toNetworkReason(error)}`);
      });
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

function toAnnotation(value: 'normal' | null): object {
  return { metadata: { annotations: { [annotation]: value } } };
}

function isRefreshing(application: unknown): boolean {
  return valueAt(application, ['metadata', 'annotations', annotation]) !== undefined;
}

/**
 * `app:group/Kind:namespace/name` or `app`; an Application outside of Argo CD's own namespace is written
 * `namespace_app` (Argo CD, "Applications in any namespace").
 */
function toApplicationPath(tracking: string, namespace: string): string {
  const [application = ''] = tracking.split(':');
  const end = application.indexOf('_');
  const own = end < 0 ? namespace : application.slice(0, end);
  const name = application.slice(end + 1);
  return `/apis/argoproj.io/v1alpha1/namespaces/${encodeURIComponent(own)}/applications/${encodeURIComponent(name)}`;
}
