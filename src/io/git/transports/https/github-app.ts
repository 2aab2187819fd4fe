/**
 * A GitHub App, which gets a token of an hour for the one repository ("Generating an installation access token for a
 * GitHub App").
 *
 * Invariants: there is one request for a token at a time; a token is used while it holds and GitHub does not refuse it,
 * also when no other can be had.
 */
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { Clock } from '../../../../core/ports/watch.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { decodePart } from '../../address-path.ts';
import type { CredentialFiles, CredentialKind, Headers } from './credential-kind.ts';
import { requestToken } from './github-app-api.ts';
import { toJwt } from './github-app-jwt.ts';
import { isLoopback } from './redirects.ts';
import { toBasic } from './static-credentials.ts';

/** How long before its end a token is replaced. */
const earlySeconds = 300;
/** How long after a failure no other request is made, while the old token holds. */
const restSeconds = 60;
/** A token as young as this may not be known yet to all servers of GitHub. */
const youngSeconds = 60;
const youngPauseMs = 1000;

interface Token {
  readonly headers: Headers;
  /** The App, the installation and the API that it is from. */
  readonly origin: string;
  /** In seconds since 1970, as `end`. */
  readonly start: number;
  readonly end: number;
  isTriedAgain: boolean;
}

export class GithubApp implements CredentialKind {
  readonly names = ['app-id', 'installation-id', 'private-key', 'api-url'];
  readonly required = ['app-id', 'installation-id', 'private-key'];
  readonly #address: URL;
  readonly #clock: Pick<Clock, 'date' | 'sleep'>;
  #token: Token | undefined;
  #pending: { readonly token: Promise<Token>; readonly signal: AbortSignal } | undefined;
  /** In seconds since 1970. */
  #restEnd = 0;

  /** @param address the repository's. */
  constructor(address: string, clock: Pick<Clock, 'date' | 'sleep'>) {
    this.#address = new URL(address);
    this.#clock = clock;
  }

  readonly toTitle = (files: CredentialFiles) => safe`GitHub App ${mask(files.get('app-id') ?? '')}`;

  readonly toHeaders = async (files: CredentialFiles, signal: AbortSignal): Promise<Headers> => {
    if (this.#token?.origin !== toOrigin(files)) this.#token = undefined;
    const now = this.#clock.date();
    const old = this.#token !== undefined && now < this.#token.end ? this.#token : undefined;
    if (old !== undefined && (now < old.end - earlySeconds || now < this.#restEnd)) return old.headers;
    try {
      return (await this.#renew(files, signal)).headers;
    } catch (error) {
      if (old === undefined || !(error instanceof BranchTrouble) || error.code === 'denied') throw error;
      this.#restEnd = now + Math.max(restSeconds, (error.retryAfterMs ?? 0) / 1000);
      return old.headers;
    }
  };

  readonly refuse = async (headers: Headers, signal: AbortSignal): Promise<Headers | undefined> => {
    const token = this.#token;
    if (token?.headers !== headers) return undefined;
    if (!token.isTriedAgain && this.#clock.date() - token.start < youngSeconds) {
      token.isTriedAgain = true;
      await this.#clock.sleep(youngPauseMs, signal);
      return headers;
    }
    this.#token = undefined;
    return undefined;
  };

  async #renew(files: CredentialFiles, signal: AbortSignal): Promise<Token> {
    for (;;) {
      this.#pending ??= {
        token: this.#request(files, signal).finally(() => {
          this.#pending = undefined;
        }),
        signal,
      };
      const { token, signal: maker } = this.#pending;
      try {
        return await token;
      } catch (error) {
        // Whoever made the request has given it up, which is not about the others.
        if (!maker.aborted || signal.aborted) throw error;
      }
    }
  }

  async #request(files: CredentialFiles, signal: AbortSignal): Promise<Token> {
    const [app = '', installation = '', pem = ''] = this.required.map((name) => files.get(name));
    const start = this.#clock.date();
    if (!/^\d+$/.test(installation))
      throw new BranchTrouble(
        'denied',
        safe`installation-id is not a number: copy the one at the end of the installation's address`,
      );
    const { token, end } = await requestToken(
      {
        api: toApi(files.get('api-url'), this.#address),
        app,
        installation,
        repository: toName(this.#address),
        jwt: toJwt(app, pem, start),
        date: start,
      },
      signal,
    );
    this.#token = {
      headers: toBasic('x-access-token', token),
      origin: toOrigin(files),
      start,
      end,
      isTriedAgain: false,
    };
    return this.#token;
  }
}

function toOrigin(files: CredentialFiles): string {
  return ['app-id', 'installation-id', 'api-url'].map((name) => files.get(name) ?? '').join('\n');
}

/**
 * Where the API is: on its own host for github.com and for GitHub Enterprise Cloud with data residency (ghe.com), below
 * `/api/v3` on GitHub Enterprise Server.
 */
export function toApi(given: string | undefined, { protocol, host, hostname }: URL): string {
  if (given === undefined) {
    const isCloud = hostname === 'github.com' || hostname.endsWith('.ghe.com');
    return isCloud ? `https://api.${hostname}` : `${protocol}//${host}/api/v3`;
  }
  const url = URL.parse(given);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return given.replace(/\/$/, '');
  throw new BranchTrouble(
    'denied',
    safe`api-url is not an address that begins with https://: write it as https://github.example.com/api/v3`,
  );
}

/** The last part of `/owner/name.git`. */
function toName({ pathname, href }: URL): string {
  return decodePart(pathname.split('/').findLast(Boolean) ?? '', href).replace(/\.git$/, '');
}
