/**
 * Git's smart HTTP protocol (gitprotocol-http(5)): a GET lists the refs, a POST carries the request.
 *
 * Invariants: a server that goes silent, or does not come to an end, is given up; requests and credentials are sent to
 * the repository's own host only, and credentials appear in no message.
 */
import type { BodyInit, Response } from 'undici';
import { Fault } from '../../../../core/diagnostics/fault.ts';
import type { SafeText } from '../../../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { GitService, GitSession, GitTransport } from '../../../../core/ports/git-transport.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { fetch } from '../../../process/fetch.ts';
import { SilenceLimit } from '../../../process/silence.ts';
import { decodePart } from '../../address-path.ts';
import { bound, mostOfList } from '../../bounded.ts';
import type { TransportOptions, TransportProvider } from '../../transport-provider.ts';
import type { ReadAuthorization } from './credentials.ts';
import { Credentials } from './credentials.ts';
import { toFailure } from './failure.ts';
import { isOfGit, NotAuthorized, toForeignResponseTrouble } from './foreign-response.ts';
import type { Redirect } from './redirects.ts';
import { isLoopback, mostRedirects, toCircle, toRedirect, toRepository } from './redirects.ts';

/** Without a byte for so long, a connection is taken for dead. */
const defaultSilenceMs = 30_000;
/** How long the list of refs may take, however steadily it arrives: a loop that waits for longer is restarted. */
const listMs = 90_000;
/** How often a request that is answered with 401 is made, with credentials that were renewed meanwhile. */
const mostAttempts = 3;

export const https: TransportProvider = {
  schemes: ['https:', 'http:'],
  check: (address) => {
    const url = new URL(address);
    if (url.username !== '' || url.password !== '')
      throw new Fault(
        'usage',
        safe`the address of the repository contains credentials, which anyone could see`,
        safe`take them out; use --git-credentials or MODEL_MIRROR_GIT_TOKEN`,
      );
    if (url.protocol === 'http:' && !isLoopback(url))
      throw new Fault(
        'usage',
        safe`the address of the repository begins with http://, and credentials would be readable`,
        safe`use https://`,
      );
    decodePart(url.pathname, address);
  },
  open: (options) => new HttpsTransport(options),
  toCredentialsTitle: ({ address, credentials, environment }) =>
    new Credentials(address, credentials, environment).toTitle(),
};

interface Call {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
}

interface Answer {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly redirect: Redirect | undefined;
}

type MakeCall = (url: string, call: Call, signal: AbortSignal) => Promise<Answer>;

class HttpsTransport implements GitTransport {
  readonly #address: string;
  readonly #authorize: ReadAuthorization;
  readonly #silenceMs: number;
  readonly #onMoved: (address: SafeText) => void;
  /** Where the repository is: a host that answers at an old address with a redirect would do so at each look. */
  #base: string;
  /** The new address that was reported last. */
  #reported: string | undefined;

  constructor({ address, credentials, environment, silenceMs = defaultSilenceMs, onMoved }: TransportOptions) {
    this.#address = address;
    this.#base = address;
    this.#authorize = new Credentials(address, credentials, environment).read;
    this.#silenceMs = silenceMs;
    this.#onMoved = onMoved ?? (() => {});
  }

  readonly open = async (service: GitService, signal: AbortSignal): Promise<GitSession> => {
    const call = await this.#authorized(signal);
    const { listed, base } = await this.#list(service, call, signal);
    const headers = { 'content-type': `application/x-${service}-request`, accept: `application/x-${service}-result` };
    const post = (body: Uint8Array) => call(`${base}/${service}`, { method: 'POST', headers, body }, signal);
    return {
      advertisement: withoutServiceLine(listed, service),
      request: async function* (body) {
        yield* (await post(body)).chunks;
      },
      [Symbol.asyncDispose]: async () => {},
    };
  };

