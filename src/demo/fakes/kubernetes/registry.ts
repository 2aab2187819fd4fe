/** The stores of all resources. They share one count of versions, as in etcd. */
import type { KubernetesObject, Written } from './object.ts';
import { isHeld, markDeleted } from './object.ts';
import type { ResourceType } from './resource.ts';
import { toApiVersion } from './resource.ts';
import { KubernetesStore } from './store.ts';

export class Registry {
  readonly #stores: ReadonlyMap<string, KubernetesStore>;
  #version = 1;

  constructor(resources: readonly ResourceType[], historyLength: number) {
    this.#stores = new Map(
      resources.map((type) => [`${toApiVersion(type)}/${type.plural}`, new KubernetesStore(type, historyLength)]),
    );
  }

  /** Of the last change, in any store. */
  get version(): number {
    return this.#version;
  }

  /** @param path as in URLs: `networking.istio.io/v1/gateways`, `v1/pods`. */
  find(path: string): KubernetesStore | undefined {
    return this.#stores.get(path);
  }

  /** @throws Error when there is none. */
  byPlural(plural: string): KubernetesStore {
    return this.#first(plural, ({ type }) => type.plural === plural);
  }

  /** @throws Error when there is none. */
  byKind({ apiVersion, kind }: Written): KubernetesStore {
    const matches = ({ type }: KubernetesStore) => type.kind === kind && toApiVersion(type) === apiVersion;
    return this.#first(`${apiVersion} ${kind}`, matches);
  }

  /** @returns the object as it is stored now, or its last state if this write removed its last finalizer. */
  save(store: KubernetesStore, live: KubernetesObject | undefined, next: KubernetesObject): KubernetesObject {
    if (next === live) return live;
    if (live?.metadata.deletionTimestamp === undefined || isHeld(next)) return store.put(next, ++this.#version);
    store.delete(live, ++this.#version);
    return next;
  }

  /** @returns the object if finalizers keep it; undefined when it is gone. */
  delete(store: KubernetesStore, live: KubernetesObject, time: string): KubernetesObject | undefined {
    if (!isHeld(live)) {
      store.delete(live, ++this.#version);
      return undefined;
    }
    const marked = markDeleted(live, time);
    return marked === live ? live : store.put(marked, ++this.#version);
  }

  /** Forgets all changes up to now. */
  compact(): void {
    for (const store of this.#stores.values()) store.compact(this.#version);
  }

  #first(name: string, matches: (store: KubernetesStore) => boolean): KubernetesStore {
    const store = [...this.#stores.values()].find(matches);
    if (store === undefined) throw new Error(`the fake has no ${name}`);
    return store;
  }
}
