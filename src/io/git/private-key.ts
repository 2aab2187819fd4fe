/**
 * Private keys, in the forms that people have: OpenSSH's own (PROTOCOL.key), PKCS#1, SEC 1 and PKCS#8. Whatever the form, a
 * key becomes one that the SSH library reads, and one that is protected or of another kind is refused with the remedy.
 */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { keepCredential } from '../../core/diagnostics/credentials.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { Fields, toField } from './ssh-fields.ts';

export interface PrivateKey {
  /** In OpenSSH's form, PKCS#1 or SEC 1. */
  readonly pem: string;
  /** For people: `ed25519`, `ecdsa` or `rsa`. */
  readonly kind: string;
}

/** Why a key cannot be used, and what to do. */
export interface KeyTrouble {
  readonly message: SafeText;
  readonly hint: SafeText;
}

const kinds: Readonly<Record<string, string>> = {
  'ssh-ed25519': 'ed25519',
  'ssh-rsa': 'rsa',
  'ecdsa-sha2-nistp256': 'ecdsa',
  'ecdsa-sha2-nistp384': 'ecdsa',
  'ecdsa-sha2-nistp521': 'ecdsa',
};

/**
 * Reads a key, which no message shows from now on.
 *
 * @param place a file with a private key, or a folder with `ssh-privatekey`, as in a Secret of type ssh-auth.
 * @throws what node:fs throws.
 */
export function readPrivateKey(place: string): { readonly file: string; readonly text: string } {
  const file = statSync(place).isDirectory() ? join(place, 'ssh-privatekey') : place;
  const text = readFileSync(file, 'utf8');
  keepCredential(text.trim());
  return { file, text };
}

/**
 * @param text the file's; line ends and blank space around the key do not matter.
 * @param place of the file, for messages.
 */
export function parsePrivateKey(text: string, place: string): PrivateKey | KeyTrouble {
  const lines = text.trim().replace(/\r\n?/g, '\n');
  if (lines.startsWith('-----BEGIN OPENSSH PRIVATE KEY-----')) return parseOpenSsh(lines, place);
  if (/^-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----/.test(lines)) return parsePem(lines, place);
  if (lines.startsWith('PuTTY-User-Key-File'))
    return {
      message: safe`${mask(place)} has PuTTY's format`,
      hint: safe`convert it: puttygen ${mask(place)} -O private-openssh -o id`,
    };
  if (/^(?:ssh|ecdsa|sk)-|^-----BEGIN (?:SSH2 )?PUBLIC KEY/.test(lines))
    return {
      message: safe`${mask(place)} is the public half of a key`,
      hint: safe`give the private one: the file without .pub`,
    };
  return toUnreadable(place);
}

function parseOpenSsh(text: string, place: string): PrivateKey | KeyTrouble {
  const [, body = ''] = /^-[A-Z -]*-\n([^-]*)-/.exec(text) ?? [];
  const reader = new Fields(Buffer.from(body, 'base64'), 'openssh-key-v1\0');
  const cipher = reader.next().toString('latin1');
  // The name of the derivation, its options, and how many keys.
  reader.next();
  reader.next();
  reader.skip(4);
  const type = new Fields(reader.next()).next().toString('latin1');
  if (type === '') return toUnreadable(place);
  if (cipher !== 'none') return toProtected(place);
  const kind = kinds[type];
  return kind === undefined ? toUnsupported(type, place) : { pem: `${text}\n`, kind };
}

function parsePem(text: string, place: string): PrivateKey | KeyTrouble {
  if (/^(?:-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED)/m.test(text)) return toProtected(place);
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    return toUnreadable(place);
  }
  const { asymmetricKeyType: kind = '', asymmetricKeyDetails: { namedCurve = '' } = {} } = key;
  if (kind === 'rsa') return { pem: key.export({ type: 'pkcs1', format: 'pem' }).toString(), kind };
  if (kind === 'ed25519') return { pem: toOpenSsh(key), kind };
  if (/^(?:prime256v1|secp384r1|secp521r1)$/.test(namedCurve))
    return { pem: key.export({ type: 'sec1', format: 'pem' }).toString(), kind: 'ecdsa' };
  return toUnsupported(namedCurve || kind, place);
}

/** The only form of an ed25519 key that SSH libraries read (PROTOCOL.key). */
function toOpenSsh(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const type = toField('ssh-ed25519');
  const publicPart = Buffer.from(x, 'base64url');
  const publicKey = Buffer.concat([type, toField(publicPart)]);
  // Two equal numbers, which show that decrypting worked; the key; a comment.
  const secret = Buffer.concat([
    Buffer.alloc(8),
    publicKey,
    toField(Buffer.concat([Buffer.from(d, 'base64url'), publicPart])),
    toField(''),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1));
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    ...['none', 'none', ''].map(toField),
    Buffer.from([0, 0, 0, 1]),
    toField(publicKey),
    toField(Buffer.concat([secret, padding])),
  ]);
  const body = blob.toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function toProtected(place: string): KeyTrouble {
  return {
    message: safe`the key in ${mask(place)} has a passphrase, and nobody is there to type it`,
    hint: safe`make a key without one, with ssh-keygen -t ed25519 -N "" -f id, or remove it from a copy: ssh-keygen -p -N "" -f id`,
  };
}

function toUnreadable(place: string): KeyTrouble {
  return {
    message: safe`${mask(place)} does not hold a private key that can be read`,
    hint: safe`check it with ssh-keygen -y -f ${mask(place)}, which shows its public half`,
  };
}

function toUnsupported(type: string, place: string): KeyTrouble {
  return {
    message: safe`the key in ${mask(place)} is of the kind ${quote(type)}, which is not supported`,
    hint: safe`make another one: ssh-keygen -t ed25519 -N "" -f id`,
  };
}
