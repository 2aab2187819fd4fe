import { toNetworkReason } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { valueAt } from '../../core/input/plain-value.ts';
import { computeBackoff } from '../../core/pacing/backoff.ts';
import type { Clock, Log, Meter } from '../../core/ports/watch.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { ApiTrouble } from './kubernetes-api.ts';

interface RefreshOptions {
  readonly api: Pick<KubernetesApi, 'request'>;
  /** The namespace of Applications that Argo CD's tracking names without one. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Pick<Meter, 'retry'>;
}

/** Few, since Argo CD polls git anyway. */
const attempts = 5;
const atOnce = 4;
const limitMs = 10_000;
const pauseMs = 500;
/** After so long, the annotation is removed and set again, in case the controller has missed it. */
const patienceMs = 15_000;

const annotation = 'argocd.argoproj.io/refresh';

/**
 * Makes Argo CD read git now, by the annotation that `argocd app get --refresh` sets. A few Applications are refreshed
 * at a time, and each at most once while it waits.
 *
 * Argo CD removes the annotation at the end of a refresh, also if it was set again meanwhile (argo-cd
 * controller/appcontroller.go, persistAppStatus, 3.5.7): so a refresh in progress is waited for.
 */
export class ArgocdRefresh {
  readonly #options: RefreshOptions;
  /** Paths of Applications to refresh that are not annotated yet. */
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  #free = atOnce;
  readonly #queue: (() => void)[] = [];

  constructor(options: RefreshOptions) {
    this.#options = options;
  }

  /** @param trackings Argo CD's tracking annotations or labels of the changed models' routes. */
  ask(trackings: readonly string[], signal: AbortSignal): void {
    for (const tracking of trackings) {
      const path = toApplicationPath(tracking, this.#options.namespace);
      this.#waiting.add(path);
      if (!this.#running.has(path)) this.#running.set(path, this.#work(path, signal));
    }
  }

  /** Resolves when nothing is waiting any more. */
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
        // A right to read is not needed: the response to a patch is the whole Application.
        let isLate = false;
        while (!isLate && isRefreshing(await this.#patch(path, {}, signal)) && !signal.aborted) {
          await clock.sleep(pauseMs, signal);
          isLate = clock.now() >= end;
        }
        this.#waiting.delete(path);
        // To set the same value again would be no change, and have no effect.
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

  /** Patches a few at a time. @returns the Application. */
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
