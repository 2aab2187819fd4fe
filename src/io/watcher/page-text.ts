/** A page has some kilobytes; whoever sends more is no watcher. */
const maxBytes = 1024 * 1024;

/** Slow or large answers must not keep people waiting. */
export const pageMs = 10_000;

/** @returns undefined: it is too long. */
export async function readPageText(body: AsyncIterable<Uint8Array> | null): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let left = maxBytes;
  for await (const part of body ?? []) {
    left -= part.length;
    // Leaving the loop ends the response.
    if (left < 0) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
