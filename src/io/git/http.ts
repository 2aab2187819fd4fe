/**
 * HTTP for isomorphic-git, on Node's own fetch: its bundled client drops an error that comes between two
 * chunks and then waits for ever, and knows no time limit.
 *
 * Invariants: a server that goes silent is given up; credentials go to the repository's own host only
 * (fetch takes them off when a redirect leaves it) and into no message.
 */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import type { HttpClient } from 'isomorphic-git';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import { fetchThroughProxy, ProxyTrouble } from '../process/proxy.ts';
import { isOfGit, toAnswerTrouble } from './answer.ts';

/** Without a byte for so long, a connection is dead. */
const silenceMs = 30_000;

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
        const response = await fetchThroughProxy(url, {
          method,
          headers,
          signal: AbortSignal.any([signal, silence.signal]),
          ...(body === undefined ? {} : { body: await collect(body) }),
        });
        if (response.redirected) moved = toMove(url, response.url) ?? moved;
        if (!isOfGit(response)) throw await toAnswerTrouble(response, 'Authorization' in headers, Date.now());
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
        if (silence.signal.aborted) throw toSilence(limitMs);
        if (isHiddenAnswer(error)) {
          const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
          const answer = await repeatFor407(url, method, headers, limit);
          throw await toAnswerTrouble(answer, 'Authorization' in headers, Date.now());
        }
        throw toFailure(error);
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
  // A page for signing in often has the old address in its query.
  if (![from, to].every((url) => new URL(url).pathname.endsWith(end))) return undefined;
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

/**
 * Of an answer with 407, fetch gives an error without a word in place of the text (Fetch standard,
 * "HTTP-network-or-cache fetch"; undici 8.12).
 */
function isHiddenAnswer(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof Error && /^(proxy authentication required)?$/.test(cause.message) && !('code' in cause);
}

/** Asks once more for the text, where that does nothing else. */
async function repeatFor407(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const status = 407;
  if (method !== 'GET') return new Response('', { status });
  const { get } = url.startsWith('https:') ? https : http;
  try {
    const [answer] = (await once(get(url, { headers, signal }), 'response')) as [http.IncomingMessage];
    const type = answer.headers['content-type'] ?? 'text/plain';
    return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, {
      status,
      headers: { 'content-type': type },
    });
  } catch {
    return new Response('', { status });
  }
}

/** A request that failed without git's answer. */
function toFailure(error: unknown): unknown {
  if (error instanceof ProxyTrouble) {
    const { title, status } = error;
    if (status === 407)
      return new BranchTrouble(
        'denied',
        safe`${title} requires credentials (HTTP 407): write them into the variable, http://user:password@host:port`,
      );
    if (status !== undefined)
      return new BranchTrouble(
        status >= 500 ? 'unavailable' : 'denied',
        safe`${title} does not connect to the git server (HTTP ${status})`,
      );
    return new BranchTrouble(
      'unreachable',
      safe`the git server cannot be reached through ${title}: ${mask(error.message)}`,
    );
  }
  const { cause } = error as { readonly cause?: unknown };
  // It is an answer each time, and sign-on proxies do it.
  if (cause instanceof Error && cause.message === 'redirect count exceeded')
    return new BranchTrouble(
      'denied',
      safe`the git server keeps redirecting: check the address and the credentials, there may be a sign-in page in front`,
    );
  return error;
}
