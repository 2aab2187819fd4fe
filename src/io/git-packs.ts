/**
 * Objects out of a repository's packs, for walks over thousands of commits (gitformat-pack(5)).
 *
 * isomorphic-git looks for a file and lists the packs anew for each object, and takes 64 KB to unpack
 * it: ten times the time. It is asked for all that is not found here: what is not packed, what a pack
 * of another version holds, and what came since.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';

/** Bytes by where they are from; beyond a length, those that were put there first go first. */
class KeptBytes {
  readonly #kept = new Map<number, Buffer>();
  #length = 0;

  get(key: number): Buffer | undefined {
    return this.#kept.get(key);
  }

  set(key: number, bytes: Buffer): void {
    this.#kept.set(key, bytes);
    this.#length += bytes.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#length <= keptLength) return;
      this.#kept.delete(oldest);
      this.#length -= length;
    }
  }
}

interface Pack {
  readonly file: string;
  readonly index: Buffer;
  readonly count: number;
  readonly blocks: KeptBytes;
  /** What has been unpacked lately, by its place: what others are written as differences from. */
  readonly unpacked: KeptBytes;
}

interface Entry {
  readonly type: number;
  /** Of the content, or of the difference. */
  readonly size: number;
  /** Where the packed bytes begin. */
  readonly start: number;
  /** Where what it differs from is. */
  readonly base: number | undefined;
}

const indexStart = Buffer.from('ff744f6300000002', 'hex');
const headerLength = 8;
const fanoutLength = 256 * 4;
const idLength = 20;
const offsetDelta = 6;
const referenceDelta = 7;
const blockLength = 1 << 18;
/** Of each pack, how much of its file and of what is unpacked is kept. */
const keptLength = 1 << 26;

export class GitPacks {
  readonly #folder: string;
  #packs: readonly Pack[] | undefined;

  /** @param common where the repository's work trees have what they share. */
  constructor(common: string) {
    this.#folder = join(common, 'objects/pack');
  }

  /** An object's content; undefined: ask for it elsewhere. */
  read(oid: string): Buffer | undefined {
    try {
      this.#packs ??= openPacks(this.#folder);
      const id = Buffer.from(oid, 'hex');
      for (const pack of this.#packs) {
        const offset = findOffset(pack, id);
        if (offset !== undefined) return unpack(pack, offset);
      }
    } catch {
      // Whatever is wrong is told by the library, which reads it once more.
    }
    return undefined;
  }
}

function openPacks(folder: string): Pack[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.idx'))
    .map((name) => {
      const index = readFileSync(join(folder, name));
      return {
        file: join(folder, `${name.slice(0, -'.idx'.length)}.pack`),
        index,
        count: index.readUInt32BE(headerLength + fanoutLength - 4),
        blocks: new KeptBytes(),
        unpacked: new KeptBytes(),
      };
    })
    .filter(({ index }) => index.subarray(0, headerLength).equals(indexStart));
}

