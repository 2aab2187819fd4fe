/**
 * Reads a pack in one pass, as it arrives (gitformat-pack(5)): no index, no file, and no second copy of it.
 *
 * Invariants: the id of an object is computed from its bytes, so that nothing else is ever read in its place; files that
 * are too large pass by and are not kept, with what is a difference from them.
 */
import { createHash } from 'node:crypto';
import type { FetchBudget } from '../fetch-limit.ts';
import type { ObjectType } from '../objects.ts';
import { toObjectId } from '../objects.ts';
import { idLength, packHeaderLength, toPackHeader } from '../pack-format.ts';
import { toBrokenPack } from './broken-pack.ts';
import { applyDelta, readDeltaHeader } from './delta.ts';
import type { EntryHeader } from './entry-header.ts';
import { longestHeader, readEntryHeader } from './entry-header.ts';
import { inflate, inflateAway, inflateNext } from './inflate.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import { objectOverhead } from './object-store.ts';
import { PackBytes } from './pack-bytes.ts';

/** Where objects go, and how many fit. */
export interface PackTarget {
  readonly store: ObjectStore;
  readonly budget: FetchBudget;
  /** Files that have more bytes are not kept. */
  readonly maxFileBytes: number;
  /** A folder that is neither in the pack nor in the store, and of which something may be a difference. */
  readonly findFolder?: (id: string) => Buffer | undefined;
}

/**
 * Adds the objects of a pack to a store. Differences from what is neither in the pack nor in the store are left out.
 *
 * @param chunks the pack, cut anywhere.
 * @throws BranchTrouble when it is broken, or does not fit into memory.
 */
export async function readPack(chunks: AsyncIterable<Buffer>, target: PackTarget): Promise<void> {
  const bytes = new PackBytes(chunks);
  try {
    const header = await bytes.take(packHeaderLength);
    const count = header.readUInt32BE(8);
    if (!header.equals(toPackHeader(count))) throw toBrokenPack('it does not begin as one');
    target.budget.begin();
    const reader = new PackReader(bytes, target);
    for (let read = 1; read <= count; read++) {
      target.budget.reach(read / count);
      // Objects that are not kept take memory, too.
      target.budget.assertFits(read * placeOverhead);
      await reader.readEntry();
    }
    reader.end();
    const digest = bytes.digest();
    if (!(await bytes.take(idLength)).equals(digest)) throw toBrokenPack('its checksum is another one');
    if (await bytes.fillSome()) throw toBrokenPack('there is more behind its end');
  } finally {
    await bytes.close();
  }
}

/** Of an object's place in the pack, in bytes. */
const placeOverhead = 64;

/** A delta whose base has not been read yet. */
interface WaitingDelta {
  readonly offset: number;
  readonly data: Buffer;
  readonly size: number;
}

/** What a delta refers to. */
type Base = StoredObject | 'left out' | 'later';

class PackReader {
  readonly #bytes: PackBytes;
  readonly #target: PackTarget;
  /** By where they begin in the pack. */
  readonly #byOffset = new Map<number, Base>();
  /** By where their bases begin in the pack, or by their ids. */
  readonly #waiting = new Map<number | string, WaitingDelta[]>();

  constructor(bytes: PackBytes, target: PackTarget) {
    this.#bytes = bytes;
    this.#target = target;
  }

  async readEntry(): Promise<void> {
    const bytes = this.#bytes;
    const { offset } = bytes;
    if (bytes.available.length < longestHeader) await bytes.fill(longestHeader);
    const header = readEntryHeader(bytes.available);
    bytes.consume(header.length);
    if (header.type !== undefined) await this.#readWhole(offset, header.type, header.size);
    else await this.#readDelta(offset, header);
  }

