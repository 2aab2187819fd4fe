import { valueAt } from '../../core/input/plain-value.ts';
import type { ReviewComment, ReviewComments } from '../../core/ports/review-comments.ts';
import { ReviewApi, textAt } from './rest-api.ts';

export interface GitlabPlace {
  /** CI_API_V4_URL */
  readonly api: string;
  /** The id of the project that the merge request is for. */
  readonly project: string;
  readonly number: string;
  /** The merge request's address for people. */
  readonly page: string;
  readonly token: string;
}

/** Notes of a merge request on GitLab (REST API v4, "Notes"). */
export class GitlabNotes implements ReviewComments {
  readonly #api: ReviewApi;
  readonly #notes: string;
  readonly #page: string;

  constructor({ api, project, number, page, token }: GitlabPlace) {
    this.#api = new ReviewApi(api, token);
    this.#notes = `/projects/${encodeURIComponent(project)}/merge_requests/${encodeURIComponent(number)}/notes`;
    this.#page = page;
  }

  async list(): Promise<readonly ReviewComment[]> {
    const self = valueAt(await this.#api.call('/user'), ['id']);
    // Newest first by default; the numbers of notes only grow.
    const notes = await this.#api.list(this.#notes);
    return notes
      .map((note) => ({
        id: Number(valueAt(note, ['id'])),
        body: textAt(note, ['body']),
        isOwn: valueAt(note, ['author', 'id']) === self && valueAt(note, ['system']) !== true,
      }))
      .sort((a, b) => a.id - b.id);
  }

  async create(text: string): Promise<string> {
    return this.#toAddress(await this.#api.call(this.#notes, { method: 'POST', body: { body: text } }));
  }

  async update(id: number, text: string): Promise<string> {
    return this.#toAddress(await this.#api.call(`${this.#notes}/${id}`, { method: 'PUT', body: { body: text } }));
  }

  #toAddress(note: unknown): string {
    return `${this.#page}#note_${valueAt(note, ['id'])}`;
  }
}
