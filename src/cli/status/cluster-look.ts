/** `status --live`: what the cluster shows of models, as the watcher would tell it. Nothing is written. */

import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { ModelStatus } from '../../core/input/schema.ts';
import type { FollowedService } from '../../core/observe/freshness.ts';
import { follow } from '../../core/observe/freshness.ts';
import type { Live, LiveRoute, LiveService } from '../../core/observe/live-object.ts';
import { routeKind, toKey } from '../../core/observe/live-object.ts';
import type { DeclaredModel, ModelMemory } from '../../core/observe/observed-model.ts';
import { observeModel } from '../../core/observe/observed-model.ts';
import { listLive } from '../../io/kubernetes/cluster-feed.ts';
import type { ApiPlace } from '../../io/kubernetes/kubernetes-api.ts';
import { ApiTrouble, KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';

/** A model whose live objects are looked for. */
export interface LookedAt extends DeclaredModel {
  /** What its status file says. */
  readonly told: ModelStatus['status'] | undefined;
}

export interface LookOptions {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: number;
  readonly signal: AbortSignal;
}

export class ClusterLook {
  readonly #api: KubernetesApi;
  readonly #known = new Map<string, ModelMemory>();
  #services = new Map<string, FollowedService>();

  /** @throws Fault when there is no kubeconfig, or none that can be read. */
  constructor(place: ApiPlace) {
    this.#api = new KubernetesApi(place);
  }

  /**
   * @returns a status for each model, in their order.
   * @throws Fault when the cluster does not answer.
   */
  async look(models: readonly LookedAt[], { now, signal }: LookOptions): Promise<ModelStatus['status'][]> {
    const objects = await this.#list([...new Set(models.map(({ namespace }) => namespace))], signal);
    const services = new Map<string, FollowedService>();
    const routes = new Map<string, LiveRoute>();
    const others = new Map<string, LiveService[]>();
    for (const live of objects) {
      if (live.kind === routeKind) routes.set(toKey(live), live);
      else {
        services.set(toKey(live), follow(this.#services.get(toKey(live)), live));
        const model = toKey({ namespace: live.namespace, name: live.model ?? '' });
        others.set(model, [...(others.get(model) ?? []), live]);
      }
    }
    this.#services = services;
    return models.map((model) => {
      const { primary, candidate, told } = model;
      const key = toKey(model);
      // One that was a candidate, and is not gone yet.
      const leaving = (others.get(key) ?? []).find(({ name }) => name !== primary)?.name;
      const { status, memory } = observeModel(
        { ...model, candidate: candidate ?? leaving },
        { services, routes },
        told,
        this.#known.get(key) ?? {},
        // What is seen is told; who waits has patience of their own.
        { now, settleMs: 0 },
      );
      this.#known.set(key, memory);
      return status;
    });
  }

  async #list(namespaces: readonly string[], signal: AbortSignal): Promise<Live[]> {
    try {
      return await listLive(this.#api, namespaces, signal);
    } catch (error) {
      if (!(error instanceof ApiTrouble)) throw error;
      const hint =
        error.status === 401 || error.status === 403
          ? 'it takes the right to list InferenceServices and VirtualServices; another --context may have it'
          : 'look whether the cluster is up, or name another with --kubeconfig or --context';
      throw new Fault('environment', error.message, safe`${hint}`, { cause: error });
    }
  }
}
