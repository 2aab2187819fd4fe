/** What is in front of an object in a pack (gitformat-pack(5), "Pack Entries"). */
import type { ObjectType } from '../objects.ts';
import { idLength, offsetDelta, referenceDelta, typeNumbers } from '../pack-format.ts';
import { toBrokenPack } from './broken-pack.ts';

export interface EntryHeader {
  /** A delta has the type of its base. */
  readonly type: ObjectType | undefined;
  /** In bytes, of the object or delta once it is inflated. */
  readonly size: number;
  /** Of a delta: how far in front of it its base is in the pack, or the base's id. */
  readonly base: number | string | undefined;
  /** Of the header, in bytes. */
  readonly length: number;
}

/** No header is longer. */
export const longestHeader = 48;

const types = new Map(Object.entries(typeNumbers).map(([type, number]) => [number, type as ObjectType]));

/** @throws BranchTrouble when it is cut off, or no header. */
export function readEntryHeader(bytes: Buffer): EntryHeader {
  let at = 0;
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw toBrokenPack('it is cut off');
    return byte;
  };
  const assertSafe = (value: number) => {
    if (!Number.isSafeInteger(value)) throw toBrokenPack('the length of an object is another one');
  };
  let byte = next();
  const number = (byte >> 4) & 7;
  let size = byte & 0x0f;
  for (let unit = 16; byte & 0x80; unit *= 128) {
    byte = next();
    size += (byte & 0x7f) * unit;
    assertSafe(size);
    assertSafe(unit);
  }
  if (number === referenceDelta) {
    if (bytes.length < at + idLength) throw toBrokenPack('it is cut off');
    const base = bytes.toString('hex', at, at + idLength);
    return { type: undefined, size, base, length: at + idLength };
  }
  if (number === offsetDelta) {
    byte = next();
    let base = byte & 0x7f;
    while (byte & 0x80) {
      byte = next();
      base = (base + 1) * 128 + (byte & 0x7f);
      assertSafe(base);
    }
    return { type: undefined, size, base, length: at };
  }
  const type = types.get(number);
  if (type === undefined) throw toBrokenPack('an object has no type');
  return { type, size, base: undefined, length: at };
}
