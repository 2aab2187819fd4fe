import { valueAt } from '../../core/input/plain-value.ts';
import type { ReviewComment, ReviewComments } from '../../core/ports/review-comments.ts';
import { NotAllowed } from '../../core/ports/review-comments.ts';
import { ReviewApi, textAt } from './rest-api.ts';

export interface GithubPlace {
  /** GITHUB_API_URL */
  readonly api: string;
  /** `owner/name` */
  readonly repository: string;
  readonly number: string;
  readonly token: string;
}

/**
 * Comments of a pull request on GitHub, which are those of an issue (REST API 2022-11-28, "Issue comments"); and on Gitea and
 * Forgejo, whose API has the same paths and fields for them (Gitea 1.26), and whose runners set the same variables.
 */
export class GithubComments implements ReviewComments {
  readonly #api: ReviewApi;
  readonly #repository: string;
  readonly #number: string;

  constructor({ api, repository, number, token }: GithubPlace) {
    this.#api = new ReviewApi(api, token, {
      Accept: 'application/vnd.github+json',
      'X-GitHub-Api-Version': '2022-11-28',
    });
    this.#repository = `/repos/${repository.split('/').map(encodeURIComponent).join('/')}`;
    this.#number = number;
  }

  async list(): Promise<readonly ReviewComment[]> {
    const login = await this.#findLogin();
    const comments = await this.#api.list(`${this.#repository}/issues/${this.#number}/comments`);
    return comments.map((comment) => ({
      id: Number(valueAt(comment, ['id'])),
      body: textAt(comment, ['body']),
      isOwn: login === undefined ? isOfApp(comment) : valueAt(comment, ['user', 'login']) === login,
    }));
  }

  async create(text: string): Promise<string> {
    const path = `${this.#repository}/issues/${this.#number}/comments`;
    return toAddress(await this.#api.call(path, { method: 'POST', body: { body: text } }));
  }

  async update(id: number, text: string): Promise<string> {
    const path = `${this.#repository}/issues/comments/${id}`;
    return toAddress(await this.#api.call(path, { method: 'PATCH', body: { body: text } }));
  }

  /**
   * Undefined for an app: GITHUB_TOKEN and other tokens of apps have no right to read /user (403), and people, whose
   * comments could begin with the marker too, are never of the type Bot. Undefined also for a token of Gitea without the
   * scope read:user.
   */
  async #findLogin(): Promise<string | undefined> {
    try {
      return textAt(await this.#api.call('/user'), ['login']);
    } catch (error) {
      if (error instanceof NotAllowed) return undefined;
      throw error;
    }
  }
}

/** Gitea does not say of a user whether it is a program. */
function isOfApp(comment: unknown): boolean | 'unknown' {
  const type = valueAt(comment, ['user', 'type']);
  return type === undefined ? 'unknown' : type === 'Bot';
}

function toAddress(comment: unknown): string {
  return textAt(comment, ['html_url']);
}
