/**
 * What isomorphic-git's `fetch` leaves out of git's smart protocol, put around the HTTP that it uses.
 *
 * The format: gitprotocol-pack(5), "Packfile Negotiation", and gitprotocol-common(5), "pkt-line Format".
 */
import type { HttpClient } from 'isomorphic-git';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';

type Chunks = NonNullable<Awaited<ReturnType<HttpClient['request']>>['body']>;

/**
 * @param tip of the branch that is fetched.
 */
export function toUploadPackClient(http: HttpClient, tip: string): HttpClient {
  return {
    request: async (request) => {
      const response = await http.request(request);
      const { body } = response;
      if (body === undefined) return response;
      if (request.url.endsWith('/info/refs?service=git-upload-pack')) return { ...response, body: withHead(body, tip) };
      return request.url.endsWith('/git-upload-pack') ? { ...response, body: hearErrors(body) } : response;
    },
  };
}

/**
 * A server names no HEAD where its default branch is not there: it was removed, or never pushed. isomorphic-git
 * then ends a fetch of any branch with "Could not find HEAD", so it gets one that is the branch itself.
 */
async function* withHead(body: Chunks, tip: string): Chunks {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  const refs = Buffer.concat(parts);
  const end = refs.length - 4;
  const hasHead = refs.includes(' HEAD\0') || refs.includes(' HEAD\n');
  if (hasHead || !refs.includes(' refs/') || refs.toString('latin1', end) !== '0000') yield refs;
  else yield Buffer.concat([refs.subarray(0, end), Buffer.from(`0032${tip} HEAD\n`), refs.subarray(end)]);
}

const errorBand = 3;

/** What a server says in place of a pack, or in its middle: isomorphic-git drops it, and misses an object later. */
async function* hearErrors(body: Chunks): Chunks {
  const packets = new PacketStarts();
  for await (const chunk of body) {
    const said = packets.take(chunk);
    if (said !== undefined)
      throw new BranchTrouble('unavailable', safe`the git server returned no data: ${mask(said)}`);
    yield chunk;
  }
}

/** Goes from packet to packet, and keeps nothing of those that are no error. */
class PacketStarts {
  /** The length of the packet, and the byte after it. */
  #head: number[] = [];
  /** Of the packet, what is still to come. */
  #left = 0;
  /** Of an error, what has come. */
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
      // Whoever reads the packets says what is wrong with this one.
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
