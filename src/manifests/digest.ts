import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { toCanonicalText } from './manifest.ts';

/**
 * The digest of a rendered `spec`: 32 hexadecimal digits (the first half of SHA-256), the same for
 * equal specs whatever their key order. Not node:crypto: loading it costs a fifth of Node's start.
 */
export function computeDigest(spec: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(toCanonicalText(spec))).subarray(0, 16));
}
