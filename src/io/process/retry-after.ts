/** A server may ask for more; after so long it is asked again all the same. */
const longestMs = 300_000;

/**
 * How long a server wants to be left alone, in milliseconds: of a Retry-After header, seconds or a date
 * (RFC 9110, 10.2.3); undefined: it does not say, or not in a form of these.
 *
 * @param now milliseconds since 1970.
 */
export function toRetryAfterMs(
  headers: { readonly get: (name: string) => string | null },
  now: number,
): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return wait > 0 ? Math.min(wait, longestMs) : undefined;
}
