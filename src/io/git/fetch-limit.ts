/**
 * Limits a fetch to what fits into memory. isomorphic-git needs several times the size of a pack to read it: a tip with
 * 250 MB of binaries beside the models took 1.3 GiB, and the system killed the process, again and again.
 *
 * Invariant: what is too large is refused while it arrives or before it is unpacked, with a message that has the sizes.
 */
import { totalmem } from 'node:os';
import type { InflateRaw } from 'node:zlib';
import { inflateSync } from 'node:zlib';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';

export interface FetchLimit {
  /** The most bytes of a pack, and of any object in it. */
  readonly bytes: number;
  /** The memory that the process may use; undefined: the limit was set by an option. */
  readonly memory: number | undefined;
}

const mebibyte = 2 ** 20;
/** Memory for the program itself, with ten thousand models. */
const ownBytes = 192 * mebibyte;
/** Measured: 5.3 times the pack with ten files of 6 MB, 6.5 times with one of 60 MB; 4 times a file that packs to nothing. */
const timesInMemory = 6.5;
const leastLimit = 8 * mebibyte;
/** A Buffer can be larger, but nobody wants to wait for that. */
const mostLimit = 1024 * mebibyte;
/** For all objects together. They are unpacked one after the other, which takes time: 20 s for 400 MiB. */
const timesAltogether = 8;
/** A server may send without end: counting ends here. */
const timesCounted = 64;

/**
 * @param chosen the option's value, in bytes.
 * @param memory that the process may use: the limit of its container (cgroup v1 and v2), or the machine's memory.
 */
export function toFetchLimit(chosen: number | undefined, memory = readMemoryLimit()): FetchLimit {
  if (chosen !== undefined) return { bytes: chosen, memory: undefined };
  const fitting = Math.floor((memory - ownBytes) / timesInMemory);
  return { bytes: Math.min(mostLimit, Math.max(leastLimit, fitting)), memory };
}

function readMemoryLimit(): number {
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}

/**
 * Stops a download that is larger than the limit.
 *
 * @param countsAll whether to go on reading, for the whole size; the rest is thrown away as it arrives.
 * @throws BranchTrouble
 */
export async function* limitDownload(
  chunks: AsyncIterable<Uint8Array>,
  limit: FetchLimit,
  countsAll: boolean,
): AsyncIterable<Uint8Array> {
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length <= limit.bytes) yield chunk;
    else if (!countsAll || length > limit.bytes * timesCounted)
      throw toTooLarge(limit, safe`it is packed in more than ${toSize(length)}`, length);
  }
  if (length > limit.bytes) throw toTooLarge(limit, safe`it is packed in ${toSize(length)}`, length);
}

const headerLength = 12;
const checksumLength = 20;
const referenceDelta = 7;
const offsetDelta = 6;

/**
 * Checks the sizes in a pack (gitformat-pack(5)) before it is unpacked: a few KB can become gigabytes. Other problems of
 * a pack are found when it is unpacked.
 *
 * @throws BranchTrouble when an object, or all together, are too large.
 */
export function checkPack(pack: Buffer, limit: FetchLimit): void {
  let total = 0;
  for (let at = headerLength; at < pack.length - checksumLength; ) {
    const { type, size, start } = readHeader(pack, at);
    assertFits(size, limit);
    total += size;
    if (total > limit.bytes * timesAltogether)
      throw toTooLarge(
        limit,
        safe`its files are more than ${toSize(total)} when they are unpacked`,
        total / timesAltogether,
      );
    const unpacked = inflate(pack.subarray(start, pack.length - checksumLength), size, limit);
    if (unpacked === undefined) return;
    if (type === referenceDelta || type === offsetDelta) assertFits(readTargetSize(unpacked.content), limit);
    at = start + unpacked.packedLength;
  }
}

function assertFits(size: number, limit: FetchLimit): void {
  if (size > limit.bytes) throw toTooLarge(limit, safe`a file in it is ${toSize(size)}`, size);
}

/** The type of an entry, the length of its content or delta, and where the packed bytes begin. */
function readHeader(pack: Buffer, from: number): { type: number; size: number; start: number } {
  let at = from;
  let byte = pack[at++] ?? 0;
  const type = (byte >> 4) & 7;
  let size = byte & 0x0f;
  for (let unit = 16; byte & 0x80 && at < pack.length; unit *= 128) {
    byte = pack[at++] ?? 0;
    size += (byte & 0x7f) * unit;
  }
  if (type === referenceDelta) at += 20;
  if (type === offsetDelta) while ((pack[at++] ?? 0) & 0x80);
  return { type, size, start: at };
}

/** @returns undefined for broken data, which is reported when it is unpacked. @throws BranchTrouble when it is longer than `size`. */
function inflate(
  packed: Buffer,
  size: number,
  limit: FetchLimit,
): { readonly content: Buffer; readonly packedLength: number } | undefined {
  try {
    const options = { info: true, chunkSize: Math.max(64, size + 1), maxOutputLength: Math.max(1, size) };
    const { buffer, engine } = inflateSync(packed, options) as unknown as { buffer: Buffer; engine: InflateRaw };
    return { content: buffer, packedLength: engine.bytesWritten };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw toTooLarge(limit, safe`a file in it is longer than the server says, ${toSize(size)}`, size);
    return undefined;
  }
}

/** The second of the two lengths at the start of a delta. */
function readTargetSize(delta: Buffer): number {
  let at = 0;
  const readLength = () => {
    let length = 0;
    for (let unit = 1; at < delta.length; unit *= 128) {
      const byte = delta[at++] ?? 0;
      length += (byte & 0x7f) * unit;
      if (byte < 0x80) break;
    }
    return length;
  };
  readLength();
  return readLength();
}

function toTooLarge({ bytes, memory }: FetchLimit, what: SafeText, size: number): BranchTrouble {
  const [reason, raise] =
    memory === undefined
      ? [safe`--max-fetch allows ${toSize(bytes)}`, safe`raise it`]
      : [
          safe`${toSize(bytes)} fit beside the rest into the ${toSize(memory)} of memory that this process may use`,
          safe`raise the memory limit to ${toSize(ownBytes + size * timesInMemory)}`,
        ];
  return new BranchTrouble(
    'too-large',
    safe`the branch is too large to be read: ${what}, and ${reason}; ${raise}, keep large files elsewhere (Git LFS), or give the models a repository of their own`,
  );
}

function toSize(bytes: number): SafeText {
  const mebibytes = bytes / mebibyte;
  return mebibytes >= 1024 ? safe`${Math.ceil((mebibytes / 1024) * 10) / 10} GiB` : safe`${Math.ceil(mebibytes)} MiB`;
}
