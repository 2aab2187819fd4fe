/**
 * Git's push protocol, with a pack of our own making: isomorphic-git's `push` lists the whole tree, twice, to find
 * what to send (2 to 3 s for 30,000 files).
 *
 * The format: gitprotocol-pack(5), "Pushing data to a server".
 */
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { GitTransport } from '../../core/ports/git-transport.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import { bound, mostOfReport } from './bounded.ts';
import type { OpenService } from './discovery.ts';
import { openService } from './discovery.ts';
import { flushPacket, readPackets, toPacket } from './packets.ts';
import { withHint } from './refusal-hints.ts';

/** What a ref that does not exist is updated from. */
export const noCommit = '0'.repeat(40);

export interface RefUpdate {
  readonly ref: string;
  /** The server makes the update only while the ref is still this. */
  readonly from: string;
  readonly to: string;
}

/** Undefined: accepted. Otherwise why the server did not accept it, in its own words. */
type Refusal = string | undefined;

/**
 * Pushes a pack, and finds out what became of it.
 *
 * @param server a session for pushes.
 * @returns `moved` when the branch is neither where it was nor where it was pushed to.
 * @throws BranchTrouble when the server refuses it.
 */
export async function pushPack(
  server: OpenService,
  transport: GitTransport,
  update: RefUpdate,
  pack: Buffer,
  signal: AbortSignal,
): Promise<'pushed' | 'moved'> {
  const refusal = await sendPack(server, update, pack);
  if (refusal === undefined) return 'pushed';
  await using again = await openService(transport, 'git-receive-pack', [update.ref], signal);
  const after = again.refs.get(update.ref) ?? noCommit;
  if (after === update.to) return 'pushed';
  if (after !== update.from) return 'moved';
  throw new BranchTrouble('refused', withHint(safe`the git server refuses the push: ${mask(refusal)}`, refusal));
}

/** Sends an update with the objects that it needs. */
async function sendPack(
  { session, capabilities }: OpenService,
  { ref, from, to }: RefUpdate,
  pack: Buffer,
): Promise<Refusal> {
  const wanted = ['report-status', 'side-band-64k'].filter((name) => capabilities.has(name));
  const command = toPacket(`${from} ${to} ${ref}\0 ${wanted.join(' ')}\n`);
  const answer = session.request(Buffer.concat([command, flushPacket, pack]));
  const response = readPackets(bound(answer, mostOfReport, safe`answer to the push`));
  const report: Buffer[] = [];
  let remarks = '';
  for await (const packet of response)
    if (!wanted.includes('side-band-64k')) report.push(packet);
    else if (packet[4] === 1) report.push(packet.subarray(5));
    else remarks += packet.toString('utf8', 5);
  return toRefusal(report, remarks);
}

/**
 * @param report in packets, whose bytes may come in any pieces.
 * @param remarks what the server and its hooks wrote beside it.
 */
async function toRefusal(report: readonly Buffer[], remarks: string): Promise<Refusal> {
  const lines: string[] = [];
  for await (const packet of readPackets(report)) lines.push(packet.toString('utf8', 4).trim());
  const [unpacked] = lines;
  // The server reports at the end: half a response does not show what it did.
  if (unpacked === undefined)
    throw new BranchTrouble('unreachable', safe`the git server broke off in the middle of a push`);
  const refused = lines.filter((line) => line.startsWith('ng '));
  if (unpacked === 'unpack ok' && refused.length === 0 && lines.some((line) => line.startsWith('ok ')))
    return undefined;
  return [
    ...(unpacked === 'unpack ok' ? [] : [unpacked]),
    ...refused.map((line) => line.slice(3)),
    // Hosts frame their words with lines of signs, and Bitbucket paints a bucket above them.
    ...remarks.split(/[\r\n]+/).filter((line) => /[\p{L}\p{N}]/u.test(line)),
  ].join('; ');
}
