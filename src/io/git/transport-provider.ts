/** What a provider in `transports/` consists of. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import type { GitTransport } from '../../core/ports/git-transport.ts';
import type { Environment } from '../process/argocd-environment.ts';

export interface TransportOptions {
  /** As `parseAddress` returns it. */
  readonly address: string;
  /** A file, or a folder as a Secret is mounted; undefined: the credentials are in the environment, if there are any. */
  readonly credentials: string | undefined;
  /** The file of the keys by which SSH servers are known; undefined: `known_hosts` in the folder of the credentials. */
  readonly knownHosts?: string | undefined;
  readonly environment: Environment;
  /** How long the server may be silent, in milliseconds. */
  readonly silenceMs?: number | undefined;
  /** Called when the server answers that the repository has another address now, once for each such address. */
  readonly onMoved?: (address: SafeText) => void;
}

export interface TransportProvider {
  /** Of its addresses, each with a colon. */
  readonly schemes: readonly string[];
  /** Whether an address is its own that is no URL; absent: it has none. */
  readonly takes?: (address: string) => boolean;
  /** @throws Fault for an address that cannot be used safely, as one that contains credentials. */
  readonly check: (address: string) => void;
  readonly open: (options: TransportOptions) => GitTransport;
  /**
   * Which kind of credentials is used, for the log; never a secret. Absent: the transport takes none.
   *
   * @throws Fault when the credentials are of two kinds.
   */
  readonly toCredentialsTitle?: (options: TransportOptions) => SafeText;
}
