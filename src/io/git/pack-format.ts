/** What a pack is made of (gitformat-pack(5)), for those who write one and those who read one. */
import type { ObjectType } from './objects.ts';

/** `PACK`, the version, and the number of objects. */
export const packHeaderLength = 12;
export const packVersion = 2;
/** Of the SHA-1 at the end, and of an id. */
export const idLength = 20;

export const typeNumbers: Readonly<Record<ObjectType, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };
/** A delta whose base is so many bytes earlier in the pack. */
export const offsetDelta = 6;
/** A delta whose base has an id. */
export const referenceDelta = 7;

export function toPackHeader(count: number): Buffer {
  const header = Buffer.alloc(packHeaderLength);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(packVersion, 4);
  header.writeUInt32BE(count, 8);
  return header;
}
