/**
 * The objects of one resource, and their history.
 *
 * Invariants: an object is serialized once for all readers; all pages of a list show the same version; the kept history
 * has no gaps.
 */
import type { KubernetesObject } from './object.ts';
import type { ResourceType } from './resource.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** An object at one version. */
export class Stored {
  readonly key: string;
  readonly object: KubernetesObject;
  #json: Buffer | undefined;

  constructor(object: KubernetesObject, version: number) {
    this.object = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.key = toKey(object.metadata.namespace, object.metadata.name);
  }

  get json(): Buffer {
    this.#json ??= Buffer.from(JSON.stringify(this.object));
    return this.#json;
  }
}

/** A change of one object. */
export class StoreEvent {
  readonly version: number;
  readonly before: Stored | undefined;
  readonly after: Stored | undefined;
  readonly #lines = new Map<EventType, Buffer>();
  #gone: Stored | undefined;

  constructor(version: number, before: Stored | undefined, after: Stored | undefined) {
    this.version = version;
    this.before = before;
    this.after = after;
  }

  /** The bytes that are sent, the same for all watches. */
  line(type: EventType): Buffer {
    const known = this.#lines.get(type);
    if (known !== undefined) return known;
    const shown = type === 'DELETED' ? this.#last() : this.after;
    const line = toLine(type, shown?.json ?? Buffer.from('null'));
    this.#lines.set(type, line);
    return line;
  }

  /** The last state, with the version of the deletion (apiserver storage/cacher, convertToWatchEvent). */
  #last(): Stored | undefined {
    if (this.before !== undefined) this.#gone ??= new Stored(this.before.object, this.version);
    return this.#gone;
  }
}

/** One event of a watch. */
export function toLine(type: EventType | 'BOOKMARK' | 'ERROR', json: Buffer | string): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), Buffer.from(json), Buffer.from('}\n')]);
}

export class KubernetesStore {
  readonly type: ResourceType;
  readonly #historyLength: number;
  readonly #objects = new Map<string, Stored>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #snapshots = new Map<number, readonly Stored[]>();
  #history: StoreEvent[] = [];
  /** Sorted by key. */
  #sorted: readonly Stored[] | undefined;
  /** The version of the last change that is no longer kept. */
  #forgotten = 0;

  constructor(type: ResourceType, historyLength: number) {
    this.type = type;
    this.#historyLength = historyLength;
  }

  get(namespace: string, name: string): KubernetesObject | undefined {
    return this.#objects.get(toKey(namespace, name))?.object;
  }

  /** The same in JSON. */
  getJson(namespace: string, name: string): Buffer | undefined {
    return this.#objects.get(toKey(namespace, name))?.json;
  }

  /** @returns the stored object, with its version. */
  put(object: KubernetesObject, version: number): KubernetesObject {
    const after = new Stored(object, version);
    const before = this.#objects.get(after.key);
    this.#objects.set(after.key, after);
    this.#record(new StoreEvent(version, before, after));
    return after.object;
  }

  delete({ metadata: { namespace, name } }: KubernetesObject, version: number): void {
    const key = toKey(namespace, name);
    const before = this.#objects.get(key);
    this.#objects.delete(key);
    this.#record(new StoreEvent(version, before, undefined));
  }

  /** All objects, sorted by key. */
  list(): readonly Stored[] {
    this.#sorted ??= sort(this.#objects);
    return this.#sorted;
  }

  /**
   * All objects at a version, sorted by key.
   *
   * @returns undefined when that version is no longer kept.
   */
  listAt(version: number): readonly Stored[] | undefined {
    const last = this.#history.at(-1)?.version ?? this.#forgotten;
    if (last <= version) return this.list();
    if (this.#snapshots.has(version)) return this.#snapshots.get(version);
    if (version < this.#forgotten) return undefined;
    const objects = new Map(this.#objects);
    for (const { before, after } of this.since(version)?.reverse() ?? [])
      if (before !== undefined) objects.set(before.key, before);
      else if (after !== undefined) objects.delete(after.key);
    return sort(objects);
  }

  /** Keeps the result of `listAt` for a version until `compact`, or until many others are kept. */
  keep(version: number, listed: readonly Stored[]): void {
    this.#snapshots.set(version, listed);
    const [oldest] = this.#snapshots.keys();
    if (this.#snapshots.size > 16 && oldest !== undefined) this.#snapshots.delete(oldest);
  }

  /** The changes after a version; undefined when some are no longer kept. */
  since(version: number): StoreEvent[] | undefined {
    if (version < this.#forgotten) return undefined;
    let start = this.#history.length;
    while (start > 0 && (this.#history[start - 1]?.version ?? 0) > version) start--;
    return this.#history.slice(start);
  }

  /** The version of the last change that is no longer kept. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Drops the changes up to a version. */
  compact(version: number): void {
    this.#history = [];
    this.#snapshots.clear();
    this.#forgotten = version;
  }

  /** @returns a function that removes the listener. */
  listen(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #record(event: StoreEvent): void {
    this.#sorted = undefined;
    this.#history.push(event);
    // Not at every event, because it moves all others.
    if (this.#history.length > 2 * this.#historyLength) {
      const dropped = this.#history.splice(0, this.#history.length - this.#historyLength);
      this.#forgotten = dropped.at(-1)?.version ?? this.#forgotten;
    }
    for (const listener of this.#listeners) listener(event);
  }
}

function toKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function sort(objects: ReadonlyMap<string, Stored>): readonly Stored[] {
  return [...objects.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