  /** @returns what makes calls with the credentials of now, and with those that replace them. */
  async #authorized(opening: AbortSignal): Promise<MakeCall> {
    let authorization = await this.#authorize(opening);
    return async (url, call, signal) => {
      for (let attempt = 1; ; attempt++) {
        try {
          const headers = { ...authorization.headers, ...call.headers };
          const answer = await this.#call(url, { ...call, headers }, signal);
          if (answer.redirect === undefined) authorization.accept();
          return answer;
        } catch (error) {
          if (!(error instanceof NotAuthorized) || attempt === mostAttempts) throw error;
          const next = await authorization.refuse(signal);
          if (next === undefined) throw error;
          authorization = next;
        }
      }
    };
  }

  /** @returns the refs, and the repository's address that they came from: as git does it, the request goes there. */
  async #list(
    service: GitService,
    call: MakeCall,
    signal: AbortSignal,
  ): Promise<{ readonly listed: Buffer; readonly base: string }> {
    const limit = AbortSignal.timeout(listMs);
    const either = AbortSignal.any([signal, limit]);
    let url = `${this.#base}/info/refs?service=${service}`;
    let isPermanent = true;
    try {
      for (let redirects = 0; redirects <= mostRedirects; redirects++) {
        const { chunks, redirect } = await call(url, { method: 'GET', headers: {} }, either);
        if (redirect === undefined) {
          const parts: Uint8Array[] = [];
          for await (const chunk of bound(chunks, mostOfList, safe`list of refs`)) parts.push(chunk);
          const base = toRepository(url) ?? this.#base;
          if (isPermanent) this.#move(base);
          return { listed: Buffer.concat(parts), base };
        }
        url = redirect.to;
        isPermanent &&= redirect.isPermanent;
      }
      throw toCircle();
    } catch (error) {
      // It may be gone from its new address.
      this.#base = this.#address;
      if (signal.aborted || !limit.aborted) throw error;
      throw new BranchTrouble('unreachable', safe`the git server did not list the refs within ${listMs / 1000} s`);
    }
  }

  #move(base: string): void {
    this.#base = base;
    if (base === this.#address || base === this.#reported) return;
    this.#reported = base;
    this.#onMoved(mask(base));
  }

  /** @throws BranchTrouble when the response is neither git's nor a redirect of a list of refs. */
  async #call(url: string, call: Call, signal: AbortSignal): Promise<Answer> {
    const hasCredentials = 'Authorization' in call.headers;
    const silence = new SilenceLimit(this.#silenceMs);
    const toSilent = () =>
      new BranchTrouble('unreachable', safe`the git server was silent for ${this.#silenceMs / 1000} s`);
    try {
      const init = { ...call, redirect: 'manual', signal: AbortSignal.any([signal, silence.signal]) } as const;
      const response = await fetch(url, init);
      const redirect = call.method === 'GET' ? toRedirect(response, url) : undefined;
      if (redirect !== undefined) {
        silence.stop();
        await response.body?.cancel();
      } else if (!isOfGit(response)) throw await toForeignResponseTrouble(response, hasCredentials, Date.now());
      return { chunks: readChunks(response, silence, toSilent), redirect };
    } catch (error) {
      silence.stop();
      if (error instanceof BranchTrouble) throw error;
      throw silence.isExceeded ? toSilent() : toFailure(error);
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
      // Whoever reads may take long, and that is not the server's silence.
      silence.stop();
      yield chunk;
      silence.restart();
    }
  } catch (error) {
    throw silence.isExceeded ? toSilent() : error;
  } finally {
    silence.stop();
  }
}

/** What only HTTP has in front of the refs: a pkt-line that names the service, and a flush packet. */
function withoutServiceLine(listed: Buffer, service: GitService): Buffer {
  const [, line] = /^[\da-f]{4}(# service=[a-z-]+)\n?0000/.exec(listed.toString('latin1', 0, 64)) ?? [];
  if (line === `# service=${service}`) return listed.subarray(listed.indexOf('0000', 4 + line.length) + 4);
  throw new BranchTrouble('denied', safe`the server does not answer as a git server does: check the address`);
}
