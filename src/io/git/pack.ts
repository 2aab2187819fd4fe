/**
 * Objects → a pack as a push sends it (gitformat-pack(5)).
 *
 * A tree of ten thousand folders is 350 KB, none of which compresses: so an object may be written as
 * what has changed from one that the server has (a thin pack).
 */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { ObjectType } from './objects.ts';

export interface PackObject {
  readonly type: ObjectType;
  readonly content: Buffer;
  /** An object of the same type that whoever reads the pack has. */
  readonly base?: { readonly oid: string; readonly content: Buffer };
}

const types: Readonly<Record<ObjectType, number>> = { commit: 1, tree: 2, blob: 3 };
const referenceDelta = 7;
/** The longest run that one copy or one insertion of a delta can name. */
const longestCopy = 0xff_ffff;
const longestInsertion = 0x7f;
/** Long enough to hold a part of an id, which is found in one place only; names are much alike. */
const shortestCopy = 40;

/** A whole pack, version 2, with its checksum. */
export function writePack(objects: readonly PackObject[]): Buffer {
  const header = Buffer.alloc(12);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(objects.length, 8);
  const parts = [header, ...objects.flatMap(toEntry)];
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return Buffer.concat([...parts, hash.digest()]);
}

function toEntry({ type, content, base }: PackObject): Buffer[] {
  const delta = base && toDelta(base.content, content);
  if (base !== undefined && delta !== undefined && delta.length < content.length / 2)
    return [toEntryHeader(referenceDelta, delta.length), Buffer.from(base.oid, 'hex'), deflate(delta)];
  return [toEntryHeader(types[type], content.length), deflate(content)];
}

function deflate(content: Buffer): Buffer {
  // Each call would take, and its result keep, 16 KiB: that of twenty thousand small objects.
  const chunkSize = Math.min(16_384, content.length + 64);
  return deflateSync(content, { level: 1, chunkSize });
}

/** Type and length in one number: four bits of the length first, then seven each. */
function toEntryHeader(type: number, length: number): Buffer {
  const bytes = [(type << 4) | (length & 0x0f)];
  for (let rest = Math.floor(length / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

/**
 * What makes `target` out of `base`, for texts whose parts keep their order: equal runs are found by
 * going through both at once, and after a difference by looking around.
 */
export function toDelta(base: Buffer, target: Buffer): Buffer {
  const parts: Buffer[] = [toLength(base.length), toLength(target.length)];
  let inserted = 0;
  const insert = (from: number, to: number) => {
    for (let at = from; at < to; at += longestInsertion) {
      const end = Math.min(to, at + longestInsertion);
      parts.push(Buffer.from([end - at]), target.subarray(at, end));
    }
  };
  let at = 0;
  let in_ = 0;
  while (at < target.length) {
    const length = toCommonLength(base, in_, target, at);
    if (length >= shortestCopy || (length > 0 && at + length === target.length)) {
      insert(inserted, at);
      for (let done = 0; done < length; done += longestCopy)
        parts.push(toCopy(in_ + done, Math.min(longestCopy, length - done)));
      at += length;
      in_ += length;
      inserted = at;
    } else [in_, at] = toNextRun(base, in_ + length, target, at + length);
  }
  insert(inserted, at);
  return Buffer.concat(parts);
}

/** How far around an equal run is looked for: several entries of a tree. */
const window = 512;
/** How far away one is looked for when none is around, as where many entries came or went: a limit to the time. */
const farWindow = 1 << 20;

/** Where both go on alike, further on in the target; else a little further on in both. */
function toNextRun(base: Buffer, from: number, target: Buffer, at: number): [number, number] {
  // What was added to the target stands before what the base has already been read for.
  const start = Math.max(0, from - window);
  const around = base.subarray(start, from + window + shortestCopy);
  for (let end = at; end <= at + window && end + shortestCopy <= target.length; end++) {
    const found = around.indexOf(target.subarray(end, end + shortestCopy));
    if (found >= 0) return [start + found, end];
  }
  const next = Math.min(target.length, at + window);
  if (next + shortestCopy <= target.length) {
    const farStart = Math.max(0, from - farWindow);
    const found = base.subarray(farStart, from + farWindow).indexOf(target.subarray(next, next + shortestCopy));
    if (found >= 0) return [farStart + found, next];
  }
  return [from + window, next];
}

function toCommonLength(base: Buffer, from: number, target: Buffer, at: number): number {
  const most = Math.min(base.length - from, target.length - at);
  // Large equal parts are found at the speed of a comparison in C.
  let length = 0;
  for (let size = 65_536; size >= 64; size >>= 2)
    while (
      length + size <= most &&
      base.compare(target, at + length, at + length + size, from + length, from + length + size) === 0
    )
      length += size;
  while (length < most && base[from + length] === target[at + length]) length++;
  return Math.max(0, length);
}

/** A copy from the base: a bit for each byte of place and length that is not zero. */
function toCopy(place: number, length: number): Buffer {
  const bytes = [0x80];
  for (let i = 0; i < 4; i++) {
    const byte = Math.floor(place / 256 ** i) & 0xff;
    if (byte !== 0) {
      bytes[0] = (bytes[0] ?? 0) | (1 << i);
      bytes.push(byte);
    }
  }
  for (let i = 0; i < 3; i++) {
    const byte = (length >> (8 * i)) & 0xff;
    if (byte !== 0) {
      bytes[0] = (bytes[0] ?? 0) | (0x10 << i);
      bytes.push(byte);
    }
  }
  return Buffer.from(bytes);
}

function toLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
