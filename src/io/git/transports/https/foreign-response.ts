/**
 * What a response means that is not git's: the kind of trouble, and the first line of what the host wrote. Only that
 * line distinguishes an expired token from a suspended account or a missing sign-on.
 *
 * Observed: Gitea and GitHub answer 401, 403 and 404 with a line of text; Azure DevOps answers a wrong token with 203
 * and a sign-in page; single sign-on proxies answer 200 and a page, or with a redirect to one.
 */
import type { Response } from 'undici';
import { hideCredentials } from '../../../../core/diagnostics/credentials.ts';
import type { SafeText } from '../../../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { BranchTroubleCode } from '../../../../core/ports/watch.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { readStart } from '../../../process/read-start.ts';
import { toRetryAfterMs } from '../../../process/retry-after.ts';
import { withHint } from '../../refusal-hints.ts';

/** How much of a response is read, in bytes. */
const readLength = 8192;
const lineLength = 200;
/**
 * Git hosts block clients that go on asking while they are limited, and their limits are for an hour at most (GitHub's
 * primary limit of requests, GitLab's and Azure DevOps's of minutes).
 */
export const longestWaitMs = 3_600_000;

/** Whether a response can be git's: hosts, proxies and sign-on pages write text, HTML or JSON. */
export function isOfGit({ status, headers }: Response): boolean {
  return status === 200 && !/^(text\/|application\/json)/i.test(headers.get('content-type') ?? '');
}

/**
 * @param hasCredentials whether credentials were sent.
 * @param now milliseconds since 1970.
 */
export async function toForeignResponseTrouble(
  response: Response,
  hasCredentials: boolean,
  now: number,
): Promise<BranchTrouble> {
  const line = await readFirstLine(response);
  const [code, meaning] = toMeaning(response, hasCredentials);
  const message = line === '' ? meaning : withHint(safe`${meaning}: ${mask(line)}`, line);
  const Trouble = response.status === 401 || response.status === 203 ? NotAuthorized : BranchTrouble;
  return new Trouble(code, message, toRetryAfterMs(response.headers, now, longestWaitMs));
}

/** Other credentials may be accepted. */
export class NotAuthorized extends BranchTrouble {}

/** The first line of what a person would read; empty when there is none. */
export async function readFirstLine(response: Response): Promise<string> {
  // Of a connection that breaks, what has arrived: the status alone will do.
  const { text } = await readStart(response, readLength);
  return toFirstLine(text, response.headers.get('content-type') ?? '');
}

/** Whether a host refuses because there were too many requests. GitHub answers so with 403 as well. */
export function isThrottled({ status, headers }: Response): boolean {
  const isLimited = headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0';
  return status === 429 || (status === 403 && isLimited);
}

function toMeaning(response: Response, hasCredentials: boolean): readonly [BranchTroubleCode, SafeText] {
  const { status } = response;
  if (isThrottled(response)) return ['throttled', safe`the git server asks for fewer requests (HTTP ${status})`];
  if (status >= 500 || status === 408) return ['unavailable', safe`the git server answers with HTTP ${status}`];
  if (status === 413)
    return [
      'refused',
      safe`the git server does not take a request of this size (HTTP 413), often a proxy's limit (nginx: client_max_body_size)`,
    ];
  if (status === 401 && !hasCredentials)
    return [
      'denied',
      safe`the git server requires credentials, and none were given (HTTP 401): pass --git-credentials or MODEL_MIRROR_GIT_TOKEN`,
    ];
  if (status === 401) return ['denied', safe`the git server does not accept the credentials (HTTP 401)`];
  if (status === 403) return ['denied', safe`the git server does not let these credentials do this here (HTTP 403)`];
  if (status === 404)
    return ['denied', safe`the git server has no such repository, or does not show it to these credentials (HTTP 404)`];
  if (status >= 400) return ['denied', safe`the git server does not accept the request (HTTP ${status})`];
  return [
    'denied',
    safe`the git server answers with a page in place of git (HTTP ${status}): check the address and the credentials, there may be a sign-in page in front`,
  ];
}

/** The title of a page, the message of a JSON object, or the first line of a text. */
function toFirstLine(text: string, type: string): string {
  const shown = /html/i.test(type) ? toTitle(text) : /json/i.test(type) ? toJsonMessage(text) : text;
  const line = shown.split(/[\r\n]/).find((one) => one.trim() !== '') ?? '';
  // Half of a credential would not be recognized as one.
  return hideCredentials(line.trim()).slice(0, lineLength);
}

function toTitle(page: string): string {
  const start = page.toLowerCase().indexOf('<title');
  const begin = page.indexOf('>', start) + 1;
  const end = page.indexOf('<', begin);
  return start < 0 || begin === 0 || end < 0 ? '' : page.slice(begin, end);
}

function toJsonMessage(text: string): string {
  try {
    const { message, error } = JSON.parse(text) as { readonly message?: unknown; readonly error?: unknown };
    return ([message, error].find((one) => typeof one === 'string') as string | undefined) ?? '';
  } catch {
    return text;
  }
}