/** Ids in their order, then a checksum each, then the places; those from 2 GiB on in a table behind. */
function findOffset({ index, count }: Pack, id: Buffer): number | undefined {
  const first = id[0] ?? 0;
  let low = first === 0 ? 0 : index.readUInt32BE(headerLength + (first - 1) * 4);
  let high = index.readUInt32BE(headerLength + first * 4);
  const ids = headerLength + fanoutLength;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = ids + middle * idLength;
    const order = index.compare(id, 0, idLength, at, at + idLength);
    if (order === 0) {
      const places = ids + count * (idLength + 4);
      const place = index.readUInt32BE(places + middle * 4);
      if (place < 0x8000_0000) return place;
      return Number(index.readBigUInt64BE(places + count * 4 + (place - 0x8000_0000) * 8));
    }
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** Differences are long chains: they are followed down to what is whole, and applied on the way back. */
function unpack(pack: Pack, offset: number): Buffer {
  const chain: { readonly at: number; readonly entry: Entry }[] = [];
  let content = pack.unpacked.get(offset);
  for (let at: number | undefined = offset; at !== undefined && content === undefined; ) {
    const entry = readEntry(pack, at);
    chain.push({ at, entry });
    at = entry.base;
    if (at !== undefined) content = pack.unpacked.get(at);
  }
  for (const { at, entry } of chain.reverse()) {
    const packed = inflate(pack, entry);
    content = content === undefined ? packed : applyDelta(content, packed);
    pack.unpacked.set(at, content);
  }
  if (content === undefined) throw new Error('a pack that is cut off');
  return content;
}

function readEntry(pack: Pack, offset: number): Entry {
  const head = readBytes(pack, offset, 64);
  let at = 0;
  let byte = head.readUInt8(at++);
  const type = (byte >> 4) & 7;
  let size = byte & 0x0f;
  for (let unit = 16; byte & 0x80; unit *= 128) {
    byte = head.readUInt8(at++);
    size += (byte & 0x7f) * unit;
  }
  if (type === offsetDelta) {
    byte = head.readUInt8(at++);
    let back = byte & 0x7f;
    while (byte & 0x80) {
      byte = head.readUInt8(at++);
      back = (back + 1) * 128 + (byte & 0x7f);
    }
    return { type, size, start: offset + at, base: offset - back };
  }
  if (type !== referenceDelta) return { type, size, start: offset + at, base: undefined };
  const base = findOffset(pack, head.subarray(at, at + idLength));
  if (base === undefined) throw new Error('a pack that is not whole');
  return { type, size, start: offset + at + idLength, base };
}

function inflate(pack: Pack, { size, start }: Entry): Buffer {
  // The most that zlib makes of so many bytes (deflateBound in zlib.h).
  const most = size + (size >>> 3) + (size >>> 6) + 32;
  const content = inflateSync(readBytes(pack, start, most), { chunkSize: Math.max(64, size + 1) });
  if (content.length !== size) throw new Error('a pack that is cut off');
  return content;
}

/** As far as the file goes. */
function readBytes(pack: Pack, from: number, length: number): Buffer {
  const first = Math.floor(from / blockLength);
  const last = Math.floor((from + length - 1) / blockLength);
  const blocks = Array.from({ length: last - first + 1 }, (_, i) => readBlock(pack, first + i));
  const [only] = blocks;
  const all = blocks.length === 1 && only !== undefined ? only : Buffer.concat(blocks);
  const start = from - first * blockLength;
  return all.subarray(start, start + length);
}

function readBlock({ file, blocks }: Pack, number: number): Buffer {
  const known = blocks.get(number);
  if (known !== undefined) return known;
  const block = Buffer.alloc(blockLength);
  // No file stays open: nobody would close it.
  const descriptor = openSync(file, 'r');
  try {
    const length = readSync(descriptor, block, 0, blockLength, number * blockLength);
    const read = block.subarray(0, length);
    blocks.set(number, read);
    return read;
  } finally {
    closeSync(descriptor);
  }
}

/** Two lengths, then copies from the base and texts of its own. */
function applyDelta(base: Buffer, delta: Buffer): Buffer {
  let at = 0;
  const readLength = () => {
    let length = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = delta.readUInt8(at++);
      length += (byte & 0x7f) * unit;
      if (byte < 0x80) return length;
    }
  };
  const readNumber = (bits: number, bytes: number) => {
    let value = 0;
    for (let i = 0; i < bytes; i++) if (bits & (1 << i)) value += delta.readUInt8(at++) * 256 ** i;
    return value;
  };
  if (readLength() !== base.length) throw new Error('a difference from something else');
  const target = Buffer.alloc(readLength());
  let done = 0;
  while (at < delta.length) {
    const code = delta.readUInt8(at++);
    if (code & 0x80) {
      const from = readNumber(code & 0x0f, 4);
      const length = readNumber((code >> 4) & 7, 3) || 0x1_0000;
      done += base.copy(target, done, from, from + length);
    } else {
      done += delta.copy(target, done, at, at + code);
      at += code;
    }
  }
  if (done !== target.length) throw new Error('a difference that is cut off');
  return target;
}
