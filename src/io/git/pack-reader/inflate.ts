/** Compressed data whose end shows only when it is inflated: a pack does not have the compressed lengths. */
import { once } from 'node:events';
import type { Inflate } from 'node:zlib';
import { createInflate, inflateSync } from 'node:zlib';
import { toBrokenPack } from './broken-pack.ts';
import type { PackBytes } from './pack-bytes.ts';

export interface Inflated {
  readonly content: Buffer;
  /** Of the compressed data, in bytes. */
  readonly length: number;
}

/**
 * Inflates what is next in a pack, without consuming it.
 *
 * @param size of the result.
 * @param spend called with the bytes that an attempt needs.
 * @throws BranchTrouble when it is another size, is cut off or is no compressed data.
 */
export async function inflateNext(bytes: PackBytes, size: number, spend: (bytes: number) => void): Promise<Inflated> {
  // Data that does not compress becomes a little longer, by a ninth with the fastest compressors.
  for (let need = size + Math.ceil(size / 4) + 64; ; need *= 2) {
    await bytes.fill(need);
    const { available } = bytes;
    spend(size);
    const inflated = inflate(available, size);
    if (inflated !== undefined) return inflated;
    if (available.length < need) throw toBrokenPack('it is cut off');
    // It may have any number of empty blocks.
    spend(need);
  }
}

/**
 * @param size of the result.
 * @returns undefined when the compressed data goes on behind these bytes.
 * @throws BranchTrouble when it is another size, or no compressed data.
 */
export function inflate(bytes: Buffer, size: number): Inflated | undefined {
  let inflated: { readonly buffer: Buffer; readonly engine: Inflate };
  try {
    // One more byte than it needs: so the end of the data is read in the same step.
    const options = { info: true, chunkSize: Math.max(64, size + 1), maxOutputLength: Math.max(1, size) };
    inflated = inflateSync(bytes, options) as unknown as typeof inflated;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') return undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw toBrokenPack('the length of an object is another one');
    throw toBrokenPack('an object is not compressed data');
  }
  const { buffer, engine } = inflated;
  if (buffer.length !== size) throw toBrokenPack('the length of an object is another one');
  return { content: buffer, length: engine.bytesWritten };
}

const pieceLength = 256 * 1024;

/**
 * Inflates and consumes what is next in a pack, and keeps nothing of it.
 *
 * @param size of the result.
 * @param use called with each piece of the result.
 * @param spend called with the bytes that were read.
 * @throws BranchTrouble when it is another size, is cut off or is no compressed data.
 */
export async function inflateAway(
  bytes: PackBytes,
  size: number,
  use: (piece: Buffer) => void,
  spend: (bytes: number) => void,
): Promise<void> {
  const engine = createInflate({ chunkSize: pieceLength });
  let length = 0;
  let counted = 0;
  engine.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length > size) engine.destroy(toBrokenPack('the length of an object is another one'));
    else use(piece);
  });
  const ended = once(engine, 'end').catch((error: NodeJS.ErrnoException) => {
    throw error.code?.startsWith('Z_') === true ? toBrokenPack('an object is not compressed data') : error;
  });
  // Whoever waits for a piece hears of it.
  ended.catch(() => {});
  try {
    for (let isDone = false; !isDone; ) {
      await bytes.fillSome();
      const piece = bytes.available;
      if (piece.length === 0) throw toBrokenPack('it is cut off');
      const before = engine.bytesWritten;
      const { promise, resolve } = Promise.withResolvers<void>();
      engine.write(piece, () => resolve());
      await Promise.race([promise, ended]);
      const read = engine.bytesWritten - before;
      spend(read + length - counted);
      counted = length;
      bytes.consume(read);
      // It leaves what is behind its end.
      isDone = read < piece.length;
    }
    await ended;
  } finally {
    engine.destroy();
  }
  if (length !== size) throw toBrokenPack('the length of an object is another one');
}
