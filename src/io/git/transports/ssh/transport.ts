/**
 * Git over SSH: each session is a channel of one kept connection, on which the server runs `git-upload-pack` or
 * `git-receive-pack` (gitprotocol-pack(5), "SSH Transport").
 *
 * Invariants: no key of a server is trusted that is not in known_hosts; a key or a known_hosts that changed is used from the next
 * session on; a session is tried a second time only if the server has done nothing yet.
 */
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { GitSession, GitTransport } from '../../../../core/ports/git-transport.ts';
import type { TransportProvider } from '../../transport-provider.ts';
import type { SshAddress } from './address.ts';
import { isSshAddress, parseSshAddress, sshSchemes } from './address.ts';
import type { SshConnection } from './connection.ts';
import { connectSsh, KeyNotAccepted } from './connection.ts';
import type { SshFiles } from './files.ts';
import { readSshFiles, rereadSshFiles } from './files.ts';
import { NotBegun, openSession } from './session.ts';

/** Without a byte for so long, a server is taken for dead. */
const defaultSilenceMs = 30_000;

export const ssh: TransportProvider = {
  schemes: sshSchemes,
  takes: isSshAddress,
  check: parseSshAddress,
  open: ({ address, credentials, knownHosts, silenceMs = defaultSilenceMs }) => {
    const read = (readFiles: typeof readSshFiles) => readFiles(credentials, knownHosts);
    // What cannot work is reported at the start.
    read(readSshFiles);
    return new SshTransport(parseSshAddress(address), () => read(rereadSshFiles), silenceMs);
  },
  toCredentialsTitle: ({ credentials, knownHosts }) =>
    safe`${mask(readSshFiles(credentials, knownHosts).key.kind)} key of SSH`,
};

interface Kept {
  /** Those that it was begun with. */
  readonly files: SshFiles;
  readonly making: Promise<SshConnection>;
  made: SshConnection | undefined;
}

class SshTransport implements GitTransport {
  readonly #address: SshAddress;
  readonly #readFiles: () => SshFiles;
  readonly #silenceMs: number;
  /** The kept one, or the one that is being made; whoever comes meanwhile waits for the same. */
  #kept: Kept | undefined;

  constructor(address: SshAddress, readFiles: () => SshFiles, silenceMs: number) {
    this.#address = address;
    this.#readFiles = readFiles;
    this.#silenceMs = silenceMs;
  }

  readonly open: GitTransport['open'] = async (service, signal) => {
    const silenceMs = this.#silenceMs;
    const start = (connection: SshConnection): Promise<GitSession> =>
      openSession({ connection, service, path: this.#address.path, silenceMs, signal });
    const before = this.#kept?.made;
    const connection = await until(this.#connect(), signal);
    try {
      return await start(connection);
    } catch (error) {
      // On one that was just made, it would fail again.
      if (!(error instanceof NotBegun) || connection !== before) throw error;
      this.#forget(connection);
      return await start(await until(this.#connect(), signal));
    }
  };

  /** @throws BranchTrouble */
  #connect(): Promise<SshConnection> {
    const files = this.#readFiles();
    const kept = this.#kept;
    if (kept !== undefined && kept.made?.isOver() !== true && isSame(kept.made?.files ?? kept.files, files))
      return kept.making;
    kept?.making.then((old) => old.retire(), ignore);
    const next: Kept = { files, making: this.#connectWith(files), made: undefined };
    this.#kept = next;
    next.making.then(
      (connection) => {
        next.made = connection;
      },
      () => {
        if (this.#kept === next) this.#kept = undefined;
      },
    );
    return next.making;
  }

  async #connectWith(files: SshFiles): Promise<SshConnection> {
    try {
      return await connectSsh(this.#address, files, this.#silenceMs);
    } catch (error) {
      const now = error instanceof KeyNotAccepted ? this.#readFiles() : files;
      if (isSame(now, files)) throw error;
      return await connectSsh(this.#address, now, this.#silenceMs);
    }
  }

  #forget(connection: SshConnection): void {
    connection.retire();
    if (this.#kept?.made === connection) this.#kept = undefined;
  }
}

function isSame(one: SshFiles, other: SshFiles): boolean {
  return one.key.pem === other.key.pem && one.knownHosts === other.knownHosts;
}

/** Whoever is aborted stops waiting; the connection may be another's too. */
async function until<T>(what: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const ended = new AbortController();
  try {
    return await Promise.race([
      what,
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: ended.signal });
      }),
    ]);
  } finally {
    ended.abort();
  }
}

function ignore(): void {}
