/** A response up to a limit: a server may send without end. */
import type { Response } from 'undici';

interface Start {
  readonly text: string;
  /** Whether there is more. */
  readonly isLonger: boolean;
  /** Why the rest did not arrive; undefined: the connection did not break. */
  readonly error: unknown;
}

/** @param most how much is read, in bytes; the connection of a longer response is closed. */
export async function readStart({ body }: Response, most: number): Promise<Start> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let error: unknown;
  try {
    for await (const chunk of body ?? []) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > most) break;
    }
  } catch (thrown) {
    error = thrown;
  }
  return {
    text: Buffer.concat(chunks).toString('utf8', 0, most),
    isLonger: length > most,
    error,
  };
}
