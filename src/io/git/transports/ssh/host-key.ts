/**
 * Whether a server is the one that is meant, by its key. A key that is not in known_hosts is never trusted, not even the
 * first time: whoever stands in between then would be trusted from then on.
 */
import { createHash } from 'node:crypto';
import type { SafeText } from '../../../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import type { SshAddress } from './address.ts';
import { defaultPort } from './address.ts';
import type { KnownHost, KnownKey } from './known-hosts.ts';
import { readKeyType, toKnownName } from './known-hosts.ts';

/** Kinds of signatures → the type of their keys. Those with SHA-1 are left out. */
const algorithms = {
  'ssh-ed25519': 'ssh-ed25519',
  'ecdsa-sha2-nistp256': 'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384': 'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521': 'ecdsa-sha2-nistp521',
  'rsa-sha2-512': 'ssh-rsa',
  'rsa-sha2-256': 'ssh-rsa',
} as const;
type Algorithm = keyof typeof algorithms;

/** Of SHA-256 in base64, without the sign that fills it up. */
const fingerprintLength = 43;
/** A pattern may have any number of keys. */
const mostShown = 5;

/**
 * In the order in which the server's are chosen: those with known keys first, since a server may have keys of several types. The
 * others follow, so that the key of a server that has none of these can be shown.
 */
export function toHostKeyAlgorithms({ keys }: KnownHost): Algorithm[] {
  const all = Object.keys(algorithms) as Algorithm[];
  const isKnown = (one: Algorithm) => keys.some(({ type }) => type === algorithms[one]);
  return [...all.filter(isKnown), ...all.filter((one) => !isKnown(one))];
}

/**
 * @param place of the file; undefined: there is none.
 * @param blob the server's key.
 * @returns why it is not trusted; undefined: it is.
 */
export function checkHostKey(
  { host, port }: SshAddress,
  known: KnownHost,
  place: string | undefined,
  blob: Buffer,
): BranchTrouble | undefined {
  const name = mask(toKnownName(host, port));
  const offered = toTitle({ type: readKeyType(blob), blob });
  const isSame = (one: KnownKey) => one.blob.equals(blob);
  const revoked = known.revoked.find(isSame);
  if (revoked !== undefined)
    return new BranchTrouble(
      'denied',
      safe`the key of the git server ${name}, ${offered}, is revoked by line ${revoked.line} of ${mask(place ?? '')}: do not trust it; ask whoever runs the server for its new key`,
    );
  if (known.keys.some(isSame)) return undefined;
  const scan = safe`ssh-keyscan ${port === defaultPort ? safe`` : safe`-p ${port} `}${mask(host)}`;
  if (known.keys.length > 0)
    return new BranchTrouble(
      'denied',
      safe`the key of the git server ${name} has changed: it is ${offered}, and ${mask(place ?? '')} has ${join(known.keys.slice(0, mostShown).map(toKnownTitle), ', ')}. Someone may be in between: replace the line by the output of ${scan} only if the server's owner publishes the new fingerprint`,
    );
  const missing =
    place === undefined
      ? safe`there is no known_hosts file`
      : known.hasAuthority
        ? safe`${mask(place)} has only a @cert-authority for it, which is not supported`
        : safe`${mask(place)} does not have it`;
  return new BranchTrouble(
    'denied',
    safe`the git server ${name} is not known: ${missing}. Its key is ${offered}: if the server's owner publishes the same fingerprint, put the output of ${scan} into a file, and name that with --known-hosts`,
  );
}

/** As `ssh-keygen -l` shows it: the type and the fingerprint. */
export function toTitle({ type, blob }: Pick<KnownKey, 'type' | 'blob'>): SafeText {
  return safe`${mask(type)} ${toFingerprint(blob)}`;
}

function toKnownTitle(key: KnownKey): SafeText {
  return safe`${toTitle(key)} (line ${key.line})`;
}

function toFingerprint(blob: Buffer): SafeText {
  return mask(`SHA256:${createHash('sha256').update(blob).digest('base64').slice(0, fingerprintLength)}`);
}
