/** Reads the InferenceServices of a namespace in Standard mode, with what runs them, from a watch, and keeps what it saw. */
import { valueAt } from '../../src/core/input/plain-value.ts';
import type { ApiClient } from './api-client.ts';
import { watchObjects } from './object-watch.ts';
import { StateReader, toKey, toName } from './state-reader.ts';

/** What was served, as it came. */
export interface SeenEvent {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly event: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: object;
}

const kinds = [
  { kind: 'InferenceService', apiVersion: 'serving.kserve.io/v1beta1', plural: 'inferenceservices' },
  { kind: 'Deployment', apiVersion: 'apps/v1', plural: 'deployments' },
  { kind: 'Pod', apiVersion: 'v1', plural: 'pods' },
] as const;

type Kind = (typeof kinds)[number];

export class StateWatch extends StateReader {
  readonly #end = new AbortController();
  readonly #watches: readonly Promise<void>[];
  /** By kind and name. */
  readonly #known = new Map<string, object>();
  readonly #events: SeenEvent[] = [];

  constructor(api: ApiClient, namespace: string) {
    super();
    this.#watches = kinds.map((of) => {
      const put = (object: unknown) => this.#take(of, object as object);
      const drop = (object: unknown) => this.#lose(of, object as object);
      const replace = (objects: readonly unknown[]) => {
        const left = new Set(objects.map((object) => toKey(of.kind, object)));
        for (const [key, object] of this.#known) if (key.startsWith(`${of.kind} `) && !left.has(key)) drop(object);
        objects.forEach(put);
      };
      const root = of.apiVersion === 'v1' ? '/api/v1' : `/apis/${of.apiVersion}`;
      const path = `${root}/namespaces/${namespace}/${of.plural}`;
      return watchObjects(api, path, { replace, put, drop, trouble: () => undefined }, this.#end.signal);
    });
  }

  /** Of an InferenceService, with its Deployments and Pods. */
  eventsOf(name: string): SeenEvent[] {
    return this.#events.filter(({ object }) => {
      const owner = valueAt(object, ['metadata', 'labels', 'serving.kserve.io/inferenceservice']);
      return (owner ?? toName(object)) === name;
    });
  }

  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#watches);
  }

  #take(of: Kind, object: object): void {
    const key = toKey(of.kind, object);
    this.#note(this.#known.has(key) ? 'MODIFIED' : 'ADDED', of, object);
    this.#known.set(key, object);
    this.put(of.kind, object);
  }

  #lose(of: Kind, object: object): void {
    this.#note('DELETED', of, object);
    this.#known.delete(toKey(of.kind, object));
    this.drop(of.kind, object);
  }

  /** Lists have the kind of their items only once. */
  #note(event: SeenEvent['event'], { apiVersion, kind }: Kind, object: object): void {
    this.#events.push({ at: new Date().toISOString(), event, object: { apiVersion, kind, ...object } });
  }
}
