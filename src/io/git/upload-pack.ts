/**
 * What isomorphic-git's `fetch` leaves out of git's protocol, put around the session that it uses.
 *
 * The format: gitprotocol-pack(5), "Packfile Negotiation", and gitprotocol-common(5), "pkt-line Format".
 */
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import type { LibrarySession } from './library-client.ts';

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
  const end = refs.length - 4;
  const hasHead = refs.includes(' HEAD\0') || refs.includes(' HEAD\n');
  if (hasHead || !refs.includes(' refs/') || refs.toString('latin1', end) !== '0000') return refs;
  return Buffer.concat([refs.subarray(0, end), Buffer.from(`0032${tip} HEAD\n`), refs.subarray(end)]);
}

const errorBand = 3;

/** An error in place of a pack, or in the middle of one: isomorphic-git drops it, and misses an object later. */
async function* throwErrors(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const packets = new PacketStarts();
  for await (const chunk of chunks) {
    const said = packets.take(chunk);
    if (said !== undefined)
      throw new BranchTrouble('unavailable', safe`the git server returned no data: ${mask(said)}`);
    yield chunk;
  }
}

/** Goes from packet to packet, and keeps only those that report an error. */
class PacketStarts {
  /** The length of the packet, and the byte after it. */
  #head: number[] = [];
  /** How many bytes of the packet are still to come. */
  #left = 0;
  /** What has arrived of an error. */
  #words: Buffer[] | undefined;
  #isBroken = false;

  /** @returns the server's words when the packet that ends here is an error. */
  take(chunk: Uint8Array): string | undefined {
    for (let at = 0; at < chunk.length && !this.#isBroken; ) {
      if (this.#head.length < 5) {
        this.#head.push(chunk[at++] ?? 0);
        this.#start();
      } else {
        const part = chunk.subarray(at, at + this.#left);
        this.#words?.push(Buffer.from(part));
        at += part.length;
        this.#left -= part.length;
      }
      if (this.#head.length < 5 || this.#left > 0) continue;
      const said = this.#words && Buffer.concat(this.#words).toString('utf8');
      const isError = this.#head[4] === errorBand || said?.startsWith('ERR ');
      this.#head = [];
      this.#words = undefined;
      if (said !== undefined && isError) return (said.startsWith('ERR ') ? said.slice(4) : said).trim();
    }
    return undefined;
  }

  #start(): void {
    if (this.#head.length === 4) {
      const length = Number.parseInt(String.fromCharCode(...this.#head), 16);
      // The reader of the packets reports what is wrong with this one.
      if (Number.isNaN(length)) this.#isBroken = true;
      else if (length <= 4) this.#head = [];
      else this.#left = length - 4;
    } else if (this.#head.length === 5) {
      this.#left--;
      const [, , , , first = 0] = this.#head;
      if (first === errorBand) this.#words = [];
      else if (first === 'E'.charCodeAt(0)) this.#words = [Buffer.from('E')];
    }
  }
}
