/** Signatures as `ssh-keygen -Y sign` makes them, and git with `gpg.format=ssh` (PROTOCOL.sshsig). */
import type { KeyObject } from 'node:crypto';
import { createHash, createPublicKey, sign } from 'node:crypto';
import { toField, toNumberField } from '../ssh-fields.ts';

const magic = 'SSHSIG';
/** Git's own. */
const namespace = 'git';
const hash = 'sha512';

/** The curves of RFC 5656, each with its name there and the hash that it signs with. */
const curves: Readonly<Record<string, { readonly name: string; readonly hash: string }>> = {
  'P-256': { name: 'nistp256', hash: 'sha256' },
  'P-384': { name: 'nistp384', hash: 'sha384' },
  'P-521': { name: 'nistp521', hash: 'sha512' },
};

/**
 * @param key an ed25519, ECDSA or RSA key.
 * @returns the armoured signature, with a line end.
 */
export function toSshSignature(content: Buffer, key: KeyObject): string {
  const about = [toField(namespace), toField(''), toField(hash)];
  const signed = Buffer.concat([Buffer.from(magic), ...about, toField(createHash(hash).update(content).digest())]);
  const version = Buffer.from([0, 0, 0, 1]);
  const parts = [Buffer.from(magic), version, toField(toPublicBlob(key)), ...about, toField(signWith(key, signed))];
  const lines = Buffer.concat(parts)
    .toString('base64')
    .replace(/.{70}(?=.)/g, '$&\n');
  return `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----\n`;
}

/** `SHA256:…`, as `ssh-keygen -l` and the pages of git hosts show a key. */
export function toFingerprint(key: KeyObject): string {
  return `SHA256:${createHash('sha256').update(toPublicBlob(key)).digest('base64').replace('=', '')}`;
}

/** The public half (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4). */
function toPublicBlob(key: KeyObject): Buffer {
  const { crv = '', x = '', y = '', n = '', e = '' } = createPublicKey(key).export({ format: 'jwk' });
  const bytes = (text: string) => Buffer.from(text, 'base64url');
  if (crv === 'Ed25519') return Buffer.concat([toField('ssh-ed25519'), toField(bytes(x))]);
  const curve = curves[crv];
  if (curve === undefined) return Buffer.concat([toField('ssh-rsa'), toNumberField(bytes(e)), toNumberField(bytes(n))]);
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
  return Buffer.concat([toField(`ecdsa-sha2-${curve.name}`), toField(curve.name), toField(point)]);
}

/** A signature with the name of its kind (RFC 8709, 6; RFC 8332, 3; RFC 5656, 3.1.2). */
function signWith(key: KeyObject, content: Buffer): Buffer {
  const { crv = '' } = createPublicKey(key).export({ format: 'jwk' });
  if (crv === 'Ed25519') return Buffer.concat([toField('ssh-ed25519'), toField(sign(null, content, key))]);
  const curve = curves[crv];
  if (curve === undefined) return Buffer.concat([toField('rsa-sha2-512'), toField(sign('sha512', content, key))]);
  const both = sign(curve.hash, content, { key, dsaEncoding: 'ieee-p1363' });
  const [r, s] = [both.subarray(0, both.length / 2), both.subarray(both.length / 2)].map(toNumberField);
  return Buffer.concat([toField(`ecdsa-sha2-${curve.name}`), toField(Buffer.concat([r ?? both, s ?? both]))]);
}
