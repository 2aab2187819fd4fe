/** The longest time that is waited unless the caller knows better: whoever asks for more may be misconfigured. */
const usualLongestMs = 300_000;

/**
 * How long a server asks to wait, by a Retry-After header with seconds or a date (RFC 9110, 10.2.3).
 *
 * @param now milliseconds since 1970.
 * @param longestMs the longest time that is waited, even if the server asks for more.
 * @returns milliseconds; undefined: there is no such header, or it cannot be read.
 */
export function toRetryAfterMs(
  headers: { readonly get: (name: string) => string | null },
  now: number,
  longestMs = usualLongestMs,
): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return wait > 0 ? Math.min(wait, longestMs) : undefined;
}
