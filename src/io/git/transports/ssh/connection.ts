/**
 * A connection to an SSH server that it trusts and that accepts the key. It is kept for all sessions, each a channel of its own:
 * connecting takes several round trips, a channel one or two.
 *
 * Invariant: while it has no session, nothing of it keeps the process alive. That is why the kernel sends the keepalives: the
 * library's own are a timer that would.
 */
import { connect } from 'node:net';
import type { Client, ClientChannel } from 'ssh2';
import { toNetworkReason } from '../../../../core/diagnostics/fault.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import type { SshAddress } from './address.ts';
import type { SshFiles } from './files.ts';
import { checkHostKey, toHostKeyAlgorithms } from './host-key.ts';
import { findKnownHost, toKnownName } from './known-hosts.ts';

/** Routers forget connections that are silent for minutes. */
const keepAliveMs = 15_000;

/** The server accepts other keys, if any; there may be a newer one by now. */
export class KeyNotAccepted extends BranchTrouble {}

export interface SshConnection {
  /** Those that it was made with. */
  readonly files: SshFiles;
  readonly isOver: () => boolean;
  /**
   * Starts a command on a channel, which keeps the connection until it is closed.
   *
   * @param take is called before anything else of the channel arrives: its end may be in the same packet.
   * @throws Error
   */
  readonly exec: <T>(command: string, take: (channel: ClientChannel) => T) => Promise<T>;
  /** Closes it when its last channel is closed. */
  readonly retire: () => void;
  /** Closes it at once. */
  readonly drop: () => void;
}

/**
 * @param silenceMs how long the server may take.
 * @throws BranchTrouble; KeyNotAccepted when it does not accept the key.
 */
export async function connectSsh(address: SshAddress, files: SshFiles, silenceMs: number): Promise<SshConnection> {
  const { Client } = await import('./library.ts');
  const { host, port, user } = address;
  const known = findKnownHost(files.knownHosts, host, port);
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
  const client: Client = new Client();
  let untrusted: BranchTrouble | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      // Stays: an error without a listener would end the process.
      client.on('error', reject);
      client.once('close', () =>
        reject(Object.assign(new Error('it closed the connection'), { level: 'client-socket' })),
      );
      client.connect({
        sock: socket,
        username: user,
        privateKey: files.key.pem,
        authHandler: ['publickey'],
        readyTimeout: silenceMs,
        // Packs are compressed already, and a compressed stream may unpack to far more than arrives.
        algorithms: { serverHostKey: toHostKeyAlgorithms(known), compress: ['none'] },
        hostVerifier: (blob: Buffer) => {
          untrusted = checkHostKey(address, known, files.knownHostsPlace, blob);
          return untrusted === undefined;
        },
      });
    });
  } catch (error) {
    socket.destroy();
    throw untrusted ?? toConnectTrouble(error, address, files, silenceMs);
  }
  let channels = 0;
  let isRetired = false;
  const count = (change: 1 | -1) => {
    channels += change;
    if (channels > 0) socket.ref();
    else socket.unref();
    if (channels === 0 && isRetired) client.end();
  };
  let isOver = false;
  client.once('close', () => {
    isOver = true;
  });
  socket.unref();
  return {
    files,
    isOver: () => isOver || !socket.writable,
    exec: (command, take) =>
      new Promise((resolve, reject) => {
        count(1);
        const fail = (error: unknown) => {
          count(-1);
          reject(error);
        };
        try {
          client.exec(command, (error, channel) => {
            if (error) return fail(error);
            channel.once('close', () => count(-1));
            resolve(take(channel));
          });
        } catch (error) {
          fail(error);
        }
      }),
    retire: () => {
      isRetired = true;
      if (channels === 0) client.end();
    },
    drop: () => socket.destroy(),
  };
}

/** Disconnect messages (RFC 4253, 11.1). */
const tooManyConnections = 12;
const noMoreMethods = 14;

function toConnectTrouble(
  error: unknown,
  { host, port, user }: SshAddress,
  { key, keyPlace }: SshFiles,
  silenceMs: number,
): BranchTrouble {
  const { level = '', code, message } = error as Error & { level?: string; code?: unknown };
  const server = safe`the git server ${mask(toKnownName(host, port))}`;
  if (level === 'client-authentication' || code === noMoreMethods)
    return new KeyNotAccepted(
      'denied',
      safe`${server} does not accept the ${mask(key.kind)} key in ${mask(keyPlace)} for the user ${mask(user)}: register its public half there as a deploy key with write access (ssh-keygen -y -f ${mask(keyPlace)} shows it)`,
    );
  if (level === 'client-timeout')
    return new BranchTrouble('unreachable', safe`${server} was silent for ${silenceMs / 1000} s`);
  if (code === tooManyConnections)
    return new BranchTrouble('throttled', safe`${server} asks for fewer connections: ${mask(message)}`);
  if (level === 'handshake')
    return new BranchTrouble(
      'denied',
      safe`${server} and the watcher have no way to encrypt in common: ${mask(message)}`,
    );
  if (level === 'protocol' && message.startsWith('Connection lost'))
    return new BranchTrouble(
      'unreachable',
      safe`${server} closed the connection before it began: check the address and the port; a server that is too busy does so too`,
    );
  // What the library throws while it parses has no level.
  if (level === 'protocol' || (level === '' && code === undefined))
    return new BranchTrouble(
      'denied',
      safe`${server} does not answer as an SSH server does: check the address and the port`,
    );
  if (typeof code === 'number')
    return new BranchTrouble('unavailable', safe`${server} ends the connection: ${mask(message)}`);
  return new BranchTrouble('unreachable', safe`${server} cannot be reached: ${toNetworkReason(error)}`, undefined, {
    cause: error,
  });
}
