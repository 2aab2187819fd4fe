/**
 * HTTP for isomorphic-git, on Node's own fetch: its bundled client drops an error that comes between two
 * chunks and then waits for ever, and knows no time limit.
 *
 * Invariants: a server that goes silent is given up; credentials go to the repository's own host only
 * (fetch takes them off when a redirect leaves it) and into no message.
 */
import type { HttpClient } from 'isomorphic-git';
import { mask, safe } from '../input/safe-text.ts';
import { BranchTrouble } from '../watch/ports.ts';

/** Without a byte for so long, a connection is dead. */
const silenceMs = 30_000;
/** A server may ask for more; after so long it is asked again all the same. */
const longestRetryAfterMs = 50_000;

type Chunks = NonNullable<Awaited<ReturnType<HttpClient['request']>>['body']>;

/**
 * @param signal ends whatever is under way.
 * @param limitMs how long a server may be silent.
 */
export function toHttpClient(signal: AbortSignal, limitMs = silenceMs): HttpClient {
  // As git does it: where the first answer came from is where the rest goes.
  let moved: { readonly from: string; readonly to: string } | undefined;
  return {
    request: async ({ url: asked, method = 'GET', headers = {}, body }) => {
      const url =
        moved !== undefined && asked.startsWith(moved.from) ? moved.to + asked.slice(moved.from.length) : asked;
      const silence = new AbortController();
      let timer = setTimeout(() => silence.abort(), limitMs);
      const heard = () => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), limitMs);
      };
      try {
        const response = await fetch(url, {
          method,
          headers,
          signal: AbortSignal.any([signal, silence.signal]),
          ...(body === undefined ? {} : { body: await collect(body) }),
        });
        if (response.redirected) moved = toMove(url, response.url) ?? moved;
        if (!response.ok) throw toTrouble(response);
        const chunks = response.body;
        return {
          url: response.url,
          method,
          statusCode: response.status,
          statusMessage: response.statusText,
          headers: Object.fromEntries(response.headers),
          body: readAll(
            chunks,
            heard,
            () => clearTimeout(timer),
            () => silence.signal.aborted,
          ),
        };
      } catch (error) {
        clearTimeout(timer);
        throw silence.signal.aborted ? toSilence(limitMs) : error;
      }
    },
  };

  async function* readAll(
    chunks: AsyncIterable<Uint8Array> | null,
    heard: () => void,
    done: () => void,
    isSilent: () => boolean,
  ): Chunks {
    try {
      for await (const chunk of chunks ?? []) {
        heard();
        yield chunk;
      }
    } catch (error) {
      throw isSilent() ? toSilence(limitMs) : error;
    } finally {
      done();
    }
  }
}

/** A repository that was renamed is followed on its own host; elsewhere the credentials have no business. */
function toMove(from: string, to: string): { readonly from: string; readonly to: string } | undefined {
  const end = '/info/refs';
  if (!from.includes(end) || !to.includes(end)) return undefined;
  const [old = '', now = ''] = [from, to].map((url) => url.slice(0, url.indexOf(end)));
  if (new URL(now).origin !== new URL(old).origin)
    throw new BranchTrouble(
      'denied',
      safe`the git server says that the repository has moved to ${mask(now)}: name it with --repo`,
    );
  return { from: old, to: now };
}

/** A git server wants the length of a body, so it is sent in one piece. */
async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function toSilence(limitMs: number): BranchTrouble {
  return new BranchTrouble('unreachable', safe`the git server was silent for ${limitMs / 1000} s`);
}

function toTrouble({ status, headers }: Response): BranchTrouble {
  const retryAfter = Number(headers.get('retry-after'));
  const wait = retryAfter > 0 ? Math.min(retryAfter * 1000, longestRetryAfterMs) : undefined;
  if (status === 429)
    return new BranchTrouble('throttled', safe`the git server asks for fewer requests (HTTP 429)`, wait);
  if (status === 401)
    return new BranchTrouble('denied', safe`the git server does not accept the credentials (HTTP 401)`, wait);
  if (status === 403)
    return new BranchTrouble(
      'denied',
      safe`the git server does not let these credentials do this here (HTTP 403)`,
      wait,
    );
  if (status === 404)
    return new BranchTrouble(
      'denied',
      safe`the git server has no such repository, or does not show it to these credentials (HTTP 404)`,
      wait,
    );
  return new BranchTrouble('unreachable', safe`the git server answers with HTTP ${status}`, wait);
}
