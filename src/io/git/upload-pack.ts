/**
 * What isomorphic-git's `fetch` leaves out of git's protocol, put around the session that it uses.
 *
 * The format: gitprotocol-pack(5), "Packfile Negotiation".
 */
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import type { LibrarySession } from './library-client.ts';
import { flushPacket, readPackets, toPacket } from './packets.ts';

/** @param tip of the branch that is fetched. */
export function completeUploadPack(session: LibrarySession, tip: string): LibrarySession {
  return {
    advertisement: withHead(Buffer.from(session.advertisement), tip),
    request: (body) => throwErrors(session.request(body)),
  };
}

/**
 * A server lists no HEAD where its default branch does not exist: it was removed, or never pushed. isomorphic-git
 * then fails to fetch any branch with "Could not find HEAD", so the branch itself is listed as HEAD.
 */
function withHead(refs: Buffer, tip: string): Buffer {
  const end = refs.length - flushPacket.length;
  const hasHead = refs.includes(' HEAD\0') || refs.includes(' HEAD\n');
  if (hasHead || !refs.includes(' refs/') || !refs.subarray(end).equals(flushPacket)) return refs;
  return Buffer.concat([refs.subarray(0, end), toPacket(`${tip} HEAD\n`), flushPacket]);
}

const errorBand = 3;

/** An error in place of a pack, or in the middle of one: isomorphic-git drops it, and misses an object later. */
async function* throwErrors(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const packet of readPackets(chunks)) {
    const start = packet[4] === errorBand ? 5 : packet.toString('latin1', 4, 8) === 'ERR ' ? 8 : undefined;
    if (start !== undefined) {
      const said = packet.toString('utf8', start).trim();
      throw new BranchTrouble('unavailable', safe`the git server returned no data: ${mask(said)}`);
    }
    yield packet;
  }
}
