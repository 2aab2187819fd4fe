/**
 * The push of git's smart HTTP protocol, with a pack of one's own making: isomorphic-git's `push` lists
 * the whole tree, twice, to find what to send (2 to 3 s for 30,000 files).
 *
 * The format: gitprotocol-pack(5), "Pushing data to a server".
 */
import type { HttpClient } from 'isomorphic-git';
import { GitRemoteHTTP } from 'isomorphic-git/managers';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';

export interface Remote {
  readonly url: string;
  readonly http: HttpClient;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Advertisement {
  /** Full name of a ref → commit. */
  readonly refs: ReadonlyMap<string, string>;
  readonly capabilities: ReadonlySet<string>;
}

/** What may be pushed to: one request, which also shows whether the credentials may push. */
export async function discoverReceivePack({ url, http, headers }: Remote): Promise<Advertisement> {
  const found = (await GitRemoteHTTP.discover({
    http,
    url,
    service: 'git-receive-pack',
    headers: { ...headers },
    protocolVersion: 1,
  })) as Advertisement;
  // gitprotocol-capabilities(5), "object-format".
  if (found.capabilities.has('object-format=sha256'))
    throw new BranchTrouble(
      'unsupported',
      safe`the watcher does not support SHA-256 repositories: use one that was made with --object-format=sha1`,
    );
  return found;
}

export interface RefUpdate {
  readonly ref: string;
  /** The server takes the update only while the ref is still this. */
  readonly from: string;
  readonly to: string;
}

/** Undefined: taken. Else what the server says against it. */
export type Refusal = string | undefined;

/** @returns why the server did not take it; undefined when it did. */
export async function sendPack(
  remote: Remote,
  { ref, from, to }: RefUpdate,
  pack: Buffer,
  capabilities: ReadonlySet<string>,
): Promise<Refusal> {
  const wanted = ['report-status', 'side-band-64k'].filter((name) => capabilities.has(name));
  const command = toPacket(`${from} ${to} ${ref}\0 ${wanted.join(' ')}\n`);
  const { body } = await GitRemoteHTTP.connect({
    http: remote.http,
    url: remote.url,
    service: 'git-receive-pack',
    headers: { ...remote.headers },
    auth: {},
    body: [command, Buffer.from('0000'), pack],
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return toRefusal(Buffer.concat(chunks), wanted.includes('side-band-64k'));
}

function toPacket(text: string): Buffer {
  const content = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from((content.length + 4).toString(16).padStart(4, '0')), content]);
}

function toRefusal(answer: Buffer, hasBands: boolean): Refusal {
  const said: string[] = [];
  let report = answer;
  if (hasBands) {
    const parts: Buffer[] = [];
    for (const packet of toPackets(answer)) {
      const [band] = packet;
      if (band === 1) parts.push(packet.subarray(1));
      else said.push(packet.subarray(1).toString('utf8'));
    }
    report = Buffer.concat(parts);
  }
  const lines = toPackets(report).map((packet) => packet.toString('utf8').trim());
  const [unpacked] = lines;
  // The server answers at the end: half an answer says nothing of what it did.
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

/** Without flush packets; ends at the first that is not whole. */
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
