/**
 * Objects → a pack as a push sends it (gitformat-pack(5)).
 *
 * A tree of ten thousand folders is 350 KB, none of which compresses: so an object may be written as the difference from
 * one that the server has (a thin pack).
 */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { EditedTree, ObjectType } from './objects.ts';
import { referenceDelta, toPackHeader, typeNumbers } from './pack-format.ts';

/** An object of the same type that the reader of the pack has, and how the new one is made of it. */
interface Base extends Pick<EditedTree, 'parts'> {
  readonly oid: string;
  /** In bytes. */
  readonly length: number;
}

export interface PackObject {
  readonly type: ObjectType;
  readonly content: Buffer;
  readonly base?: Base;
}

/** The most bytes of one copy, and of one insertion, in a delta. */
const longestCopy = 0xff_ffff;
const longestInsertion = 0x7f;

/** A whole pack, version 2, with its checksum. */
export function writePack(objects: readonly PackObject[]): Buffer {
  const parts = [toPackHeader(objects.length), ...objects.flatMap(toEntry)];
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return Buffer.concat([...parts, hash.digest()]);
}

function toEntry({ type, content, base }: PackObject): Buffer[] {
  const delta = base && toDelta(base, content.length);
  if (base !== undefined && delta !== undefined && delta.length < content.length / 2)
    return [toEntryHeader(referenceDelta, delta.length), Buffer.from(base.oid, 'hex'), deflate(delta)];
  return [toEntryHeader(typeNumbers[type], content.length), deflate(content)];
}

function deflate(content: Buffer): Buffer {
  // Each result would keep 16 KiB in memory, of twenty thousand small objects too.
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

/** The instructions that make an object out of its base. */
function toDelta({ length, parts }: Base, size: number): Buffer {
  const delta: Buffer[] = [toLength(length), toLength(size)];
  for (const part of parts)
    if ('from' in part)
      for (let at = part.from; at < part.to; at += longestCopy)
        delta.push(toCopy(at, Math.min(longestCopy, part.to - at)));
    else
      for (let at = 0; at < part.length; at += longestInsertion) {
        const bytes = part.subarray(at, at + longestInsertion);
        delta.push(Buffer.from([bytes.length]), bytes);
      }
  return Buffer.concat(delta);
}

/** A copy from the base: one bit for each byte of its place and length that is not zero. */
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
