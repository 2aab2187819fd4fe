/**
 * Git's smart HTTP protocol (gitprotocol-http(5)): a GET lists the refs, a POST carries the request.
 *
 * Invariants: a server that goes silent is given up; credentials are sent to the repository's own host only (fetch
 * removes them when a redirect leaves it) and appear in no message.
 */
import type { BodyInit, Response } from 'undici';
import { Fault } from '../../../../core/diagnostics/fault.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { GitService, GitSession, GitTransport } from '../../../../core/ports/git-transport.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { fetch, ProxyTrouble } from '../../../process/fetch.ts';
import { SilenceLimit } from '../../../process/silence.ts';
import type { TransportProvider } from '../../transport-provider.ts';
import type { ReadAuthorization } from './credentials.ts';
import { toAuthorization } from './credentials.ts';
import { isOfGit, toForeignResponseTrouble } from './foreign-response.ts';

/** Without a byte for so long, a connection is taken for dead. */
const defaultSilenceMs = 30_000;

export const https: TransportProvider = {
  schemes: ['https:', 'http:'],
  check: ({ protocol, hostname }) => {
    const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
    if (protocol === 'http:' && !isLoopback)
      throw new Fault(
        'usage',
        safe`the address of the repository begins with http://, and credentials would be readable`,
        safe`use https://`,
      );
  },
  open: ({ address, credentials, environment, silenceMs = defaultSilenceMs }) =>
    new HttpsTransport(address, toAuthorization(credentials, environment), silenceMs),
};

interface Call {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
}

class HttpsTransport implements GitTransport {
  readonly #url: string;
  readonly #authorize: ReadAuthorization;
  readonly #silenceMs: number;

  constructor(url: string, authorize: ReadAuthorization, silenceMs: number) {
    this.#url = url;
    this.#authorize = authorize;
    this.#silenceMs = silenceMs;
  }

  readonly open = async (service: GitService, signal: AbortSignal): Promise<GitSession> => {
    const headers = this.#authorize();
    const call = (url: string, one: Call) => this.#call(url, one, signal);
    const { response, chunks } = await call(`${this.#url}/info/refs?service=${service}`, { method: 'GET', headers });
    // As git does it: the request goes to where the list of refs came from.
    const base = response.redirected ? toMovedBase(this.#url, response.url) : this.#url;
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    return {
      advertisement: withoutServiceLine(Buffer.concat(parts), service),
      request: async function* (body) {
        const types = {
          'content-type': `application/x-${service}-request`,
          accept: `application/x-${service}-result`,
        };
        const post = { method: 'POST', headers: { ...headers, ...types }, body } as const;
        yield* (await call(`${base}/${service}`, post)).chunks;
      },
      [Symbol.asyncDispose]: async () => {},
    };
  };

  /** @throws BranchTrouble when the response is not git's. */
  async #call(
    url: string,
    call: Call,
    signal: AbortSignal,
  ): Promise<{ readonly response: Response; readonly chunks: AsyncIterable<Uint8Array> }> {
    const hasCredentials = 'Authorization' in call.headers;
    const silence = new SilenceLimit(this.#silenceMs);
    const toSilent = () =>
      new BranchTrouble('unreachable', safe`the git server was silent for ${this.#silenceMs / 1000} s`);
    try {
      const response = await fetch(url, { ...call, signal: AbortSignal.any([signal, silence.signal]) });
      if (!isOfGit(response)) throw await toForeignResponseTrouble(response, hasCredentials, Date.now());
      return { response, chunks: readChunks(response, silence, toSilent) };
    } catch (error) {
      silence.stop();
      if (silence.isExceeded) throw toSilent();
      throw toFailure(error);
    }
  }
}

async function* readChunks(
  { body }: Response,
  silence: SilenceLimit,
  toSilent: () => BranchTrouble,
): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of body ?? []) {
      silence.restart();
      yield chunk;
    }
  } catch (error) {
    throw silence.isExceeded ? toSilent() : error;
  } finally {
    silence.stop();
  }
}

/**
 * The base address of a repository that was renamed. It is followed on its own host only: credentials do not belong
 * elsewhere.
 */
function toMovedBase(url: string, listed: string): string {
  const end = '/info/refs';
  // A sign-in page often has the old address in its query.
  if (!new URL(listed).pathname.endsWith(end)) return url;
  const base = listed.slice(0, listed.indexOf(end));
  if (new URL(base).origin === new URL(url).origin) return base;
  throw new BranchTrouble(
    'denied',
    safe`the git server says that the repository has moved to ${mask(base)}: name it with --repo`,
  );
}

/** What only HTTP has in front of the refs: a pkt-line that names the service, and a flush packet. */
function withoutServiceLine(listed: Buffer, service: GitService): Buffer {
  const [, line] = /^[\da-f]{4}(# service=[a-z-]+)\n?0000/.exec(listed.toString('latin1', 0, 64)) ?? [];
  if (line === `# service=${service}`) return listed.subarray(listed.indexOf('0000', 4 + line.length) + 4);
  throw new BranchTrouble('denied', safe`the server does not answer as a git server does: check the address`);
}

/** A request that failed without a response of git's. */
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
  // It is a response each time; single sign-on in front of a host does that.
  if (cause instanceof Error && cause.message === 'redirect count exceeded')
    return new BranchTrouble(
      'denied',
      safe`the git server keeps redirecting: check the address and the credentials, there may be a sign-in page in front`,
    );
  return error;
}
