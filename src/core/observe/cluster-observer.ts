import type { ModelStatus } from '../input/schema.ts';
import type { LiveWorkload } from '../serving/workload.ts';
import type { FollowedService } from './freshness.ts';
import { follow } from './freshness.ts';
import type { Live, LiveRoute, LiveService } from './live-object.ts';
import { toKey, toServiceKey } from './live-object.ts';
import type { DeclaredModel, ModelMemory } from './observed-model.ts';
import { observeModel } from './observed-model.ts';

export interface RecordedModel extends DeclaredModel {
  /** What its status file reports. */
  readonly recorded: ModelStatus['status'] | undefined;
}

/** Observes models in lists of live objects, as the watcher does, and remembers what it needs for the next list. */
export class ClusterObserver {
  readonly #known = new Map<string, ModelMemory>();
  #services = new Map<string, FollowedService>();

  /**
   * @param now in milliseconds, by a clock that only goes forward.
   * @returns a status for each model, in their order.
   */
  observe(models: readonly RecordedModel[], objects: readonly Live[], now: number): ModelStatus['status'][] {
    const services = new Map<string, FollowedService>();
    const routes = new Map<string, LiveRoute>();
    const workloads = new Map<string, LiveWorkload[]>();
    const byModel = new Map<string, LiveService[]>();
    for (const live of objects) {
      if (live.is === 'route') routes.set(toKey(live), live);
      else if (live.is === 'workload') {
        const service = toServiceKey(live);
        workloads.set(service, [...(workloads.get(service) ?? []), live]);
      } else {
        services.set(toKey(live), follow(this.#services.get(toKey(live)), live));
        const model = toKey({ namespace: live.namespace, name: live.model ?? '' });
        byModel.set(model, [...(byModel.get(model) ?? []), live]);
      }
    }
    this.#services = services;
    return models.map((model) => {
      const { primary, candidates, recorded } = model;
      const key = toKey(model);
      // A former candidate that still exists.
      const others = (byModel.get(key) ?? []).filter(({ name }) => name !== primary);
      const leaving = others.slice(0, 1).map(({ name }) => name);
      const { status, memory } = observeModel(
        { ...model, candidates: candidates.length > 0 ? candidates : leaving },
        { services, routes, workloads },
        recorded,
        this.#known.get(key) ?? {},
        // Each state is shown at once; `--settle` is for those who wait.
        { now, settleMs: 0 },
      );
      this.#known.set(key, memory);
      return status;
    });
  }
}
