/**
 * Objects of packs, in memory, by their ids.
 *
 * Few are kept inflated. Where there are many, they are kept as they came, and inflated again when they are read: what
 * nobody wants of a large repository then takes as little memory as it can.
 */
import type { FetchBudget } from '../fetch-limit.ts';
import type { ObjectType } from '../objects.ts';
import { applyDelta, readDeltaHeader } from './delta.ts';
import { inflate } from './inflate.ts';

export interface StoredObject {
  readonly type: ObjectType;
  /** In bytes. */
  readonly size: number;
  readonly content: Content;
}

/** The bytes of an object, or how they are made. */
type Content = Buffer | Packed;

/** As it came in a pack. */
export interface Packed {
  readonly data: Buffer;
  /** Of the data when it is inflated, in bytes. */
  readonly size: number;
  /** Undefined: the data is the object; otherwise what makes it of this. */
  readonly base: StoredObject | undefined;
}

/** Of an object and what leads to it, in bytes. Measured: 240 to 290 with 100,000 objects. */
export const objectOverhead = 300;
/** What a step of a chain counts as work, in bytes: a delta of a few bytes takes as long as one of so many. */
const leastStep = 1024;
const inflatedLimit = 48 * 2 ** 20;
const recentLimit = 8 * 2 ** 20;

export class ObjectStore {
  readonly #budget: FetchBudget;
  readonly #inflatedLimit: number;
  readonly #objects = new Map<string, StoredObject>();
  readonly #tooLarge = new Map<string, number>();
  /** What was inflated last, the newest at the end. */
  readonly #recent = new Map<StoredObject, Buffer>();
  #recentLength = 0;

  constructor(budget: FetchBudget, inflated = inflatedLimit) {
    this.#budget = budget;
    this.#inflatedLimit = inflated;
  }

  find(id: string): StoredObject | undefined {
    return this.#objects.get(id);
  }

  ids(): Iterable<string> {
    return this.#objects.keys();
  }

  /** The size in bytes of a file that was not kept because it is too large; undefined: there is no such file. */
  sizeOfTooLarge(id: string): number | undefined {
    return this.#tooLarge.get(id);
  }

  /**
   * @param content of the object.
   * @param packed the same as it came; its bytes may change later.
   * @throws BranchTrouble when it does not fit into memory.
   */
  add(id: string, type: ObjectType, content: Buffer, packed: Packed): StoredObject {
    const known = this.#objects.get(id);
    if (known !== undefined) return known;
    const isInflated = this.#budget.held + content.length < this.#inflatedLimit || content.length <= packed.data.length;
    const kept = isInflated ? content : { ...packed, data: Buffer.from(packed.data) };
    const added = { type, size: content.length, content: kept };
    this.#budget.hold(toCost(added));
    this.#objects.set(id, added);
    if (!isInflated) this.#remember(added, content);
    return added;
  }

  addTooLarge(id: string, size: number): void {
    this.#budget.hold(objectOverhead);
    this.#tooLarge.set(id, size);
  }

  /** @throws BranchTrouble when it takes too long. */
  read(object: StoredObject): Buffer {
    const deltas: StoredObject[] = [];
    let at = object;
    let content = this.#findContent(at);
    // A loop, as a hostile chain may be longer than a stack.
    while (content === undefined) {
      const { data, size, base } = at.content as Packed;
      this.#budget.spend(Math.max(size, leastStep));
      if (base === undefined) content = inflateAll(data, size);
      else {
        deltas.push(at);
        at = base;
        content = this.#findContent(at);
      }
    }
    for (let delta = deltas.pop(); delta !== undefined; delta = deltas.pop()) {
      const { data, size } = delta.content as Packed;
      this.#budget.spend(delta.size);
      const instructions = inflateAll(data, size);
      content = applyDelta(content, instructions, readDeltaHeader(instructions));
    }
    if (!Buffer.isBuffer(object.content)) this.#remember(object, content);
    return content;
  }

  /** Drops all objects but these, and what they are made of. */
  retain(ids: ReadonlySet<string>): void {
    const kept = new Map<string, StoredObject>();
    let cost = 0;
    const counted = new Set<StoredObject>();
    for (const id of ids) {
      const object = this.#objects.get(id);
      if (object === undefined) continue;
      kept.set(id, object);
      for (let at: StoredObject | undefined = object; at !== undefined && !counted.has(at); at = toBase(at)) {
        counted.add(at);
        cost += toCost(at);
      }
    }
    const tooLarge = [...this.#tooLarge].filter(([id]) => ids.has(id));
    this.#objects.clear();
    this.#tooLarge.clear();
    this.#recent.clear();
    this.#recentLength = 0;
    this.#budget.release(this.#budget.held);
    for (const [id, object] of kept) this.#objects.set(id, object);
    this.#budget.hold(cost);
    for (const [id, size] of tooLarge) this.addTooLarge(id, size);
  }

  #findContent(object: StoredObject): Buffer | undefined {
    if (Buffer.isBuffer(object.content)) return object.content;
    return this.#recent.get(object);
  }

  #remember(object: StoredObject, content: Buffer): void {
    if (this.#recent.delete(object)) this.#recentLength -= object.size;
    this.#recent.set(object, content);
    this.#recentLength += object.size;
    for (const oldest of this.#recent.keys()) {
      if (this.#recentLength <= recentLimit) break;
      this.#recent.delete(oldest);
      this.#recentLength -= oldest.size;
    }
  }
}

function toBase({ content }: StoredObject): StoredObject | undefined {
  return Buffer.isBuffer(content) ? undefined : content.base;
}

function toCost({ content }: StoredObject): number {
  return objectOverhead + (Buffer.isBuffer(content) ? content.length : content.data.length);
}

/** It has been inflated before. */
function inflateAll(data: Buffer, size: number): Buffer {
  return inflate(data, size)?.content ?? Buffer.alloc(0);
}
