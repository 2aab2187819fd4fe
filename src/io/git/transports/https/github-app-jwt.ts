/** How a GitHub App shows who it is: a JSON Web Token (RFC 7519) that its private key signs (RS256, RFC 7518). */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, sign } from 'node:crypto';
import { keepCredential } from '../../../../core/diagnostics/credentials.ts';
import { safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';

/** GitHub advises a minute for clocks that differ, and refuses what lasts for more than ten. */
const agoSeconds = 60;
const aheadSeconds = 540;

/**
 * @param app an App's id or its client id.
 * @param pem in PKCS#1, as GitHub gives it, or in PKCS#8.
 * @param date in seconds since 1970.
 * @throws BranchTrouble when the key cannot be used.
 */
export function toJwt(app: string, pem: string, date: number): string {
  const key = toKey(pem);
  const claims = {
    iat: date - agoSeconds,
    exp: date + aheadSeconds,
    // GitHub Enterprise Server takes an App's id as a number only.
    iss: /^\d+$/.test(app) ? Number(app) : app,
  };
  const content = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const jwt = `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
  keepCredential(jwt);
  return jwt;
}

function toKey(pem: string): KeyObject {
  keepCredential(pem);
  const refuse = (cause?: unknown) =>
    new BranchTrouble(
      'denied',
      safe`private-key of the GitHub App is no RSA key: store the whole .pem file that GitHub generated, with its lines "BEGIN" and "END"`,
      undefined,
      { cause },
    );
  // What OpenSSL says names its own parts ("DECODER routines::unsupported").
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw refuse(error);
  }
  if (key.asymmetricKeyType !== 'rsa') throw refuse();
  return key;
}
