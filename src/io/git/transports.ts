/** The ways to reach a remote repository. A provider is a folder in `transports/` and a line in this list. */
import { Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { GitTransport } from '../../core/ports/git-transport.ts';
import type { TransportOptions, TransportProvider } from './transport-provider.ts';
import { https } from './transports/https/transport.ts';
import { local } from './transports/local/transport.ts';
import { ssh } from './transports/ssh/transport.ts';

const providers: readonly TransportProvider[] = [https, ssh, local];

/**
 * A repository's address, checked.
 *
 * @throws Fault when no provider takes it, and when it contains credentials.
 */
export function parseAddress(text: string): string {
  findProvider(text).check(text);
  return text.replace(/\/$/, '');
}

/** @throws Fault when the credentials are of no use. */
export function openTransport(options: TransportOptions): GitTransport {
  return findProvider(options.address).open(options);
}

/** Which kind of credentials is used; undefined: the transport takes none. @throws Fault when they are of two kinds. */
export function toCredentialsTitle(options: TransportOptions): SafeText | undefined {
  return findProvider(options.address).toCredentialsTitle?.(options);
}

/** Whether it is reached over SSH. @throws Fault when no provider takes the address. */
export function isOverSsh(address: string): boolean {
  return findProvider(address) === ssh;
}

function findProvider(address: string): TransportProvider {
  const own = providers.find(({ takes }) => takes?.(address));
  if (own !== undefined) return own;
  const url = URL.parse(address);
  if (url === null)
    throw new Fault(
      'usage',
      safe`${quote(address)} is not the address of a repository`,
      safe`write https://host/path, ssh://git@host/path or git@host:path`,
    );
  const found = providers.find(({ schemes }) => schemes.includes(url.protocol));
  if (found !== undefined) return found;
  throw new Fault(
    'usage',
    safe`${mask(url.protocol)}// is not supported`,
    safe`use https:// or ssh://; file:// is for trying things out`,
  );
}
