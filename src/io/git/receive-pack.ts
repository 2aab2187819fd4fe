/**
 * Git's push protocol, with a pack of our own making: isomorphic-git's `push` lists the whole tree, twice, to find
 * what to send (2 to 3 s for 30,000 files).
 *
 * The format: gitprotocol-pack(5), "Pushing data to a server".
 */
import { GitRemoteHTTP } from 'isomorphic-git/managers';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { GitSession, GitTransport } from '../../core/ports/git-transport.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import { libraryUrl, toLibraryClient } from './library-client.ts';

/** A session in which one ref can be updated. */
export interface ReceivePack extends AsyncDisposable {
  /** Full name of a ref → commit. */
  readonly refs: ReadonlyMap<string, string>;
  readonly capabilities: ReadonlySet<string>;
  readonly session: GitSession;
}

/** Opens a session for a push, which also shows whether the credentials may push. Whoever opens it disposes of it. */
export async function openReceivePack(transport: GitTransport, signal: AbortSignal): Promise<ReceivePack> {
  const session = await transport.open('git-receive-pack', signal);
  const end = () => session[Symbol.asyncDispose]();
  try {
    const { refs, capabilities } = (await GitRemoteHTTP.discover({
      http: toLibraryClient(session, 'git-receive-pack'),
      url: libraryUrl,
      service: 'git-receive-pack',
      headers: {},
      protocolVersion: 1,
    })) as Pick<ReceivePack, 'refs' | 'capabilities'>;
    // gitprotocol-capabilities(5), "object-format".
    if (!capabilities.has('object-format=sha256')) return { refs, capabilities, session, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
  await end();
  throw new BranchTrouble(
    'unsupported',
    safe`the watcher does not support SHA-256 repositories: use one that was made with --object-format=sha1`,
  );
}

export interface RefUpdate {
  readonly ref: string;
  /** The server makes the update only while the ref is still this. */
  readonly from: string;
  readonly to: string;
}

/** Undefined: accepted. Otherwise why the server did not accept it, in its own words. */
export type Refusal = string | undefined;

/** Sends an update with the objects that it needs. */
export async function sendPack(
  { session, capabilities }: ReceivePack,
  { ref, from, to }: RefUpdate,
  pack: Buffer,
): Promise<Refusal> {
  const wanted = ['report-status', 'side-band-64k'].filter((name) => capabilities.has(name));
  const command = toPacket(`${from} ${to} ${ref}\0 ${wanted.join(' ')}\n`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of session.request(Buffer.concat([command, Buffer.from('0000'), pack]))) chunks.push(chunk);
  return toRefusal(Buffer.concat(chunks), wanted.includes('side-band-64k'));
}

function toPacket(text: string): Buffer {
  const content = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from((content.length + 4).toString(16).padStart(4, '0')), content]);
}

function toRefusal(response: Buffer, hasBands: boolean): Refusal {
  const said: string[] = [];
  let report = response;
  if (hasBands) {
    const parts: Buffer[] = [];
    for (const packet of toPackets(response)) {
      const [band] = packet;
      if (band === 1) parts.push(packet.subarray(1));
      else said.push(packet.subarray(1).toString('utf8'));
    }
    report = Buffer.concat(parts);
  }
  const lines = toPackets(report).map((packet) => packet.toString('utf8').trim());
  const [unpacked] = lines;
  // The server reports at the end: half a response does not show what it did.
  if (unpacked === undefined)
    throw new BranchTrouble('unreachable', safe`the git server broke off in the middle of a push`);
  const against = lines.filter((line) => line.startsWith('ng '));
  if (unpacked === 'unpack ok' && against.length === 0 && lines.some((line) => line.startsWith('ok ')))
    return undefined;
  const words = [...(unpacked === 'unpack ok' ? [] : [unpacked]), ...against.map((line) => line.slice(3))];
  const remarks = said
    .join('')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '');
  return [...words, ...remarks].join('; ');
}

/** The contents of the packets, without flush packets, up to the first that is incomplete. */
function toPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = Number.parseInt(bytes.toString('latin1', at, at + 4), 16);
    if (Number.isNaN(length) || at + length > bytes.length) break;
    if (length >= 4) packets.push(bytes.subarray(at + 4, at + length));
    at += Math.max(length, 4);
  }
  return packets;
}