  /** Gives up what still waits. */
  end(): void {
    const { budget } = this.#target;
    for (const deltas of this.#waiting.values()) for (const delta of deltas) budget.release(toCost(delta));
  }

  async #readWhole(offset: number, type: ObjectType, size: number): Promise<void> {
    const { store, budget } = this.#target;
    const spend = (count: number) => budget.spend(count);
    if (this.#isTooLarge(type, size)) {
      const hash = createHash('sha1').update(`${type} ${size}\0`);
      await inflateAway(this.#bytes, size, (piece) => hash.update(piece), spend);
      const id = hash.digest('hex');
      store.addTooLarge(id, size);
      this.#settle(offset, id, 'left out');
      return;
    }
    const { content, length } = await inflateNext(this.#bytes, size, spend);
    const data = this.#bytes.available.subarray(0, length);
    const id = toObjectId(type, content);
    const added = store.add(id, type, content, { data, size, base: undefined });
    this.#bytes.consume(length);
    this.#settle(offset, id, added);
  }

  async #readDelta(offset: number, { size, base: reference }: EntryHeader): Promise<void> {
    const { budget } = this.#target;
    const spend = (count: number) => budget.spend(count);
    const key = typeof reference === 'number' ? offset - reference : (reference ?? '');
    const base = this.#findBase(key);
    // A delta is smaller than what it makes.
    if (base === 'left out' || this.#isTooLarge(base === 'later' ? 'tree' : base.type, size)) {
      await inflateAway(this.#bytes, size, () => {}, spend);
      this.#settle(offset, undefined, 'left out');
      return;
    }
    const { content, length } = await inflateNext(this.#bytes, size, spend);
    const data = this.#bytes.available.subarray(0, length);
    if (base === 'later') {
      const waiting = { offset, data: Buffer.from(data), size };
      budget.hold(toCost(waiting));
      const others = this.#waiting.get(key);
      if (others === undefined) this.#waiting.set(key, [waiting]);
      else others.push(waiting);
      this.#byOffset.set(offset, 'later');
    } else {
      const added = this.#resolve(base, content, data);
      if (added === undefined) this.#settle(offset, undefined, 'left out');
      else this.#settle(offset, added.id, added.object);
    }
    this.#bytes.consume(length);
  }

  #findBase(key: number | string): Base {
    if (typeof key === 'string') {
      const { store, findFolder } = this.#target;
      const content = findFolder?.(key);
      if (content !== undefined) return { type: 'tree', size: content.length, content };
      return store.find(key) ?? (store.sizeOfTooLarge(key) === undefined ? 'later' : 'left out');
    }
    const base = this.#byOffset.get(key);
    if (base === undefined) throw toBrokenPack('a difference refers to nothing');
    return base;
  }

  /** @returns undefined when the result is too large. */
  #resolve(base: StoredObject, delta: Buffer, data: Buffer): { id: string; object: StoredObject } | undefined {
    const { store, budget } = this.#target;
    const header = readDeltaHeader(delta);
    if (this.#isTooLarge(base.type, header.resultSize)) return undefined;
    budget.spend(header.resultSize);
    const content = applyDelta(store.read(base), delta, header);
    const id = toObjectId(base.type, content);
    return { id, object: store.add(id, base.type, content, { data, size: delta.length, base }) };
  }

  /** Resolves all that waits for an object, and what waits for that. */
  #settle(offset: number, id: string | undefined, object: StoredObject | 'left out'): void {
    const settled: [number, string | undefined, StoredObject | 'left out'][] = [[offset, id, object]];
    for (let next = settled.pop(); next !== undefined; next = settled.pop()) {
      const [at, name, base] = next;
      this.#byOffset.set(at, base);
      for (const { offset: start, data, size } of this.#takeWaiting(at, name)) {
        const delta = base === 'left out' ? undefined : inflate(data, size)?.content;
        const added = base === 'left out' || delta === undefined ? undefined : this.#resolve(base, delta, data);
        settled.push([start, added?.id, added?.object ?? 'left out']);
      }
    }
  }

  #takeWaiting(offset: number, id: string | undefined): WaitingDelta[] {
    const taken: WaitingDelta[] = [];
    for (const key of id === undefined ? [offset] : [offset, id]) {
      taken.push(...(this.#waiting.get(key) ?? []));
      this.#waiting.delete(key);
    }
    for (const delta of taken) this.#target.budget.release(toCost(delta));
    return taken;
  }

  /** @throws BranchTrouble when a folder is too large: it cannot be left out. */
  #isTooLarge(type: ObjectType, size: number): boolean {
    const { maxFileBytes, budget } = this.#target;
    if (type === 'blob') return size > maxFileBytes;
    budget.assertFits(size);
    return false;
  }
}

function toCost({ data }: WaitingDelta): number {
  return objectOverhead + data.length;
}
