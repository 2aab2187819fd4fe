/** The InferenceServices, routes and workloads that the cluster has now, and what each event changed. */

import type { FollowedService } from '../core/observe/freshness.ts';
import { follow } from '../core/observe/freshness.ts';
import type { Evidence } from '../core/observe/judged-candidate.ts';
import type { Live, LiveRoute } from '../core/observe/live-object.ts';
import { toKey, toServiceKey } from '../core/observe/live-object.ts';
import type { LiveObjects } from '../core/observe/observed-model.ts';
import { isRouteKind, routers } from '../core/routing/routers.ts';
import { isWorkloadKind, watchedKinds, workloadKinds } from '../core/serving/modes.ts';
import type { LiveWorkload } from '../core/serving/workload.ts';
import { LiveWorkloads } from './live-workloads.ts';

/**
 * One object before and after an event; undefined: the cluster did not have it, or no longer has it. The same value in
 * both: nothing that is kept has changed.
 */
export type LiveChange = { readonly key: string } & (
  | {
      readonly is: 'version';
      readonly kind: string;
      readonly before: FollowedService | undefined;
      readonly after: FollowedService | undefined;
    }
  | {
      readonly is: 'route';
      readonly kind: string;
      readonly before: LiveRoute | undefined;
      readonly after: LiveRoute | undefined;
    }
  | {
      readonly is: 'workload';
      readonly kind: string;
      readonly before: LiveWorkload | undefined;
      readonly after: LiveWorkload | undefined;
      /** The InferenceService that it names; undefined: there is none, or the workload is not known. */
      readonly of: FollowedService | undefined;
    }
);

export class LiveCache implements LiveObjects {
  /** Undefined: the comparer was not asked yet. */
  evidence: Evidence | undefined;
  readonly #services = new Map<string, FollowedService>();
  readonly #routes = new Map<string, LiveRoute>();
  readonly #workloads = new LiveWorkloads();
  /** The routes that send copies to the comparer. */
  readonly #judged = new Set<string>();
  readonly #listed = new Set<string>();
  readonly #lists: number;

  /** @param namespaces the namespaces that are listed one by one; undefined: all are listed at once. */
  constructor(namespaces: readonly string[] | undefined) {
    this.#lists = (watchedKinds.length + workloadKinds.length + routers.length) * (namespaces?.length ?? 1);
  }

  get services(): ReadonlyMap<string, FollowedService> {
    return this.#services;
  }

  get routes(): ReadonlyMap<string, LiveRoute> {
    return this.#routes;
  }

  get workloads(): ReadonlyMap<string, readonly LiveWorkload[]> {
    return this.#workloads.byService;
  }

  /** Whether the comparer is to compare anything. */
  get isJudging(): boolean {
    return this.#judged.size > 0;
  }

  /** Whether all kinds were listed everywhere: from then on, an object that is not here is missing. */
  get isComplete(): boolean {
    return this.#listed.size === this.#lists;
  }

  put(live: Live): LiveChange {
    const key = toKey(live);
    if (live.is === 'route') {
      const before = this.#routes.get(key);
      this.#routes.set(key, live);
      if (live.task === undefined) this.#judged.delete(key);
      else this.#judged.add(key);
      return { is: 'route', kind: live.kind, key, before, after: live };
    }
    if (live.is === 'workload') return this.#toChange(live.kind, key, this.#workloads.put(live));
    const before = this.#services.get(key);
    const after = follow(before, live);
    this.#services.set(key, after);
    return { is: 'version', kind: live.kind, key, before, after };
  }

  drop(kind: Live['kind'], namespace: string, name: string): LiveChange {
    const key = toKey({ namespace, name });
    if (isRouteKind(kind)) {
      const before = this.#routes.get(key);
      // Another router's of the same name stays.
      if (before !== undefined && before.kind !== kind) return { is: 'route', kind, key, before, after: before };
      this.#routes.delete(key);
      this.#judged.delete(key);
      return { is: 'route', kind, key, before, after: undefined };
    }
    if (isWorkloadKind(kind)) {
      const before = this.#workloads.drop(kind, key);
      return this.#toChange(kind, key, { before, after: undefined });
    }
    const before = this.#services.get(key);
    this.#services.delete(key);
    return { is: 'version', kind, key, before, after: undefined };
  }

  /** Takes the list of one namespace; undefined: of all. Objects that are not in it are dropped. */
  replace(kind: Live['kind'], scope: string | undefined, objects: readonly Live[]): LiveChange[] {
    this.#listed.add(`${kind} ${scope ?? ''}`);
    const changes = objects.map((live) => this.put(live));
    const listed = new Set(changes.map(({ key }) => key));
    const all: ReadonlyMap<string, Live> = isRouteKind(kind)
      ? this.#routes
      : isWorkloadKind(kind)
        ? this.#workloads.of(kind)
        : this.#services;
    for (const [key, { kind: known, namespace, name }] of all)
      if (known === kind && !listed.has(key) && (scope ?? namespace) === namespace)
        changes.push(this.drop(kind, namespace, name));
    return changes;
  }

  #toChange(
    kind: string,
    key: string,
    change: { readonly before: LiveWorkload | undefined; readonly after: LiveWorkload | undefined },
  ): LiveChange {
    const workload = change.after ?? change.before;
    return { is: 'workload', kind, key, ...change, of: workload && this.#services.get(toServiceKey(workload)) };
  }
}
