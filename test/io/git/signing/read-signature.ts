/** Reads SSHSIG by its description alone (OpenSSH's PROTOCOL.sshsig, RFC 4253, 5656, 8332 and 8709), to check what signs. */
import type { JsonWebKeyInput } from 'node:crypto';
import { createHash, createPublicKey, verify } from 'node:crypto';

interface Signature {
  /** The blob of the key, as the second word of a `.pub` file has it. */
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly hash: string;
  readonly kind: string;
  readonly isGood: boolean;
}

/** @throws Error when the armour or a field is not as described. */
export function readSignature(armoured: string, content: Buffer): Signature {
  const lines = armoured.split('\n');
  if (lines[0] !== '-----BEGIN SSH SIGNATURE-----' || lines.at(-1) !== '-----END SSH SIGNATURE-----')
    throw new Error(`no armour: ${armoured}`);
  const body = lines.slice(1, -1);
  if (body.some((line, i) => (i < body.length - 1 ? line.length !== 70 : line.length > 70)))
    throw new Error('lines of another length than 70');
  const blob = Buffer.from(body.join(''), 'base64');
  if (blob.toString('latin1', 0, 6) !== 'SSHSIG' || blob.readUInt32BE(6) !== 1) throw new Error('no version 1');
  const [publicKey, namespace, reserved, hash, signature, ...more] = split(blob.subarray(10));
  if (publicKey === undefined || signature === undefined || more.length > 0) throw new Error('not five fields');
  if (namespace === undefined || reserved?.length !== 0 || hash === undefined) throw new Error('reserved is in use');
  const digest = createHash(hash.toString()).update(content).digest();
  const signed = Buffer.concat([
    Buffer.from('SSHSIG'),
    ...[namespace, reserved, hash, digest].map((field) => Buffer.concat([size(field.length), field])),
  ]);
  const [kind = Buffer.alloc(0), value = Buffer.alloc(0)] = split(signature);
  return {
    publicKey,
    namespace: namespace.toString(),
    hash: hash.toString(),
    kind: kind.toString(),
    isGood: isGood(publicKey, kind.toString(), value, signed),
  };
}

function isGood(publicKey: Buffer, kind: string, value: Buffer, signed: Buffer): boolean {
  const [type = Buffer.alloc(0), one = Buffer.alloc(0), two = Buffer.alloc(0)] = split(publicKey);
  const text = (bytes: Buffer) => bytes.toString('base64url');
  const key = (jwk: JsonWebKeyInput['key']) => createPublicKey({ key: jwk, format: 'jwk' });
  if (kind === 'ssh-ed25519' && type.toString() === kind)
    return verify(null, signed, key({ kty: 'OKP', crv: 'Ed25519', x: text(one) }), value);
  if (kind === 'rsa-sha2-512' && type.toString() === 'ssh-rsa')
    return verify('sha512', signed, key({ kty: 'RSA', e: text(one), n: text(two) }), value);
  const bits = Number(/^ecdsa-sha2-nistp(\d+)$/.exec(kind)?.[1]);
  const length = Math.ceil(bits / 8);
  if (type.toString() !== kind || one.toString() !== `nistp${bits}` || two.length !== 1 + 2 * length) return false;
  const [x, y] = [two.subarray(1, 1 + length), two.subarray(1 + length)].map(text);
  const halves = split(value).map((number) => {
    if ((number[0] ?? 0) >= 0x80 || (number[0] === 0 && (number[1] ?? 0) < 0x80)) throw new Error('no mpint');
    return Buffer.from(
      number
        .toString('hex')
        .padStart(2 * length + 2, '0')
        .slice(-2 * length),
      'hex',
    );
  });
  const hash = `sha${bits === 521 ? 512 : bits}`;
  const publicHalf = key({ kty: 'EC', crv: `P-${bits}`, x: x ?? '', y: y ?? '' });
  return verify(hash, signed, { key: publicHalf, dsaEncoding: 'ieee-p1363' }, Buffer.concat(halves));
}

function split(bytes: Buffer): Buffer[] {
  if (bytes.length === 0) return [];
  const end = 4 + bytes.readUInt32BE(0);
  if (end > bytes.length) throw new Error('a field that is cut off');
  return [bytes.subarray(4, end), ...split(bytes.subarray(end))];
}

function size(length: number): Buffer {
  return Buffer.from(length.toString(16).padStart(8, '0'), 'hex');
}

/** What git verifies: the commit without its header `gpgsig`, and that header (git's commit.c, `parse_signed_commit`). */
export function splitCommit(commit: string): { readonly signature: string; readonly content: string } {
  const lines = commit.split('\n');
  const start = lines.findIndex((line) => line.startsWith('gpgsig '));
  if (start < 0 || start > lines.indexOf('')) throw new Error(`no signature: ${commit}`);
  const end = lines.findIndex((line, i) => i > start && !line.startsWith(' '));
  const signature = lines.slice(start, end).map((line, i) => line.slice(i === 0 ? 'gpgsig '.length : 1));
  return { signature: signature.join('\n'), content: lines.toSpliced(start, end - start).join('\n') };
}
