/**
 * The request for an installation's token (GitHub's REST API, "Create an installation access token for an app"), and
 * what its failures mean.
 *
 * The messages by which causes of one status are told apart are those that users of GitHub report; where none is
 * recognized, GitHub's own is shown.
 */
import type { Response } from 'undici';
import { toNetworkReason } from '../../../../core/diagnostics/fault.ts';
import type { SafeText } from '../../../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { fetch, ProxyTrouble } from '../../../process/fetch.ts';
import { readStart } from '../../../process/read-start.ts';
import { toRetryAfterMs } from '../../../process/retry-after.ts';
import { isThrottled, longestWaitMs, readFirstLine } from './foreign-response.ts';

const limitMs = 20_000;
/** How much of an answer is read, in bytes: one with a token takes about ten thousand, most of them about the repository. */
const mostRead = 2 ** 20;
/** A larger difference is the cause of a refusal (it takes a JWT that begins a minute ago, and ends in nine). */
const clockSeconds = 60;

export interface TokenRequest {
  /** The API's address, without a slash at the end. */
  readonly api: string;
  readonly app: string;
  readonly installation: string;
  /** The repository's name, without its owner. */
  readonly repository: string;
  readonly jwt: string;
  /** In seconds since 1970. */
  readonly date: number;
}

export interface InstallationToken {
  readonly token: string;
  /** In seconds since 1970. */
  readonly end: number;
}

/**
 * Requests a token that can write to the one repository, and nothing else.
 *
 * @throws BranchTrouble with what to do.
 */
export async function requestToken(request: TokenRequest, signal: AbortSignal): Promise<InstallationToken> {
  const { api, installation, repository, jwt } = request;
  const title = safe`GitHub's API at ${mask(new URL(api).host)}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${api}/app/installations/${installation}/access_tokens`, {
      method: 'POST',
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: `Bearer ${jwt}`,
        'Content-Type': 'application/json',
        'User-Agent': 'model-mirror',
        'X-GitHub-Api-Version': '2022-11-28',
      },
      body: JSON.stringify({ repositories: [repository], permissions: { contents: 'write' } }),
      // The JWT is for this address alone.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    });
    const start = response.ok ? await readStart(response, mostRead) : undefined;
    if (start?.error !== undefined) throw start.error;
    text = start?.text ?? '';
  } catch (error) {
    const way = error instanceof ProxyTrouble ? safe` through ${error.title}` : safe``;
    const message = safe`${title} cannot be reached${way}: ${toNetworkReason(error)}`;
    throw new BranchTrouble('unreachable', message, undefined, { cause: error });
  }
  if (!response.ok) throw await toTrouble(title, request, response);
  const answer = parseAnswer(text);
  if (answer !== undefined) return answer;
  throw new BranchTrouble(
    'denied',
    safe`${title} answers without a token: check the address, and api-url if there is one`,
  );
}

function parseAnswer(text: string): InstallationToken | undefined {
  try {
    const { token, expires_at: end } = JSON.parse(text) as { readonly token?: unknown; readonly expires_at?: unknown };
    const date = Date.parse(String(end)) / 1000;
    return typeof token === 'string' && token !== '' && date > 0 ? { token, end: date } : undefined;
  } catch {
    return undefined;
  }
}

async function toTrouble(title: SafeText, request: TokenRequest, response: Response): Promise<BranchTrouble> {
  const { status, headers } = response;
  const line = await readFirstLine(response);
  const said = line === '' ? safe`(HTTP ${status})` : safe`(HTTP ${status}: ${mask(line)})`;
  const wait = toRetryAfterMs(headers, request.date * 1000, longestWaitMs);
  if (isThrottled(response))
    return new BranchTrouble('throttled', safe`${title} asks for fewer requests ${said}`, wait);
  if (status >= 500 || status === 408) return new BranchTrouble('unavailable', safe`${title} fails ${said}`, wait);
  return new BranchTrouble('denied', safe`${toCause(request, response, line)} ${said}`);
}

/** What is wrong, and what to do. */
function toCause(request: TokenRequest, { status, headers }: Response, line: string): SafeText {
  const { repository } = request;
  const app = mask(request.app);
  const installation = safe`installation ${mask(request.installation)} of GitHub App ${app}`;
  if (status === 401) {
    const ahead = request.date - Date.parse(headers.get('date') ?? '') / 1000;
    if (Math.abs(ahead) > clockSeconds)
      return safe`the clock here is ${Math.round(Math.abs(ahead))} s ${ahead > 0 ? 'ahead of' : 'behind'} GitHub's, which refuses the request for a token: set the clock`;
    if (/claim|\b(iat|exp)\b/i.test(line))
      return safe`GitHub refuses the dates of the request for a token: set the clock of this host`;
    return safe`GitHub does not accept private-key for App ${app}: check that the key belongs to the App that app-id names, and was not deleted in its settings`;
  }
  if (status === 404 && /integration/i.test(line))
    return safe`GitHub has no App ${app}: copy the App's id from its settings into app-id`;
  if (status === 404)
    return safe`there is no ${installation}: copy the number at the end of the installation's address into installation-id, and check that the App is still installed`;
  if (status === 403 && /suspend/i.test(line))
    return safe`${installation} is suspended: an owner of the account resumes it in the settings of installed Apps`;
  if (status === 422 && /permission/i.test(line))
    return safe`${installation} has no right to write: give the App the repository permission "Contents: Read and write", and have an owner of the account accept it`;
  if (status === 422)
    return safe`${installation} does not include the repository ${quote(repository)}: add it in the installation's settings`;
  return safe`GitHub gives ${installation} no token: check app-id, installation-id, and api-url if there is one`;
}
