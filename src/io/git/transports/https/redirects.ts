/**
 * Where a git host sends its clients. Repositories that were renamed or transferred answer at their old address with a
 * redirect (observed: Gitea and GitHub with 301); sign-in pages are reached by one too.
 *
 * Invariants: only addresses of the configured origin are followed, so neither credentials nor requests go elsewhere: a
 * redirect must not choose which address within the network is read, and whose first line is shown.
 */
import type { Response } from 'undici';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';

/** More are a circle, or the steps of a sign-in. */
export const mostRedirects = 10;

const listEnd = '/info/refs';

export interface Redirect {
  readonly to: string;
  /** Whether the old address is to be replaced by it (RFC 9110, 15.4). */
  readonly isPermanent: boolean;
}

/**
 * The address to ask next; undefined: the response redirects nowhere.
 *
 * @param from the address that was asked.
 * @throws BranchTrouble when it is on another origin.
 */
export function toRedirect({ status, headers }: Response, from: string): Redirect | undefined {
  const location = headers.get('location');
  if (![301, 302, 303, 307, 308].includes(status) || location === null) return undefined;
  const to = URL.parse(location, from);
  if (to?.origin === new URL(from).origin)
    return { to: to.origin + to.pathname + to.search, isPermanent: status === 301 || status === 308 };
  // A sign-in page often has the old address in its query.
  if (to !== null && isAddressOfGit(to) && to.pathname.endsWith(listEnd))
    throw new BranchTrouble(
      'denied',
      safe`the git server says that the repository has moved to ${mask(toBase(to))}: name it with --repo`,
    );
  throw new BranchTrouble(
    'denied',
    safe`the git server redirects to ${mask(to?.host || 'no valid address')} in place of answering (HTTP ${status}): check the address and the credentials, there may be a sign-in page in front`,
  );
}

/** The repository's address, from that of its list of refs; undefined: it is not such an address. */
export function toRepository(list: string): string | undefined {
  const url = new URL(list);
  return url.pathname.endsWith(listEnd) ? toBase(url) : undefined;
}

export function toCircle(): BranchTrouble {
  return new BranchTrouble(
    'denied',
    safe`the git server keeps redirecting: check the address and the credentials, there may be a sign-in page in front`,
  );
}

function isAddressOfGit({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:';
}

function toBase({ origin, pathname }: URL): string {
  return origin + pathname.slice(0, -listEnd.length);
}

/** Whether it is on this machine, where nobody can listen on the way. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
