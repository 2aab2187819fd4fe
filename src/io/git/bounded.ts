/** Limits on what a git server sends: what is collected of it without one could fill the memory. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';

/** Of a list of refs, in bytes: 40,000 refs take 3 MiB. */
export const mostOfList = 64 * 2 ** 20;
/** A push is answered by a report, and what hooks print. */
export const mostOfReport = 8 * 2 ** 20;

/**
 * @param most in bytes.
 * @param title what the chunks are, for the message.
 * @throws BranchTrouble when there are more bytes.
 */
export async function* bound<T extends Uint8Array>(
  chunks: AsyncIterable<T>,
  most: number,
  title: SafeText,
): AsyncIterableIterator<T> {
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most)
      throw new BranchTrouble('too-large', safe`the git server’s ${title} is longer than ${most / 2 ** 20} MiB`);
    yield chunk;
  }
}
