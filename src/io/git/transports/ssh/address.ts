/** Addresses of repositories over SSH, as git takes them (git-clone(1), "GIT URLS"): a URL, and the form of scp. */
import { Fault } from '../../../../core/diagnostics/fault.ts';
import type { SafeText } from '../../../../core/diagnostics/safe-text.ts';
import { isControl, quote, safe } from '../../../../core/diagnostics/safe-text.ts';
import { decodePart } from '../../address-path.ts';

export interface SshAddress {
  readonly user: string;
  /** A name in lower case, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** As the server's git gets it: `/srv/models.git`, `team/models.git`, `~ada/models.git`. */
  readonly path: string;
}

export const sshSchemes = ['ssh:', 'git+ssh:'];

export const defaultPort = 22;
/** Of git hosts; a container's own user means nothing to them. */
const defaultUser = 'git';

/** `user@host:path`, where the host may be an IPv6 address in brackets; a URL has slashes after its first colon. */
const scpForm = /^([^\s/@:]+)@([^\s/@:[\]]+|\[[\da-f:.]+\]):(?!\/\/)(.+)$/i;

export function isSshAddress(text: string): boolean {
  return scpForm.test(text) || sshSchemes.some((scheme) => text.toLowerCase().startsWith(`${scheme}//`));
}

/** @throws Fault when it has no host or path, or contains a password, or what a server's shell could misunderstand. */
export function parseSshAddress(text: string): SshAddress {
  const address = parseScpForm(text) ?? parseUrl(text);
  const { user, host, path } = address;
  if (!/^[a-z\d._:%-]+$/i.test(host) || host.startsWith('-') || !/^[^\s:@/-][^\s:@/]*$/.test(user))
    throw toFault(text, safe`has no user or host that can be used`);
  if (path === '' || path === '/') throw toFault(text, safe`has no path of a repository`);
  // git refuses such a path too: a server may take it for an option.
  if (path.startsWith('-') || [...path, ...user].some(isControl))
    throw toFault(text, safe`has a path that begins with a hyphen, or control characters`);
  return address;
}

function parseScpForm(text: string): SshAddress | undefined {
  const [, user = '', host = '', path = ''] = scpForm.exec(text) ?? [];
  if (host === '') return undefined;
  return { user, host: toHost(host), port: defaultPort, path: withoutSlash(path) };
}

function parseUrl(text: string): SshAddress {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') throw toFault(text, safe`is not the address of a repository`);
  if (url.password !== '')
    throw new Fault(
      'usage',
      safe`the address of the repository contains a password, which anyone could see, and SSH needs a key`,
      safe`take it out; use --git-credentials with a private key`,
    );
  if (url.search !== '' || url.hash !== '') throw toFault(text, safe`has a query or a fragment`);
  const path = withoutSlash(decodePart(url.pathname, text));
  return {
    user: decodePart(url.username, text) || defaultUser,
    host: toHost(url.hostname),
    port: Number(url.port || defaultPort),
    // As git does it: the server's git looks for the home folder.
    path: path.startsWith('/~') ? path.slice(1) : path,
  };
}

function toHost(text: string): string {
  return text.replace(/^\[|\]$/g, '').toLowerCase();
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function toFault(text: string, reason: SafeText): Fault {
  return new Fault('usage', safe`${quote(text)} ${reason}`, safe`write ssh://git@host/path, or git@host:path`);
}
