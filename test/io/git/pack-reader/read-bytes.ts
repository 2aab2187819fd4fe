/** A pack in memory, read as if it arrived in pieces. */
import { FetchBudget } from '../../../../src/io/git/fetch-limit.ts';
import { ObjectStore } from '../../../../src/io/git/pack-reader/object-store.ts';
import { readPack } from '../../../../src/io/git/pack-reader/read-pack.ts';

export interface ReadOptions {
  /** The length of each piece. */
  readonly piece?: number;
  readonly maxFileBytes?: number;
  /** The most that is kept, and kept inflated, in bytes. */
  readonly limit?: number;
  readonly inflated?: number;
  /** The most that is transferred and inflated, in bytes. */
  readonly work?: number;
}

export function makeStore({ limit = 2 ** 28, inflated = 2 ** 25, work = 2 ** 31 }: ReadOptions = {}): {
  readonly store: ObjectStore;
  readonly budget: FetchBudget;
} {
  const budget = new FetchBudget({ bytes: limit, memory: undefined }, work);
  return { store: new ObjectStore(budget, inflated), budget };
}

/** @throws BranchTrouble */
export async function readBytes(
  pack: Buffer,
  options: ReadOptions = {},
  { store, budget } = makeStore(options),
): Promise<ObjectStore> {
  const { piece = 65_515, maxFileBytes = 2 ** 20 } = options;
  await readPack(cut(pack, piece), { store, budget, maxFileBytes });
  return store;
}

async function* cut(bytes: Buffer, length: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** What a store has: id → type and content, the content as git prints it. */
export function listObjects(store: ObjectStore): ReadonlyMap<string, string> {
  return new Map(
    [...store.ids()].map((id) => {
      const object = store.find(id);
      if (object === undefined) throw new Error(`${id} is listed, and not there`);
      return [id, `${object.type} ${store.read(object).toString('latin1')}`];
    }),
  );
}
