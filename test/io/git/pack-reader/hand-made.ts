/** Packs made by hand, right or wrong in every place (gitformat-pack(5)). */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

export interface Entry {
  /** 1 to 4: an object; 6 and 7: a delta. */
  readonly type: number;
  readonly content: Buffer;
  /** How far back the base of a delta is, in bytes, or its id. */
  readonly base?: number | string;
  /** The length of the content in the header, where that is wrong. */
  readonly size?: number;
  /** In place of the compressed content. */
  readonly packed?: Buffer;
}

export function toHandMadeEntry({ type, content, base, size = content.length, packed }: Entry): Buffer {
  const header = [(type << 4) | (size % 16)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    header[header.length - 1] = (header.at(-1) ?? 0) | 0x80;
    header.push(rest % 128);
  }
  const reference =
    base === undefined ? Buffer.alloc(0) : typeof base === 'string' ? Buffer.from(base, 'hex') : toOffset(base);
  return Buffer.concat([Buffer.from(header), reference, packed ?? deflateSync(content)]);
}

function toOffset(distance: number): Buffer {
  const bytes = [distance % 128];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--;
    bytes.unshift(0x80 | (rest % 128));
  }
  return Buffer.from(bytes);
}

/** @param count the number of entries in the header. */
export function toHandMadePack(entries: readonly Buffer[], count = entries.length): Buffer {
  const header = Buffer.from('5041434b0000000200000000', 'hex');
  header.writeUInt32BE(count, 8);
  return withChecksum(Buffer.concat([header, ...entries]));
}

export function withChecksum(pack: Buffer): Buffer {
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}

/** Two lengths, and what follows. */
export function toHandMadeDelta(baseSize: number, resultSize: number, ...instructions: readonly Uint8Array[]): Buffer {
  const toLength = (length: number) => {
    const bytes: number[] = [];
    let rest = length;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
    return Buffer.from([...bytes, rest]);
  };
  return Buffer.concat([toLength(baseSize), toLength(resultSize), ...instructions]);
}

/** An instruction that copies 16 MiB - 1 from the start at most. */
export function toHandMadeCopy(length: number): Buffer {
  return Buffer.from([0xf0, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff]);
}

export function toHandMadeInsertion(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 127) {
    const part = bytes.subarray(at, at + 127);
    parts.push(Buffer.from([part.length]), part);
  }
  return Buffer.concat(parts);
}
