/** The pack that a server sends, in bands with what it shows people (gitprotocol-capabilities(5), "side-band-64k"). */
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import { lengthDigits, longestPacket, readLength } from './packets.ts';

const [dataBand, errorBand] = [1, 3];

/**
 * Takes the pack out of its bands as it arrives. It is not copied: a large one would leave garbage faster than it is
 * collected. Lines of the negotiation are in front of it.
 *
 * @param chunks pkt-lines, cut anywhere.
 * @throws BranchTrouble when the server reports an error.
 */
export async function* readBands(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let rest = Buffer.alloc(0);
  /** Bytes of the pack that are to come in this packet. */
  let left = 0;
  for await (const chunk of chunks) {
    const arrived = Buffer.from(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength);
    rest = rest.length === 0 ? arrived : Buffer.concat([rest, arrived]);
    for (;;) {
      const data = rest.subarray(0, left);
      if (data.length > 0) yield data;
      left -= data.length;
      rest = rest.subarray(data.length);
      if (rest.length < lengthDigits) break;
      const length = readLength(rest);
      if (length > lengthDigits && rest[lengthDigits] === dataBand) {
        left = length - lengthDigits - 1;
        rest = rest.subarray(lengthDigits + 1);
      } else if (length <= rest.length) {
        assertNoError(rest.subarray(0, length));
        rest = rest.subarray(length);
      } else break;
    }
    if (rest.length > longestPacket) break;
  }
  assertNoError(rest);
}

function assertNoError(packet: Buffer): void {
  const isOfBand = packet[lengthDigits] === errorBand;
  if (!isOfBand && packet.toString('latin1', 4, 8) !== 'ERR ') return;
  const said = packet.toString('utf8', isOfBand ? 5 : 8).trim();
  throw new BranchTrouble('unavailable', safe`the git server returned no data: ${mask(said)}`);
}
