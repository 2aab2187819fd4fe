/** The InferenceServices and routes that the cluster has now, and what each event changed. */

import type { FollowedService } from '../core/observe/freshness.ts';
import { follow } from '../core/observe/freshness.ts';
import type { Live, LiveRoute } from '../core/observe/live-object.ts';
import { toKey } from '../core/observe/live-object.ts';
import type { LiveObjects } from '../core/observe/observed-model.ts';
import { isRouteKind, routers } from '../core/routing/routers.ts';

/** One object before and after an event; undefined: the cluster did not have it, or no longer has it. */
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
);

export class LiveCache implements LiveObjects {
  readonly #services = new Map<string, FollowedService>();
  readonly #routes = new Map<string, LiveRoute>();
  readonly #listed = new Set<string>();
  readonly #lists: number;

  /** @param namespaces the namespaces that are listed one by one; undefined: all are listed at once. */
  constructor(namespaces: readonly string[] | undefined) {
    this.#lists = (1 + routers.length) * (namespaces?.length ?? 1);
  }

  get services(): ReadonlyMap<string, FollowedService> {
    return this.#services;
  }

  get routes(): ReadonlyMap<string, LiveRoute> {
    return this.#routes;
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
      return { is: 'route', kind: live.kind, key, before, after: live };
    }
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
      return { is: 'route', kind, key, before, after: undefined };
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
    const all: ReadonlyMap<string, Live> = isRouteKind(kind) ? this.#routes : this.#services;
    for (const [key, { kind: known, namespace, name }] of all)
      if (known === kind && !listed.has(key) && (scope ?? namespace) === namespace)
        changes.push(this.drop(kind, namespace, name));
    return changes;
  }
}
