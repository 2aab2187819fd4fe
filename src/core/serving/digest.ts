import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { isMap, valueAt } from '../input/plain-value.ts';
import { toCanonicalText } from '../manifests/manifest.ts';
import { digestVersion } from './digest-text.ts';
import type { ServingMode } from './serving-mode.ts';

/**
 * 32 hexadecimal digits (the first half of SHA-256), the same for equal values whatever their key order.
 * Not node:crypto: loading it costs a fifth of Node's start.
 */
export function computeHash(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(toCanonicalText(value))).subarray(0, 16));
}

/**
 * The digest of a rendered InferenceService: of its whole spec, and of its labels and annotations as far
 * as they determine what the server loads. See `digest-text.ts` for its form.
 */
export function computeDigest(
  service: { readonly spec: unknown; readonly metadata: unknown },
  mode: Pick<ServingMode, 'isLoading'>,
): string {
  const written = (['annotations', 'labels'] as const).flatMap((field) => {
    const found = valueAt(service.metadata, [field]);
    return Object.entries(isMap(found) ? found : {}).flatMap(([key, value]) =>
      value === null || !mode.isLoading(field, key) ? [] : [[field === 'labels' ? `label ${key}` : key, value]],
    );
  });
  const annotations = written.length === 0 ? '' : `-${computeHash(Object.fromEntries(written)).slice(0, 16)}`;
  return `${digestVersion}${computeHash(service.spec)}${annotations}`;
}

/**
 * The second digest: of the values alone that the server loads by, so that it stays the same when a change
 * touches nothing but what the server ignores. The same for a rendered object and the live one: what the
 * API server fills in (`name: ""`, `resources: {}`) is empty, or none of these values.
 */
export function computeLoaded(service: unknown, mode: Pick<ServingMode, 'findLoadedValues'>): string {
  return `${digestVersion}${computeHash(mode.findLoadedValues(service)).slice(0, 16)}`;
}
