/** A private key as Node signs with it, also from OpenSSH's own form, which OpenSSL does not read (PROTOCOL.key). */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey } from 'node:crypto';
import { Fields } from '../ssh-fields.ts';

/**
 * @param pem of a key without a passphrase, in OpenSSH's form, PKCS#1, SEC 1 or PKCS#8.
 * @throws Error when it is cut off or damaged.
 */
export function toKeyObject(pem: string): KeyObject {
  const [, body] = /^-----BEGIN OPENSSH PRIVATE KEY-----\n([^-]*)-/.exec(pem) ?? [];
  if (body === undefined) return createPrivateKey(pem);
  const outer = new Fields(Buffer.from(body, 'base64'), 'openssh-key-v1\0');
  // Cipher, derivation and its options, which are all "none" here.
  for (let i = 0; i < 3; i++) outer.next();
  outer.skip(4);
  outer.next();
  const secret = outer.next();
  if (secret.length < 8 || !secret.subarray(0, 4).equals(secret.subarray(4, 8))) throw new Error('a damaged key');
  const fields = new Fields(secret);
  fields.skip(8);
  return createPrivateKey({ key: toJwk(fields.next().toString('latin1'), fields), format: 'jwk' });
}

function toJwk(type: string, fields: Fields): Record<string, string> {
  if (type === 'ssh-ed25519') {
    const x = fields.next().toString('base64url');
    // The public half follows again.
    return { kty: 'OKP', crv: 'Ed25519', x, d: fields.next().toString('base64url', 0, 32) };
  }
  if (type === 'ssh-rsa') {
    const [n, e, d] = [fields.next(), fields.next(), fields.next()];
    const [qi, p, q] = [fields.next(), fields.next(), fields.next()];
    const toRest = (prime: Buffer) => toBytes(toNumber(d) % (toNumber(prime) - 1n));
    const numbers = Object.entries({ n, e, d, p, q, qi, dp: toRest(p), dq: toRest(q) });
    return { kty: 'RSA', ...Object.fromEntries(numbers.map(([name, bytes]) => [name, toText(bytes)])) };
  }
  const curve = fields.next().toString('latin1');
  // Behind a byte that means "not compressed", both coordinates.
  const point = fields.next().subarray(1);
  const length = point.length / 2;
  const [x, y] = [point.subarray(0, length), point.subarray(length)].map((one) => one.toString('base64url'));
  return { kty: 'EC', crv: curve.replace('nistp', 'P-'), x: x ?? '', y: y ?? '', d: toText(fields.next(), length) };
}

/** @param length in bytes, at least: numbers of SSH are as short as they can be, and may have a zero in front. */
function toText(number: Buffer, length = 1): string {
  const digits = number
    .toString('hex')
    .replace(/^(?:00)+/, '')
    .padStart(length * 2, '0');
  return Buffer.from(digits, 'hex').toString('base64url');
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x0${bytes.toString('hex')}`);
}

function toBytes(number: bigint): Buffer {
  const digits = number.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
}
