/** Git's pkt-lines (gitprotocol-common(5), "pkt-line Format"): four digits of length, with themselves, and a content. */

export const flushPacket = Buffer.from('0000');

export function toPacket(text: string): Buffer {
  const content = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from((content.length + 4).toString(16).padStart(4, '0')), content]);
}

/** In bytes. */
export const longestPacket = 0xffff;
export const lengthDigits = 4;

/**
 * The packets of a stream, each with its length; the end of the stream as it is where it is not a packet. What cannot
 * become one is not read to its end.
 *
 * @param chunks cut anywhere.
 */
export async function* readPackets(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncIterable<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    while (rest.length >= lengthDigits) {
      const length = readLength(rest);
      if (!(length <= rest.length)) break;
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
    }
    if (rest.length > longestPacket) break;
  }
  if (rest.length > 0) yield rest;
}

/** @returns the length of the packet that begins here, in bytes; NaN: none does. */
export function readLength(bytes: Buffer, start = 0): number {
  return Math.max(lengthDigits, Number.parseInt(bytes.toString('latin1', start, start + lengthDigits), 16));
}
