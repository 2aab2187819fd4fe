/**
 * The keys by which servers are known, in the format of OpenSSH's known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"):
 * names, patterns, hashed names, `[host]:port`, and `@revoked`. Certificates of hosts (`@cert-authority`) are not supported.
 */
import { createHmac } from 'node:crypto';

export interface KnownKey {
  readonly type: string;
  /** In SSH's own encoding, which begins with the type. */
  readonly blob: Buffer;
  /** Of the file, from 1. */
  readonly line: number;
}

/** What a file has about one host. */
export interface KnownHost {
  readonly keys: readonly KnownKey[];
  readonly revoked: readonly KnownKey[];
  /** Whether a certificate authority vouches for the host, which is not supported. */
  readonly hasAuthority: boolean;
}

/**
 * @param text the file's; lines that cannot be read count as comments, as for OpenSSH.
 * @param host in lower case.
 */
export function findKnownHost(text: string, host: string, port: number): KnownHost {
  const name = toKnownName(host, port);
  const keys: KnownKey[] = [];
  const revoked: KnownKey[] = [];
  let hasAuthority = false;
  for (const [at, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t\r]+/).filter((word) => word !== '');
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [names = '', type = '', encoded = ''] = words;
    if (names.startsWith('#') || !matchesNames(names, name)) continue;
    const blob = Buffer.from(encoded, 'base64');
    if (type === '' || readKeyType(blob) !== type) continue;
    const key = { type, blob, line: at + 1 };
    if (marker === undefined) keys.push(key);
    else if (marker === '@revoked') revoked.push(key);
    else if (marker === '@cert-authority') hasAuthority = true;
  }
  return { keys, revoked, hasAuthority };
}

/** How a file names a server. */
export function toKnownName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Every encoded key begins with its type (RFC 4253, 6.6). */
export function readKeyType(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
}

function matchesNames(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHashed(names, name);
  let isMatched = false;
  for (const pattern of names.toLowerCase().split(',')) {
    const isNegated = pattern.startsWith('!');
    if (pattern === '' || !matchesPattern(isNegated ? pattern.slice(1) : pattern, name)) continue;
    // Whatever the other patterns of the line match.
    if (isNegated) return false;
    isMatched = true;
  }
  return isMatched;
}

/** `|1|salt|hash`: the HMAC-SHA1 of the name, by the salt. */
function matchesHashed(names: string, name: string): boolean {
  const [, version, salt = '', hash] = names.split('|');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64');
  return version === '1' && found === hash;
}

/** With `*` and `?`; in time that grows with the product of the lengths at most. */
function matchesPattern(pattern: string, name: string): boolean {
  let star = -1;
  let restart = 0;
  let at = 0;
  for (let i = 0; i < name.length; ) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at++;
      restart = i;
    } else if (wanted === '?' || wanted === name[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++restart;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
