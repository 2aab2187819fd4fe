/** Deltas (gitformat-pack(5), "Deltified representation"): an object as what to copy of its base, and what to insert. */
import { toBrokenPack } from './broken-pack.ts';

export interface DeltaHeader {
  /** In bytes. */
  readonly baseSize: number;
  readonly resultSize: number;
  /** Where the instructions begin. */
  readonly start: number;
}

/** @throws BranchTrouble when it is cut off. */
export function readDeltaHeader(delta: Buffer): DeltaHeader {
  let at = 0;
  const readSize = (): number => {
    let size = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = delta[at++];
      if (byte === undefined) throw toBrokenPack('a difference does not fit its base');
      size += (byte & 0x7f) * unit;
      if (!Number.isSafeInteger(size)) throw toBrokenPack('a difference does not fit its base');
      if (byte < 0x80) return size;
    }
  };
  const baseSize = readSize();
  return { baseSize, resultSize: readSize(), start: at };
}

/**
 * @param header of the delta; whoever calls has checked that its result is not too large.
 * @throws BranchTrouble when it does not fit.
 */
export function applyDelta(base: Buffer, delta: Buffer, { baseSize, resultSize, start }: DeltaHeader): Buffer {
  if (baseSize !== base.length) throw toBrokenPack('a difference does not fit its base');
  const result = Buffer.allocUnsafe(resultSize);
  let written = 0;
  const write = (source: Buffer, from: number, length: number) => {
    if (from + length > source.length || written + length > resultSize)
      throw toBrokenPack('a difference does not fit its base');
    source.copy(result, written, from, from + length);
    written += length;
  };
  for (let at = start; at < delta.length; ) {
    const code = delta[at++] ?? 0;
    if (code === 0) throw toBrokenPack('a difference does not fit its base');
    if (code < 0x80) {
      write(delta, at, code);
      at += code;
      continue;
    }
    let from = 0;
    let length = 0;
    for (let i = 0; i < 4; i++) if (code & (1 << i)) from += readByte(delta, at++) * 256 ** i;
    for (let i = 0; i < 3; i++) if (code & (0x10 << i)) length += readByte(delta, at++) * 256 ** i;
    write(base, from, length === 0 ? 0x10000 : length);
  }
  if (written !== resultSize) throw toBrokenPack('a difference does not fit its base');
  return result;
}

function readByte(delta: Buffer, at: number): number {
  const byte = delta[at];
  if (byte === undefined) throw toBrokenPack('a difference does not fit its base');
  return byte;
}
