/** Git's fetch protocol in its first version (gitprotocol-pack(5), "Packfile Negotiation"), in one request. */
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import type { OpenService } from './discovery.ts';
import { flushPacket, toPacket } from './packets.ts';
import { readBands } from './side-band.ts';

export interface PackRequest {
  /** Ids of commits, or of other objects where the server gives those. */
  readonly wants: readonly string[];
  /** Commits whose objects are known here, without their parents. */
  readonly haves?: readonly string[];
  /** How many commits of each line come, from the wanted ones on; absent: all. */
  readonly depth?: number;
  /** Leaves out files, or folders too, unless they are wanted themselves (git-rev-list(1), "--filter"). */
  readonly filter?: 'blob:none' | 'tree:0' | undefined;
}

/** What a server must offer, as every one does since 2007. */
const needed = ['side-band-64k', 'shallow'];
const useful = ['ofs-delta', 'no-progress'];
/**
 * With it git leaves out what a known commit has even if that is not the parent of the wanted one, which it does not
 * look for in a shallow fetch otherwise; but it may send differences from objects that are not in the pack.
 */
const thin = 'thin-pack';

/**
 * @returns the pack as it arrives.
 * @throws BranchTrouble when the server refuses, or breaks off.
 */
export async function* requestPack(
  { session, capabilities }: OpenService,
  { wants, haves = [], depth, filter }: PackRequest,
): AsyncIterable<Buffer> {
  for (const name of needed)
    if (!capabilities.has(name))
      throw new BranchTrouble('unsupported', safe`the git server is too old to be read from: it has no ${mask(name)}`);
  const options = [
    ...needed,
    ...useful.filter((name) => capabilities.has(name)),
    ...(haves.length > 0 ? [thin] : []),
    ...(filter === undefined ? [] : ['filter']),
  ];
  const [first, ...others] = wants;
  const body = Buffer.concat([
    toPacket(`want ${first} ${options.join(' ')}\n`),
    ...others.map((id) => toPacket(`want ${id}\n`)),
    ...haves.map((id) => toPacket(`shallow ${id}\n`)),
    ...(depth === undefined ? [] : [toPacket(`deepen ${depth}\n`)]),
    ...(filter === undefined ? [] : [toPacket(`filter ${filter}\n`)]),
    flushPacket,
    ...haves.map((id) => toPacket(`have ${id}\n`)),
    toPacket('done\n'),
  ]);
  yield* readBands(session.request(body));
}
