/** The models that are known from live routes, by the hosts that clients call. */

import type { CountedName } from '../core/ports/compare.ts';
import { toPlainHost } from './host-name.ts';
import type { Routed } from './routed.ts';
import type { NoTarget, Target } from './target.ts';
import { toTarget } from './target.ts';

/** What is known of a host. */
export type Found =
  | Target
  /** No model has it, or several have: then nobody can tell whose a request is. */
  | 'unknown-host'
  | { readonly is: NoTarget; readonly namespace: string; readonly model: string };

export class RouteTable {
  /** By router, namespace and name. */
  readonly #routes = new Map<string, Routed>();
  /** By host in each of its forms: the first hops that have it. */
  readonly #byHost = new Map<string, Set<Routed>>();
  /** Computed when it is asked for; any change of a host may change any of them. */
  #targets = new Map<Routed, Target | NoTarget>();

  put(routed: Routed): void {
    this.#remove(toKey(routed.kind, routed.namespace, routed.name));
    this.#routes.set(toKey(routed.kind, routed.namespace, routed.name), routed);
    for (const form of toForms(routed)) {
      const known = this.#byHost.get(form) ?? new Set();
      this.#byHost.set(form, known.add(routed));
    }
    this.#targets.clear();
  }

  drop(kind: string, namespace: string, name: string): void {
    this.#remove(toKey(kind, namespace, name));
    this.#targets.clear();
  }

  /** Takes the list of one namespace; undefined: of all. */
  replace(kind: string, scope: string | undefined, routes: readonly Routed[]): void {
    const listed = new Set(routes.map(({ namespace, name }) => toKey(kind, namespace, name)));
    for (const [key, routed] of this.#routes)
      if (routed.kind === kind && (scope ?? routed.namespace) === routed.namespace && !listed.has(key))
        this.#remove(key);
    for (const routed of routes) this.put(routed);
    this.#targets.clear();
  }

  /** @param authority as a request has it. */
  find(authority: string): Found {
    const known = this.#byHost.get(toPlainHost(authority));
    const [first] = known ?? [];
    if (known === undefined || first === undefined || known.size > 1) return 'unknown-host';
    const target = this.#toTarget(first);
    return typeof target === 'string' ? { is: target, namespace: first.namespace, model: first.model ?? '' } : target;
  }

  /** @param authority as a request has it. @returns undefined: nobody is asked for it, for whatever reason. */
  findTarget(authority: string): Target | undefined {
    const found = this.find(authority);
    return typeof found === 'object' && 'task' in found ? found : undefined;
  }

  /** All models with a task that can be done. */
  get targets(): readonly Target[] {
    return [...this.#routes.values()].flatMap((routed) => {
      const target = routed.requests === undefined ? 'no-task' : this.#toTarget(routed);
      return typeof target === 'string' ? [] : target;
    });
  }

  /** All models, and those candidates of them whose task can be done. */
  *names(): Iterable<CountedName> {
    for (const { requests, namespace, model = '' } of this.#routes.values())
      if (requests !== undefined) yield { namespace, model };
    for (const { namespace, model, version } of this.targets) yield { namespace, model, version };
  }

  #toTarget(first: Routed): Target | NoTarget {
    const known = this.#targets.get(first);
    if (known !== undefined) return known;
    const second = this.#routes.get(toKey(first.kind, first.namespace, first.router.toMirrorName(first.model ?? '')));
    const target = toTarget(first, second, (host) => this.#byHost.has(toPlainHost(host)));
    this.#targets.set(first, target);
    return target;
  }

  #remove(key: string): void {
    const routed = this.#routes.get(key);
    if (routed === undefined) return;
    this.#routes.delete(key);
    for (const form of toForms(routed)) {
      const known = this.#byHost.get(form);
      known?.delete(routed);
      if (known?.size === 0) this.#byHost.delete(form);
    }
  }
}

function toKey(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/** `toPlainHost` removes what a request may have beside them. */
function toForms({ requests, hosts = [], router }: Routed): readonly string[] {
  return requests === undefined ? [] : hosts.flatMap((host) => router.toHostForms(toPlainHost(host)));
}
