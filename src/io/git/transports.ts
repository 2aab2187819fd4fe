/** The ways to reach a remote repository. A provider is a folder in `transports/` and a line in this list. */
import { Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { GitTransport } from '../../core/ports/git-transport.ts';
import type { TransportOptions, TransportProvider } from './transport-provider.ts';
import { https } from './transports/https/transport.ts';
import { local } from './transports/local/transport.ts';

const providers: readonly TransportProvider[] = [https, local];

/**
 * A repository's address, checked.
 *
 * @throws Fault when no provider takes it, and when it contains credentials.
 */
export function parseAddress(text: string): string {
  if (/^(ssh|git\+ssh):|^[^/@]+@[^/:]+:/.test(text))
    throw new Fault(
      'usage',
      safe`SSH is not supported`,
      safe`use the https:// address of the repository, with a token`,
    );
  const url = parseUrl(text);
  if (url.username !== '' || url.password !== '')
    throw new Fault(
      'usage',
      safe`the address of the repository contains credentials, which anyone could see`,
      safe`take them out; use --git-credentials or MODEL_MIRROR_GIT_TOKEN`,
    );
  findProvider(url).check(url);
  return text.replace(/\/$/, '');
}

export function openTransport(options: TransportOptions): GitTransport {
  return findProvider(parseUrl(options.address)).open(options);
}

/** Which kind of credentials is used; undefined: the transport takes none. @throws Fault when they are of two kinds. */
export function toCredentialsTitle(options: TransportOptions): SafeText | undefined {
  return findProvider(parseUrl(options.address)).toCredentialsTitle?.(options);
}

function findProvider({ protocol }: URL): TransportProvider {
  const found = providers.find(({ schemes }) => schemes.includes(protocol));
  if (found !== undefined) return found;
  throw new Fault(
    'usage',
    safe`${mask(protocol)}// is not supported`,
    safe`use https://; file:// is for trying things out`,
  );
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch (error) {
    throw new Fault('usage', safe`${quote(text)} is not the address of a repository`, safe`write https://host/path`, {
      cause: error,
    });
  }
}
