/**
 * The REST API of a git host.
 *
 * Invariants: the token goes to that API alone, is never taken along to another address and never shown.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'undici';
import { hideCredentials, keepCredential } from '../../core/diagnostics/credentials.ts';
import { Fault, toNetworkReason } from '../../core/diagnostics/fault.ts';
import type { FieldPath } from '../../core/diagnostics/problem.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { valueAt } from '../../core/input/plain-value.ts';
import { NotAllowed } from '../../core/ports/review-comments.ts';
import { fetch } from '../process/fetch.ts';
import { readStart } from '../process/read-start.ts';

const limitMs = 20_000;
const maxPages = 100;
/** How much of an answer is read, in bytes: a page of the longest comments, of which Gitea lists all on one. */
const mostRead = 128 * 2 ** 20;
const mostOfRefusal = 8192;
const tryAgain = safe`try again; nothing else depends on the comment`;

interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT';
  readonly body?: { readonly body: string };
}

interface Answer {
  readonly value: unknown;
  readonly hasNext: boolean;
}

/** An API that takes a bearer token, and has lists in pages with links as in RFC 8288. */
export class ReviewApi {
  readonly #api: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(api: string, token: string, headers: Readonly<Record<string, string>> = {}) {
    this.#api = api.replace(/\/$/, '');
    keepCredential(token);
    this.#headers = { ...headers, Authorization: `Bearer ${token}`, 'User-Agent': 'model-mirror' };
  }

  /**
   * @param path below the API's address.
   * @throws NotAllowed for 403; Fault for every other failure.
   */
  async call(path: string, call: Call = {}): Promise<unknown> {
    return (await this.#ask(path, call)).value;
  }

  /** Pages are counted here: of the server's link to the next one, only its presence is used. */
  async list(path: string): Promise<readonly unknown[]> {
    const all: unknown[] = [];
    for (let page = 1; page <= maxPages; page++) {
      const { value, hasNext } = await this.#ask(`${path}?per_page=100&page=${page}`, {});
      if (!Array.isArray(value))
        throw toFault(safe`GET ${mask(path)}`, safe`no list`, safe`correct the address of the API`);
      all.push(...value);
      if (!hasNext) return all;
    }
    throw toFault(safe`GET ${mask(path)}`, safe`more than ${maxPages} pages`, safe`use another pull request`);
  }

  async #ask(path: string, call: Call): Promise<Answer> {
    const { method = 'GET' } = call;
    const what = safe`${method} ${mask(path.replace(/\?.*/, ''))}`;
    // A comment is added once: the request may have succeeded although its response was lost.
    for (let attempt = 1; ; attempt++) {
      const response = await this.#fetch(what, path, call);
      const isPassing = response.status === 429 || response.status >= 500;
      if (!isPassing || method === 'POST' || attempt === 3) return readAnswer(what, response);
      await response.body?.cancel();
      await sleep(attempt * 1000);
    }
  }

  async #fetch(what: SafeText, path: string, { method = 'GET', body }: Call): Promise<Response> {
    try {
      return await fetch(`${this.#api}${path}`, {
        method,
        headers: { ...this.#headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'manual',
        signal: AbortSignal.timeout(limitMs),
      });
    } catch (error) {
      throw toNetworkFault(what, error);
    }
  }
}

/** The text at a path of an answer; empty when there is none. */
export function textAt(value: unknown, path: FieldPath): string {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : '';
}

async function readAnswer(what: SafeText, response: Response): Promise<Answer> {
  const { text, isLonger, error } = await readStart(response, response.ok ? mostRead : mostOfRefusal);
  if (response.ok) {
    if (error !== undefined) throw toNetworkFault(what, error);
    if (isLonger) throw toFault(what, safe`more than ${mostRead / 2 ** 20} MiB`, safe`correct the address of the API`);
    try {
      return { value: JSON.parse(text), hasNext: /rel="?next"?/.test(response.headers.get('link') ?? '') };
    } catch {
      throw toFault(what, safe`no JSON`, safe`correct the address of the API`);
    }
  }
  const { status, headers } = response;
  const isLimited = status === 429 || headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after');
  if (status === 403 && !isLimited) throw new NotAllowed(hideCredentials(toMessage(text)).slice(0, 300));
  const said = safe`${status} ${quote(text)}`;
  if (isLimited) throw toFault(what, said, safe`there were too many requests: try again later`);
  if (status === 401) throw toFault(what, said, safe`MODEL_MIRROR_TOKEN is wrong, has expired, or is not for this API`);
  if (status === 404) throw toFault(what, said, safe`the token has no access to the repository, or there is none`);
  throw toFault(what, said, tryAgain);
}

/** GitHub, GitLab and Gitea answer with an object that has one; Gitea also with nothing. */
function toMessage(text: string): string {
  try {
    return textAt(JSON.parse(text), ['message']);
  } catch {
    return '';
  }
}

function toNetworkFault(what: SafeText, error: unknown): Fault {
  return new Fault('environment', safe`${what} failed: ${toNetworkReason(error)}`, tryAgain);
}

function toFault(what: SafeText, answer: SafeText, hint: SafeText): Fault {
  return new Fault('environment', safe`${what} was answered with ${answer}`, hint);
}
