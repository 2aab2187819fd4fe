/** Credentials that are sent as they are stored. */
import { keepCredential } from '../../../../core/diagnostics/credentials.ts';
import { safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import type { CredentialKind } from './credential-kind.ts';

/** The user name beside a token: GitHub, GitLab and Gitea accept any, Bitbucket this one. */
const defaultUsername = 'x-token-auth';

/** A password has no control characters (RFC 7617, 2): with line ends it is a file of another kind, such as a key for SSH. */
const isOtherFile = /\p{Cc}|^-----BEGIN /u;

/** A token in place of a password, or a user name and a password. */
export const basic: CredentialKind = {
  names: ['token', 'password'],
  required: [],
  toTitle: (files) => (files.has('token') ? safe`a token` : safe`a password`),
  toHeaders: async (files) => {
    const secret = files.get('token') ?? files.get('password') ?? '';
    if (isOtherFile.test(secret))
      throw new BranchTrouble(
        'denied',
        safe`the token or password has several lines, or is a private key, so it is not sent: store a token alone, on one line; a private key is for an address that begins with ssh://`,
      );
    return toBasic(files.get('username') ?? defaultUsername, secret);
  },
};

/** RFC 6750: Entra tokens of Azure DevOps, and HTTP access tokens of Bitbucket Data Center. */
export const bearer: CredentialKind = {
  names: ['bearer-token'],
  required: ['bearer-token'],
  toTitle: () => safe`a Bearer token`,
  toHeaders: async (files) => {
    const token = files.get('bearer-token') ?? '';
    keepCredential(token);
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new BranchTrouble(
        'denied',
        safe`the Bearer token has characters that cannot be in one: store the token alone, on one line`,
      );
    return { Authorization: `Bearer ${token}` };
  },
};

export function toBasic(username: string, secret: string): { readonly Authorization: string } {
  const pair = Buffer.from(`${username}:${secret}`, 'utf8').toString('base64');
  keepCredential(secret);
  keepCredential(pair);
  return { Authorization: `Basic ${pair}` };
}
